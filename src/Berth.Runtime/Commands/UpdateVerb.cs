// update: limits from flags or from a file.
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Commands;

internal static class UpdateVerb
{
    public static readonly Flag[] Flags =
    [
        new("resources", "path to the file containing the resources to update, or '-' to read from the standard input; then all other flags are ignored", Short: 'r'),
        new("blkio-weight", "per cgroup weight, range is from 10 to 1000"),
        new("cpu-period", "CPU CFS period to be used for hardcapping (in usecs). 0 to use system default"),
        new("cpu-quota", "CPU CFS hardcap limit (in usecs). Allowed cpu time in a given period"),
        new("cpu-burst", "CPU CFS hardcap burst limit (in usecs). Allowed accumulated cpu time additionally for burst a given period"),
        new("cpu-share", "CPU shares (relative weight vs. other containers)"),
        new("cpu-rt-period", "CPU realtime period to be used for hardcapping (in usecs). 0 to use system default"),
        new("cpu-rt-runtime", "CPU realtime hardcap limit (in usecs). Allowed cpu time in a given period"),
        new("cpuset-cpus", "CPU(s) to use"),
        new("cpuset-mems", "memory node(s) to use"),
        new("memory", "memory limit (in bytes)"),
        new("cpu-idle", "set cgroup SCHED_IDLE or not, 0: default behavior, 1: SCHED_IDLE"),
        new("memory-reservation", "memory reservation or soft_limit (in bytes)"),
        new("memory-swap", "total memory usage (memory + swap); set '-1' to enable unlimited swap"),
        new("kernel-memory", "(obsoleted; do not use)"),
        new("kernel-memory-tcp", "(obsoleted; do not use)"),
        new("pids-limit", "maximum number of pids allowed in the container"),
        new("l3-cache-schema", "the string of Intel RDT/CAT L3 cache schema"),
        new("mem-bw-schema", "the string of Intel RDT/MBA memory bandwidth schema"),
    ];

    public static int Update(Invocation call)
    {
        ResourcesSpec change = call.Flags["resources"] switch
        {
            null => FromFlags(call),
            "-" => SpecReader.ReadResources(KernelFile.Read("/dev/stdin")),
            string file => SpecReader.ReadResources(KernelFile.Read(file)),
        };
        call.Runtime.Update(call.Id, change, RdtFromFlags(call));
        return 0;
    }

    private static IntelRdtSpec? RdtFromFlags(Invocation call)
    {
        string? cache = call.Flags["l3-cache-schema"], bandwidth = call.Flags["mem-bw-schema"];
        return string.IsNullOrEmpty(cache) && string.IsNullOrEmpty(bandwidth) ? null : new IntelRdtSpec { L3CacheSchema = cache, MemBwSchema = bandwidth };
    }

    private static ResourcesSpec FromFlags(Invocation call)
    {
        ResourcesSpec r = new();
        if (call.Flags.Given("kernel-memory") || call.Flags.Given("kernel-memory-tcp")) call.Log.Warn("kernel memory settings are ignored and will be removed");
        if (Number(call, "blkio-weight") is { } weight) r.BlockIo = new BlockIoSpec { Weight = (ushort)weight };
        CpuSpec cpu = new()
        {
            Period = (ulong?)Number(call, "cpu-period"),
            Quota = Number(call, "cpu-quota"),
            Burst = (ulong?)Number(call, "cpu-burst"),
            Shares = (ulong?)Number(call, "cpu-share"),
            RealtimePeriod = (ulong?)Number(call, "cpu-rt-period"),
            RealtimeRuntime = Number(call, "cpu-rt-runtime"),
            Idle = Number(call, "cpu-idle"),
            Cpus = call.Flags["cpuset-cpus"],
            Mems = call.Flags["cpuset-mems"],
        };
        if (cpu != new CpuSpec()) r.Cpu = cpu;
        MemorySpec memory = new()
        {
            Limit = Bytes(call, "memory"),
            Reservation = Bytes(call, "memory-reservation"),
            Swap = Bytes(call, "memory-swap"),
        };
        if (memory != new MemorySpec()) r.Memory = memory;
        if (Number(call, "pids-limit") is { } pids) r.Pids = new PidsSpec { Limit = pids };
        return r;
    }

    private static long? Number(Invocation call, string flag) => call.Flags[flag] is { Length: > 0 } text ? FlagNumbers.Long(text, flag) : null;

    private static long? Bytes(Invocation call, string flag) => call.Flags[flag] is { Length: > 0 } text ? FlagNumbers.Bytes(text, flag) : null;
}
