// The limits of a configuration as writes to cgroup v1 files.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

/// <summary>Plans v1 limits. Order within a controller matters; see <see cref="OnRefusal.RetryAfterNext"/>.</summary>
internal static class LegacyLimits
{
    public static List<LimitWrite> Plan(ResourcesSpec resources)
    {
        List<LimitWrite> plan = new(8);
        if (resources.Cpu is { } cpu)
        {
            AddCpuset(plan, cpu);
            AddMemory(plan, resources.Memory);
            AddCpu(plan, cpu);
        }
        else
        {
            AddMemory(plan, resources.Memory);
        }
        if (resources.Pids?.Limit is { } pids) plan.Add(new(Controller.Pids, "pids.max", LimitText.Pids(pids)));
        if (resources.BlockIo is { } io) AddBlockIo(plan, io);
        if (resources.HugepageLimits is { } pages) AddHugePages(plan, pages);
        if (resources.Network is { } network) AddNetwork(plan, network);
        if (resources.Rdma is { } rdma) AddRdma(plan, rdma);
        return plan;
    }

    private static void AddCpuset(List<LimitWrite> plan, CpuSpec cpu)
    {
        if (!string.IsNullOrEmpty(cpu.Cpus)) AddCpusetFile("cpus", cpu.Cpus);
        if (!string.IsNullOrEmpty(cpu.Mems)) AddCpusetFile("mems", cpu.Mems);

        void AddCpusetFile(string file, string value)
        {
            plan.Add(new(Controller.Cpuset, "cpuset." + file, value, OnRefusal.NextIfMissing));
            plan.Add(new(Controller.Cpuset, file, value));
        }
    }

    private static void AddMemory(List<LimitWrite> plan, MemorySpec? memory)
    {
        if (memory is null) return;
        long limit = memory.Limit ?? 0, swap = memory.Swap ?? 0;
        // Lifting memory's limit lifts swap's, which comes first because it may never be the smaller one.
        if (limit == -1 && swap == 0) plan.Add(new(Controller.Memory, "memory.memsw.limit_in_bytes", "-1", OnRefusal.IgnoreMissing));
        if (swap == -1) plan.Add(new(Controller.Memory, "memory.memsw.limit_in_bytes", "-1"));
        if (limit != 0)
        {
            plan.Add(new(Controller.Memory, "memory.limit_in_bytes", LimitText.Of(limit), OnRefusal.RetryAfterNext | OnRefusal.ExplainUsage));
        }
        if (swap is not (0 or -1)) plan.Add(new(Controller.Memory, "memory.memsw.limit_in_bytes", LimitText.Of(swap)));
        if (memory.Reservation is { } reservation and not 0) plan.Add(new(Controller.Memory, "memory.soft_limit_in_bytes", LimitText.Of(reservation)));
        // The limit of other kernel memory (memory.kernel) can no longer be set since Linux 5.16; this one can.
        if (memory.KernelTcp is { } tcp and not 0) plan.Add(new(Controller.Memory, "memory.kmem.tcp.limit_in_bytes", LimitText.Of(tcp), OnRefusal.IgnoreMissing));
        if (memory.DisableOomKiller == true) plan.Add(new(Controller.Memory, "memory.oom_control", "1"));
        switch (memory.Swappiness)
        {
            case null or ulong.MaxValue: break;
            case { } swappiness and <= 100: plan.Add(new(Controller.Memory, "memory.swappiness", LimitText.Of(swappiness))); break;
            case { } other:
                throw new BerthException(Fault.InvalidArgument, $"invalid memory swappiness value: {LimitText.Of(other)} (valid range is 0-100)");
        }
    }

    private static void AddCpu(List<LimitWrite> plan, CpuSpec cpu)
    {
        if (cpu.Shares is { } shares and not 0)
        {
            plan.Add(new(Controller.Cpu, "cpu.shares", LimitText.Of(shares), shares is < 2 or > 262144 ? OnRefusal.RefuseClamping : OnRefusal.Fail));
        }
        if (cpu.Period is { } period and not 0) plan.Add(new(Controller.Cpu, "cpu.cfs_period_us", LimitText.Of(period), OnRefusal.RetryAfterNext));
        if (cpu.Burst is { } burst)
        {
            plan.Add(new(Controller.Cpu, "cpu.cfs_burst_us", LimitText.Of(burst), OnRefusal.RetryAfterNext | OnRefusal.IgnoreMissing));
        }
        if (cpu.Quota is { } quota and not 0) plan.Add(new(Controller.Cpu, "cpu.cfs_quota_us", LimitText.Of(quota)));
        if (cpu.Idle is { } idle) plan.Add(new(Controller.Cpu, "cpu.idle", LimitText.Of(idle)));
        if (cpu.RealtimePeriod is { } rtPeriod and not 0)
        {
            plan.Add(new(Controller.Cpu, "cpu.rt_period_us", LimitText.Of(rtPeriod), OnRefusal.RetryAfterNext));
        }
        if (cpu.RealtimeRuntime is { } runtime and not 0) plan.Add(new(Controller.Cpu, "cpu.rt_runtime_us", LimitText.Of(runtime)));
    }

    private static void AddBlockIo(List<LimitWrite> plan, BlockIoSpec io)
    {
        if (io.Weight is { } weight and not 0) AddWeight("weight", LimitText.Of((ulong)weight));
        if (io.LeafWeight is { } leaf and not 0) plan.Add(new(Controller.Blkio, "blkio.leaf_weight", LimitText.Of((ulong)leaf)));
        foreach (WeightDevice device in io.WeightDevice ?? [])
        {
            string number = LimitText.Device(device.Major, device.Minor);
            if (device.Weight is { } own and not 0) AddWeight("weight_device", $"{number} {LimitText.Of((ulong)own)}");
            if (device.LeafWeight is { } below and not 0)
            {
                plan.Add(new(Controller.Blkio, "blkio.leaf_weight_device", $"{number} {LimitText.Of((ulong)below)}"));
            }
        }
        AddRates("blkio.throttle.read_bps_device", io.ThrottleReadBpsDevice);
        AddRates("blkio.throttle.write_bps_device", io.ThrottleWriteBpsDevice);
        AddRates("blkio.throttle.read_iops_device", io.ThrottleReadIopsDevice);
        AddRates("blkio.throttle.write_iops_device", io.ThrottleWriteIopsDevice);

        // Since CFQ went away (5.0) only BFQ has weights, in files of its own.
        void AddWeight(string file, string value)
        {
            plan.Add(new(Controller.Blkio, "blkio." + file, value, OnRefusal.NextIfMissing));
            plan.Add(new(Controller.Blkio, "blkio.bfq." + file, value));
        }

        void AddRates(string file, List<ThrottleDevice>? devices)
        {
            foreach (ThrottleDevice device in devices ?? [])
            {
                plan.Add(new(Controller.Blkio, file, $"{LimitText.Device(device.Major, device.Minor)} {LimitText.Of(device.Rate)}"));
            }
        }
    }

    private static void AddHugePages(List<LimitWrite> plan, List<HugepageLimit> pages)
    {
        foreach (HugepageLimit page in pages)
        {
            string limit = LimitText.Of(page.Limit);
            plan.Add(new(Controller.Hugetlb, $"hugetlb.{page.PageSize}.limit_in_bytes", limit));
            // Reservations are limited too where the kernel (5.7) can: otherwise a fault, not mmap, hits the limit.
            plan.Add(new(Controller.Hugetlb, $"hugetlb.{page.PageSize}.rsvd.limit_in_bytes", limit, OnRefusal.IgnoreMissing));
        }
    }

    private static void AddNetwork(List<LimitWrite> plan, NetworkSpec network)
    {
        if (network.ClassId is { } id and not 0) plan.Add(new(Controller.NetCls, "net_cls.classid", LimitText.Of((ulong)id)));
        foreach (InterfacePriority priority in network.Priorities ?? [])
        {
            plan.Add(new(Controller.NetPrio, "net_prio.ifpriomap", $"{priority.Name} {LimitText.Of((ulong)priority.Priority)}"));
        }
    }

    internal static void AddRdma(List<LimitWrite> plan, Dictionary<string, RdmaSpec> rdma)
    {
        foreach ((string device, RdmaSpec limits) in rdma)
        {
            string line = device;
            if (limits.HcaHandles is { } handles) line += " hca_handle=" + LimitText.Of((ulong)handles);
            if (limits.HcaObjects is { } objects) line += " hca_object=" + LimitText.Of((ulong)objects);
            plan.Add(new(Controller.Rdma, "rdma.max", line));
        }
    }
}
