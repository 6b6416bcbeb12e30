// events: statistics at an interval, and what the kernel says about memory.
using System.Globalization;
using Berth.Oci.Json;
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Runtime.State;

namespace Berth.Runtime.Commands;

internal static class EventsVerb
{
    public static readonly Flag[] Flags =
    [
        new("interval", "set the stats collection interval", Default: "5s"),
        new("stats", "display the container's stats then exit", FlagKind.Switch),
    ];

    public static int Events(Invocation call)
    {
        long interval = Milliseconds(call.Flags["interval"] ?? "5s");
        (ContainerRecord record, ContainerStatus status) = call.Runtime.State(call.Id);
        if (status == ContainerStatus.Stopped) throw new BerthException(Fault.WrongState, $"container with id {call.Id} is not running");
        CgroupTree tree = record.Cgroups is { } c && CgroupTree.Open(c) is { HasCgroup: true } t
            ? t
            : throw new BerthException(Fault.Unsupported, $"container {call.Id} has no cgroup, so there are no statistics");
        if (call.Flags.Has("stats"))
        {
            Stats(call.Id, tree);
            return 0;
        }
        using MemoryWatch memory = tree.WatchMemory();
        using Fd? process = PidFd.TryOpen(record.Pid);
        long next = Self.Monotonic + (interval * 1_000_000);
        while (process is not null && Facts.IsAlive(record))
        {
            long left = Math.Max(0, (next - Self.Monotonic) / 1_000_000);
            // Short waits: the end of the container is seen soon, and nothing else wakes us.
            if (memory.Wait((int)Math.Min(left, 500)) == MemoryEvent.OutOfMemory) Simple(call.Id, "oom");
            if (Self.Monotonic < next) continue;
            if (Facts.IsAlive(record)) Stats(call.Id, tree);
            next = Self.Monotonic + (interval * 1_000_000);
        }
        return 0;
    }

    private static void Stats(string id, CgroupTree tree)
    {
        JsonWriter w = new();
        w.WriteStartObject();
        w.WriteString("type"u8, "stats");
        w.WriteString("id"u8, id);
        w.WritePropertyName("data"u8);
        StatsJson.Write(w, tree.Stats());
        w.WriteEndObject();
        Invocation.Print([.. w.Written, (byte)'\n']);
    }

    private static void Simple(string id, string type)
    {
        JsonWriter w = new();
        w.WriteStartObject();
        w.WriteString("type"u8, type);
        w.WriteString("id"u8, id);
        w.WriteEndObject();
        Invocation.Print([.. w.Written, (byte)'\n']);
    }

    /// <summary>A duration as Go writes it: 100ms, 5s, 1m.</summary>
    private static long Milliseconds(string text)
    {
        (string unit, double factor)[] units = [("ms", 1), ("us", 0.001), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
        foreach ((string unit, double factor) in units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal)) continue;
            if (double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value > 0)
            {
                return Math.Max(1, (long)(value * factor));
            }
            break;
        }
        throw new BerthException(Fault.InvalidArgument, $"duration interval must be greater than 0: {text}", "write 500ms, 5s or 1m");
    }
}
