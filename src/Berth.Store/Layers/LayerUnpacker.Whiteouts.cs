// What a layer takes away from those below it (image-spec, layer.md, "Whiteouts"), and what AUFS left behind in old images.
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Store.Layers;

internal sealed partial class LayerUnpacker
{
    // AUFS kept files with several names here; old layers have them first and hard links to them after.
    private static ReadOnlySpan<byte> LinkFolder => ".wh..wh.plnk"u8;

    /// <summary>Whether it is bookkeeping of AUFS. Files of its link folder are unpacked, for links to them, and go at the end.</summary>
    private bool IsAufs(ReadOnlySpan<byte> path, TarKind kind)
    {
        if (path.StartsWith(LinkFolder) && path.Length > LinkFolder.Length && path[LinkFolder.Length] == (byte)'/' && kind == TarKind.File)
        {
            _hasLinkFolder = true;
            return false;
        }
        for (int at = 0; ;)
        {
            ReadOnlySpan<byte> part = path[at..];
            int slash = part.IndexOf((byte)'/');
            if (slash >= 0) part = part[..slash];
            if (part.StartsWith(".wh..wh."u8) && !(slash < 0 && part.SequenceEqual(OverlayNames.OpaqueEntry)))
            {
                _leftOut.AufsName();
                return true;
            }
            if (slash < 0) return false;
            at += slash + 1;
        }
    }

    private void Whiteout(KnownDirectory parent, ReadOnlySpan<byte> name, TarEntry entry)
    {
        if (name.SequenceEqual(OverlayNames.OpaqueEntry))
        {
            parent.IsOpaque = true;
            return;
        }
        ReadOnlySpan<byte> hidden = name[4..];
        if (hidden.IsEmpty || hidden is [(byte)'.'] or [(byte)'.', (byte)'.']) throw LayerPath.Refusal(entry.Path, "it is a whiteout of nothing that can be removed");
        Hide(parent, hidden, entry);
    }

    /// <summary>
    /// Hides what the layers below have of this name, wherever in the archive it is said. What this layer has of it stays:
    /// a directory becomes opaque, anything else hides already.
    /// </summary>
    private void Hide(KnownDirectory parent, ReadOnlySpan<byte> name, TarEntry entry)
    {
        if (_directories.Find(LayerPath.Join(parent.Path, name)) is { } directory)
        {
            directory.IsOpaque = directory.IsReplaced = true;
            return;
        }
        Fd at = _directories.Open(parent);
        Errno errno = TreeFd.MakeNode(at, name, NodeType.CharacterDevice);
        if (errno == Errno.EEXIST) return;
        Check(errno, "make the whiteout", entry.Path);
        // Nothing keeps the time of a removal, so all have the same.
        Check(TreeOwnership.SetTime(at, name, default), "set the time of", entry.Path);
    }
}
