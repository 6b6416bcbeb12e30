// The limits of a configuration as writes to cgroup v2 files.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

/// <summary>Plans v2 limits; the unified map comes last, so that it overrides the fields.</summary>
internal static class UnifiedLimits
{
    private const ulong DefaultPeriod = 100000;

    public static List<LimitWrite> Plan(ResourcesSpec resources)
    {
        List<LimitWrite> plan = new(8);
        if (resources.Pids?.Limit is { } pids) plan.Add(new(Controller.Pids, "pids.max", LimitText.Pids(pids)));
        if (resources.Memory is { } memory) AddMemory(plan, memory);
        if (resources.BlockIo is { } io) AddIo(plan, io);
        if (resources.Cpu is { } cpu)
        {
            AddCpu(plan, cpu);
            if (!string.IsNullOrEmpty(cpu.Cpus)) plan.Add(new(Controller.Cpuset, "cpuset.cpus", cpu.Cpus));
            if (!string.IsNullOrEmpty(cpu.Mems)) plan.Add(new(Controller.Cpuset, "cpuset.mems", cpu.Mems));
        }
        foreach (HugepageLimit page in resources.HugepageLimits ?? [])
        {
            string limit = LimitText.Of(page.Limit);
            plan.Add(new(Controller.Hugetlb, $"hugetlb.{page.PageSize}.max", limit));
            plan.Add(new(Controller.Hugetlb, $"hugetlb.{page.PageSize}.rsvd.max", limit, OnRefusal.IgnoreMissing));
        }
        if (resources.Rdma is { } rdma) LegacyLimits.AddRdma(plan, rdma);
        if (resources.Unified is { } unified) AddUnified(plan, unified);
        return plan;
    }

    /// <summary>Refuses what v2 cannot do and what contradicts itself, before anything is made.</summary>
    public static void Validate(ResourcesSpec resources)
    {
        Conversions.SwapOnly(resources.Memory?.Swap, resources.Memory?.Limit);
        if (resources.Network is { } network && (network.ClassId is > 0 || network.Priorities is { Count: > 0 }))
        {
            throw new BerthException(Fault.Unsupported, "cannot set network class or priorities: cgroup v2 has no net_cls and net_prio",
                "match on the cgroup in nftables (socket cgroupv2) instead");
        }
    }

    /// <summary>Whether a limit needs a controller that the host has.</summary>
    public static bool NeedsController(ResourcesSpec? r, string available) => r is not null
        && (r.Pids?.Limit is not null && Lists(available, "pids")
            || HasMemory(r) && Lists(available, "memory")
            || HasIo(r) && Lists(available, "io")
            || HasCpu(r) && Lists(available, "cpu")
            || (!string.IsNullOrEmpty(r.Cpu?.Cpus) || !string.IsNullOrEmpty(r.Cpu?.Mems)) && Lists(available, "cpuset")
            || r.HugepageLimits is { Count: > 0 } && Lists(available, "hugetlb"));

    /// <summary>Whether a limit needs a controller that cannot live in a threaded cgroup.</summary>
    public static bool NeedsDomain(ResourcesSpec? r) => r is not null && (HasMemory(r) || HasIo(r) || HasCpu(r) || r.HugepageLimits is { Count: > 0 });

    /// <summary>The v2 name of a controller.</summary>
    public static string NameOf(Controller controller) => controller == Controller.Blkio ? "io" : controller.Name();

    /// <summary>Whether a blank-separated list has a word.</summary>
    public static bool Lists(ReadOnlySpan<char> list, ReadOnlySpan<char> word)
    {
        foreach (Range part in list.Split(' '))
        {
            if (list[part].SequenceEqual(word)) return true;
        }
        return false;
    }

    private static bool HasMemory(ResourcesSpec r) => r.Memory is { } m && (m.Limit is not (null or 0) || m.Reservation is not (null or 0) || m.Swap is not (null or 0));

    private static bool HasCpu(ResourcesSpec r) => r.Cpu is { } c
        && (c.Shares is not (null or 0) || c.Quota is not (null or 0) || c.Period is not (null or 0) || c.Idle is not null || c.Burst is not null);

    private static bool HasIo(ResourcesSpec r) => r.BlockIo is { } b
        && (b.Weight is not (null or 0) || b.WeightDevice is { Count: > 0 } || b.ThrottleReadBpsDevice is { Count: > 0 }
            || b.ThrottleWriteBpsDevice is { Count: > 0 } || b.ThrottleReadIopsDevice is { Count: > 0 } || b.ThrottleWriteIopsDevice is { Count: > 0 });

    private static void AddMemory(List<LimitWrite> plan, MemorySpec memory)
    {
        if (Conversions.SwapOnly(memory.Swap, memory.Limit) is { } swap)
        {
            // Without swap accounting there is nothing to lift and nothing to switch off.
            plan.Add(new(Controller.Memory, "memory.swap.max", OrMax(swap), swap is -1 or 0 ? OnRefusal.IgnoreMissing : OnRefusal.Fail));
        }
        if (memory.Limit is { } limit and not 0) plan.Add(new(Controller.Memory, "memory.max", OrMax(limit)));
        if (memory.Reservation is { } low and not 0) plan.Add(new(Controller.Memory, "memory.low", OrMax(low)));
    }

    private static void AddCpu(List<LimitWrite> plan, CpuSpec cpu)
    {
        if (cpu.Idle is { } idle) plan.Add(new(Controller.Cpu, "cpu.idle", LimitText.Of(idle)));
        // An idle group has the least weight there is, and takes no other.
        if (cpu.Shares is { } shares and not 0 && cpu.Idle != 1) plan.Add(new(Controller.Cpu, "cpu.weight", LimitText.Of(Conversions.SharesToWeight(shares))));
        if (cpu.Burst is { } burst) plan.Add(new(Controller.Cpu, "cpu.max.burst", LimitText.Of(burst), OnRefusal.RetryAfterNext));
        long quota = cpu.Quota ?? 0;
        ulong period = cpu.Period ?? 0;
        if (quota == 0 && period == 0) return;
        string time = quota > 0 ? LimitText.Of(quota) : "max";
        plan.Add(new(Controller.Cpu, "cpu.max", $"{time} {LimitText.Of(period == 0 ? DefaultPeriod : period)}"));
    }

    private static void AddIo(List<LimitWrite> plan, BlockIoSpec io)
    {
        // BFQ takes the specification's weights as they are; io.weight of the cost controller has its own range.
        if (io.Weight is { } weight and not 0)
        {
            plan.Add(new(Controller.Blkio, "io.bfq.weight", LimitText.Of((ulong)weight), OnRefusal.NextIfMissing));
            plan.Add(new(Controller.Blkio, "io.weight", LimitText.Of(Conversions.BlockWeightToIoWeight(weight))));
        }
        foreach (WeightDevice device in io.WeightDevice ?? [])
        {
            if (device.Weight is not ({ } own and not 0)) continue;
            string number = LimitText.Device(device.Major, device.Minor);
            plan.Add(new(Controller.Blkio, "io.bfq.weight", $"{number} {LimitText.Of((ulong)own)}", OnRefusal.NextIfMissing));
            plan.Add(new(Controller.Blkio, "io.weight", $"{number} {LimitText.Of(Conversions.BlockWeightToIoWeight(own))}", OnRefusal.IgnoreMissing));
        }
        AddRates("rbps", io.ThrottleReadBpsDevice);
        AddRates("wbps", io.ThrottleWriteBpsDevice);
        AddRates("riops", io.ThrottleReadIopsDevice);
        AddRates("wiops", io.ThrottleWriteIopsDevice);

        void AddRates(string what, List<ThrottleDevice>? devices)
        {
            foreach (ThrottleDevice device in devices ?? [])
            {
                plan.Add(new(Controller.Blkio, "io.max", $"{LimitText.Device(device.Major, device.Minor)} {what}={LimitText.Of(device.Rate)}"));
            }
        }
    }

    private static void AddUnified(List<LimitWrite> plan, Dictionary<string, string> unified)
    {
        foreach ((string key, string value) in unified)
        {
            if (key.Contains('/', StringComparison.Ordinal))
            {
                throw new BerthException(Fault.InvalidArgument, $"unified resource \"{key}\" must be a file name (no slashes)");
            }
            if (key.Length == 0 || key is "." or "..")
            {
                throw new BerthException(Fault.InvalidArgument, $"unified resource \"{key}\" must be in the form CONTROLLER.PARAMETER");
            }
            // Files such as io.max take one line a write.
            int start = 0;
            while (start < value.Length)
            {
                int end = value.IndexOf('\n', start);
                if (end < 0) end = value.Length;
                if (end > start || start == 0) plan.Add(new(Controller.Unified, key, value[start..end], OnRefusal.ExplainKey));
                start = end + 1;
            }
            if (value.Length == 0) plan.Add(new(Controller.Unified, key, "", OnRefusal.ExplainKey));
        }
    }

    private static string OrMax(long value) => value == -1 ? "max" : LimitText.Of(value);
}
