// How a registry is reached.
using System.Security.Cryptography.X509Certificates;
using Berth.Distribution.Authentication;

namespace Berth.Distribution.Protocol;

/// <summary>One registry's address, and who we are to it.</summary>
public sealed record RegistryOptions
{
    /// <summary>Host and port, as names of images have it.</summary>
    public required string Registry { get; init; }

    /// <summary>Where its interface begins, if that is not <c>https://REGISTRY/v2/</c>.</summary>
    public Uri? Address { get; init; }

    /// <summary>Who we are; null: anybody, or whom <see cref="Credentials"/> finds.</summary>
    public Credential? Credential { get; init; }

    /// <summary>Finds out who we are for one of its repositories, or for none in particular (""), when it asks for it.</summary>
    public Func<string, CancellationToken, Task<Credential?>>? Credentials { get; init; }

    /// <summary>Speak plain HTTP where it has no TLS, and believe any certificate.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Authorities that are believed besides the system's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Certificates by which we show who we are.</summary>
    public X509Certificate2Collection? ClientCertificates { get; init; }

    /// <summary>Headers that are sent to it, and to nobody else.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Headers { get; init; }

    /// <summary>The registry whose images it stands in for (the parameter <c>ns</c> of containerd's mirrors); null: its own.</summary>
    public string? Namespace { get; init; }

    /// <summary>How often a request is repeated that failed for a reason that may pass.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>How long a registry may be silent in the middle of an answer.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Over how many connections a large blob is fetched at the same time; null: several, except from this machine; 1: over one.</summary>
    public int? ParallelRanges { get; init; }

    /// <summary>Upload blobs in pieces of so many bytes; null: in one, unless the registry wants pieces.</summary>
    public int? ChunkBytes { get; init; }

    /// <summary>The program's name in requests.</summary>
    public string UserAgent { get; init; } = "berth/0.1";

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Credentials are in none of its texts.</summary>
    public override string ToString() => $"{nameof(RegistryOptions)} {{ {Registry} }}";
}
