// config.json as records: the process (runtime-spec 1.3, config.md, process).
namespace Berth.Oci.RuntimeSpec;

/// <summary><c>process</c>: what runs inside.</summary>
public sealed record ProcessSpec
{
    /// <summary>Attach a pseudo-terminal.</summary>
    public bool Terminal { get; set; }

    /// <summary>Its size at the start.</summary>
    public BoxSpec? ConsoleSize { get; set; }

    /// <summary>Whom it runs as.</summary>
    public UserSpec User { get; set; } = new();

    /// <summary>argv; the first is looked up in PATH.</summary>
    public List<string>? Args { get; set; }

    /// <summary>Environment, KEY=VALUE.</summary>
    public List<string>? Env { get; set; }

    /// <summary>Working directory, absolute.</summary>
    public string Cwd { get; set; } = "";

    /// <summary>The five capability sets.</summary>
    public CapabilitiesSpec? Capabilities { get; set; }

    /// <summary>Resource limits (getrlimit(2)).</summary>
    public List<RlimitSpec>? Rlimits { get; set; }

    /// <summary>prctl PR_SET_NO_NEW_PRIVS.</summary>
    public bool NoNewPrivileges { get; set; }

    /// <summary>AppArmor profile to change to on exec.</summary>
    public string? ApparmorProfile { get; set; }

    /// <summary>-1000 to 1000 (<c>oomScoreAdj</c>).</summary>
    public int? OomScoreAdj { get; set; }

    /// <summary>sched_setattr(2).</summary>
    public SchedulerSpec? Scheduler { get; set; }

    /// <summary>SELinux context of the process.</summary>
    public string? SelinuxLabel { get; set; }

    /// <summary>ioprio_set(2).</summary>
    public IoPrioritySpec? IoPriority { get; set; }

    /// <summary>CPU affinity of exec processes (<c>execCPUAffinity</c>).</summary>
    public CpuAffinitySpec? ExecCpuAffinity { get; set; }
}

/// <summary>Size of a terminal in characters.</summary>
public sealed record BoxSpec
{
    /// <summary>Rows.</summary>
    public uint Height { get; set; }

    /// <summary>Columns.</summary>
    public uint Width { get; set; }
}

/// <summary><c>process.user</c>.</summary>
public sealed record UserSpec
{
    /// <summary>User id inside the container.</summary>
    public uint Uid { get; set; }

    /// <summary>Group id inside the container.</summary>
    public uint Gid { get; set; }

    /// <summary>File mode creation mask.</summary>
    public uint? Umask { get; set; }

    /// <summary>Supplementary groups.</summary>
    public List<uint>? AdditionalGids { get; set; }

    /// <summary>Windows only; kept.</summary>
    public string? Username { get; set; }
}

/// <summary><c>process.capabilities</c>: names such as CAP_CHOWN.</summary>
public sealed record CapabilitiesSpec
{
    /// <summary>Bounding set.</summary>
    public List<string>? Bounding { get; set; }

    /// <summary>Effective set.</summary>
    public List<string>? Effective { get; set; }

    /// <summary>Inheritable set.</summary>
    public List<string>? Inheritable { get; set; }

    /// <summary>Permitted set.</summary>
    public List<string>? Permitted { get; set; }

    /// <summary>Ambient set.</summary>
    public List<string>? Ambient { get; set; }
}

/// <summary>One resource limit.</summary>
public sealed record RlimitSpec
{
    /// <summary>RLIMIT_NOFILE and so on.</summary>
    public string Type { get; set; } = "";

    /// <summary>Ceiling.</summary>
    public ulong Hard { get; set; }

    /// <summary>Value in force.</summary>
    public ulong Soft { get; set; }
}

/// <summary><c>process.scheduler</c>.</summary>
public sealed record SchedulerSpec
{
    /// <summary>SCHED_OTHER and so on.</summary>
    public string Policy { get; set; } = "";

    /// <summary>-20 to 19.</summary>
    public int Nice { get; set; }

    /// <summary>1 to 99 for FIFO and RR.</summary>
    public int Priority { get; set; }

    /// <summary>SCHED_FLAG_RESET_ON_FORK and so on.</summary>
    public List<string>? Flags { get; set; }

    /// <summary>Nanoseconds, DEADLINE only.</summary>
    public ulong Runtime { get; set; }

    /// <summary>Nanoseconds, DEADLINE only.</summary>
    public ulong Deadline { get; set; }

    /// <summary>Nanoseconds, DEADLINE only.</summary>
    public ulong Period { get; set; }
}

/// <summary><c>process.ioPriority</c>.</summary>
public sealed record IoPrioritySpec
{
    /// <summary>IOPRIO_CLASS_RT, _BE or _IDLE.</summary>
    public string Class { get; set; } = "";

    /// <summary>0 (highest) to 7.</summary>
    public int Priority { get; set; }
}

/// <summary><c>process.execCPUAffinity</c>: CPU lists such as 0-3,7.</summary>
public sealed record CpuAffinitySpec
{
    /// <summary>While the runtime enters the container.</summary>
    public string? Initial { get; set; }

    /// <summary>Once inside its cgroup.</summary>
    public string? Final { get; set; }
}
