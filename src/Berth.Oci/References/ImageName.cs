// A name as it was typed: perhaps without a registry, in which case its reader decides where to look.
using System.Diagnostics.CodeAnalysis;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Oci.References;

/// <summary>What was typed, taken apart.</summary>
public sealed record ImageName
{
    /// <summary>The registry, or null for a short name.</summary>
    public string? Registry { get; private init; }

    /// <summary>The path.</summary>
    public required string Repository { get; init; }

    /// <summary>The tag, or null.</summary>
    public string? Tag { get; private init; }

    /// <summary>The digest; the default where there is none.</summary>
    public Digest Digest { get; private init; }

    /// <summary>Whether it names no registry.</summary>
    public bool IsShort => Registry is null;

    /// <summary>Reads one.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is none; why is said.</exception>
    public static ImageName Parse(string text) =>
        TryParse(text, out ImageName? name, out string? reason) ? name
        : throw new BerthException(Fault.InvalidArgument, $"'{(text.Length > 100 ? text[..100] + "…" : text)}' is no name of an image: {reason}",
            text.Any(char.IsAsciiLetterUpper) && reason.StartsWith("the repository", StringComparison.Ordinal) ? "repositories have small letters only" : null);

    /// <summary>As <see cref="Parse"/>; false where it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageName? name, [NotNullWhen(false)] out string? reason)
    {
        name = null;
        reason = null;
        if (string.IsNullOrEmpty(text)) { reason = "it is empty"; return false; }
        // 64 digits would also be the id of an image.
        if (text.Length == 64 && Digest.IsHexadecimal(text)) { reason = "it is an id"; return false; }
        Digest digest = default;
        string rest = text;
        int at = text.IndexOf('@');
        if (at >= 0)
        {
            if (!Digest.TryParse(text[(at + 1)..], out digest)) { reason = "what stands behind @ is no digest"; return false; }
            rest = text[..at];
        }
        string? tag = null;
        int colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!ImageReference.IsTag(tag)) { reason = $"'{Cut(tag)}' is no tag"; return false; }
        }
        string? registry = null;
        int slash = rest.IndexOf('/');
        if (slash >= 0 && LooksLikeHost(rest.AsSpan(0, slash)))
        {
            registry = rest[..slash];
            rest = rest[(slash + 1)..];
            if (!ImageReference.IsRegistry(registry)) { reason = $"'{Cut(registry)}' is no registry"; return false; }
        }
        if (!ImageReference.IsRepository(rest) || (registry?.Length ?? 0) + rest.Length + 1 > 256) { reason = $"the repository '{Cut(rest)}' is not made of small letters, digits, and . _ - between them"; return false; }
        name = new ImageName { Registry = registry, Repository = rest, Tag = tag, Digest = digest };
        return true;
    }

    /// <summary>It, in a registry.</summary>
    public ImageReference In(string registry) => ImageReference.Of(registry, Repository) with { Tag = Tag, Digest = Digest };

    private static bool LooksLikeHost(ReadOnlySpan<char> text) => text.ContainsAny('.', ':') || text is "localhost" || text.ContainsAnyInRange('A', 'Z');

    private static string Cut(string text) => text.Length > 100 ? text[..100] + "…" : text;
}
