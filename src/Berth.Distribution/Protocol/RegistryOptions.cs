// How a registry is reached.
using System.Security.Cryptography.X509Certificates;
using Berth.Distribution.Authentication;

namespace Berth.Distribution.Protocol;

/// <summary>One registry's address, and who we are to it.</summary>
public sealed record RegistryOptions
{
    /// <summary>Host and port, as names of images have it.</summary>
    public required string Registry { get; init; }

    /// <summary>Who we are; null: anybody.</summary>
    public Credential? Credential { get; init; }

    /// <summary>Speak plain HTTP, and believe any certificate.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Authorities that are believed besides the system's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Certificates by which we show who we are.</summary>
    public X509Certificate2Collection? ClientCertificates { get; init; }

    /// <summary>How often a request is repeated that failed for a reason that may pass.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>How long a registry may be silent in the middle of an answer.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The program's name in requests.</summary>
    public string UserAgent { get; init; } = "berth/0.1";

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
