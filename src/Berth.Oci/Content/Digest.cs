// The name of some bytes by what they are (image-spec, descriptor.md, "Digests").
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Berth.Oci.Faults;

namespace Berth.Oci.Content;

/// <summary>An algorithm and what it makes of the content: <c>sha256:6c3c62…</c>. The default value is no digest.</summary>
public readonly struct Digest : IEquatable<Digest>
{
    /// <summary>The algorithm that everybody has.</summary>
    public const string Sha256 = "sha256";

    /// <summary>The other one that registries know.</summary>
    public const string Sha512 = "sha512";

    // Longer ones are nobody's; they end up in paths and URLs.
    private const int Longest = 256;

    private readonly string? _text;
    private readonly int _colon;

    private Digest(string text, int colon) => (_text, _colon) = (text, colon);

    /// <summary>The word before the colon.</summary>
    public string Algorithm => _text is null ? "" : _text[.._colon];

    /// <summary>What stands behind it: for the algorithms that we know, lower-case hexadecimal digits.</summary>
    public string Encoded => _text is null ? "" : _text[(_colon + 1)..];

    /// <summary>Whether content can be compared with it here.</summary>
    public bool IsVerifiable => Algorithm is Sha256 or Sha512 or "sha384";

    /// <summary>Whether it is none.</summary>
    public bool IsEmpty => _text is null;

    /// <summary>The first twelve characters, as tables show them.</summary>
    public string Short => Encoded.Length > 12 ? Encoded[..12] : Encoded;

    /// <summary>That of some bytes, by SHA-256.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= ShortHash.Most ? new($"{Sha256}:{ShortHash.Hex(bytes)}", Sha256.Length) : From(Sha256, SHA256.HashData(bytes));

    /// <summary>From a finished hash.</summary>
    public static Digest From(string algorithm, ReadOnlySpan<byte> hash) => new($"{algorithm}:{Convert.ToHexStringLower(hash)}", algorithm.Length);

    /// <summary>Reads one.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is none.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out Digest digest) ? digest : throw new BerthException(Fault.InvalidArgument, $"'{Shown(text)}' is no digest", "one is sha256: and 64 lower-case hexadecimal digits");

    /// <summary>Reads one; false where it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null || text.Length > Longest) return false;
        int colon = text.IndexOf(':');
        if (colon <= 0 || !IsAlgorithm(text.AsSpan(0, colon))) return false;
        ReadOnlySpan<char> encoded = text.AsSpan(colon + 1);
        int hexadecimals = text[..colon] switch { Sha256 => 64, "sha384" => 96, Sha512 => 128, _ => 0 };
        if (hexadecimals > 0 ? encoded.Length != hexadecimals || !IsHexadecimal(encoded) : !IsEncoded(encoded)) return false;
        digest = new Digest(text, colon);
        return true;
    }

    /// <summary>A hash that this digest can be compared with.</summary>
    /// <exception cref="BerthException">Unsupported: an algorithm that is not here.</exception>
    public IncrementalHash NewHash() => IncrementalHash.CreateHash(Algorithm switch
    {
        Sha256 => HashAlgorithmName.SHA256,
        "sha384" => HashAlgorithmName.SHA384,
        Sha512 => HashAlgorithmName.SHA512,
        _ => throw new BerthException(Fault.Unsupported, $"content cannot be verified by the algorithm {Algorithm}"),
    });

    /// <summary>Whether these bytes are the content.</summary>
    public bool Matches(ReadOnlySpan<byte> bytes)
    {
        if (Algorithm == Sha256 && bytes.Length <= ShortHash.Most) return Of(bytes) == this;
        using IncrementalHash hash = NewHash();
        hash.AppendData(bytes);
        return From(Algorithm, hash.GetHashAndReset()) == this;
    }

    /// <inheritdoc/>
    public bool Equals(Digest other) => string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _text is null ? 0 : string.GetHashCode(_text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";

    /// <summary>Whether both name the same content by the same algorithm.</summary>
    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    /// <summary>Whether they do not.</summary>
    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    internal static bool IsHexadecimal(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigitLower(c)) return false;
        }
        return true;
    }

    private static string Shown(string text) => text.Length > 100 ? text[..100] + "…" : text;

    // Components of letters and digits with one of +._- between them.
    private static bool IsAlgorithm(ReadOnlySpan<char> text)
    {
        bool between = true;
        foreach (char c in text)
        {
            bool separator = c is '+' or '.' or '_' or '-';
            if (separator ? between : !(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))) return false;
            between = separator;
        }
        return !between;
    }

    private static bool IsEncoded(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('=' or '_' or '-')) return false;
        }
        return text.Length > 0;
    }
}
