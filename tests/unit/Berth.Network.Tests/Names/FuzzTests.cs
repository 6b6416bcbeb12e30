// Packets that nobody sends on purpose. BERTH_FUZZ sets how many, BERTH_FUZZ_SEED where it begins.
using System.Globalization;
using System.Net;
using Berth.Linux.Network;
using Berth.Network.Names;

namespace Berth.Network.Tests.Names;

public sealed class FuzzTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("berth-fuzz-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public void Whatever_comes_an_answer_is_well_formed_or_there_is_none()
    {
        NameRecord record = new(
            new NetworkNames { Name = "web", Listen = [IPAddress.Parse("10.1.0.1")] },
            new ContainerNames { ContainerId = "front", Name = "front", Addresses = [IPAddress.Parse("10.1.0.2"), IPAddress.Parse("fd00::2")] }, 1);
        File.WriteAllBytes($"{_path}/{NameRecord.FileName("web", "front", "eth0")}", record.ToBytes());
        using NameDirectory directory = new(_path);
        Resolver resolver = new(directory);
        ServedNetwork network = directory.Networks.Single();
        Random random = new(Number("BERTH_FUZZ_SEED", 1));
        byte[] answer = new byte[4096];
        string[] names = ["front", "front.berth", "2.0.1.10.in-addr.arpa", "berth", "x.berth", "", "a.b.c.d.e.f.g.ip6.arpa", new string('a', 63) + ".berth"];
        for (int i = Number("BERTH_FUZZ", 20_000); i > 0; i--)
        {
            byte[] packet = DnsClient.Question(names[random.Next(names.Length)], random.Next(8) switch { 0 => 28, 1 => 12, 2 => 255, _ => 1 }, random.Next(2) == 0 ? 1232 : null);
            for (int changes = random.Next(6); changes > 0; changes--) packet[random.Next(packet.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) packet = packet[..random.Next(packet.Length + 1)];
            if (random.Next(16) == 0) packet = [.. packet, .. new byte[random.Next(300)]];
            int length = resolver.Answer(network, InetEndpoint.Mapped(0x7F000001), packet, answer, random.Next(2) == 0, out DnsQuery query);
            Assert.InRange(length, -1, answer.Length);
            Assert.InRange(query.QuestionEnd, 12, Math.Max(12, packet.Length));
            if (length > 0) DnsClient.Read(answer.AsSpan(0, length));
        }
    }

    [Fact]
    public void Whatever_stands_in_a_record_it_is_read_or_it_is_none()
    {
        NameRecord record = new(
            new NetworkNames { Name = "web", Listen = [IPAddress.Parse("10.1.0.1")], Upstreams = [new IPEndPoint(IPAddress.Loopback, 53)] },
            new ContainerNames { ContainerId = "front", Name = "front", Addresses = [IPAddress.Parse("10.1.0.2")], Aliases = ["a", "b"] }, 1);
        Random random = new(Number("BERTH_FUZZ_SEED", 1));
        for (int i = Number("BERTH_FUZZ", 5_000); i > 0; i--)
        {
            byte[] bytes = record.ToBytes();
            for (int changes = random.Next(6); changes > 0; changes--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            NameRecord? read = NameRecord.Parse(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            if (read is not null) _ = new NameTable(read.Network, [read]);
        }
        NameRecord whole = NameRecord.Parse(record.ToBytes())!;
        Assert.Equal(record.ToBytes(), whole.ToBytes());
    }

    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
