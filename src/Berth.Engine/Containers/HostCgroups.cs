// What the cgroups of this host can limit.
using Berth.Cgroups;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Looks once for each program.</summary>
internal static class HostCgroups
{
    private static CgroupFacts? s_facts;

    public static CgroupFacts Facts() => s_facts ??= Look();

    /// <summary>The cgroup of a container; null: whoever runs this may make none, and it stays in his.</summary>
    public static string? PathOf(LimitsSpec limits, string id)
    {
        if (limits.Cgroups == "disabled") return null;
        if (Rootless.UserSession.IsRoot || limits.CgroupParent is not null) return $"{limits.CgroupParent ?? "/berth"}/{id}";
        return Delegated() is { } own ? $"{own.TrimEnd('/')}/berth/{id}" : null;
    }

    /// <summary>Takes away the empty cgroups of a container whose runtime was killed before it wrote down that it had made them.</summary>
    public static void RemoveLeft(ContainerRecord record)
    {
        if (PathOf(record.Spec.Limits, record.Id) is not { } path) return;
        CgroupHost host;
        try
        {
            host = CgroupHost.Discover();
        }
        catch (BerthException)
        {
            return;
        }
        foreach (Controller controller in Enum.GetValues<Controller>())
        {
            if (host.Mount(controller) is { } mount) KernelDirectory.TryRemove(mount + path, out _);
        }
    }

    // Of an ordinary user, only the cgroups that systemd or an administrator has given to him are his.
    private static string? Delegated()
    {
        try
        {
            CgroupHost host = CgroupHost.Discover();
            return host.Mode == CgroupMode.Unified && host.OwnDirectory(Controller.Unified) is { } folder && KernelFile.IsWritable($"{folder}/cgroup.procs") ? host.Own(Controller.Unified) : null;
        }
        catch (BerthException)
        {
            return null;
        }
    }

    private static CgroupFacts Look()
    {
        CgroupFacts none = new() { HasMemory = false, HasSwap = false, HasCpu = false, HasCpuset = false, HasPids = false, HasBlock = false, HasBlockWeight = false };
        if (!Rootless.UserSession.IsRoot && Delegated() is null) return none;
        CgroupHost host;
        try
        {
            host = CgroupHost.Discover();
        }
        catch (BerthException)
        {
            return none;
        }
        bool unified = host.Mode == CgroupMode.Unified;
        if (unified && host.UnifiedMount is { } v2) return CgroupFacts.OfUnified(KernelFile.TryReadText($"{v2}/cgroup.controllers") ?? "") with { ProcessorCount = Environment.ProcessorCount };
        string? memory = host.Mount(Controller.Memory), cpu = host.Mount(Controller.Cpu), cpuset = host.Mount(Controller.Cpuset), block = host.Mount(Controller.Blkio);
        return new CgroupFacts
        {
            IsUnified = unified,
            HasMemory = memory is not null,
            HasSwap = unified || (memory is not null && KernelFile.Exists($"{memory}/memory.memsw.limit_in_bytes")),
            HasCpu = cpu is not null,
            HasRealtime = !unified && cpu is not null && KernelFile.Exists($"{cpu}/cpu.rt_runtime_us"),
            HasCpuset = cpuset is not null,
            HasPids = host.Mount(Controller.Pids) is not null,
            HasBlock = block is not null,
            HasBlockWeight = block is not null && (unified || KernelFile.Exists($"{block}/blkio.weight") || KernelFile.Exists($"{block}/blkio.bfq.weight")),
            ProcessorCount = Environment.ProcessorCount,
        };
    }
}
