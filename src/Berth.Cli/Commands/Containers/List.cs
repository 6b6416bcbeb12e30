// ps: containers, as docker's and podman's tables have them.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class List
{
    private static readonly Dictionary<string, string> s_heads = new() { ["ID"] = "CONTAINER ID", ["CreatedAt"] = "CREATED AT", ["RunningFor"] = "CREATED", ["LocalVolumes"] = "LOCAL VOLUMES" };

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Most = 0,
        Options =
        [
            Option.Switch("all", "Those that do not run too", 'a'),
            Option.Many("filter", "NAME=VALUE", $"Those that match: {ContainerFilter.Names}", 'f'),
            Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"),
            Option.With("last", "N", "The N that were made last", 'n'),
            Option.Switch("latest", "The one that was made last", 'l'),
            Option.Switch("no-trunc", "Do not shorten ids and commands"),
            Option.Switch("noheading", "No heads of columns"),
            Option.Switch("quiet", "Ids only", 'q'),
            Option.Switch("size", "Bytes that were written in each", 's'),
            Option.With("sort", "WORD", "command, created, id, image, names, runningfor, size or status") with { Words = ["command", "created", "id", "image", "names", "runningfor", "size", "status"] },
            Option.Switch("pod", "The pod of each", 'p'),
            Option.Ignored("ns"), Option.Ignored("external"), Option.Ignored("sync"), Option.Ignored("watch", "SECONDS", 'w'),
        ],
        Examples =
        [
            new("berth ps", "What runs"),
            new("berth ps -a --filter status=exited", "What has ended"),
            new("berth ps --format '{{.Names}}: {{.Status}}'", "Some of what is known"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
        List<Row> rows = await RowsAsync(invocation, engine).ConfigureAwait(false);
        bool whole = invocation.Has("no-trunc");
        string? format = invocation.Find("format");
        if (invocation.Has("quiet"))
        {
            foreach (Row row in rows) session.Out.WriteLine(whole ? row.Record.Id : row.Record.ShortId);
        }
        else if (format is null or "" or "table") WriteTable(invocation, rows, whole);
        else if (format == "json" && session.Role == Role.Podman) Report.WriteOne(session.Out, null, new Value.List([.. rows.Select(row => PodmanRow.Of(row.Record, row.State, row.Attachments, row.PodName, session.Clock.GetUtcNow()))]));
        else Report.Write(session.Out, format, rows.Select(row => ValueOf(row, whole, session)), s_heads);
        return 0;
    }

    private static async Task<List<Row>> RowsAsync(Invocation invocation, Engine.Engine engine)
    {
        DateTimeOffset now = invocation.Session.Clock.GetUtcNow();
        ContainerFilter filter = ContainerFilter.Parse(invocation.All("filter"), engine.Containers, engine.Pods, now);
        int most = invocation.Has("latest") ? 1 : invocation.Number("last") is { } last and > 0 ? last : int.MaxValue;
        bool showsDebuggers = invocation.All("filter").Exists(static one => one.StartsWith("label=" + DebugTarget.Label, StringComparison.Ordinal));
        bool all = invocation.Has("all") || most != int.MaxValue || filter.HasState;
        List<Row> rows = [];
        foreach ((Container container, ContainerState seen) in engine.Containers.Observe())
        {
            if (rows.Count >= most) break;
            ContainerState state = seen;
            // Whoever looks into a container is no container of the user's; who asks for it finds it.
            if (container.Record.Spec.Debugs is not null && !showsDebuggers) continue;
            if (!all && !(state.IsStarted || state.Status == ContainerStatus.Restarting)) continue;
            if (!filter.Means(container)) continue;
            if (state.IsStarted && container.Record.Settled.Health is { IsOff: false, Test.Count: > 0 }) state = await container.InspectAsync().ConfigureAwait(false);
            bool hasPorts = state.IsAlive && (container.Record.Spec.Connection.Networks is [{ Network: "pod" }] || container.Record.Spec.Connection.Ports.Count > 0 || container.Record.Spec.Connection.PublishesAll);
            long? size = invocation.Has("size") && container.Record.Spec.RootFolder is null ? engine.Snapshots.Measure(container.Id) : null;
            rows.Add(new Row(container.Record, state, hasPorts ? engine.Networks.AttachmentsOf(container.Record.AttachedAs) : [], size, container.Record.Spec.Pod is { } pod ? engine.Pods.TryFind(pod)?.Name ?? "" : ""));
        }
        Sort(rows, invocation.Find("sort"));
        // podman begins with the oldest.
        if (invocation.Session.Role == Role.Podman && invocation.Find("sort") is null or "created") rows.Reverse();
        return rows;
    }

    private static void Sort(List<Row> rows, string? by)
    {
        Comparison<Row>? order = by switch
        {
            null or "created" or "runningfor" => null,
            "names" => static (one, other) => string.CompareOrdinal(one.Record.Name, other.Record.Name),
            "id" => static (one, other) => string.CompareOrdinal(one.Record.Id, other.Record.Id),
            "image" => static (one, other) => string.CompareOrdinal(one.Record.Spec.Image, other.Record.Spec.Image),
            "command" => static (one, other) => string.CompareOrdinal(string.Join(' ', one.Record.Settled.Arguments), string.Join(' ', other.Record.Settled.Arguments)),
            "status" => static (one, other) => one.State.Status.CompareTo(other.State.Status),
            "size" => static (one, other) => (one.Size ?? 0).CompareTo(other.Size ?? 0),
            _ => throw new BerthException(Fault.InvalidArgument, $"cannot sort by '{by}'", "command, created, id, image, names, runningfor, size or status"),
        };
        if (order is not null) rows.Sort(order);
    }

    private static void WriteTable(Invocation invocation, List<Row> rows, bool whole)
    {
        DateTimeOffset now = invocation.Session.Clock.GetUtcNow();
        bool withSize = invocation.Has("size"), withPod = invocation.Has("pod");
        Table table = new();
        List<string> heads = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"];
        if (withPod) heads.Add("POD ID");
        if (withSize) heads.Add("SIZE");
        if (!invocation.Has("noheading")) table.Add([.. heads]);
        foreach (Row row in rows)
        {
            List<string> cells =
            [
                whole ? row.Record.Id : row.Record.ShortId, ImageOf(row.Record), CommandOf(invocation.Session, row.Record, whole), Words.Ago(row.Record.Created, now),
                ContainerWords.Status(row.State, now), ContainerWords.Ports(row.Record, row.Attachments), row.Record.Name,
            ];
            if (withPod) cells.Add(row.Record.Spec.Pod is { } pod ? pod[..Math.Min(12, pod.Length)] : "");
            if (withSize) cells.Add(SizeOf(row));
            table.Add([.. cells]);
        }
        table.WriteTo(invocation.Session.Out);
    }

    private static string SizeOf(Row row) => Words.Size(row.Size ?? 0);

    private static string ImageOf(ContainerRecord record) => record.Spec.Image.Length > 0 ? record.Spec.Image : record.Spec.RootFolder ?? "";

    // docker's row: all of it texts.
    private static Value ValueOf(Row row, bool whole, Session session) => ValueOf(row, whole, session.Clock.GetUtcNow(), CommandOf(session, row.Record, whole));

    // podman's command stands without quotes.
    private static string CommandOf(Session session, ContainerRecord record, bool whole) => ContainerWords.Command(record, whole) is var quoted && session.Role == Role.Podman ? quoted[1..^1] : quoted;

    private static Value ValueOf(Row row, bool whole, DateTimeOffset now, string command) => Value.Record.Of(
        Member.Of("Command", command),
        new Member("CreatedAt", Value.Of(new Value.Moment(Networks.NetworkInspect.Time(row.Record.Created)).GoText)),
        Member.Of("ExitCode", row.State.ExitCode),
        Member.Of("ID", whole ? row.Record.Id : row.Record.ShortId),
        Member.Of("Image", ImageOf(row.Record)),
        Member.Of("ImageID", row.Record.Image?.Encoded ?? ""),
        Member.Of("Labels", string.Join(',', row.Record.Settled.Labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={pair.Value}"))),
        Member.Of("LocalVolumes", row.Record.Settled.Mounts.Count(static mount => mount.Volume is not null).ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Member.Of("Mounts", string.Join(',', row.Record.Settled.Mounts.Select(static mount => mount.Volume ?? mount.Request.Source))),
        Member.Of("Names", row.Record.Name),
        Member.Of("Networks", ContainerWords.Networks(row.Record)),
        Member.Of("Pid", row.State.Pid),
        Member.Of("Pod", row.Record.Spec.Pod ?? ""),
        Member.Of("Ports", ContainerWords.Ports(row.Record, row.Attachments)),
        Member.Of("Restarts", row.State.Restarts),
        Member.Of("RunningFor", Words.Ago(row.Record.Created, now)),
        Member.Of("Size", SizeOf(row)),
        Member.Of("State", ContainerWords.State(row.State.Status)),
        Member.Of("Status", ContainerWords.Status(row.State, now)),
        Member.Hidden("Label", new Value.Lookup(row.Record.Settled.Labels)),
        Member.Hidden("PodName", Value.Of(row.PodName)),
        Member.Hidden("Created", new Value.Moment(Networks.NetworkInspect.Time(row.Record.Created))),
        Member.Hidden("CreatedHuman", Value.Of(Words.Ago(row.Record.Created, now))),
        Member.Hidden("StartedAt", Value.Of(row.State.Started?.ToUnixTimeSeconds() ?? 0)),
        Member.Hidden("ExitedAt", Value.Of(row.State.Ended?.ToUnixTimeSeconds() ?? 0)),
        Member.Hidden("Exited", Value.Of(row.State.Status == ContainerStatus.Exited)));

    private sealed record Row(ContainerRecord Record, ContainerState State, IReadOnlyList<Attachment> Attachments, long? Size, string PodName);
}
