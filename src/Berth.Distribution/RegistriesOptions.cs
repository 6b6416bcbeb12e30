// What a user may say of how registries are reached; what he does not say is in configuration files.
using Berth.Distribution.Authentication;
using Berth.Distribution.Configuration;

namespace Berth.Distribution;

/// <summary>All of it may be left out.</summary>
public sealed record RegistriesOptions
{
    /// <summary>The file with credentials, and the only one; null: REGISTRY_AUTH_FILE, then where podman, skopeo and docker keep theirs.</summary>
    public string? AuthFile { get; init; }

    /// <summary>registries.conf; null: CONTAINERS_REGISTRIES_CONF, then the user's, then the system's.</summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>A folder with certificates for every registry; null: certs.d, by host.</summary>
    public string? CertificateFolder { get; init; }

    /// <summary>Whether https and a trusted certificate are required; null: as configured, and of registries on this machine they are not.</summary>
    public bool? TlsVerify { get; init; }

    /// <summary>Who we are to the registry that an image's name has, whatever files say. Its mirrors are not told.</summary>
    public Credential? Credential { get; init; }

    /// <summary>Be nobody, whatever files say.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>How often a request is repeated that failed for a reason that may pass.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>How long a registry may be silent.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Over how many connections a large blob is fetched at the same time; null: several where that helps; 1: over one.</summary>
    public int? ParallelRanges { get; init; }

    /// <summary>Upload blobs in pieces of so many bytes; null: in one, unless the registry wants pieces.</summary>
    public int? ChunkBytes { get; init; }

    /// <summary>The program's name in requests.</summary>
    public string UserAgent { get; init; } = "berth/0.1";

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where files lie; null: as this process' environment has it.</summary>
    internal Places? Places { get; init; }
}

/// <summary>What is done when a short name could be several images.</summary>
public enum ShortNameMode
{
    /// <summary>The user is asked; where nobody can be asked, nothing is pulled.</summary>
    Enforcing,

    /// <summary>The user is asked; where nobody can be asked, each is tried.</summary>
    Permissive,

    /// <summary>Each is tried.</summary>
    Disabled,
}
