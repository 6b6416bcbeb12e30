// Records to config.json: cgroup limits.
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

public static partial class SpecWriter
{
    /// <summary>Writes limits as one value.</summary>
    public static void Write(JsonWriter w, ResourcesSpec resources)
    {
        w.WriteStartObject();
        w.ListIfAny("devices"u8, resources.Devices, WriteDeviceRule);
        w.ObjectIfAny("memory"u8, resources.Memory, WriteMemory);
        w.ObjectIfAny("cpu"u8, resources.Cpu, WriteCpu);
        w.ObjectIfAny("pids"u8, resources.Pids, WritePids);
        w.ObjectIfAny("blockIO"u8, resources.BlockIo, WriteBlockIo);
        w.ListIfAny("hugepageLimits"u8, resources.HugepageLimits, WriteHugepageLimit);
        w.ObjectIfAny("network"u8, resources.Network, WriteNetwork);
        w.MapIfAny("rdma"u8, resources.Rdma, WriteRdma);
        w.MapIfAny("unified"u8, resources.Unified);
        w.WriteEndObject();
    }

    private static void WriteDeviceRule(JsonWriter w, DeviceRule rule)
    {
        w.WriteStartObject();
        w.WriteBoolean("allow"u8, rule.Allow);
        w.TextIfAny("type"u8, rule.Type);
        w.NumberIfAny("major"u8, rule.Major);
        w.NumberIfAny("minor"u8, rule.Minor);
        w.TextIfAny("access"u8, rule.Access);
        w.WriteEndObject();
    }

    private static void WriteMemory(JsonWriter w, MemorySpec memory)
    {
        w.WriteStartObject();
        w.NumberIfAny("limit"u8, memory.Limit);
        w.NumberIfAny("reservation"u8, memory.Reservation);
        w.NumberIfAny("swap"u8, memory.Swap);
        w.NumberIfAny("kernel"u8, memory.Kernel);
        w.NumberIfAny("kernelTCP"u8, memory.KernelTcp);
        w.NumberIfAny("swappiness"u8, memory.Swappiness);
        w.BoolIfAny("disableOOMKiller"u8, memory.DisableOomKiller);
        w.BoolIfAny("useHierarchy"u8, memory.UseHierarchy);
        w.BoolIfAny("checkBeforeUpdate"u8, memory.CheckBeforeUpdate);
        w.WriteEndObject();
    }

    private static void WriteCpu(JsonWriter w, CpuSpec cpu)
    {
        w.WriteStartObject();
        w.NumberIfAny("shares"u8, cpu.Shares);
        w.NumberIfAny("quota"u8, cpu.Quota);
        w.NumberIfAny("burst"u8, cpu.Burst);
        w.NumberIfAny("period"u8, cpu.Period);
        w.NumberIfAny("realtimeRuntime"u8, cpu.RealtimeRuntime);
        w.NumberIfAny("realtimePeriod"u8, cpu.RealtimePeriod);
        w.TextIfAny("cpus"u8, cpu.Cpus);
        w.TextIfAny("mems"u8, cpu.Mems);
        w.NumberIfAny("idle"u8, cpu.Idle);
        w.WriteEndObject();
    }

    private static void WritePids(JsonWriter w, PidsSpec pids)
    {
        w.WriteStartObject();
        w.NumberIfAny("limit"u8, pids.Limit);
        w.WriteEndObject();
    }

    private static void WriteBlockIo(JsonWriter w, BlockIoSpec io)
    {
        w.WriteStartObject();
        w.NumberIfAny("weight"u8, (long?)io.Weight);
        w.NumberIfAny("leafWeight"u8, (long?)io.LeafWeight);
        w.ListIfAny("weightDevice"u8, io.WeightDevice, WriteWeightDevice);
        w.ListIfAny("throttleReadBpsDevice"u8, io.ThrottleReadBpsDevice, WriteThrottleDevice);
        w.ListIfAny("throttleWriteBpsDevice"u8, io.ThrottleWriteBpsDevice, WriteThrottleDevice);
        w.ListIfAny("throttleReadIOPSDevice"u8, io.ThrottleReadIopsDevice, WriteThrottleDevice);
        w.ListIfAny("throttleWriteIOPSDevice"u8, io.ThrottleWriteIopsDevice, WriteThrottleDevice);
        w.WriteEndObject();
    }

    private static void WriteWeightDevice(JsonWriter w, WeightDevice device)
    {
        w.WriteStartObject();
        w.WriteNumber("major"u8, device.Major);
        w.WriteNumber("minor"u8, device.Minor);
        w.NumberIfAny("weight"u8, (long?)device.Weight);
        w.NumberIfAny("leafWeight"u8, (long?)device.LeafWeight);
        w.WriteEndObject();
    }

    private static void WriteThrottleDevice(JsonWriter w, ThrottleDevice device)
    {
        w.WriteStartObject();
        w.WriteNumber("major"u8, device.Major);
        w.WriteNumber("minor"u8, device.Minor);
        w.WriteNumber("rate"u8, device.Rate);
        w.WriteEndObject();
    }

    private static void WriteHugepageLimit(JsonWriter w, HugepageLimit limit)
    {
        w.WriteStartObject();
        w.WriteString("pageSize"u8, limit.PageSize);
        w.WriteNumber("limit"u8, limit.Limit);
        w.WriteEndObject();
    }

    private static void WriteNetwork(JsonWriter w, NetworkSpec network)
    {
        w.WriteStartObject();
        w.NumberIfAny("classID"u8, (long?)network.ClassId);
        w.ListIfAny("priorities"u8, network.Priorities, WriteInterfacePriority);
        w.WriteEndObject();
    }

    private static void WriteInterfacePriority(JsonWriter w, InterfacePriority priority)
    {
        w.WriteStartObject();
        w.WriteString("name"u8, priority.Name);
        w.WriteNumber("priority"u8, priority.Priority);
        w.WriteEndObject();
    }

    private static void WriteRdma(JsonWriter w, RdmaSpec rdma)
    {
        w.WriteStartObject();
        w.NumberIfAny("hcaHandles"u8, (long?)rdma.HcaHandles);
        w.NumberIfAny("hcaObjects"u8, (long?)rdma.HcaObjects);
        w.WriteEndObject();
    }
}
