// network connections, network dump.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Networks;
using Berth.Oci.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Cli.Commands.Networks;

/// <summary>The verbs.</summary>
internal static class NetworkTraffic
{
    private static readonly Dictionary<string, string> s_heads = [];

    /// <summary>How connections is said.</summary>
    public static Command Connections() => new()
    {
        Usage = "[CONTAINER...]",
        About = "Connections that the kernel tracks to and from containers, whoever began them. Bytes are counted where net.netfilter.nf_conntrack_acct is 1.",
        Options = [Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"), Option.Many("network", "NETWORK", "Of containers on this network only"), Option.Switch("noheading", "No heads of columns", 'n')],
        Examples = [new("berth network connections", "Of all containers"), new("berth network connections --format json web-1", "Of one, for a program")],
        Run = ConnectionsAsync,
    };

    /// <summary>How dump is said.</summary>
    public static Command Dump() => new()
    {
        Usage = "CONTAINER",
        About = "Writes all packets of a container's interface as pcap, which tcpdump and wireshark read. It goes on until it is interrupted.",
        Least = 1,
        Most = 1,
        Options =
        [
            Option.With("count", "N", "End after so many packets", 'c'),
            Option.With("interface", "NAME", "Its interface (its first)", 'i'),
            Option.With("snaplen", "BYTES", "Keep so much of each packet (262144)", 's'),
            Option.File("write", "FILE", "Write to a file; - and without it: standard output, if that is no terminal", 'w'),
        ],
        Examples = [new("berth network dump -w web.pcap web-1", "Into a file"), new("berth network dump web-1 | tcpdump -nr -", "Read while it comes")],
        Run = DumpAsync,
    };

    private static async Task<int> ConnectionsAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineNetworks networks = (await session.EngineAsync().ConfigureAwait(false)).Networks;
        HashSet<string> wanted = [.. invocation.Arguments.Select(one => ContainerPlace.Find(one, networks).Id)], on = [.. invocation.All("network").Select(one => networks.Find(one).Name)];
        List<ContainerConnection> found = [.. networks.Connections().Where(one => (wanted.Count == 0 || wanted.Contains(one.Attachment.ContainerId)) && (on.Count == 0 || on.Contains(one.Attachment.NetworkName)))];
        string? format = invocation.Find("format");
        if (format is not (null or "" or "table"))
        {
            Report.Write(session.Out, format, found.Select(ValueOf), s_heads);
            return 0;
        }
        Table table = new();
        if (!invocation.Has("noheading")) table.Add("CONTAINER", "PORT", "STATE", "PEER", "SENT", "RECEIVED");
        foreach (ContainerConnection one in found)
        {
            // As docker writes ports: the host's, and the container's.
            string port = string.Create(CultureInfo.InvariantCulture, $"{(one.By is { } by ? $"{by.Port}->" : "")}{one.Here.Port}/{one.Protocol}");
            table.Add(one.Attachment.Spec.ContainerName, port, one.State, $"{(one.IsIncoming ? "<-" : "->")} {one.There}", Size(Sent(one)), Size(Received(one)));
        }
        table.WriteTo(session.Out);
        return 0;
    }

    private static async Task<int> DumpAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineNetworks networks = (await session.EngineAsync().ConfigureAwait(false)).Networks;
        string id = ContainerPlace.Find(invocation.Arguments[0], networks).Id;
        int bytes = invocation.Number("snaplen") ?? 262_144;
        if (bytes is < 1 or > 262_144) throw new BerthException(Fault.InvalidArgument, $"cannot keep {bytes} bytes of a packet", "1 to 262144");
        string target = invocation.Find("write") ?? "-";
        if (target == "-" && !Console.IsOutputRedirected) throw new BerthException(Fault.InvalidArgument, "packets are not for a terminal", "write them to a file (-w web.pcap), or into tcpdump: berth network dump web-1 | tcpdump -nr -");
        CaptureOptions options = new() { InterfaceName = invocation.Find("interface"), Packets = invocation.Number("count") ?? 0, Bytes = bytes };
        // Not the console's stream: it does not say that its reader is gone.
        Stream stream = target == "-" ? new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write) : new FileStream(target, FileMode.Create, FileAccess.Write);
        await using (stream.ConfigureAwait(false))
        {
            long count = networks.Capture(id, options, stream, session.Ending);
            session.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} packets"));
        }
        return 0;
    }

    private static Value ValueOf(ContainerConnection one) => Value.Record.Of(
        Member.Of("Container", one.Attachment.Spec.ContainerName),
        Member.Of("ContainerID", one.Attachment.ContainerId),
        Member.Of("Network", one.Attachment.NetworkName),
        Member.Of("Protocol", one.Protocol),
        Member.Of("State", one.State),
        Member.Of("Direction", one.IsIncoming ? "in" : "out"),
        Member.Of("ContainerAddress", one.Here.ToString()),
        Member.Of("Peer", one.There.ToString()),
        Member.Of("PublishedAt", one.By?.ToString() ?? ""),
        Member.Of("Sent", Bytes(Sent(one))),
        Member.Of("Received", Bytes(Received(one))),
        Member.Of("SecondsLeft", one.Facts.SecondsLeft.ToString(CultureInfo.InvariantCulture)));

    // As the container sees it.
    private static ulong? Sent(ContainerConnection one) => one.IsIncoming ? one.Facts.BytesAnswered : one.Facts.BytesSent;

    private static ulong? Received(ContainerConnection one) => one.IsIncoming ? one.Facts.BytesSent : one.Facts.BytesAnswered;

    private static string Size(ulong? bytes) => bytes is { } known ? Words.Size((long)known) : "-";

    private static string Bytes(ulong? bytes) => bytes?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
