// config.json to records: cgroup limits.
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

public static partial class SpecReader
{
    private static ResourcesSpec? ReadResources(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        ResourcesSpec resources = new();
        while (c.Member())
        {
            if (c.Is("devices"u8)) resources.Devices = c.List(ReadDeviceRule);
            else if (c.Is("memory"u8)) resources.Memory = ReadMemory(ref c);
            else if (c.Is("cpu"u8)) resources.Cpu = ReadCpu(ref c);
            else if (c.Is("pids"u8)) resources.Pids = ReadPids(ref c);
            else if (c.Is("blockIO"u8)) resources.BlockIo = ReadBlockIo(ref c);
            else if (c.Is("hugepageLimits"u8)) resources.HugepageLimits = c.List(ReadHugepageLimit);
            else if (c.Is("network"u8)) resources.Network = ReadNetwork(ref c);
            else if (c.Is("rdma"u8)) resources.Rdma = c.Map(ReadRdma);
            else if (c.Is("unified"u8)) resources.Unified = c.TextMap();
            else c.Skip();
        }
        return resources;
    }

    private static DeviceRule ReadDeviceRule(ref JsonCursor c)
    {
        DeviceRule rule = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("allow"u8)) rule.Allow = c.Bool();
            else if (c.Is("type"u8)) rule.Type = c.TextOrNull();
            else if (c.Is("major"u8)) rule.Major = c.Int64OrNull();
            else if (c.Is("minor"u8)) rule.Minor = c.Int64OrNull();
            else if (c.Is("access"u8)) rule.Access = c.TextOrNull();
            else c.Skip();
        }
        return rule;
    }

    private static MemorySpec? ReadMemory(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        MemorySpec memory = new();
        while (c.Member())
        {
            if (c.Is("limit"u8)) memory.Limit = c.Int64OrNull();
            else if (c.Is("reservation"u8)) memory.Reservation = c.Int64OrNull();
            else if (c.Is("swap"u8)) memory.Swap = c.Int64OrNull();
            else if (c.Is("kernel"u8)) memory.Kernel = c.Int64OrNull();
            else if (c.Is("kernelTCP"u8)) memory.KernelTcp = c.Int64OrNull();
            else if (c.Is("swappiness"u8)) memory.Swappiness = c.UInt64OrNull();
            else if (c.Is("disableOOMKiller"u8)) memory.DisableOomKiller = c.BoolOrNull();
            else if (c.Is("useHierarchy"u8)) memory.UseHierarchy = c.BoolOrNull();
            else if (c.Is("checkBeforeUpdate"u8)) memory.CheckBeforeUpdate = c.BoolOrNull();
            else c.Skip();
        }
        return memory;
    }

    private static CpuSpec? ReadCpu(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        CpuSpec cpu = new();
        while (c.Member())
        {
            if (c.Is("shares"u8)) cpu.Shares = c.UInt64OrNull();
            else if (c.Is("quota"u8)) cpu.Quota = c.Int64OrNull();
            else if (c.Is("burst"u8)) cpu.Burst = c.UInt64OrNull();
            else if (c.Is("period"u8)) cpu.Period = c.UInt64OrNull();
            else if (c.Is("realtimeRuntime"u8)) cpu.RealtimeRuntime = c.Int64OrNull();
            else if (c.Is("realtimePeriod"u8)) cpu.RealtimePeriod = c.UInt64OrNull();
            else if (c.Is("cpus"u8)) cpu.Cpus = c.TextOrNull();
            else if (c.Is("mems"u8)) cpu.Mems = c.TextOrNull();
            else if (c.Is("idle"u8)) cpu.Idle = c.Int64OrNull();
            else c.Skip();
        }
        return cpu;
    }

    private static PidsSpec? ReadPids(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        PidsSpec pids = new();
        while (c.Member())
        {
            if (c.Is("limit"u8)) pids.Limit = c.Int64OrNull();
            else c.Skip();
        }
        return pids;
    }

    private static BlockIoSpec? ReadBlockIo(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        BlockIoSpec io = new();
        while (c.Member())
        {
            if (c.Is("weight"u8)) io.Weight = c.UInt16OrNull();
            else if (c.Is("leafWeight"u8)) io.LeafWeight = c.UInt16OrNull();
            else if (c.Is("weightDevice"u8)) io.WeightDevice = c.List(ReadWeightDevice);
            else if (c.Is("throttleReadBpsDevice"u8)) io.ThrottleReadBpsDevice = c.List(ReadThrottleDevice);
            else if (c.Is("throttleWriteBpsDevice"u8)) io.ThrottleWriteBpsDevice = c.List(ReadThrottleDevice);
            else if (c.Is("throttleReadIOPSDevice"u8)) io.ThrottleReadIopsDevice = c.List(ReadThrottleDevice);
            else if (c.Is("throttleWriteIOPSDevice"u8)) io.ThrottleWriteIopsDevice = c.List(ReadThrottleDevice);
            else c.Skip();
        }
        return io;
    }

    private static WeightDevice ReadWeightDevice(ref JsonCursor c)
    {
        WeightDevice device = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("major"u8)) device.Major = c.Int64();
            else if (c.Is("minor"u8)) device.Minor = c.Int64();
            else if (c.Is("weight"u8)) device.Weight = c.UInt16OrNull();
            else if (c.Is("leafWeight"u8)) device.LeafWeight = c.UInt16OrNull();
            else c.Skip();
        }
        return device;
    }

    private static ThrottleDevice ReadThrottleDevice(ref JsonCursor c)
    {
        ThrottleDevice device = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("major"u8)) device.Major = c.Int64();
            else if (c.Is("minor"u8)) device.Minor = c.Int64();
            else if (c.Is("rate"u8)) device.Rate = c.UInt64();
            else c.Skip();
        }
        return device;
    }

    private static HugepageLimit ReadHugepageLimit(ref JsonCursor c)
    {
        HugepageLimit limit = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("pageSize"u8)) limit.PageSize = c.Text();
            else if (c.Is("limit"u8)) limit.Limit = c.UInt64();
            else c.Skip();
        }
        return limit;
    }

    private static NetworkSpec? ReadNetwork(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        NetworkSpec network = new();
        while (c.Member())
        {
            if (c.Is("classID"u8)) network.ClassId = c.UInt32OrNull();
            else if (c.Is("priorities"u8)) network.Priorities = c.List(ReadInterfacePriority);
            else c.Skip();
        }
        return network;
    }

    private static InterfacePriority ReadInterfacePriority(ref JsonCursor c)
    {
        InterfacePriority priority = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("name"u8)) priority.Name = c.Text();
            else if (c.Is("priority"u8)) priority.Priority = c.UInt32();
            else c.Skip();
        }
        return priority;
    }

    private static RdmaSpec ReadRdma(ref JsonCursor c)
    {
        RdmaSpec rdma = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("hcaHandles"u8)) rdma.HcaHandles = c.UInt32OrNull();
            else if (c.Is("hcaObjects"u8)) rdma.HcaObjects = c.UInt32OrNull();
            else c.Skip();
        }
        return rdma;
    }
}
