// What registries.conf says of one registry, or of a part of it.
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Distribution.Configuration;

/// <summary>For which names a mirror is asked.</summary>
internal enum PullFromMirror
{
    /// <summary>For all.</summary>
    All,

    /// <summary>For names with a digest.</summary>
    DigestOnly,

    /// <summary>For names without one.</summary>
    TagOnly,
}

/// <summary>Another place with the same images.</summary>
/// <param name="Location">Registry and perhaps path, in place of the rule's prefix.</param>
/// <param name="IsInsecure">Whether it may be spoken to in plain words.</param>
/// <param name="Pull">For which names.</param>
internal sealed record Mirror(string Location, bool IsInsecure, PullFromMirror Pull);

/// <summary>One table <c>[[registry]]</c>.</summary>
internal sealed record RegistryRule
{
    /// <summary>Of which names: the beginning of one, or <c>*.example.com</c>.</summary>
    public required string Prefix { get; init; }

    /// <summary>What stands there instead of the prefix; null: the prefix.</summary>
    public string? Location { get; init; }

    public bool IsInsecure { get; init; }

    public bool IsBlocked { get; init; }

    public IReadOnlyList<Mirror> Mirrors { get; init; } = [];

    /// <summary>How much of a name it is for; 0: it is not for it.</summary>
    public int Covers(ImageReference image)
    {
        if (Prefix.StartsWith("*.", StringComparison.Ordinal)) return image.Registry.Length >= Prefix.Length && image.Registry.EndsWith(Prefix.AsSpan(1), StringComparison.Ordinal) ? Prefix.Length : 0;
        string text = image.ToString();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)) return 0;
        return text.Length == Prefix.Length || text[Prefix.Length] is '/' or ':' or '@' ? Prefix.Length : 0;
    }

    /// <summary>The name where it is in truth.</summary>
    public ImageReference Rewrite(ImageReference image, string? location)
    {
        if (location is null || location == Prefix) return image;
        // A pattern stands for the registry alone.
        string rest = Prefix.StartsWith("*.", StringComparison.Ordinal) ? "/" + image.Repository : image.Name[Math.Min(Prefix.Length, image.Name.Length)..];
        string name = location + rest;
        int slash = name.IndexOf('/');
        string registry = slash < 0 ? name : name[..slash], repository = slash < 0 ? "" : name[(slash + 1)..];
        if (!ImageReference.IsRegistry(registry) || !ImageReference.IsRepository(repository)) throw new BerthException(Fault.InvalidArgument, $"registries.conf makes '{name}' of {image.Name}, which is no name of an image");
        return image.At(registry, repository);
    }
}
