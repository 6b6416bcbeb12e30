// Names of images as tables show them.
using Berth.Cli.Verbs;
using Berth.Oci.Content;
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
        (string repository, string tag) = SplitWhole(name);
        return (Familiar(repository), tag);
    }

    /// <summary>The same, with nothing left out.</summary>
    public static (string Repository, string Tag) SplitWhole(string name)
    {
        int at = name.IndexOf('@');
        if (at >= 0) return (name[..at], name[(at + 1)..]);
        int colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? (name[..colon], name[(colon + 1)..]) : (name, None);
    }

    /// <summary>The id as a verb prints it: podman leaves out its algorithm.</summary>
    public static string Id(Session session, Digest id) => session.Role == Role.Podman ? id.Encoded : id.ToString();

    /// <summary>A name for what was made here: docker means Docker Hub's where no registry is named, podman localhost's.</summary>
    public static string ForLocal(Session session, string name) => session.Role == Role.Podman && ImageName.TryParse(name, out ImageName? parsed, out _) && parsed.IsShort ? $"localhost/{name}" : name;

    /// <summary>A name as it is shown: podman writes it whole.</summary>
    public static string Shown(Session session, string name) => session.Role == Role.Podman ? name : Familiar(name);

    /// <summary>With what people leave out left out.</summary>
    public static string Familiar(string name)
    {
        const string Hub = ImageReference.DefaultRegistry + "/", Official = Hub + "library/";
        if (name.StartsWith(Official, StringComparison.Ordinal)) return name[Official.Length..];
        return name.StartsWith(Hub, StringComparison.Ordinal) ? name[Hub.Length..] : name;
    }
}
