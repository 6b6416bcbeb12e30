// Which machines an image runs on, and which of an index's images is the best for one (image-spec, image-index.md).
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Berth.Oci.Faults;

namespace Berth.Oci.Content;

/// <summary>Operating system and architecture, in Go's words (<c>linux/arm64</c>).</summary>
public sealed record Platform
{
    /// <summary>GOARCH.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>GOOS.</summary>
    public string Os { get; init; } = "";

    /// <summary>Version of the operating system; Windows only.</summary>
    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>Needed features of the operating system.</summary>
    [JsonPropertyName("os.features")]
    public IReadOnlyList<string>? OsFeatures { get; init; }

    /// <summary>Which of the processors of one architecture: v7, v8, v3.</summary>
    public string? Variant { get; init; }

    /// <summary>This machine's.</summary>
    public static Platform Host { get; } = new Platform
    {
        Os = "linux",
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            System.Runtime.InteropServices.Architecture.Arm => "arm",
            System.Runtime.InteropServices.Architecture.S390x => "s390x",
            System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
            System.Runtime.InteropServices.Architecture.RiscV64 => "riscv64",
            System.Runtime.InteropServices.Architecture.LoongArch64 => "loong64",
            _ => "unknown",
        },
        Variant = RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm ? "v7" : null,
    };

    /// <summary>Reads <c>os[/arch[/variant]]</c> or <c>arch</c>; what is left out is this machine's.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static Platform Parse(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length > 3 || parts.Any(static part => part.Length is 0 or > 64 || part.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.'))))
        {
            throw new BerthException(Fault.InvalidArgument, $"'{(text.Length > 100 ? text[..100] + "…" : text)}' is no platform", "write linux/amd64 or linux/arm64/v8");
        }
        if (parts.Length == 1)
        {
            return KnownSystems.Contains(parts[0].ToLowerInvariant())
                ? Host with { Os = parts[0].ToLowerInvariant() }
                : new Platform { Os = Host.Os, Architecture = parts[0] }.Normal();
        }
        return new Platform { Os = parts[0], Architecture = parts[1], Variant = parts.Length > 2 ? parts[2] : null }.Normal();
    }

    private static readonly string[] KnownSystems = ["linux", "windows", "darwin", "macos", "freebsd", "netbsd", "openbsd", "solaris", "aix", "android", "plan9", "dragonfly", "illumos", "js", "wasip1"];

    /// <summary>With the usual word where there are several, and without a variant that says nothing.</summary>
    public Platform Normal()
    {
        string architecture = Architecture.ToLowerInvariant(), os = Os.ToLowerInvariant();
        string? variant = string.IsNullOrEmpty(Variant) ? null : Variant.ToLowerInvariant();
        (architecture, variant) = architecture switch
        {
            "x86_64" or "x86-64" => ("amd64", variant),
            "i386" or "i686" => ("386", null),
            "aarch64" => ("arm64", variant),
            "armhf" => ("arm", "v7"),
            "armel" => ("arm", "v6"),
            _ => (architecture, variant),
        };
        variant = (architecture, variant) switch
        {
            ("arm64", "8" or "v8" or "v8.0") => null,
            ("amd64", "v1") => null,
            ("arm", null or "7") => "v7",
            ("arm", "5" or "6" or "8") => "v" + variant,
            _ => variant,
        };
        return this with { Os = os == "macos" ? "darwin" : os, Architecture = architecture, Variant = variant };
    }

    /// <summary>
    /// How well an image of <paramref name="offer"/> runs here: 0 is best, null is not at all. A processor of a higher variant
    /// executes the programs of lower ones, and one of arm64 those of arm.
    /// </summary>
    public int? Distance(Platform offer)
    {
        (Platform wanted, Platform offered) = (Normal(), offer.Normal());
        if (wanted.Os != offered.Os) return null;
        if (wanted.OsVersion is { Length: > 0 } version && offered.OsVersion is { Length: > 0 } other && version != other) return null;
        if (wanted.Architecture == offered.Architecture) return Variants(wanted.Variant, offered.Variant, wanted.Architecture);
        if ((wanted.Architecture, offered.Architecture) == ("arm64", "arm") && wanted.Variant is null) return 100 + (Variants("v8", offered.Variant, "arm") ?? 50);
        if ((wanted.Architecture, offered.Architecture) == ("amd64", "386") && wanted.Variant is null) return 200;
        return null;
    }

    private static int? Variants(string? wanted, string? offered, string architecture)
    {
        int most = Number(wanted, architecture), has = Number(offered, architecture);
        return has > most ? null : most - has;
    }

    // v3 of amd64, v7 of arm; a variant that is no number is that one or none.
    private static int Number(string? variant, string architecture)
    {
        if (variant is null) return architecture switch { "arm64" => 80, "amd64" => 10, _ => 0 };
        ReadOnlySpan<char> digits = variant.AsSpan().TrimStart('v');
        if (digits.IndexOf('.') is > 0 and int dot && int.TryParse(digits[..dot], out int major) && int.TryParse(digits[(dot + 1)..], out int minor)) return (major * 10) + Math.Min(minor, 9);
        return int.TryParse(digits, out int number) && number < 1000 ? number * 10 : 999;
    }

    /// <inheritdoc/>
    public override string ToString() => string.IsNullOrEmpty(Variant) ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";
}
