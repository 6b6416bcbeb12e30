// Names that an engine gives, before they become names of files and words of a command line.
using Berth.Oci.Faults;

namespace Berth.Shim.Keeping;

/// <summary>What ids and bundles may be.</summary>
internal static class KeptNames
{
    // A file's name is at most 255 bytes, and ours add to it.
    private const int Longest = 200;

    /// <summary>Letters, digits and <c>_ . - +</c>, as runtimes take them, not beginning with what would be an option or a hidden file.</summary>
    /// <exception cref="BerthException">It is anything else.</exception>
    public static void Check(string kind, string id)
    {
        bool plain = id.Length is > 0 and <= Longest && id[0] is not ('-' or '.' or '+');
        foreach (char c in id) plain &= char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '+';
        if (!plain) throw new BerthException(Fault.InvalidArgument, $"{kind} id {Quoted(id)} is invalid", "letters, digits, and _ . - + behind the first");
    }

    /// <summary>An absolute path.</summary>
    /// <exception cref="BerthException">It is none.</exception>
    public static void CheckBundle(string path)
    {
        if (path.Length < 2 || path[0] != '/' || path.Contains('\0')) throw new BerthException(Fault.InvalidArgument, $"bundle {Quoted(path)} is no absolute path");
    }

    private static string Quoted(string text)
    {
        if (text.Length > Longest) text = text[..Longest] + "…";
        Span<char> plain = text.ToCharArray();
        foreach (ref char c in plain) c = char.IsControl(c) ? '?' : c;
        return $"\"{plain}\"";
    }
}
