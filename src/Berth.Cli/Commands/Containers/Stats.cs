// stats: what containers use, once or over and over.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Linux.Terminals;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class Stats
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(500);
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    private static readonly Dictionary<string, string> s_heads = new()
    {
        ["ID"] = "CONTAINER ID", ["CPUPerc"] = "CPU %", ["MemUsage"] = "MEM USAGE / LIMIT", ["MemPerc"] = "MEM %", ["NetIO"] = "NET I/O", ["BlockIO"] = "BLOCK I/O", ["PIDs"] = "PIDS",
    };

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "[CONTAINER...]",
        Offers = Offer.Containers,
        Options = [.. Flags],
        Examples = [new("berth stats", "All that run, until it is interrupted"), new("berth stats --no-stream --format '{{.Name}} {{.MemUsage}}' web", "One thing, once")],
        Run = RunAsync,
    };

    /// <summary>Its options, which are those of pods too.</summary>
    internal static Option[] Flags =>
    [
        Option.Switch("all", "Those that do not run too", 'a'), Option.Switch("latest", "The one that was made last", 'l'),
        Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"),
        Option.With("interval", "SECONDS", "Look again after this time; 1", 'i'),
        Option.Switch("no-stream", "Once only"), Option.Switch("no-reset", "Do not clear the screen between"), Option.Switch("no-trunc", "Do not shorten ids"),
    ];

    /// <summary>Four digits and a unit of 1024: 1.945MiB.</summary>
    internal static string Bytes(ulong bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; value >= 1024 && unit < s_units.Length - 1; unit++) value /= 1024;
        int before = value < 1 ? 1 : (int)Math.Floor(Math.Log10(value)) + 1;
        string text = value.ToString("F" + Math.Max(0, 4 - before).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return (text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text) + s_units[unit];
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        EngineContainers containers = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Containers;
        return await ShowAsync(invocation, () => Chosen(invocation, containers)).ConfigureAwait(false);
    }

    /// <summary>Shows what containers use, once or over and over.</summary>
    /// <param name="invocation">How.</param>
    /// <param name="chosen">Which: asked each time.</param>
    internal static async Task<int> ShowAsync(Invocation invocation, Func<List<Container>> chosen)
    {
        Session session = invocation.Session;
        bool once = invocation.Has("no-stream"), clears = !once && !invocation.Has("no-reset") && invocation.Find("format") is null && Terminal.Is(1);
        TimeSpan interval = TimeSpan.FromSeconds(Math.Max(1, invocation.Number("interval") ?? 1));
        Dictionary<string, ContainerUsage> before = [];
        foreach (Container container in chosen())
        {
            if (container.Measure() is { } usage) before[container.Id] = usage;
        }
        try
        {
            for (TimeSpan pause = s_first; ; pause = interval)
            {
                if (before.Count > 0 || !once) await Task.Delay(pause, session.Ending).ConfigureAwait(false);
                List<Value> rows = [];
                Dictionary<string, ContainerUsage> now = [];
                foreach (Container container in chosen())
                {
                    ContainerUsage? usage = container.Measure();
                    if (usage is not null) now[container.Id] = usage;
                    rows.Add(RowOf(invocation, container, usage, before.GetValueOrDefault(container.Id)));
                }
                before = now;
                if (clears) session.Out.Write("\e[H\e[2J");
                Print(invocation, rows);
                session.Out.Flush();
                if (once || !session.Out.IsRead) return 0;
            }
        }
        catch (OperationCanceledException) when (session.Signal != default)
        {
            return 0;
        }
    }

    private static List<Container> Chosen(Invocation invocation, EngineContainers containers)
    {
        if (invocation.Arguments.Count > 0) return [.. invocation.Arguments.Select(containers.Find)];
        IReadOnlyList<Container> all = containers.List();
        if (invocation.Has("latest")) return [.. all.Take(1)];
        return [.. all.Where(container => invocation.Has("all") || container.Observe().IsAlive)];
    }

    private static void Print(Invocation invocation, List<Value> rows)
    {
        string format = invocation.Find("format") ?? "";
        if (format is "" or "table") format = "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";
        Report.Write(invocation.Session.Out, format, rows, s_heads);
    }

    private static Value.Record RowOf(Invocation invocation, Container container, ContainerUsage? usage, ContainerUsage? before) => Value.Record.Of(
        Member.Of("BlockIO", usage is null ? "--" : $"{Words.Size((long)usage.Read)} / {Words.Size((long)usage.Written)}"),
        Member.Of("CPUPerc", usage is null ? "--" : Percent(before is null ? 0 : usage.PercentSince(before))),
        Member.Of("Container", container.Record.ShortId),
        Member.Of("ID", invocation.Has("no-trunc") ? container.Id : container.Record.ShortId),
        Member.Of("MemPerc", usage is null ? "--" : Percent(usage.MemoryPercent)),
        Member.Of("MemUsage", usage is null ? "-- / --" : $"{Bytes(usage.Memory)} / {Bytes(usage.MemoryLimit)}"),
        Member.Of("Name", container.Name),
        Member.Of("NetIO", usage is null ? "--" : $"{Words.Size((long)usage.Received)} / {Words.Size((long)usage.Sent)}"),
        Member.Of("PIDs", usage is null ? "--" : usage.Tasks.ToString(CultureInfo.InvariantCulture)));

    private static string Percent(double share) => share.ToString("F2", CultureInfo.InvariantCulture) + "%";
}
