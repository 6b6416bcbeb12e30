// Statistics in the JSON that `runc events` prints under "data"; a dialect, with the omissions of its origin.

using Berth.Oci.Json;

namespace Berth.Cgroups;

/// <summary>Writes <c>data</c> of an event of type <c>stats</c>.</summary>
public static class StatsJson
{
    /// <summary>Writes one object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="stats">Usage.</param>
    /// <param name="rdt">Resource Director Technology, or null.</param>
    /// <param name="interfaces">Network, or null.</param>
    public static void Write(JsonWriter json, CgroupStats stats, IntelRdtStats? rdt = null, IReadOnlyList<NetworkInterfaceStats>? interfaces = null)
    {
        json.WriteStartObject();
        WriteCpu(json, stats.Cpu);
        WriteCpuset(json, stats.Cpuset);
        WriteMemory(json, stats.Memory);
        json.WriteStartObject("pids");
        NotZero(json, "current", stats.Pids.Current);
        NotZero(json, "limit", stats.Pids.Limit);
        json.WriteEndObject();
        WriteBlockIo(json, stats.BlockIo);
        json.WriteStartObject("hugetlb");
        foreach ((string size, HugePageStats page) in stats.HugePages)
        {
            json.WriteStartObject(size);
            NotZero(json, "usage", page.Usage);
            NotZero(json, "max", page.Max);
            json.WriteNumber("failcnt", page.Failures);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WritePropertyName("intel_rdt");
        IntelRdtJson.Write(json, rdt);
        WriteInterfaces(json, interfaces);
        json.WriteEndObject();
    }

    private static void WriteCpu(JsonWriter json, CpuStats cpu)
    {
        json.WriteStartObject("cpu");
        if (cpu.Total != 0 || cpu.Kernel != 0 || cpu.User != 0 || cpu.PerCpu.Count > 0 || cpu.PerCpuKernel.Count > 0)
        {
            json.WriteStartObject("usage");
            NotZero(json, "total", cpu.Total);
            NotEmpty(json, "percpu", cpu.PerCpu);
            NotEmpty(json, "percpu_kernel", cpu.PerCpuKernel);
            NotEmpty(json, "percpu_user", cpu.PerCpuUser);
            json.WriteNumber("kernel", cpu.Kernel);
            json.WriteNumber("user", cpu.User);
            json.WriteEndObject();
        }
        if (cpu.Periods != 0 || cpu.ThrottledPeriods != 0 || cpu.ThrottledTime != 0)
        {
            json.WriteStartObject("throttling");
            NotZero(json, "periods", cpu.Periods);
            NotZero(json, "throttledPeriods", cpu.ThrottledPeriods);
            NotZero(json, "throttledTime", cpu.ThrottledTime);
            json.WriteEndObject();
        }
        WritePressure(json, cpu.Pressure);
        json.WriteEndObject();
    }

    private static void WriteCpuset(JsonWriter json, CpusetStats cpuset)
    {
        json.WriteStartObject("cpuset");
        NotEmpty(json, "cpus", cpuset.Cpus);
        json.WriteNumber("cpu_exclusive", cpuset.CpuExclusive);
        NotEmpty(json, "mems", cpuset.Mems);
        json.WriteNumber("mem_hardwall", cpuset.MemHardwall);
        json.WriteNumber("mem_exclusive", cpuset.MemExclusive);
        json.WriteNumber("memory_migrate", cpuset.MemoryMigrate);
        json.WriteNumber("memory_spread_page", cpuset.MemorySpreadPage);
        json.WriteNumber("memory_spread_slab", cpuset.MemorySpreadSlab);
        json.WriteNumber("memory_pressure", cpuset.MemoryPressure);
        json.WriteNumber("sched_load_balance", cpuset.SchedLoadBalance);
        json.WriteNumber("sched_relax_domain_level", cpuset.SchedRelaxDomainLevel);
        json.WriteEndObject();
    }

    private static void WriteMemory(JsonWriter json, MemoryStats memory)
    {
        json.WriteStartObject("memory");
        NotZero(json, "cache", memory.Cache);
        WriteUsage(json, "usage", memory.Usage);
        WriteUsage(json, "swap", memory.Swap);
        WriteUsage(json, "kernel", memory.Kernel);
        WriteUsage(json, "kernelTCP", memory.KernelTcp);
        if (memory.Raw.Count > 0)
        {
            json.WriteStartObject("raw");
            foreach ((string key, ulong value) in memory.Raw) json.WriteNumber(key, value);
            json.WriteEndObject();
        }
        WritePressure(json, memory.Pressure);
        json.WriteEndObject();
    }

    private static void WriteUsage(JsonWriter json, string name, MemoryUsage usage)
    {
        if (usage is { Limit: 0, Usage: 0, Max: 0, Failures: 0 }) return;
        json.WriteStartObject(name);
        json.WriteNumber("limit", usage.Limit);
        NotZero(json, "usage", usage.Usage);
        NotZero(json, "max", usage.Max);
        json.WriteNumber("failcnt", usage.Failures);
        json.WriteEndObject();
    }

    private static void WriteBlockIo(JsonWriter json, BlockIoStats io)
    {
        json.WriteStartObject("blkio");
        WriteEntries(json, "ioServiceBytesRecursive", io.ServiceBytes);
        WriteEntries(json, "ioServicedRecursive", io.Serviced);
        WriteEntries(json, "ioQueueRecursive", io.Queued);
        WriteEntries(json, "ioServiceTimeRecursive", io.ServiceTime);
        WriteEntries(json, "ioWaitTimeRecursive", io.WaitTime);
        WriteEntries(json, "ioMergedRecursive", io.Merged);
        WriteEntries(json, "ioTimeRecursive", io.Time);
        WriteEntries(json, "sectorsRecursive", io.Sectors);
        WritePressure(json, io.Pressure);
        json.WriteEndObject();
    }

    private static void WriteEntries(JsonWriter json, string name, IReadOnlyList<BlockIoEntry> entries)
    {
        if (entries.Count == 0) return;
        json.WriteStartArray(name);
        foreach (BlockIoEntry entry in entries)
        {
            json.WriteStartObject();
            NotZero(json, "major", entry.Major);
            NotZero(json, "minor", entry.Minor);
            if (entry.Operation.Length > 0) json.WriteString("op", entry.Operation);
            NotZero(json, "value", entry.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteInterfaces(JsonWriter json, IReadOnlyList<NetworkInterfaceStats>? interfaces)
    {
        if (interfaces is null) { json.WriteNull("network_interfaces"); return; }
        json.WriteStartArray("network_interfaces");
        foreach (NetworkInterfaceStats one in interfaces)
        {
            json.WriteStartObject();
            json.WriteString("Name", one.Name);
            json.WriteNumber("RxBytes", one.RxBytes);
            json.WriteNumber("RxPackets", one.RxPackets);
            json.WriteNumber("RxErrors", one.RxErrors);
            json.WriteNumber("RxDropped", one.RxDropped);
            json.WriteNumber("TxBytes", one.TxBytes);
            json.WriteNumber("TxPackets", one.TxPackets);
            json.WriteNumber("TxErrors", one.TxErrors);
            json.WriteNumber("TxDropped", one.TxDropped);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WritePressure(JsonWriter json, PressureStats? pressure)
    {
        if (pressure is null) return;
        json.WriteStartObject("psi");
        WriteOne("some", pressure.Some);
        WriteOne("full", pressure.Full);
        json.WriteEndObject();

        void WriteOne(string name, Pressure one)
        {
            json.WriteStartObject(name);
            json.WriteNumber("avg10", one.Average10);
            json.WriteNumber("avg60", one.Average60);
            json.WriteNumber("avg300", one.Average300);
            json.WriteNumber("total", one.Total);
            json.WriteEndObject();
        }
    }

    private static void NotEmpty(JsonWriter json, string name, IReadOnlyList<ulong> numbers)
    {
        if (numbers.Count == 0) return;
        json.WriteStartArray(name);
        foreach (ulong number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static void NotEmpty(JsonWriter json, string name, IReadOnlyList<ushort> numbers)
    {
        if (numbers.Count == 0) return;
        json.WriteStartArray(name);
        foreach (ushort number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    internal static void NotZero(JsonWriter json, string name, ulong value)
    {
        if (value != 0) json.WriteNumber(name, value);
    }
}
