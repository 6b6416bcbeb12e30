// The controllers and hierarchies a process can be a member of, by the kernel's names.
namespace Berth.Cgroups;

/// <summary>A controller of cgroup v1 (each in its own or a shared hierarchy), or one whole hierarchy without controllers.</summary>
public enum Controller
{
#pragma warning disable CS1591 // the names are the kernel's
    Cpuset, Devices, Memory, Cpu, Cpuacct, Pids, Blkio, Hugetlb, NetCls, NetPrio, PerfEvent, Freezer, Rdma, Misc,
#pragma warning restore CS1591

    /// <summary>The v1 hierarchy without controllers that systemd tracks services in (<c>name=systemd</c>).</summary>
    NamedSystemd,

    /// <summary>The v2 hierarchy: alone, or beside v1 hierarchies on a hybrid host.</summary>
    Unified,
}

/// <summary>The kernel's spelling of controllers.</summary>
public static class ControllerNames
{
    /// <summary>How many values <see cref="Controller"/> has.</summary>
    public const int Count = (int)Controller.Unified + 1;

    /// <summary>As in /proc/self/cgroup; empty for <see cref="Controller.Unified"/>.</summary>
    public static string Name(this Controller controller) => controller switch
    {
        Controller.Cpuset => "cpuset",
        Controller.Devices => "devices",
        Controller.Memory => "memory",
        Controller.Cpu => "cpu",
        Controller.Cpuacct => "cpuacct",
        Controller.Pids => "pids",
        Controller.Blkio => "blkio",
        Controller.Hugetlb => "hugetlb",
        Controller.NetCls => "net_cls",
        Controller.NetPrio => "net_prio",
        Controller.PerfEvent => "perf_event",
        Controller.Freezer => "freezer",
        Controller.Rdma => "rdma",
        Controller.Misc => "misc",
        Controller.NamedSystemd => "name=systemd",
        _ => "",
    };

    /// <summary>The controller of this name, or null; <c>systemd</c> is understood like <c>name=systemd</c>.</summary>
    public static Controller? Parse(ReadOnlySpan<char> name) => name switch
    {
        "cpuset" => Controller.Cpuset,
        "devices" => Controller.Devices,
        "memory" => Controller.Memory,
        "cpu" => Controller.Cpu,
        "cpuacct" => Controller.Cpuacct,
        "pids" => Controller.Pids,
        "blkio" => Controller.Blkio,
        "hugetlb" => Controller.Hugetlb,
        "net_cls" => Controller.NetCls,
        "net_prio" => Controller.NetPrio,
        "perf_event" => Controller.PerfEvent,
        "freezer" => Controller.Freezer,
        "rdma" => Controller.Rdma,
        "misc" => Controller.Misc,
        "name=systemd" or "systemd" => Controller.NamedSystemd,
        "" => Controller.Unified,
        _ => null,
    };
}
