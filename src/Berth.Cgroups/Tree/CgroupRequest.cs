// What a container wants of cgroups, before anything exists.
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

/// <summary>Who makes the directories.</summary>
public enum CgroupDriver
{
    /// <summary>We, in the cgroup file systems.</summary>
    Cgroupfs,

    /// <summary>systemd, asked over D-Bus for a scope.</summary>
    Systemd,
}

/// <summary>What a container wants of cgroups.</summary>
public sealed record CgroupRequest
{
    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary><c>linux.cgroupsPath</c>.</summary>
    public string? CgroupsPath { get; init; }

    /// <summary><c>linux.resources</c>.</summary>
    public ResourcesSpec? Resources { get; init; }

    /// <summary><c>linux.devices</c>: a node listed there replaces the default one of the same path, rule included.</summary>
    public IReadOnlyList<DeviceSpec>? Devices { get; init; }

    /// <summary>Who makes the directories.</summary>
    public CgroupDriver Driver { get; init; }

    /// <summary>Without privileges over cgroups: what is refused and was not asked for is done without.</summary>
    public bool Rootless { get; init; }

    /// <summary>Inside a user namespace, where device rules are refused by the kernel and not needed.</summary>
    public bool InUserNamespace { get; init; }

    /// <summary>Host ids that get the v2 cgroup, so that the payload's root may make children in it.</summary>
    public CgroupOwner? Owner { get; init; }

    /// <summary>Gets the record before anything is made, so that whatever a sudden death leaves is known by it.</summary>
    public Action<CgroupRecord>? Announce { get; init; }

    /// <summary>What crun's annotations add below the cgroup, and systemd's properties.</summary>
    public CgroupOptions Options { get; init; } = new();
}
