// What an update changes of the stored limits, with the habits of runc that its users rely on.
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

/// <summary>Merged limits of an update.</summary>
/// <param name="Stored">All limits as they hold afterwards: what to store.</param>
/// <param name="Write">What to write into the cgroups now.</param>
public sealed record ResourcesUpdate(ResourcesSpec Stored, ResourcesSpec Write)
{
    /// <summary>Merges the fields that are set in <paramref name="change"/> into the stored limits.</summary>
    /// <remarks>
    /// Memory, shares, block I/O and realtime limits are written as they are stored, changed or not. Processors, memory
    /// nodes, burst, idle, pids, raw files, and quota with period are written only when the change names them; of quota and
    /// period the one that is not named keeps its stored value, because v2 has them in one file.
    /// </remarks>
    public static ResourcesUpdate Merge(ResourcesSpec? stored, ResourcesSpec change)
    {
        ResourcesSpec old = stored ?? new ResourcesSpec();
        CpuSpec oldCpu = old.Cpu ?? new CpuSpec(), cpu = change.Cpu ?? new CpuSpec();
        bool time = cpu.Period is not (null or 0) || cpu.Quota is not (null or 0);
        // An idle group takes no weight: the stored shares are forgotten unless new ones come along.
        ulong? shares = cpu.Idle is not null && cpu.Shares is null ? null : cpu.Shares ?? oldCpu.Shares;
        CpuSpec write = oldCpu with
        {
            Shares = shares,
            Period = time ? NotZero(cpu.Period) ?? oldCpu.Period : null,
            Quota = time ? NotZero(cpu.Quota) ?? oldCpu.Quota : null,
            Burst = cpu.Burst,
            RealtimePeriod = cpu.RealtimePeriod ?? oldCpu.RealtimePeriod,
            RealtimeRuntime = cpu.RealtimeRuntime ?? oldCpu.RealtimeRuntime,
            Cpus = cpu.Cpus,
            Mems = cpu.Mems,
            Idle = cpu.Idle,
        };
        CpuSpec keep = write with
        {
            Period = time ? write.Period : oldCpu.Period,
            Quota = time ? write.Quota : oldCpu.Quota,
            Burst = cpu.Burst ?? oldCpu.Burst,
            Cpus = string.IsNullOrEmpty(cpu.Cpus) ? oldCpu.Cpus : cpu.Cpus,
            Mems = string.IsNullOrEmpty(cpu.Mems) ? oldCpu.Mems : cpu.Mems,
            Idle = cpu.Idle ?? oldCpu.Idle,
        };
        ResourcesSpec merged = old with
        {
            Memory = MergeMemory(old.Memory, change.Memory),
            BlockIo = MergeBlockIo(old.BlockIo, change.BlockIo),
            HugepageLimits = change.HugepageLimits ?? old.HugepageLimits,
            Rdma = change.Rdma ?? old.Rdma,
            Network = change.Network ?? old.Network,
        };
        return new ResourcesUpdate(
            merged with { Cpu = keep, Pids = change.Pids?.Limit is null ? old.Pids : change.Pids, Unified = change.Unified ?? old.Unified },
            merged with { Cpu = write, Pids = change.Pids, Unified = change.Unified });
    }

    private static MemorySpec? MergeMemory(MemorySpec? old, MemorySpec? change)
    {
        if (change is null) return old;
        MemorySpec memory = old ?? new MemorySpec();
        return memory with
        {
            Limit = change.Limit ?? memory.Limit,
            Reservation = change.Reservation ?? memory.Reservation,
            // Lifting memory's limit alone lifts swap's too, so a stored one must not come back.
            Swap = change.Limit == -1 && change.Swap is null ? null : change.Swap ?? memory.Swap,
            Swappiness = change.Swappiness ?? memory.Swappiness,
            CheckBeforeUpdate = change.CheckBeforeUpdate,
        };
    }

    private static BlockIoSpec? MergeBlockIo(BlockIoSpec? old, BlockIoSpec? change)
    {
        if (change is null) return old;
        BlockIoSpec io = old ?? new BlockIoSpec();
        return io with
        {
            Weight = change.Weight ?? io.Weight,
            LeafWeight = change.LeafWeight ?? io.LeafWeight,
            WeightDevice = MergeWeights(io.WeightDevice, change.WeightDevice),
            ThrottleReadBpsDevice = MergeRates(io.ThrottleReadBpsDevice, change.ThrottleReadBpsDevice),
            ThrottleWriteBpsDevice = MergeRates(io.ThrottleWriteBpsDevice, change.ThrottleWriteBpsDevice),
            ThrottleReadIopsDevice = MergeRates(io.ThrottleReadIopsDevice, change.ThrottleReadIopsDevice),
            ThrottleWriteIopsDevice = MergeRates(io.ThrottleWriteIopsDevice, change.ThrottleWriteIopsDevice),
        };
    }

    private static List<WeightDevice>? MergeWeights(List<WeightDevice>? old, List<WeightDevice>? change)
    {
        if (change is null) return old;
        List<WeightDevice> merged = [.. old ?? []];
        foreach (WeightDevice device in change)
        {
            // From the back: of duplicates the last one holds.
            int at = merged.FindLastIndex(d => d.Major == device.Major && d.Minor == device.Minor);
            if (at < 0) merged.Add(device);
            else merged[at] = merged[at] with { Weight = device.Weight ?? merged[at].Weight, LeafWeight = device.LeafWeight ?? merged[at].LeafWeight };
        }
        return merged;
    }

    private static List<ThrottleDevice>? MergeRates(List<ThrottleDevice>? old, List<ThrottleDevice>? change)
    {
        if (change is null) return old;
        List<ThrottleDevice> merged = [.. old ?? []];
        foreach (ThrottleDevice device in change)
        {
            int at = merged.FindLastIndex(d => d.Major == device.Major && d.Minor == device.Minor);
            if (at < 0) merged.Add(device);
            else merged[at] = device;
        }
        return merged;
    }

    private static ulong? NotZero(ulong? value) => value is 0 ? null : value;

    private static long? NotZero(long? value) => value is 0 ? null : value;
}
