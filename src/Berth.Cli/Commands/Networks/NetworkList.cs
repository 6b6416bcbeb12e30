// network ls.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Networks;

namespace Berth.Cli.Commands.Networks;

/// <summary>The verb.</summary>
internal static class NetworkList
{
    private static readonly Dictionary<string, string> s_heads = new() { ["ID"] = "NETWORK ID", ["CreatedAt"] = "CREATED AT" };

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Most = 0,
        Options =
        [
            Option.Many("filter", "NAME=VALUE", $"Show some only: {NetworkFilter.Names}", 'f'),
            Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"),
            Option.Switch("no-trunc", "Do not shorten ids"),
            Option.Switch("noheading", "No heads of columns", 'n'),
            Option.Switch("quiet", "Ids only", 'q'),
        ],
        Examples =
        [
            new("berth network ls", "All networks"),
            new("berth network ls -q --filter type=custom --filter dangling=true", "Ids of those that nothing is attached to"),
            new("berth network ls --format '{{.Name}} {{.Driver}} {{.IPv6}}'", "Some of what is known"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineNetworks networks = (await session.EngineAsync().ConfigureAwait(false)).Networks;
        NetworkFilter filter = NetworkFilter.Parse(invocation.All("filter"), networks, session.Clock.GetUtcNow());
        List<NetworkRecord> found = [.. networks.List()];
        found.RemoveAll(network => !filter.Means(network));
        bool whole = invocation.Has("no-trunc");
        string? format = invocation.Find("format");
        if (invocation.Has("quiet"))
        {
            foreach (NetworkRecord network in found) session.Out.WriteLine(Id(network, whole));
        }
        else if (format is null or "" or "table") WriteTable(invocation, found, whole);
        else Report.Write(session.Out, format, found.Select(network => ValueOf(network, whole)), s_heads);
        return 0;
    }

    private static void WriteTable(Invocation invocation, List<NetworkRecord> found, bool whole)
    {
        Table table = new();
        if (!invocation.Has("noheading")) table.Add("NETWORK ID", "NAME", "DRIVER", "SCOPE");
        foreach (NetworkRecord network in found) table.Add(Id(network, whole), network.Name, NetworkInspect.DriverOf(network), "local");
        table.WriteTo(invocation.Session.Out);
    }

    private static string Id(NetworkRecord network, bool whole) => whole ? network.Id : network.Id[..12];

    // docker's row: all of it texts.
    private static Value ValueOf(NetworkRecord network, bool whole) => Value.Record.Of(
        new Member("CreatedAt", Value.Of(new Value.Moment(NetworkInspect.Time(network.Created)).GoText)),
        Member.Of("Driver", NetworkInspect.DriverOf(network)),
        Member.Of("ID", Id(network, whole)),
        Member.Of("IPv4", network.Spec.HasIPv4 ? "true" : "false"),
        Member.Of("IPv6", network.HasIPv6 ? "true" : "false"),
        Member.Of("Internal", network.Spec.IsInternal ? "true" : "false"),
        Member.Of("Labels", string.Join(',', network.Spec.Labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={pair.Value}"))),
        Member.Of("Name", network.Name),
        Member.Of("Scope", "local"));
}
