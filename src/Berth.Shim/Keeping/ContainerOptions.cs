// How a container is made: what an engine says besides the bundle.
namespace Berth.Shim.Keeping;

/// <summary>The same names as runc's shim.</summary>
internal sealed record ContainerOptions
{
    /// <summary>The OCI runtime; a name without a slash is looked for in PATH.</summary>
    public string Binary { get; init; } = "";

    /// <summary>Its state directory, below which each namespace of the engine has its own.</summary>
    public string Root { get; init; } = "";

    /// <summary>Let systemd make the cgroups.</summary>
    public bool SystemdCgroup { get; init; }

    /// <summary>No pivot_root.</summary>
    public bool NoPivot { get; init; }

    /// <summary>The session keyring is the caller's.</summary>
    public bool NoNewKeyring { get; init; }

    /// <summary>File for the runtime's timeline of the creation, or empty.</summary>
    public string Trace { get; init; } = "";

    /// <summary>What the oom_score_adj of everything in it begins with, where ours was changed; null leaves ours.</summary>
    public string? OomScore { get; init; }

    /// <summary>Owner of pipes.</summary>
    public (uint Uid, uint Gid) PipeOwner { get; init; }

    /// <summary>Where checkpoints are, or empty.</summary>
    public string CriuImagePath { get; init; } = "";

    /// <summary>Where CRIU works, or empty.</summary>
    public string CriuWorkPath { get; init; } = "";

    /// <summary>Restore from here instead of creating, if not empty.</summary>
    public string Checkpoint { get; init; } = "";

    /// <summary>The checkpoint it builds on.</summary>
    public string ParentCheckpoint { get; init; } = "";

    /// <summary>Whether what is mounted as root file system is its engine's to take away: it is there over all runs.</summary>
    public bool LeavesRootfs { get; init; }
}
