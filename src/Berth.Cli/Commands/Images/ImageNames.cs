// Names of images as tables show them.
using Berth.Oci.References;

namespace Berth.Cli.Commands.Images;

/// <summary>Full names, as the store has them, in the words of people.</summary>
internal static class ImageNames
{
    /// <summary>What is shown where there is nothing.</summary>
    public const string None = "<none>";

    /// <summary>docker.io/library/debian:12 becomes debian and 12. A list of a thousand does this for each, so it is done on the text.</summary>
    public static (string Repository, string Tag) Split(string name)
    {
        int at = name.IndexOf('@');
        if (at >= 0) return (Familiar(name[..at]), name[(at + 1)..]);
        int colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? (Familiar(name[..colon]), name[(colon + 1)..]) : (Familiar(name), None);
    }

    /// <summary>With what people leave out left out.</summary>
    public static string Familiar(string name)
    {
        const string Hub = ImageReference.DefaultRegistry + "/", Official = Hub + "library/";
        if (name.StartsWith(Official, StringComparison.Ordinal)) return name[Official.Length..];
        return name.StartsWith(Hub, StringComparison.Ordinal) ? name[Hub.Length..] : name;
    }
}
