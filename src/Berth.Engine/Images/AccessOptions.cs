// How registries are spoken to, where a caller wants it otherwise than configured.
namespace Berth.Engine.Images;

/// <summary>Who we are to registries, and whom we believe. What is left out is taken from the configuration files of the host.</summary>
public sealed record AccessOptions
{
    /// <summary>File with credentials; null: where podman, skopeo and docker look.</summary>
    public string? AuthFile { get; init; }

    /// <summary>Folder with authorities and certificates; null: the host's certs.d.</summary>
    public string? CertificateFolder { get; init; }

    /// <summary>Whether TLS is required and certificates are verified; null: as configured.</summary>
    public bool? TlsVerify { get; init; }

    /// <summary>Name of a user, with <see cref="Password"/>.</summary>
    public string? User { get; init; }

    /// <summary>The password.</summary>
    public string? Password { get; init; }

    /// <summary>A token that is sent as it is.</summary>
    public string? RegistryToken { get; init; }

    /// <summary>Use no credentials, even where some are stored.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Folder in which several OCI layouts share their blobs.</summary>
    public string? SharedBlobFolder { get; init; }

    /// <inheritdoc/>
    // A record prints all it has, and this one has a password.
    public override string ToString() => $"access as {User ?? (RegistryToken is not null ? "the bearer of a token" : IsAnonymous ? "nobody" : "configured")}";
}
