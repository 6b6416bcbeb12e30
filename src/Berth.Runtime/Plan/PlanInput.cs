// What a plan is made from: the specification, facts of the host, open descriptors, and the parent's actions at the meeting points.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

/// <summary>Facts of the host that change the plan; a record, so that plans are tested without that host.</summary>
public sealed record HostFacts
{
    /// <summary>Effective user id of the runtime.</summary>
    public uint UserId { get; init; }

    /// <summary>Effective group id of the runtime.</summary>
    public uint GroupId { get; init; }

    /// <summary>Number of the last capability the kernel knows.</summary>
    public int LastCapability { get; init; } = 40;

    /// <summary>Whether user namespaces can be joined from here at all.</summary>
    public bool IsRoot => UserId == 0;

    /// <summary>Whether mounts can be made detached and their attributes be set (Linux 5.12); else mount(2) has to do.</summary>
    public bool HasMountApi { get; init; } = true;

    /// <summary>Where the host has whole procfs and sysfs mounts; only looked at for --no-pivot.</summary>
    public List<string> KernelMounts { get; init; } = [];

    /// <summary>Looks at this host.</summary>
    public static HostFacts Observe() => new()
    {
        HasMountApi = Linux.Mounts.MountApi.IsThere && Environment.GetEnvironmentVariable("BERTH_NO_MOUNT_API") != "1",
        UserId = Linux.Processes.Self.UserId,
        GroupId = Linux.Processes.Self.GroupId,
        LastCapability = Linux.Security.Capabilities.Last,
    };
}

/// <summary>A cgroup mount, resolved: what the plan builder needs to know of the container's cgroups.</summary>
/// <param name="Unified">One cgroup2 mount, or one mount a v1 hierarchy.</param>
/// <param name="Hierarchies">For v1: name of the directory, mount options of a new mount, host path of the container's cgroup, names to link to it.</param>
/// <param name="UnifiedPath">Host path of the container's v2 cgroup, or null.</param>
public sealed record CgroupView(bool Unified, IReadOnlyList<CgroupHierarchy> Hierarchies, string? UnifiedPath)
{
    /// <summary>Where the host has the whole v2 tree.</summary>
    public string UnifiedMount { get; init; } = "/sys/fs/cgroup";

    /// <summary>Destination at which, whatever the configuration mounts there, the v1 hierarchy name=systemd is shown; or null.</summary>
    public string? NamedSystemdAt { get; init; }
}

/// <summary>One v1 hierarchy as shown inside a container.</summary>
/// <param name="Name">Directory below /sys/fs/cgroup.</param>
/// <param name="MountData">Option of a mount of type cgroup: controllers, or name=systemd.</param>
/// <param name="HostPath">Host path of the container's cgroup.</param>
/// <param name="Links">Controllers that are links to this directory.</param>
/// <param name="Version2">True for the v2 tree of a hybrid host.</param>
public sealed record CgroupHierarchy(string Name, string MountData, string HostPath, IReadOnlyList<string> Links, bool Version2);

/// <summary>Everything a plan for a container's first process is made from.</summary>
public sealed record PlanInput
{
    /// <summary>The specification, checked.</summary>
    public required Spec Spec { get; init; }

    /// <summary>Absolute path of the bundle.</summary>
    public required string Bundle { get; init; }

    /// <summary>Absolute path of the root file system, links resolved.</summary>
    public required string Rootfs { get; init; }

    /// <summary>The host.</summary>
    public required HostFacts Host { get; init; }

    /// <summary>Container id, for the keyring's and the process's name.</summary>
    public string Id { get; init; } = "container";

    /// <summary>The host's /proc, checked to be one: the only procfs that is written through.</summary>
    public Fd? Proc { get; init; }

    /// <summary>What the child needs to forget the runtime's binary.</summary>
    public ExecutableExit? ExecutableExit { get; init; }

    /// <summary>Start fifo: the program waits there for `start`; null runs at once.</summary>
    public Fd? StartFifo { get; init; }

    /// <summary>Where the terminal's other end is sent.</summary>
    public Fd? ConsoleSocket { get; init; }

    /// <summary>Size of the caller's own terminal, in the foreground: the program finds it set when it starts.</summary>
    public (ushort Rows, ushort Columns)? TerminalSize { get; init; }

    /// <summary>Whether the filter has a notification descriptor, which the parent sends on.</summary>
    public bool SeccompNotifies { get; init; }

    /// <summary>The compiled filter, or empty.</summary>
    public ReadOnlyMemory<byte> SeccompFilter { get; init; }

    /// <summary>Flags of seccomp(2) for it.</summary>
    public uint SeccompFlags { get; init; }

    /// <summary>chroot and move instead of pivot_root.</summary>
    public bool NoPivot { get; init; }

    /// <summary>Keep the caller's session keyring.</summary>
    public bool NoNewKeyring { get; init; }

    /// <summary>A pidfd of the container that a process enters, for exec.</summary>
    public Fd? Container { get; init; }

    /// <summary>Receives what is left out although it was asked for.</summary>
    public Action<string> Warn { get; init; } = static _ => { };

    /// <summary>How many descriptors from 3 on pass to the program.</summary>
    public int PreserveFds { get; init; }

    /// <summary>Joined namespaces, open.</summary>
    public IReadOnlyList<(Namespaces Kind, Fd Fd)> Joins { get; init; } = [];

    /// <summary>`tasks` files of v1 cgroups, open for writing, in each of which the child enters itself.</summary>
    public IReadOnlyList<Fd> TaskFiles { get; init; } = [];

    /// <summary>The container's cgroups, for mounts of type cgroup.</summary>
    public CgroupView? Cgroups { get; init; }

    /// <summary>The program, where it is not the one that process.args names.</summary>
    public string? Program { get; init; }

    /// <summary>Environment of the program, complete.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>What the parent does at the meeting points.</summary>
    public PlanActions Actions { get; init; } = new();
}

/// <summary>The parent's half of the meetings; an absent one needs no meeting.</summary>
public sealed record PlanActions
{
    /// <summary>Writes the id maps of the new user namespace.</summary>
    public Action<SpawnedChild> MapIds { get; init; } = static _ => { };

    /// <summary>Sends the published seccomp listener to its agent.</summary>
    public Action<SpawnedChild> SendListener { get; init; } = static _ => { };

    /// <summary>Writes the clock offsets of the new time namespace.</summary>
    public Action<SpawnedChild> SetClocks { get; init; } = static _ => { };

    /// <summary>Gives the child the source of a bind that it may not reach itself; the argument is the mount's index.</summary>
    public Action<SpawnedChild, int> OpenSource { get; init; } = static (_, _) => { };

    /// <summary>Makes the mount that the child published id-mapped; the argument is the mount's index.</summary>
    public Action<SpawnedChild, int> MapMount { get; init; } = static (_, _) => { };

    /// <summary>Has put the child into its cgroups when it returns; null where the child goes there by itself.</summary>
    public Action<SpawnedChild>? Confine { get; init; }

    /// <summary>Moves interfaces of the host into the container's network namespace; null where there are none.</summary>
    public Action<SpawnedChild>? MoveDevices { get; init; }

    /// <summary>Runs the hooks that come before pivot_root; null where there are none.</summary>
    public Action<SpawnedChild>? BeforePivot { get; init; }

    /// <summary>Records the container as created.</summary>
    public Action<SpawnedChild> Ready { get; init; } = static _ => { };
}
