// What goes to and from containers: connections that the kernel tracks, and packets.
using System.Buffers.Binary;
using System.Net;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>A connection of a container.</summary>
/// <param name="Attachment">The container's end.</param>
/// <param name="Facts">As the kernel has it.</param>
/// <param name="IsIncoming">The other end began it.</param>
public sealed record ContainerConnection(Attachment Attachment, TrackedConnection Facts, bool IsIncoming)
{
    /// <summary>The container's address and port.</summary>
    public IPEndPoint Here => IsIncoming ? new(Facts.ReplySource, Facts.ReplyPort) : new(Facts.Source, Facts.SourcePort);

    /// <summary>The other end's.</summary>
    public IPEndPoint There => IsIncoming ? new(Facts.Source, Facts.SourcePort) : new(Facts.Destination, Facts.DestinationPort);

    /// <summary>For one that came by a published port, that port; null: it came to the container's own address.</summary>
    public IPEndPoint? By => IsIncoming && (!Facts.Destination.Equals(Facts.ReplySource) || Facts.DestinationPort != Facts.ReplyPort) ? new(Facts.Destination, Facts.DestinationPort) : null;

    /// <summary>tcp, udp, sctp, icmp, or the protocol's number.</summary>
    public string Protocol => Facts.Protocol switch
    {
        1 => "icmp", 6 => "tcp", 17 => "udp", 58 => "icmpv6", 132 => "sctp",
        byte other => other.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>What it is at: of TCP its state, of others whether an answer was seen.</summary>
    public string State => Facts.TcpState switch
    {
        1 => "SYN_SENT", 2 => "SYN_RECV", 3 => "ESTABLISHED", 4 => "FIN_WAIT", 5 => "CLOSE_WAIT", 6 => "LAST_ACK", 7 => "TIME_WAIT", 8 => "CLOSE",
        _ => Facts.IsAnswered ? "ANSWERED" : "UNANSWERED",
    };
}

/// <summary>What is captured.</summary>
public sealed record CaptureOptions
{
    /// <summary>The container's interface; null: its first.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>It ends after so many packets; 0: when it is told to.</summary>
    public long Packets { get; init; }

    /// <summary>Bytes of each packet that are kept.</summary>
    public int Bytes { get; init; } = 262_144;
}

/// <summary>Looks at traffic.</summary>
internal static class Traffic
{
    private const int GlanceMilliseconds = 250;

    public static List<ContainerConnection> Connections(IReadOnlyList<Attachment> attachments)
    {
        Dictionary<IPAddress, Attachment> of = [];
        bool four = false, six = false;
        foreach (Attachment attachment in attachments)
        {
            foreach (AttachedAddress address in attachment.Addresses)
            {
                of[address.Address] = attachment;
                (four, six) = (four || !address.Is6, six || address.Is6);
            }
        }
        List<ContainerConnection> found = [];
        using Conntrack conntrack = Conntrack.Open();
        foreach (bool version6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (!(version6 ? six : four)) continue;
            foreach (TrackedConnection one in conntrack.List(version6))
            {
                // From one container to another it is of both.
                if (of.TryGetValue(one.Source, out Attachment? began)) found.Add(new ContainerConnection(began, one, IsIncoming: false));
                if (of.TryGetValue(one.ReplySource, out Attachment? answers)) found.Add(new ContainerConnection(answers, one, IsIncoming: true));
            }
        }
        return found;
    }

    /// <summary>Writes packets as pcap(5) with nanoseconds, until there are enough, or it is told to end.</summary>
    /// <returns>How many.</returns>
    public static long Capture(Attachment attachment, CaptureOptions options, Stream target, CancellationToken ct)
    {
        using Fd space = KernelPath.Open(attachment.Spec.NetworkNamespace, 0);
        string name = options.InterfaceName ?? attachment.InterfaceName;
        int index;
        using (RouteNetlink links = RouteNetlink.OpenIn(space))
        {
            index = links.Find(name)?.Index ?? throw new BerthException(Fault.NotFound, $"container {attachment.ContainerId} has no interface {name}");
        }
        using PacketCapture capture = PacketCapture.OpenIn(space, index);
        target.Write(Head(options.Bytes));
        target.Flush();
        int reader = target is FileStream { SafeFileHandle: var handle } ? (int)handle.DangerousGetHandle() : -1;
        byte[] packet = new byte[16 + options.Bytes];
        long count = 0;
        while (!ct.IsCancellationRequested && (options.Packets == 0 || count < options.Packets))
        {
            int length = capture.TryReceive(packet.AsSpan(16), out int wire, out long nanoseconds);
            if (length < 0)
            {
                // What was seen is there to be read before more comes. Whoever reads from a pipe may be gone.
                target.Flush();
                Span<PollEntry> wait = [new() { Fd = capture.Descriptor.Number, Events = 1 }, new() { Fd = reader }];
                Poll.Wait(wait, GlanceMilliseconds);
                if (wait[1].Returned != 0) break;
                continue;
            }
            BinaryPrimitives.WriteUInt32LittleEndian(packet, (uint)(nanoseconds / 1_000_000_000));
            BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(4), (uint)(nanoseconds % 1_000_000_000));
            BinaryPrimitives.WriteInt32LittleEndian(packet.AsSpan(8), length);
            BinaryPrimitives.WriteInt32LittleEndian(packet.AsSpan(12), wire);
            target.Write(packet.AsSpan(0, 16 + length));
            count++;
        }
        target.Flush();
        return count;
    }

    // pcap(5): magic of nanoseconds, version 2.4, two zeros, length, Ethernet.
    private static byte[] Head(int bytes)
    {
        byte[] head = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(head, 0xA1B23C4D);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(4), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(6), 4);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(16), bytes);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(20), 1);
        return head;
    }
}
