// Packets that no server sends, requests that no plugin makes, and records that nobody wrote. BERTH_FUZZ sets how many, BERTH_FUZZ_SEED where it begins.
using System.Globalization;
using System.Text;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Ipam.Dhcp;

namespace Berth.Network.Tests.Dhcp;

public sealed class FuzzTests
{
    [Fact]
    public void Whatever_comes_the_machine_stays_whole_and_a_lease_is_readable()
    {
        Random dice = new(Number("BERTH_FUZZ_SEED", 1));
        List<Outgoing> sent = [];
        LeaseClient client = new(new ClientSettings { HardwareAddress = ServerMessage.Mac, GiveUpMilliseconds = 60_000 }, dice, one => { sent.Clear(); sent.Add(one); });
        long now = 0;
        client.Begin(now);
        for (int i = Number("BERTH_FUZZ", 20_000); i > 0; i--)
        {
            uint transaction = sent.Count == 0 ? 7 : System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(sent[0].Payload.AsSpan(4));
            DhcpKind kind = (DhcpKind)dice.Next(9);
            byte[] bytes = ServerMessage.Bytes(kind, transaction, [.. ServerMessage.Lease((uint)dice.Next(1, 5000)), (119, [1, 97, 0, 1, 98, 0xC0, 0]), (121, [24, 10, 9, 1, 10, 77, 0, 1]), (33, [10, 0, 0, 0, 10, 77, 0, 9]), (58, [0, 0, 0, 2]), (6, [1, 1, 1, 1]), (15, [97]), (52, [(byte)dice.Next(4)])]);
            for (int changes = dice.Next(5); changes > 0; changes--) bytes[dice.Next(4) == 0 ? dice.Next(bytes.Length) : dice.Next(236, bytes.Length)] = (byte)dice.Next(256);
            if (dice.Next(8) == 0) bytes = bytes[..dice.Next(bytes.Length + 1)];
            if (dice.Next(64) == 0) dice.NextBytes(bytes);
            if (DhcpMessage.Read(bytes) is { } message)
            {
                LeaseTerms.Prefix(message);
                LeaseTerms.Gateway(message);
                LeaseTerms.Routes(message, 1);
                (long renewal, long rebinding, long expiry) = LeaseTerms.Times(message);
                Assert.True(renewal > 0 && renewal <= rebinding && rebinding <= expiry);
                foreach (string name in LeaseTerms.Dns(message, [6, 15, 119]).Search) Assert.DoesNotContain(name, char.IsControl);
                if (client.Take(message, now)) Assert.True(LeaseTerms.IsUsable(client.Lease!.Address));
                Assert.Equal(message.Bytes.ToArray(), DhcpMessage.Read(message.Bytes)!.Bytes.ToArray());
            }
            now += dice.Next(3000);
            client.Tick(now);
            Assert.True(client.State == LeaseState.Over || client.Due > now);
            if (client.State == LeaseState.Over) client.Begin(now);
        }
    }

    [Fact]
    public void Whatever_stands_in_a_packet_it_is_a_datagram_or_none()
    {
        Random dice = new(Number("BERTH_FUZZ_SEED", 2));
        byte[] seed = UdpPacket.Pack(1, 2, new byte[40]);
        (seed[21], seed[23]) = (67, 68);
        for (int i = Number("BERTH_FUZZ", 20_000); i > 0; i--)
        {
            byte[] packet = [.. seed];
            for (int changes = dice.Next(4); changes > 0; changes--) packet[dice.Next(28)] = (byte)dice.Next(256);
            Assert.InRange(UdpPacket.Unpack(packet.AsSpan(0, dice.Next(packet.Length + 1))).Length, 0, 40);
        }
    }

    [Fact]
    public void Whatever_a_request_or_a_record_says_it_is_read_or_refused()
    {
        Random dice = new(Number("BERTH_FUZZ_SEED", 3));
        byte[] request = new DaemonRequest { Command = CniCommand.Add, Key = new LeaseKey("n", "c", "eth0"), NetworkNamespace = "/run/netns/c", Options = [61, 1, 0], Wanted = "10.0.0.1", Valid = [new AttachmentId("a", "b")] }.Write()[4..];
        string lease = Convert.ToBase64String(ServerMessage.Bytes(DhcpKind.Acknowledgement, 7, ServerMessage.Lease()));
        byte[] record = Encoding.UTF8.GetBytes($$"""{"version":1,"network":"n","container":"c","interface":"eth0","namespace":"/x","place":"p","mac":"02:00:00:00:00:01","server_mac":"","since":5,"options":"","ack":"{{lease}}"}""");
        Assert.NotNull(LeaseRecord.Parse(record));
        Assert.Equal("/run/netns/c", DaemonRequest.Read(request).NetworkNamespace);
        for (int i = Number("BERTH_FUZZ", 10_000); i > 0; i--)
        {
            byte[] text = [.. (dice.Next(2) == 0 ? request : record)];
            for (int changes = dice.Next(5); changes > 0; changes--) text[dice.Next(text.Length)] = (byte)dice.Next(256);
            if (dice.Next(4) == 0) text = text[..dice.Next(text.Length)];
            try { DaemonRequest.Read(text); }
            catch (CniException) { }
            try { DaemonRequest.ReadAnswer(text); }
            catch (CniException) { }
            LeaseRecord.Parse(text);
        }
    }

    private static int Number(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
