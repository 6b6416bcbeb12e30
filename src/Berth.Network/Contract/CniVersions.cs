// Versions of the CNI specification: which are spoken, and how they compare.
using System.Globalization;

namespace Berth.Network.Contract;

/// <summary>Versions of the specification.</summary>
public static class CniVersions
{
    /// <summary>The newest that is spoken.</summary>
    public const string Current = "1.1.0";

    /// <summary>What is meant where none is said.</summary>
    public const string Oldest = "0.1.0";

    /// <summary>All that are spoken, oldest first.</summary>
    public static IReadOnlyList<string> All => ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

    /// <summary>Whether it is spoken.</summary>
    public static bool Speaks(string version) => version is "0.1.0" or "0.2.0" or "0.3.0" or "0.3.1" or "0.4.0" or "1.0.0" or "1.1.0";

    /// <summary>Whether a version is another one or newer; numbers that are not there are 0, and nothing at all is 0.1.0.</summary>
    /// <exception cref="CniException">One of them is no version.</exception>
    public static bool AtLeast(string version, string other) => Number(version) >= Number(other);

    /// <summary>Refuses what is not spoken.</summary>
    /// <exception cref="CniException">Code 1.</exception>
    public static void Require(string version)
    {
        if (!Speaks(version)) throw new CniException(CniCode.IncompatibleVersion, "incompatible CNI versions", $"config is \"{version}\", plugin supports [\"{string.Join("\" \"", All)}\"]");
    }

    /// <summary>A version as one number that compares.</summary>
    internal static long Number(string version)
    {
        ArgumentNullException.ThrowIfNull(version);
        if (version.Length == 0) return Number(Oldest);
        long number = 0;
        int parts = 0;
        foreach (Range range in version.AsSpan().Split('.'))
        {
            if (++parts > 3 || !uint.TryParse(version.AsSpan()[range], NumberStyles.None, CultureInfo.InvariantCulture, out uint part) || part >= 1 << 20)
            {
                throw new CniException(CniCode.Decoding, $"cannot read the version of CNI \"{version}\": up to three numbers with dots are wanted");
            }
            number = (number << 20) | part;
        }
        return number << (20 * (3 - parts));
    }
}
