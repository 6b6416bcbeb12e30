// Limits of a container's cgroup; what this host cannot limit is left out and said.
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Builds <c>linux.resources</c>.</summary>
internal static class LimitTable
{
    private const long UsualPids = 2048;
    private const ulong UsualPeriod = 100_000;

    /// <summary>The limits, without the devices.</summary>
    /// <exception cref="BerthException">InvalidArgument: more than there is. NotFound: a device is not there.</exception>
    public static ResourcesSpec? Build(LimitsSpec limits, BundleFacts facts)
    {
        if (limits.Cgroups == "disabled") return null;
        Table table = new(limits, facts);
        return new ResourcesSpec { Memory = table.Memory(), Cpu = table.Cpu(), Pids = table.Pids(), BlockIo = table.Block(), Unified = table.Unified() };
    }

    private readonly struct Table(LimitsSpec limits, BundleFacts facts)
    {
        private CgroupFacts Cgroups => facts.Cgroups;

        public MemorySpec? Memory()
        {
            bool isAsked = limits.Memory > 0 || limits.MemoryReservation > 0 || limits.MemorySwap is not (null or 0) || limits.MemorySwappiness >= 0 || limits.IsOomKillOff;
            if (limits.KernelMemory > 0) Leave("--kernel-memory", "the kernel has given it up");
            if (!isAsked) return null;
            if (!Cgroups.HasMemory)
            {
                Leave("the limit of memory", "the memory controller is not there for it");
                return null;
            }
            MemorySpec memory = new();
            if (limits.Memory > 0) memory.Limit = limits.Memory;
            if (limits.MemoryReservation > 0) memory.Reservation = limits.MemoryReservation;
            // As much swap as memory, where nothing is said.
            long? swap = limits.MemorySwap is not (null or 0) ? limits.MemorySwap : limits.Memory > 0 ? limits.Memory * 2 : null;
            if (Cgroups.HasSwap) memory.Swap = swap;
            else if (limits.MemorySwap is > 0) Leave("the limit of swap", "this kernel does not count it");
            if (limits.MemorySwappiness >= 0)
            {
                if (Cgroups.IsUnified) Leave("--memory-swappiness", "cgroup v2 does not have it");
                else memory.Swappiness = (ulong)limits.MemorySwappiness.Value;
            }
            if (!limits.IsOomKillOff) return memory;
            if (Cgroups.IsUnified) Leave("--oom-kill-disable", "cgroup v2 does not have it");
            else memory.DisableOomKiller = true;
            return memory;
        }

        public CpuSpec? Cpu()
        {
            CpuSpec cpu = new();
            bool any = AddTime(cpu) | AddSets(cpu) | AddRealtime(cpu);
            return any ? cpu : null;
        }

        private bool AddTime(CpuSpec cpu)
        {
            if (limits.NanoCpus is not > 0 && limits.CpuQuota is null or 0 && limits.CpuPeriod is null or 0 && limits.CpuShares is null or 0) return false;
            if (!Cgroups.HasCpu)
            {
                Leave("the limit of CPU time", "the cpu controller is not there for it");
                return false;
            }
            if (limits.NanoCpus > 0)
            {
                if (Cgroups.ProcessorCount > 0 && limits.NanoCpus > Cgroups.ProcessorCount * 1_000_000_000L) throw new BerthException(Fault.InvalidArgument, $"{limits.NanoCpus / 1e9:0.##} CPUs are more than this host has ({Cgroups.ProcessorCount})", $"0.01 to {Cgroups.ProcessorCount}");
                cpu.Period = UsualPeriod;
                // The kernel takes no quota below a millisecond.
                cpu.Quota = Math.Max(1000, limits.NanoCpus.Value / 10_000);
            }
            if (limits.CpuPeriod > 0) cpu.Period = limits.CpuPeriod;
            if (limits.CpuQuota is not (null or 0)) cpu.Quota = limits.CpuQuota;
            if (limits.CpuShares > 0) cpu.Shares = limits.CpuShares;
            return true;
        }

        private bool AddSets(CpuSpec cpu)
        {
            if (limits.Cpus is not { Length: > 0 } && limits.MemoryNodes is not { Length: > 0 }) return false;
            if (!Cgroups.HasCpuset)
            {
                Leave("the set of CPUs", "the cpuset controller is not there for it");
                return false;
            }
            cpu.Cpus = Within("CPUs", limits.Cpus, Cgroups.Processors);
            cpu.Mems = Within("memory nodes", limits.MemoryNodes, Cgroups.MemoryNodes);
            return true;
        }

        private bool AddRealtime(CpuSpec cpu)
        {
            if (limits.CpuRealtimePeriod is null or 0 && limits.CpuRealtimeRuntime is null or 0) return false;
            if (!Cgroups.HasRealtime) throw new BerthException(Fault.Unsupported, "cannot give the container real-time CPU time: this host's kernel has no such cgroups", "leave out --cpu-rt-period and --cpu-rt-runtime");
            if (limits.CpuRealtimePeriod > 0) cpu.RealtimePeriod = limits.CpuRealtimePeriod;
            if (limits.CpuRealtimeRuntime is not (null or 0)) cpu.RealtimeRuntime = limits.CpuRealtimeRuntime;
            return true;
        }

        private static string? Within(string what, string? asked, string? there)
        {
            if (asked is not { Length: > 0 }) return null;
            return there is null || NumberList.IsWithin(asked, there) ? asked : throw new BerthException(Fault.InvalidArgument, $"{what} {asked} are not there: this host has {there}") { Code = FaultCode.LimitInvalid };
        }

        public PidsSpec? Pids()
        {
            long limit = limits.Pids ?? UsualPids;
            if (Cgroups.HasPids) return new PidsSpec { Limit = limit > 0 ? limit : -1 };
            if (limits.Pids > 0) Leave("the limit of processes", "the pids controller is not there for it");
            return null;
        }

        public BlockIoSpec? Block()
        {
            BlockIoSpec block = new();
            bool any = false;
            if (limits.BlockWeight > 0 || limits.BlockWeights.Count > 0)
            {
                if (!Cgroups.HasBlockWeight) Leave("the weight of block devices", "this kernel does not have it");
                else
                {
                    any = true;
                    if (limits.BlockWeight > 0) block.Weight = (ushort)limits.BlockWeight;
                    foreach (DeviceNumber weight in limits.BlockWeights)
                    {
                        (long major, long minor) = HostDevice.NumberOfBlock(weight.Path);
                        (block.WeightDevice ??= []).Add(new WeightDevice { Major = major, Minor = minor, Weight = (ushort)weight.Value });
                    }
                }
            }
            if (limits.ReadBytes.Count + limits.WriteBytes.Count + limits.ReadOperations.Count + limits.WriteOperations.Count == 0) return any ? block : null;
            if (!Cgroups.HasBlock)
            {
                Leave("the rates of block devices", "the controller of block devices is not there for it");
                return any ? block : null;
            }
            block.ThrottleReadBpsDevice = Rates(limits.ReadBytes);
            block.ThrottleWriteBpsDevice = Rates(limits.WriteBytes);
            block.ThrottleReadIopsDevice = Rates(limits.ReadOperations);
            block.ThrottleWriteIopsDevice = Rates(limits.WriteOperations);
            return block;
        }

        private static List<ThrottleDevice>? Rates(IReadOnlyList<DeviceNumber> numbers)
        {
            if (numbers.Count == 0) return null;
            List<ThrottleDevice> rates = new(numbers.Count);
            foreach (DeviceNumber number in numbers)
            {
                (long major, long minor) = HostDevice.NumberOfBlock(number.Path);
                rates.Add(new ThrottleDevice { Major = major, Minor = minor, Rate = number.Value });
            }
            return rates;
        }

        public Dictionary<string, string>? Unified()
        {
            if (limits.Unified.Count == 0) return null;
            if (!Cgroups.IsUnified) throw new BerthException(Fault.Unsupported, "cannot write files of cgroup v2: this host has version 1", "leave out --cgroup-conf");
            Dictionary<string, string> files = [];
            foreach ((string name, string value) in limits.Unified)
            {
                if (name.Contains('/', StringComparison.Ordinal) || !name.Contains('.', StringComparison.Ordinal)) throw new BerthException(Fault.InvalidArgument, $"'{name}' is no file of a cgroup", "write memory.high=256M");
                files[name] = value;
            }
            return files;
        }

        private void Leave(string what, string why) => facts.Notes.Warnings.Add($"{what} is left out: {why}");
    }
}

/// <summary>Devices of the host.</summary>
/// <param name="Type">c or b.</param>
/// <param name="Major">Major number.</param>
/// <param name="Minor">Minor number.</param>
/// <param name="Facts">Owner and mode.</param>
internal readonly record struct HostDevice(string Type, long Major, long Minor, FileFacts Facts)
{
    /// <summary>The device at a path; null: what is there is none.</summary>
    public static HostDevice? Of(string path)
    {
        if (KernelPath.Facts(path) is not { } facts) return null;
        string? type = (facts.Mode & 0xF000) switch { 0x2000 => "c", 0x6000 => "b", _ => null };
        // The kernel's packing (new_decode_dev, widened).
        return type is null ? null : new HostDevice(type, (long)(((facts.DeviceNumber >> 8) & 0xFFF) | ((facts.DeviceNumber >> 32) & 0xFFFFF000)), (long)((facts.DeviceNumber & 0xFF) | ((facts.DeviceNumber >> 12) & 0xFFFFFF00)), facts);
    }

    /// <summary>Numbers of a block device.</summary>
    /// <exception cref="BerthException">NotFound, InvalidArgument.</exception>
    public static (long Major, long Minor) NumberOfBlock(string path)
    {
        SpecBuilder.Require(path, "limit", FaultCode.DeviceMissing);
        return Of(path) is { Type: "b" } device ? (device.Major, device.Minor) : throw new BerthException(Fault.InvalidArgument, $"cannot limit {path}: it is no block device");
    }
}
