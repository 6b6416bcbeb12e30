// The words of overlayfs and of layers for what is removed: which attributes are whose.
namespace Berth.Store.Layers;

/// <summary>Names with a meaning.</summary>
internal static class OverlayNames
{
    /// <summary>In an archive: the directory hides those below it.</summary>
    public static ReadOnlySpan<byte> OpaqueEntry => ".wh..wh..opq"u8;

    /// <summary>Marks of overlayfs itself.</summary>
    public static bool IsOverlay(string attribute) =>
        attribute.StartsWith("trusted.overlay.", StringComparison.Ordinal) || attribute.StartsWith("user.overlay.", StringComparison.Ordinal);

    /// <summary>What is neither taken from an archive nor put into one: marks of overlayfs, and what only this host's policies give a meaning.</summary>
    public static bool IsReserved(string attribute) => IsOverlay(attribute) || attribute is "security.selinux" or "security.evm" or "system.nfs4_acl";

    /// <summary>Marks that say that the node's content or name is to be looked for in a lower layer.</summary>
    public static bool IsElsewhere(string attribute, bool userAttributes) => userAttributes
        ? attribute is "user.overlay.redirect" or "user.overlay.metacopy"
        : attribute is "trusted.overlay.redirect" or "trusted.overlay.metacopy";

    /// <summary>Whether the value of an opaque mark says so.</summary>
    public static bool SaysOpaque(byte[]? value) => value is [(byte)'y'];
}
