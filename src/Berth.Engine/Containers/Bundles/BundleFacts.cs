// What is known of the host and of what was prepared when a container's configuration is written.
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Everything that a specification needs besides the record. Null: as usual, or left alone.</summary>
internal sealed record BundleFacts
{
    /// <summary>The root file system, mounted.</summary>
    public required string RootPath { get; init; }

    /// <summary>File for /etc/hosts.</summary>
    public string? HostsFile { get; init; }

    /// <summary>File for /etc/resolv.conf.</summary>
    public string? ResolvConfFile { get; init; }

    /// <summary>File for /etc/hostname.</summary>
    public string? HostNameFile { get; init; }

    /// <summary>Network namespace to join; null: a new one, or the host's where the wish says so.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>Namespaces to join that the wish names by a container or a pod.</summary>
    public NamespacePaths Joined { get; init; } = new();

    /// <summary>/dev/shm of the container whose queues are shared; null: a new one is mounted.</summary>
    public string? ShmPath { get; init; }

    /// <summary>Paths of the host for <see cref="SettledSpec.Mounts"/>, in their order: a volume's or an image's root, the folder with <c>upper</c> and <c>work</c> of an overlay; null: the request says it.</summary>
    public IReadOnlyList<string?> MountSources { get; init; } = [];

    /// <summary>Mounts besides: secrets.</summary>
    public IReadOnlyList<MountSpec> FurtherMounts { get; init; } = [];

    /// <summary>Variables besides, from secrets; they win over the wish and the image.</summary>
    public IReadOnlyList<string> FurtherEnvironment { get; init; } = [];

    /// <summary>Our init.</summary>
    public string? InitProgram { get; init; }

    /// <summary>The container's cgroup.</summary>
    public string? CgroupsPath { get; init; }

    /// <summary>Whether whoever runs it is not root of the host.</summary>
    public bool IsRootless { get; init; }

    /// <summary>What can be limited.</summary>
    public CgroupFacts Cgroups { get; init; } = new();

    /// <summary>Capabilities that this host can give (CapBnd of /proc/self/status).</summary>
    public ulong Capabilities { get; init; } = AllCapabilities;

    /// <summary>Whether AppArmor is there.</summary>
    public bool HasAppArmor { get; init; }

    /// <summary>Whether SELinux is there.</summary>
    public bool HasSelinux { get; init; }

    /// <summary>Size of the terminal at the start.</summary>
    public BoxSpec? ConsoleSize { get; init; }

    /// <summary>Where CDI specifications lie; the last wins.</summary>
    public IReadOnlyList<string> DeviceFolders { get; init; } = ["/etc/cdi", "/var/run/cdi"];

    /// <summary>The host's /dev.</summary>
    public string DevFolder { get; init; } = "/dev";

    /// <summary>The host's time zones.</summary>
    public string ZoneFolder { get; init; } = "/usr/share/zoneinfo";

    /// <summary>What building the specification found out: filled by it.</summary>
    public BundleNotes Notes { get; init; } = new();

    /// <summary>All capabilities there are names for.</summary>
    public static ulong AllCapabilities => (1UL << Berth.Linux.Security.Capabilities.Names.Length) - 1;
}

/// <summary>What is to be said, and to be done before the start.</summary>
internal sealed class BundleNotes
{
    /// <summary>What was left out, and why.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Paths of the host whose files are to be the container's user's (<c>:U</c>), as ids of this namespace.</summary>
    public List<OwnedPath> Owned { get; } = [];
}

/// <summary>A path that gets an owner.</summary>
/// <param name="Path">Path of the host.</param>
/// <param name="Uid">User, as it is outside.</param>
/// <param name="Gid">Group, as it is outside.</param>
internal sealed record OwnedPath(string Path, uint Uid, uint Gid);

/// <summary>Paths of namespaces, such as /proc/PID/ns/ipc; null: none is joined.</summary>
internal sealed record NamespacePaths
{
    /// <summary>Processes.</summary>
    public string? Pid { get; init; }

    /// <summary>Queues.</summary>
    public string? Ipc { get; init; }

    /// <summary>Names.</summary>
    public string? Uts { get; init; }

    /// <summary>Users.</summary>
    public string? User { get; init; }

    /// <summary>View of the cgroup tree.</summary>
    public string? Cgroup { get; init; }

    /// <summary>Clocks.</summary>
    public string? Time { get; init; }
}

/// <summary>What a host's cgroups can limit. Without anything said, everything is there, as on a whole v2 host.</summary>
internal sealed record CgroupFacts
{
    /// <summary>Whether there is version 2 alone.</summary>
    public bool IsUnified { get; init; } = true;

    /// <summary>Memory.</summary>
    public bool HasMemory { get; init; } = true;

    /// <summary>Memory and swap together.</summary>
    public bool HasSwap { get; init; } = true;

    /// <summary>Time of CPUs: weight and quota.</summary>
    public bool HasCpu { get; init; } = true;

    /// <summary>Real-time shares (version 1 and a kernel that has them).</summary>
    public bool HasRealtime { get; init; }

    /// <summary>CPUs and memory nodes.</summary>
    public bool HasCpuset { get; init; } = true;

    /// <summary>Number of processes.</summary>
    public bool HasPids { get; init; } = true;

    /// <summary>Block devices: rates.</summary>
    public bool HasBlock { get; init; } = true;

    /// <summary>Block devices: weights.</summary>
    public bool HasBlockWeight { get; init; } = true;

    /// <summary>How many CPUs there are; 0: it is not known.</summary>
    public int ProcessorCount { get; init; }

    /// <summary>CPUs that may be used, <c>0-3</c>; null: it is not known.</summary>
    public string? Processors { get; init; }

    /// <summary>Memory nodes that may be used; null: it is not known.</summary>
    public string? MemoryNodes { get; init; }

    /// <summary>Those of version 2, by the text of <c>cgroup.controllers</c> of the cgroup in which containers' cgroups are made.</summary>
    public static CgroupFacts OfUnified(string controllers)
    {
        CgroupFacts facts = new() { HasMemory = false, HasSwap = false, HasCpu = false, HasCpuset = false, HasPids = false, HasBlock = false, HasBlockWeight = false };
        foreach (Range part in controllers.AsSpan().Split(' '))
        {
            facts = controllers.AsSpan()[part].Trim() switch
            {
                "memory" => facts with { HasMemory = true, HasSwap = true },
                "cpu" => facts with { HasCpu = true },
                "cpuset" => facts with { HasCpuset = true },
                "pids" => facts with { HasPids = true },
                "io" => facts with { HasBlock = true, HasBlockWeight = true },
                _ => facts,
            };
        }
        return facts;
    }
}

/// <summary>A program that is executed in a container that runs.</summary>
internal sealed record ExecWish
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>KEY=VALUE, over those of the container.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary><c>user[:group]</c>; null: the container's.</summary>
    public string? User { get; init; }

    /// <summary>Working folder; null: the container's.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>Whether it has a terminal.</summary>
    public bool HasTerminal { get; init; }

    /// <summary>Whether it has an input.</summary>
    public bool HasInput { get; init; }

    /// <summary>Whether it has all capabilities.</summary>
    public bool IsPrivileged { get; init; }
}
