// How an image is pulled and pushed.
using Berth.Oci.Content;
using Berth.Oci.References;

namespace Berth.Engine.Images;

/// <summary>When a registry is asked.</summary>
public enum PullPolicy
{
    /// <summary>Always; what is there already is not fetched again.</summary>
    Always,

    /// <summary>If the image is not there.</summary>
    Missing,

    /// <summary>Never: it must be there.</summary>
    Never,
}

/// <summary>How an image is pulled.</summary>
public sealed record PullOptions
{
    /// <summary>When.</summary>
    public PullPolicy Policy { get; init; }

    /// <summary>For which machine; null: this one.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Registries.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>How often the whole is begun again when it fails for a reason that may pass.</summary>
    public int Retries { get; init; }

    /// <summary>Before that.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>Asked which of several images a short name means; null, or null as its answer: it is not asked, and the host's configuration decides.</summary>
    public Func<IReadOnlyList<ImageReference>, ImageReference?>? Choose { get; init; }
}

/// <summary>How an image is pushed.</summary>
public sealed record PushOptions : TransferOptions
{
    /// <summary>Registries.</summary>
    public AccessOptions Access { get; init; } = new();
}
