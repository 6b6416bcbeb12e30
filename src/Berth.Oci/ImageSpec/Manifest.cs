// Manifests and indexes as records (image-spec, manifest.md and image-index.md; Docker's schema 2 has the same members).
using Berth.Oci.Content;

namespace Berth.Oci.ImageSpec;

/// <summary>One image: its configuration and its layers; or an artifact.</summary>
public sealed record ImageManifest
{
    /// <summary>2.</summary>
    public int SchemaVersion { get; init; } = 2;

    /// <summary>What it says it is.</summary>
    public string? MediaType { get; init; }

    /// <summary>What an artifact is.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The configuration.</summary>
    public Descriptor? Config { get; init; }

    /// <summary>The layers, the lowest first.</summary>
    public IReadOnlyList<Descriptor>? Layers { get; init; }

    /// <summary>The manifest that it says something of.</summary>
    public Descriptor? Subject { get; init; }

    /// <summary>Whatever somebody wanted to say of it.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>Manifests for several platforms under one name.</summary>
public sealed record ImageIndex
{
    /// <summary>2.</summary>
    public int SchemaVersion { get; init; } = 2;

    /// <summary>What it says it is.</summary>
    public string? MediaType { get; init; }

    /// <summary>What an artifact is.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>What is in it.</summary>
    public IReadOnlyList<Descriptor>? Manifests { get; init; }

    /// <summary>The manifest that it says something of.</summary>
    public Descriptor? Subject { get; init; }

    /// <summary>Whatever somebody wanted to say of it.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>The best of its images for a platform; null where none runs there.</summary>
    public Descriptor? Choose(Platform platform)
    {
        Descriptor? best = null;
        int least = int.MaxValue;
        foreach (Descriptor candidate in Manifests ?? [])
        {
            // One that names no platform is for everybody, and the last resort.
            int? distance = candidate.Platform is { Os.Length: > 0 } offered ? platform.Distance(offered) : IsForAll(candidate) ? 1000 : null;
            if (distance is not { } d || d >= least) continue;
            (best, least) = (candidate, d);
        }
        return best;
    }

    private static bool IsForAll(Descriptor candidate) =>
        candidate.Platform is null && candidate.ArtifactType is null && Content.MediaType.KindOf(candidate.MediaType) is ManifestKind.Manifest or ManifestKind.Index;
}
