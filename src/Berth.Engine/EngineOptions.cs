// Where an engine keeps things, and which files of the host it reads.
namespace Berth.Engine;

/// <summary>Options of an engine. What is left out is what everybody has.</summary>
public sealed record EngineOptions
{
    /// <summary>Folder of the local store; null: /var/lib/berth for root, else ~/.local/share/berth.</summary>
    public string? Root { get; init; }

    /// <summary>registries.conf; null: where podman and skopeo look.</summary>
    public string? RegistriesFile { get; init; }

    /// <summary>The folder that is used.</summary>
    internal string RootFolder => Root ?? (Rootless.UserSession.IsRoot ? "/var/lib/berth"
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data ? data : Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".local/share"), "berth"));
}
