// Namespaces as flags of clone(2), and their names in /proc/PID/ns.
namespace Berth.Linux;

/// <summary>Kinds of namespace, as flags of clone(2).</summary>
[Flags]
public enum Namespaces : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Clocks (CLONE_NEWTIME).</summary>
    Time = 0x80,

    /// <summary>Mounts (CLONE_NEWNS).</summary>
    Mount = 0x20000,

    /// <summary>View of the cgroup tree (CLONE_NEWCGROUP).</summary>
    Cgroup = 0x2000000,

    /// <summary>Host and domain name (CLONE_NEWUTS).</summary>
    Uts = 0x4000000,

    /// <summary>System V IPC and POSIX message queues (CLONE_NEWIPC).</summary>
    Ipc = 0x8000000,

    /// <summary>User and group ids (CLONE_NEWUSER).</summary>
    User = 0x10000000,

    /// <summary>Process ids (CLONE_NEWPID).</summary>
    Pid = 0x20000000,

    /// <summary>Network (CLONE_NEWNET).</summary>
    Network = 0x40000000,
}

/// <summary>Names of namespaces.</summary>
public static class NamespaceNames
{
    /// <summary>Names of all of them, such as "mnt, pid"; "none" for none.</summary>
    public static string ProcNames(this Namespaces many)
    {
        string names = "";
        for (uint left = (uint)many; left != 0; left &= left - 1)
        {
            string name = ((Namespaces)(left & ~(left - 1))).ProcName();
            names = names.Length == 0 ? name : $"{names}, {name}";
        }
        return names.Length == 0 ? "none" : names;
    }

    /// <summary>The link's name in /proc/PID/ns for one namespace.</summary>
    public static string ProcName(this Namespaces one) => one switch
    {
        Namespaces.Time => "time",
        Namespaces.Mount => "mnt",
        Namespaces.Cgroup => "cgroup",
        Namespaces.Uts => "uts",
        Namespaces.Ipc => "ipc",
        Namespaces.User => "user",
        Namespaces.Pid => "pid",
        Namespaces.Network => "net",
        _ => throw new ArgumentOutOfRangeException(nameof(one), one, "one namespace is wanted"),
    };
}
