// What checkpoint and restore are asked for.

namespace Berth.Runtime;

/// <summary>What checkpoint and restore have in common.</summary>
public sealed record ImageOptions
{
    /// <summary>Directory of the image.</summary>
    public string ImagePath { get; init; } = "checkpoint";

    /// <summary>Directory of CRIU's log and statistics; null takes the image's.</summary>
    public string? WorkPath { get; init; }

    /// <summary>Allow established TCP connections.</summary>
    public bool TcpEstablished { get; init; }

    /// <summary>Close TCP connections on restore.</summary>
    public bool TcpClose { get; init; }

    /// <summary>Allow Unix sockets whose other end lies outside.</summary>
    public bool ExternalUnixSockets { get; init; }

    /// <summary>Allow a session or a terminal that belongs to the outside.</summary>
    public bool ShellJob { get; init; }

    /// <summary>Allow file locks.</summary>
    public bool FileLocks { get; init; }

    /// <summary>Drop pages from parent images that a later one has.</summary>
    public bool AutoDedup { get; init; }

    /// <summary>Move memory on demand (userfaultfd).</summary>
    public bool LazyPages { get; init; }

    /// <summary>soft, full, strict or ignore; null is CRIU's default.</summary>
    public string? CgroupsMode { get; init; }

    /// <summary>iptables, nftables or skip; null is CRIU's default.</summary>
    public string? NetworkLock { get; init; }
}

/// <summary>What checkpoint is asked for.</summary>
public sealed record CheckpointRequest
{
    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>Image and options.</summary>
    public ImageOptions Image { get; init; } = new();

    /// <summary>An earlier image that this one adds to, relative to the image's directory.</summary>
    public string? ParentPath { get; init; }

    /// <summary>Let it run on.</summary>
    public bool LeaveRunning { get; init; }

    /// <summary>Only memory, and let it run on.</summary>
    public bool PreDump { get; init; }

    /// <summary>Leave out TCP connections that are being made.</summary>
    public bool TcpSkipInFlight { get; init; }

    /// <summary>Allow open files without a name.</summary>
    public bool LinkRemap { get; init; }

    /// <summary>Descriptor that gets a zero byte once lazy pages are served; null for none.</summary>
    public int? StatusFd { get; init; }

    /// <summary>Where pages are sent instead of into the image.</summary>
    public (string Address, int Port)? PageServer { get; init; }
}

/// <summary>What restore is asked for.</summary>
public sealed record RestoreRequest
{
    /// <summary>The new container's id.</summary>
    public required string Id { get; init; }

    /// <summary>The bundle's directory.</summary>
    public required string Bundle { get; init; }

    /// <summary>Another configuration file than config.json.</summary>
    public string? Config { get; init; }

    /// <summary>Image and options.</summary>
    public ImageOptions Image { get; init; } = new();

    /// <summary>Unix socket that receives the terminal.</summary>
    public string? ConsoleSocket { get; init; }

    /// <summary>File that gets the first process's id.</summary>
    public string? PidFile { get; init; }

    /// <summary>Return as soon as it runs.</summary>
    public bool Detach { get; init; }

    /// <summary>Keep the state after it has ended.</summary>
    public bool Keep { get; init; }

    /// <summary>Leave orphaned processes of the container to the system's reaper.</summary>
    public bool NoSubreaper { get; init; }

    /// <summary>TYPE:NAME of another security profile.</summary>
    public string? LsmProfile { get; init; }

    /// <summary>Another SELinux context of mounts.</summary>
    public string? LsmMountContext { get; init; }
}
