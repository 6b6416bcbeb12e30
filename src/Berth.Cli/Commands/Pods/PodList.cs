// pod ps: pods, as podman's table has them.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Pods;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Pods;

/// <summary>The verb.</summary>
internal static class PodList
{
    private static readonly Dictionary<string, string> s_heads = new()
    {
        ["Id"] = "POD ID", ["ID"] = "POD ID", ["InfraId"] = "INFRA ID", ["InfraID"] = "INFRA ID", ["NumberOfContainers"] = "# OF CONTAINERS",
        ["ContainerIds"] = "IDS", ["ContainerNames"] = "NAMES", ["ContainerStatuses"] = "STATUS", ["Namespace"] = "NAMESPACES", ["Cgroup"] = "CGROUP",
    };

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Most = 0,
        Options =
        [
            Option.Many("filter", "NAME=VALUE", $"Those that match: {PodFilter.Names}", 'f'),
            Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"),
            Option.Switch("ctr-ids", "Ids of containers"), Option.Switch("ctr-names", "Names of containers"), Option.Switch("ctr-status", "States of containers"),
            Option.Switch("latest", "The one that was made last", 'l'), Option.Switch("ns", "What is shared"), Option.Switch("namespace", "The same") with { IsHidden = true },
            Option.Switch("no-trunc", "Do not shorten ids"), Option.Switch("noheading", "No heads of columns", 'n'), Option.Switch("quiet", "Ids only", 'q'),
            Option.With("sort", "WORD", "created, id, name, status or number") with { Words = ["created", "id", "name", "status", "number"] },
        ],
        Examples = [new("berth pod ps", "All pods"), new("berth pod ps --ctr-names --filter status=running", "What runs, and what is in it"), new("berth pod ps --format '{{.Name}}: {{.Status}}'", "Some of what is known")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EnginePods pods = (await session.EngineAsync().ConfigureAwait(false)).Pods;
        DateTimeOffset now = session.Clock.GetUtcNow();
        Func<Pod, PodState, bool> means = PodFilter.Parse(invocation.All("filter"), now);
        List<Row> rows = [];
        foreach (Pod pod in pods.List())
        {
            PodState state = pod.Observe();
            if (means(pod, state)) rows.Add(new Row(pod, state));
        }
        if (invocation.Has("latest")) rows = [.. rows.Take(1)];
        Sort(rows, invocation.Find("sort"));
        bool whole = invocation.Has("no-trunc");
        string? format = invocation.Find("format");
        if (invocation.Has("quiet"))
        {
            foreach (Row row in rows) session.Out.WriteLine(whole ? row.Pod.Id : row.Pod.Record.ShortId);
        }
        else if (format is null or "" or "table") WriteTable(invocation, rows, whole, now);
        else Report.Write(session.Out, format, rows.Select(row => ValueOf(row, whole, now)), s_heads);
        return 0;
    }

    private static void Sort(List<Row> rows, string? by)
    {
        Comparison<Row>? order = by switch
        {
            null or "created" => null,
            "id" => static (one, other) => string.CompareOrdinal(one.Pod.Id, other.Pod.Id),
            "name" => static (one, other) => string.CompareOrdinal(one.Pod.Name, other.Pod.Name),
            "status" => static (one, other) => string.CompareOrdinal(one.State.Status.ToString(), other.State.Status.ToString()),
            "number" => static (one, other) => one.State.Members.Count.CompareTo(other.State.Members.Count),
            _ => throw new BerthException(Fault.InvalidArgument, $"cannot sort by '{by}'", "created, id, name, status or number"),
        };
        if (order is not null) rows.Sort(order);
    }

    private static void WriteTable(Invocation invocation, List<Row> rows, bool whole, DateTimeOffset now)
    {
        List<string> fields = ["Id", "Name", "Status", "Created", "InfraId"];
        bool ids = invocation.Has("ctr-ids"), names = invocation.Has("ctr-names"), states = invocation.Has("ctr-status");
        if (ids) fields.Add("ContainerIds");
        if (names) fields.Add("ContainerNames");
        if (states) fields.Add("ContainerStatuses");
        if (invocation.Has("ns") || invocation.Has("namespace")) fields.AddRange(["Cgroup", "Namespace"]);
        if (!ids && !names && !states) fields.Add("NumberOfContainers");
        Table table = new();
        if (!invocation.Has("noheading")) table.Add([.. fields.Select(static field => s_heads.GetValueOrDefault(field) ?? field.ToUpperInvariant())]);
        foreach (Row row in rows)
        {
            Value.Record value = ValueOf(row, whole, now);
            table.Add([.. fields.Select(field => value.Find(field)!.Printed)]);
        }
        table.WriteTo(invocation.Session.Out);
    }

    private static Value.Record ValueOf(Row row, bool whole, DateTimeOffset now)
    {
        string id = whole ? row.Pod.Id : row.Pod.Record.ShortId;
        IReadOnlyList<PodMember> members = row.State.Members;
        string networks = row.Pod.Record.Spec.Shares.HasFlag(PodShares.Network) ? ContainerWords.Networks(row.Pod.Record.Spec.Connection) : "";
        return Value.Record.Of(
            Member.Of("Cgroup", row.Pod.CgroupPath ?? ""),
            Member.Of("ContainerIds", string.Join(',', members.Select(member => whole ? member.Container.Id : member.Container.Record.ShortId))),
            Member.Of("ContainerNames", string.Join(',', members.Select(static member => member.Container.Name))),
            Member.Of("ContainerStatuses", string.Join(',', members.Select(static member => ContainerWords.State(member.State.Status)))),
            Member.Of("Created", Words.Ago(row.Pod.Record.Created, now)),
            Member.Of("CreatedAt", NetworkInspect.Time(row.Pod.Record.Created)),
            Member.Of("Id", id),
            Member.Of("ID", id),
            Member.Of("InfraId", ""),
            Member.Of("InfraID", ""),
            Member.Of("Labels", row.Pod.Record.Spec.Labels),
            Member.Hidden("Label", new Value.Lookup(row.Pod.Record.Spec.Labels)),
            Member.Of("Name", row.Pod.Name),
            Member.Of("Namespace", string.Join(',', PodInspect.SharesOf(row.Pod.Record))),
            Member.Of("Networks", networks),
            Member.Of("NumberOfContainers", members.Count.ToString(CultureInfo.InvariantCulture)),
            Member.Of("Status", row.State.Status.ToString()));
    }

    private sealed record Row(Pod Pod, PodState State);
}
