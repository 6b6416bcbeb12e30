// Where an image is or is to be, as people write it: docker://quay.io/a/b:c, oci:folder:tag, a plain name for the local store.
using Berth.Oci.Faults;

namespace Berth.Engine.Images;

/// <summary>A transport and what it makes of the rest.</summary>
public sealed record ImagePlace
{
    private ImagePlace(Transport transport, string rest) => (Transport, Rest) = (transport, rest);

    /// <summary>How it is reached.</summary>
    internal Transport Transport { get; }

    /// <summary>What stands behind the colon and its slashes.</summary>
    public string Rest { get; }

    /// <summary>The word before the colon; empty for the local store.</summary>
    public string TransportName => Transport.Name;

    /// <summary>How each transport is written, for help texts.</summary>
    public static string Shapes => Transport.Shapes;

    /// <summary>Reads one. Without a word that is a transport, it is a name in the local store.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is malformed. Unsupported: a transport that exists elsewhere.</exception>
    public static ImagePlace Parse(string text) => TryTransport(text) ?? Checked(Transport.Local, text);

    /// <summary>Reads one that must name its transport, as skopeo wants it.</summary>
    /// <exception cref="BerthException">As <see cref="Parse"/>; InvalidArgument also where no transport is named.</exception>
    public static ImagePlace ParseExplicit(string text)
    {
        if (TryTransport(text) is { } place) return place;
        int colon = text.IndexOf(':');
        throw new BerthException(Fault.InvalidArgument, colon < 0 ? $"'{text}' names no transport" : $"'{text}' names the transport '{text[..colon]}', which is unknown", $"write TRANSPORT:DETAILS with one of {Transport.Names}");
    }

    private static ImagePlace? TryTransport(string text)
    {
        int colon = text.IndexOf(':');
        return colon > 0 && Transport.Find(text[..colon]) is { } transport ? Checked(transport, text[(colon + 1)..]) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => TransportName.Length == 0 ? Rest : $"{TransportName}:{(Transport.Slashes ? "//" : "")}{Rest}";

    private static ImagePlace Checked(Transport transport, string rest)
    {
        if (transport.Refusal is { } reason) throw new BerthException(Fault.Unsupported, $"the transport {transport.Name} is not supported: {reason}", transport.Cure);
        if (rest.Length == 0 || rest == "//") throw new BerthException(Fault.InvalidArgument, $"'{transport.Name}:{rest}' names nothing", $"write {transport.Shape}");
        if (transport.Slashes && !rest.StartsWith("//", StringComparison.Ordinal)) throw new BerthException(Fault.InvalidArgument, $"'{transport.Name}:{rest}' has no // behind the colon", $"write {transport.Shape}");
        return new ImagePlace(transport, transport.Slashes ? rest[2..] : rest);
    }

    /// <summary>The part before the first colon, and the part behind it or null.</summary>
    internal (string Path, string? Name) Split()
    {
        int colon = Rest.IndexOf(':');
        (string path, string? name) = colon < 0 ? (Rest, null) : (Rest[..colon], Rest[(colon + 1)..]);
        if (path.Length == 0) throw new BerthException(Fault.InvalidArgument, $"'{this}' names no path", $"write {Transport.Shape}");
        return (path, string.IsNullOrEmpty(name) ? null : name);
    }
}
