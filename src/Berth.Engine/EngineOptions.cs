// Where an engine keeps things, and which files of the host it reads.
namespace Berth.Engine;

/// <summary>Options of an engine. What is left out is what everybody has.</summary>
public sealed record EngineOptions
{
    /// <summary>Folder of the local store; null: /var/lib/berth for root, else ~/.local/share/berth.</summary>
    public string? Root { get; init; }

    /// <summary>registries.conf; null: where podman and skopeo look.</summary>
    public string? RegistriesFile { get; init; }

    /// <summary>Folder of what does not outlive the host's start: attachments, leases, names. Null: /run/berth-engine for root, else in XDG_RUNTIME_DIR; where <see cref="Root"/> is given, its folder <c>run</c>.</summary>
    public string? RunRoot { get; init; }

    /// <summary>OCI runtime of containers that name none, by name or path; null: ours.</summary>
    public string? Runtime { get; init; }

    /// <summary>The program that serves names of networks; null: berth-cni beside this program, or where it is installed.</summary>
    public string? NameServer { get; init; }

    /// <summary>Where subnets are taken from that nobody chose; empty: 10.89.0.0/16 and on to 10.255.0.0/16, each network a /24.</summary>
    public IReadOnlyList<Networks.AddressPool> AddressPools { get; init; } = [];

    /// <summary>The folder that is used for what does not outlive the host's start.</summary>
    internal string RunFolder => RunRoot ?? (Root is not null ? $"{Root}/run" : Rootless.UserSession.IsRoot ? "/run/berth-engine"
        : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? $"{own}/berth-engine" : $"{RootFolder}/run");

    /// <summary>The folder that is used.</summary>
    internal string RootFolder => Root ?? (Rootless.UserSession.IsRoot ? "/var/lib/berth"
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data ? data : Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".local/share"), "berth"));
}
