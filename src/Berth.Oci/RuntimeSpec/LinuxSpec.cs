// config.json as records: what only Linux has (runtime-spec 1.3, config-linux.md).
namespace Berth.Oci.RuntimeSpec;

/// <summary><c>linux</c>: what only Linux has (config-linux.md).</summary>
public sealed record LinuxSpec
{
    /// <summary>User namespace mapping of user ids.</summary>
    public List<IdMapping>? UidMappings { get; set; }

    /// <summary>User namespace mapping of group ids.</summary>
    public List<IdMapping>? GidMappings { get; set; }

    /// <summary>Kernel parameters of the container's namespaces.</summary>
    public Dictionary<string, string>? Sysctl { get; set; }

    /// <summary>cgroup limits.</summary>
    public ResourcesSpec? Resources { get; set; }

    /// <summary>Path of the cgroup, or slice:prefix:name for systemd.</summary>
    public string? CgroupsPath { get; set; }

    /// <summary>Namespaces to create or to join.</summary>
    public List<NamespaceSpec> Namespaces { get; set; } = [];

    /// <summary>Device nodes to make.</summary>
    public List<DeviceSpec>? Devices { get; set; }

    /// <summary>Host interfaces to move inside, by host name.</summary>
    public Dictionary<string, NetDeviceSpec>? NetDevices { get; set; }

    /// <summary>System call filter.</summary>
    public SeccompSpec? Seccomp { get; set; }

    /// <summary>shared, slave, private, unbindable or their r- forms.</summary>
    public string? RootfsPropagation { get; set; }

    /// <summary>Paths made unreadable.</summary>
    public List<string>? MaskedPaths { get; set; }

    /// <summary>Paths made read-only.</summary>
    public List<string>? ReadonlyPaths { get; set; }

    /// <summary>SELinux context of mounts.</summary>
    public string? MountLabel { get; set; }

    /// <summary>Resource Director Technology.</summary>
    public IntelRdtSpec? IntelRdt { get; set; }

    /// <summary>set_mempolicy(2).</summary>
    public MemoryPolicySpec? MemoryPolicy { get; set; }

    /// <summary>personality(2).</summary>
    public PersonalitySpec? Personality { get; set; }

    /// <summary>Offsets of <c>monotonic</c> and <c>boottime</c> in a new time namespace.</summary>
    public Dictionary<string, TimeOffsetSpec>? TimeOffsets { get; set; }
}

/// <summary>One entry of <c>linux.namespaces</c>.</summary>
public sealed record NamespaceSpec
{
    /// <summary>pid, network, mount, ipc, uts, user, cgroup or time.</summary>
    public string Type { get; set; } = "";

    /// <summary>Join this one; absent makes a new one.</summary>
    public string? Path { get; set; }
}

/// <summary>A range of ids: container side, host side, length.</summary>
public sealed record IdMapping
{
    /// <summary>First id inside (<c>containerID</c>).</summary>
    public uint ContainerId { get; set; }

    /// <summary>First id outside (<c>hostID</c>).</summary>
    public uint HostId { get; set; }

    /// <summary>How many.</summary>
    public uint Size { get; set; }
}

/// <summary>One device node.</summary>
public sealed record DeviceSpec
{
    /// <summary>Absolute path inside.</summary>
    public string Path { get; set; } = "";

    /// <summary>c, b, u or p.</summary>
    public string Type { get; set; } = "";

    /// <summary>Major number.</summary>
    public long Major { get; set; }

    /// <summary>Minor number.</summary>
    public long Minor { get; set; }

    /// <summary>Permission bits.</summary>
    public uint? FileMode { get; set; }

    /// <summary>Owner.</summary>
    public uint? Uid { get; set; }

    /// <summary>Group.</summary>
    public uint? Gid { get; set; }
}

/// <summary>An interface moved inside.</summary>
public sealed record NetDeviceSpec
{
    /// <summary>New name, or absent to keep it.</summary>
    public string? Name { get; set; }
}

/// <summary><c>linux.personality</c>.</summary>
public sealed record PersonalitySpec
{
    /// <summary>LINUX or LINUX32.</summary>
    public string Domain { get; set; } = "";

    /// <summary>None is defined yet.</summary>
    public List<string>? Flags { get; set; }
}

/// <summary>Offset of one clock.</summary>
public sealed record TimeOffsetSpec
{
    /// <summary>Seconds.</summary>
    public long Secs { get; set; }

    /// <summary>Nanoseconds.</summary>
    public uint Nanosecs { get; set; }
}

/// <summary><c>linux.intelRdt</c>.</summary>
public sealed record IntelRdtSpec
{
    /// <summary>Class of service (<c>closID</c>).</summary>
    public string? ClosId { get; set; }

    /// <summary>Lines for the schemata file.</summary>
    public List<string>? Schemata { get; set; }

    /// <summary>L3 line.</summary>
    public string? L3CacheSchema { get; set; }

    /// <summary>MB line.</summary>
    public string? MemBwSchema { get; set; }

    /// <summary>Make a monitoring group.</summary>
    public bool EnableMonitoring { get; set; }

    /// <summary>Older spelling of monitoring (<c>enableCMT</c>).</summary>
    public bool EnableCmt { get; set; }

    /// <summary>Older spelling of monitoring (<c>enableMBM</c>).</summary>
    public bool EnableMbm { get; set; }
}

/// <summary><c>linux.memoryPolicy</c>.</summary>
public sealed record MemoryPolicySpec
{
    /// <summary>MPOL_BIND and so on.</summary>
    public string Mode { get; set; } = "";

    /// <summary>Node list such as 0-1.</summary>
    public string? Nodes { get; set; }

    /// <summary>MPOL_F_STATIC_NODES and so on.</summary>
    public List<string>? Flags { get; set; }
}

/// <summary><c>linux.seccomp</c>.</summary>
public sealed record SeccompSpec
{
    /// <summary>Action of every call that no rule names.</summary>
    public string DefaultAction { get; set; } = "";

    /// <summary>errno of a default SCMP_ACT_ERRNO, or message of TRACE.</summary>
    public uint? DefaultErrnoRet { get; set; }

    /// <summary>SCMP_ARCH_X86_64 and so on, besides the native one.</summary>
    public List<string>? Architectures { get; set; }

    /// <summary>SECCOMP_FILTER_FLAG_LOG and so on.</summary>
    public List<string>? Flags { get; set; }

    /// <summary>Unix socket that receives the notification descriptor.</summary>
    public string? ListenerPath { get; set; }

    /// <summary>Opaque text for the listener.</summary>
    public string? ListenerMetadata { get; set; }

    /// <summary>The rules.</summary>
    public List<SeccompRule>? Syscalls { get; set; }
}

/// <summary>One entry of <c>linux.seccomp.syscalls</c>.</summary>
public sealed record SeccompRule
{
    /// <summary>System call names.</summary>
    public List<string> Names { get; set; } = [];

    /// <summary>SCMP_ACT_ALLOW and so on.</summary>
    public string Action { get; set; } = "";

    /// <summary>errno or message.</summary>
    public uint? ErrnoRet { get; set; }

    /// <summary>All must hold.</summary>
    public List<SeccompArg>? Args { get; set; }
}

/// <summary>A comparison of one argument.</summary>
public sealed record SeccompArg
{
    /// <summary>0 to 5.</summary>
    public uint Index { get; set; }

    /// <summary>Right-hand side, or the mask of MASKED_EQ.</summary>
    public ulong Value { get; set; }

    /// <summary>Right-hand side of MASKED_EQ.</summary>
    public ulong ValueTwo { get; set; }

    /// <summary>SCMP_CMP_EQ and so on.</summary>
    public string Op { get; set; } = "";
}
