// Names of images as people write them (distribution's reference grammar, with Docker's defaults).
using System.Diagnostics.CodeAnalysis;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Oci.References;

/// <summary>A repository in a registry, and a tag or a digest or both in it.</summary>
public sealed record ImageReference
{
    /// <summary>Where a name without a registry is looked for.</summary>
    public const string DefaultRegistry = "docker.io";

    /// <summary>The tag where none is named.</summary>
    public const string DefaultTag = "latest";

    // distribution/reference: of the whole name without tag and digest.
    private const int LongestName = 255, LongestTag = 128;

    private ImageReference(string registry, string repository) => (Registry, Repository) = (registry, repository);

    /// <summary>Host, and perhaps port.</summary>
    public string Registry { get; }

    /// <summary>Path in it.</summary>
    public string Repository { get; }

    /// <summary>The tag, or null.</summary>
    public string? Tag { get; init; }

    /// <summary>The digest; the default where there is none.</summary>
    public Digest Digest { get; init; }

    /// <summary>Registry and repository.</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary>As a registry is asked for it: the digest, else the tag.</summary>
    public string TagOrDigest => Digest.IsEmpty ? Tag ?? DefaultTag : Digest.ToString();

    /// <summary>Reads one; a name without a registry is Docker Hub's, one without tag and digest is <c>latest</c>.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is none.</exception>
    public static ImageReference Parse(string text)
    {
        ImageName name = ImageName.Parse(text);
        return name.In(name.Registry ?? DefaultRegistry).WithDefaultTag();
    }

    /// <summary>As <see cref="Parse"/>; false where it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageReference? reference)
    {
        reference = null;
        if (!ImageName.TryParse(text, out ImageName? name, out _)) return false;
        reference = name.In(name.Registry ?? DefaultRegistry).WithDefaultTag();
        return true;
    }

    /// <summary>From its parts; the registry may have another name for the same place.</summary>
    internal static ImageReference Of(string registry, string repository) =>
        registry is "index.docker.io" or "registry-1.docker.io" ? Of(DefaultRegistry, repository)
        : registry == DefaultRegistry && !repository.Contains('/') ? new(registry, "library/" + repository)
        : new(registry, repository);

    /// <summary>With <c>latest</c>, if it has neither tag nor digest.</summary>
    public ImageReference WithDefaultTag() => Tag is null && Digest.IsEmpty ? this with { Tag = DefaultTag } : this;

    /// <summary>The same repository elsewhere.</summary>
    public ImageReference At(string registry, string repository) => new(registry, repository) { Tag = Tag, Digest = Digest };

    /// <summary>As people write it: without what they leave out.</summary>
    public string Familiar
    {
        get
        {
            string name = Registry != DefaultRegistry ? Name : Repository.StartsWith("library/", StringComparison.Ordinal) && Repository.IndexOf('/', 8) < 0 ? Repository[8..] : Repository;
            return name + Suffix;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name + Suffix;

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest.IsEmpty ? "" : "@" + Digest);

    /// <summary>Whether it may be a tag.</summary>
    public static bool IsTag(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > LongestTag || text[0] is '.' or '-') return false;
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-')) return false;
        }
        return true;
    }

    /// <summary>Whether it may be a repository: components of small letters and digits with <c>.</c>, <c>_</c>, <c>__</c> or hyphens between them.</summary>
    public static bool IsRepository(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > LongestName) return false;
        foreach (Range range in text.Split('/'))
        {
            if (!IsComponent(text[range])) return false;
        }
        return true;
    }

    /// <summary>Whether it may be a registry: a host name, an IPv4 address or an IPv6 one in brackets, and perhaps a port.</summary>
    public static bool IsRegistry(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return false;
        int colon = text.LastIndexOf(':');
        if (colon >= 0 && text[colon..].IndexOf(']') < 0)
        {
            ReadOnlySpan<char> port = text[(colon + 1)..];
            if (port.Length is 0 or > 5 || port.ContainsAnyExceptInRange('0', '9')) return false;
            text = text[..colon];
        }
        if (text is ['[', .. { Length: > 0 } address, ']']) return System.Net.IPAddress.TryParse(address, out _);
        foreach (Range range in text.Split('.'))
        {
            ReadOnlySpan<char> part = text[range];
            if (part.IsEmpty || part[0] == '-' || part[^1] == '-') return false;
            foreach (char c in part)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c != '-') return false;
            }
        }
        return true;
    }

    private static bool IsComponent(ReadOnlySpan<char> text)
    {
        int at = 0;
        while (true)
        {
            int begin = at;
            while (at < text.Length && (char.IsAsciiLetterLower(text[at]) || char.IsAsciiDigit(text[at]))) at++;
            if (at == begin) return false;
            if (at == text.Length) return true;
            begin = at;
            while (at < text.Length && text[at] is '.' or '_' or '-') at++;
            ReadOnlySpan<char> between = text[begin..at];
            if (between is not ("." or "_" or "__") && between.ContainsAnyExcept('-')) return false;
            if (between.IsEmpty) return false;
        }
    }
}
