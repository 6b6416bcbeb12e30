// Limits of containers: memory, CPUs, block devices, processes.
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads limits.</summary>
internal static class LimitWords
{
    /// <summary>All limits.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static LimitsSpec Read(Invocation invocation) => new()
    {
        Memory = SizeOf(invocation, "memory"),
        MemoryReservation = SizeOf(invocation, "memory-reservation"),
        MemorySwap = invocation.Find("memory-swap") == "-1" ? -1 : SizeOf(invocation, "memory-swap"),
        MemorySwappiness = invocation.Number("memory-swappiness") is { } swappiness and not -1 ? swappiness : null,
        KernelMemory = SizeOf(invocation, "kernel-memory"),
        NanoCpus = invocation.Find("cpus") is { } cpus && Quantities.Cpus(cpus, "cpus") is not 0 and long billionths ? billionths : null,
        CpuShares = NaturalOf(invocation, "cpu-shares"),
        CpuPeriod = NaturalOf(invocation, "cpu-period"),
        CpuQuota = WholeOf(invocation, "cpu-quota"),
        CpuRealtimePeriod = NaturalOf(invocation, "cpu-rt-period"),
        CpuRealtimeRuntime = WholeOf(invocation, "cpu-rt-runtime"),
        Cpus = invocation.Find("cpuset-cpus"),
        MemoryNodes = invocation.Find("cpuset-mems"),
        Pids = WholeOf(invocation, "pids-limit"),
        BlockWeight = invocation.Number("blkio-weight"),
        BlockWeights = Devices(invocation, "blkio-weight-device", isSize: false),
        ReadBytes = Devices(invocation, "device-read-bps", isSize: true),
        WriteBytes = Devices(invocation, "device-write-bps", isSize: true),
        ReadOperations = Devices(invocation, "device-read-iops", isSize: false),
        WriteOperations = Devices(invocation, "device-write-iops", isSize: false),
        IsOomKillOff = invocation.Has("oom-kill-disable"),
        OomScore = invocation.Number("oom-score-adj"),
        Rlimits = Ulimits(invocation.All("ulimit")),
        Sysctls = Fields.Pairs(invocation.All("sysctl"), "sysctl"),
        Unified = Fields.Pairs(invocation.All("cgroup-conf"), "cgroup-conf"),
        CgroupParent = invocation.Find("cgroup-parent") is { Length: > 0 } parent ? parent : null,
        Cgroups = invocation.Find("cgroups") switch
        {
            null or "" or "enabled" => "enabled",
            "no-conmon" => "no-conmon",
            "disabled" => "disabled",
            "split" => throw new BerthException(Fault.Unsupported, "--cgroups=split is not supported: a container has its cgroup below --cgroup-parent", "say --cgroup-parent"),
            string other => throw Quantities.Wrong("cgroups", "enabled, no-conmon or disabled", other),
        },
    };

    /// <summary>--ulimit: <c>nofile=1024[:2048]</c>; -1 is without limit.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static List<Rlimit> Ulimits(IEnumerable<string> texts)
    {
        List<Rlimit> limits = [];
        foreach (string text in texts)
        {
            if (text == "host")
            {
                limits.Add(new Rlimit("host", 0, 0));
                continue;
            }
            (string name, string? value) = Fields.Pair(text);
            string[] numbers = value?.Split(':') ?? [];
            if (name.Length == 0 || numbers.Length is not (1 or 2)) throw Quantities.Wrong("ulimit", "NAME=SOFT[:HARD]", text);
            long soft = Limit(numbers[0], text), hard = numbers.Length == 2 ? Limit(numbers[1], text) : soft;
            limits.RemoveAll(other => other.Name == name);
            limits.Add(new Rlimit(name, soft, hard));
        }
        return limits;
    }

    private static long Limit(string text, string whole) => text switch
    {
        "-1" or "unlimited" or "infinity" => -1,
        _ => Quantities.Whole(text, "ulimit") is >= 0 and long number ? number : throw Quantities.Wrong("ulimit", "NAME=SOFT[:HARD]", whole),
    };

    private static List<DeviceNumber> Devices(Invocation invocation, string option, bool isSize)
    {
        List<DeviceNumber> numbers = [];
        foreach (string text in invocation.All(option))
        {
            int colon = text.LastIndexOf(':');
            if (colon <= 0 || !text.StartsWith('/')) throw Quantities.Wrong(option, isSize ? "DEVICE:RATE such as /dev/sda:1mb" : "DEVICE:NUMBER such as /dev/sda:100", text);
            string number = text[(colon + 1)..];
            numbers.Add(new DeviceNumber(text[..colon], isSize ? (ulong)Quantities.Size(number, option) : Quantities.Positive(number, option)));
        }
        return numbers;
    }

    // Nothing and 0 are the same: no limit.
    private static long? SizeOf(Invocation invocation, string option) => invocation.Find(option) is { Length: > 0 } text && Quantities.Size(text, option) is > 0 and long size ? size : null;

    private static long? WholeOf(Invocation invocation, string option) => invocation.Find(option) is { } text ? Quantities.Whole(text, option) : null;

    private static ulong? NaturalOf(Invocation invocation, string option) => invocation.Find(option) is { } text ? Quantities.Positive(text, option) : null;
}
