// What a container's processes are, and what they use: of the kernel, without asking anybody.
using Berth.Cgroups;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <content>Looking at what runs.</content>
public sealed partial class Container
{
    /// <summary>Its processes, those that were executed in it too; the numbers are the host's.</summary>
    /// <exception cref="BerthException">WrongState: it does not run.</exception>
    public IReadOnlyList<ProcessFacts> ListProcesses()
    {
        ContainerState state = RequireAlive("list the processes of");
        List<ProcessFacts> found = [];
        foreach (int pid in HasCgroup && CgroupTree.TryOpenOf(state.Pid) is { } tree ? tree.Pids(recursive: true) : PidsBeside(state.Pid))
        {
            if (ProcessFacts.TryRead(pid) is { } facts) found.Add(facts);
        }
        found.Sort(static (one, other) => one.Pid.CompareTo(other.Pid));
        return found;
    }

    /// <summary>What it has used until now.</summary>
    /// <returns>Null: it does not run.</returns>
    public ContainerUsage? Measure()
    {
        ContainerState state = Observe();
        if (!state.IsAlive) return null;
        CgroupStats stats = HasCgroup ? CgroupTree.TryOpenOf(state.Pid)?.Stats() ?? new CgroupStats() : new CgroupStats();
        ulong usage = stats.Memory.Usage.Usage, idle = stats.Memory.RawValue("inactive_file");
        if (idle == 0) idle = stats.Memory.RawValue("total_inactive_file");
        (ulong received, ulong sent) = NetworkMode.Of(_record.Spec.Connection).Kind == NetworkKind.Host ? default : Traffic(state.Pid);
        ulong read = 0, written = 0;
        foreach (BlockIoEntry entry in stats.BlockIo.ServiceBytes)
        {
            if (entry.Operation.Equals("read", StringComparison.OrdinalIgnoreCase)) read += entry.Value;
            else if (entry.Operation.Equals("write", StringComparison.OrdinalIgnoreCase)) written += entry.Value;
        }
        ulong memory = HostMemory();
        return new ContainerUsage
        {
            Time = _parts.Clock.GetUtcNow(),
            Processor = TimeSpan.FromMicroseconds(stats.Cpu.Total / 1000),
            Memory = idle < usage ? usage - idle : usage,
            MemoryLimit = stats.Memory.Usage.Limit is > 0 and var limit && limit < memory ? limit : memory,
            Received = received,
            Sent = sent,
            Read = read,
            Written = written,
            Tasks = HasCgroup ? (long)stats.Pids.Current : ListProcesses().Count,
        };
    }

    // One that stays in the cgroup of whoever ran it shares that with others.
    private bool HasCgroup => HostCgroups.PathOf(_record.Spec.Limits, Id) is not null;

    private static List<int> PidsBeside(int init)
    {
        List<int> pids = [];
        string? space = KernelPath.ReadLink($"/proc/{init}/ns/pid");
        if (space is null || space == KernelPath.ReadLink("/proc/self/ns/pid")) return [init];
        foreach (string name in KernelPath.List("/proc"))
        {
            if (int.TryParse(name, System.Globalization.NumberStyles.None, null, out int pid) && KernelPath.ReadLink($"/proc/{pid}/ns/pid") == space) pids.Add(pid);
        }
        return pids;
    }

    private static (ulong Received, ulong Sent) Traffic(int pid)
    {
        ulong received = 0, sent = 0;
        foreach (string line in (KernelFile.TryReadText($"/proc/{pid}/net/dev") ?? "").Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || line.AsSpan(0, colon).Trim() is "lo") continue;
            string[] numbers = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (numbers.Length < 9 || !ulong.TryParse(numbers[0], out ulong into) || !ulong.TryParse(numbers[8], out ulong outOf)) continue;
            received += into;
            sent += outOf;
        }
        return (received, sent);
    }

    private static ulong HostMemory()
    {
        string text = KernelFile.TryReadText("/proc/meminfo") ?? "";
        string first = text.Split('\n')[0];
        return first.StartsWith("MemTotal:", StringComparison.Ordinal) && ulong.TryParse(first[9..].Replace("kB", "", StringComparison.Ordinal).Trim(), out ulong kilobytes) ? kilobytes * 1024 : 0;
    }
}
