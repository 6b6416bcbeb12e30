// What the layers of an image contain, read from their tars: no root and no unpacked files are needed.
using System.Text;
using Berth.Images.Compressed;
using Berth.Images.Copying;
using Berth.Images.Tar;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Analysis;

/// <summary>A member of a layer.</summary>
/// <param name="Path">Where, without a slash in front.</param>
/// <param name="Kind">What.</param>
/// <param name="Size">Bytes of its content.</param>
/// <param name="Removal">Whether it takes something of the layers below away.</param>
internal readonly record struct LayerMember(string Path, TarKind Kind, long Size, Removal Removal);

/// <summary>What a member says of the layers below.</summary>
internal enum Removal
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The path is gone.</summary>
    Whiteout,

    /// <summary>All that is in the directory is gone.</summary>
    Opaque,
}

/// <summary>Reads layers.</summary>
internal static class LayerFiles
{
    private const string Prefix = ".wh.", OpaqueMark = ".wh..wh..opq";

    /// <summary>The members of each layer, the lowest layer first, handed on as they are read.</summary>
    public static async Task ReadAsync(IImageSource source, ManifestDocument manifest, Action<int, LayerMember> member, CancellationToken ct)
    {
        int index = 0;
        foreach (Descriptor blob in manifest.Manifest?.Layers ?? [])
        {
            if (!MediaType.IsLayer(blob.MediaType)) continue;
            Stream stream = await source.OpenBlobAsync(blob, 0, ct).ConfigureAwait(false);
            int layer = index++;
            await using (stream.ConfigureAwait(false)) await Task.Run(() => Read(stream, one => member(layer, one), ct), ct).ConfigureAwait(false);
        }
        if (index == 0) throw new BerthException(Fault.InvalidArgument, $"{source.Name} has no layers");
    }

    private static void Read(Stream blob, Action<LayerMember> member, CancellationToken ct)
    {
        using Stream tar = LayerCompression.Open(blob);
        using TarReader reader = new(tar);
        while (reader.Next() is { } entry)
        {
            ct.ThrowIfCancellationRequested();
            string path = Normal(Encoding.UTF8.GetString(entry.Path));
            int slash = path.LastIndexOf('/');
            string name = path[(slash + 1)..], folder = slash < 0 ? "" : path[..slash];
            if (name == OpaqueMark) member(new LayerMember(folder, TarKind.Directory, 0, Removal.Opaque));
            else if (name.StartsWith(".wh..wh.", StringComparison.Ordinal)) continue;
            else if (name.StartsWith(Prefix, StringComparison.Ordinal)) member(new LayerMember(folder.Length == 0 ? name[4..] : $"{folder}/{name[4..]}", entry.Kind, 0, Removal.Whiteout));
            else if (path.Length > 0) member(new LayerMember(path, entry.Kind, entry.Kind == TarKind.File ? entry.Size : 0, Removal.None));
        }
    }

    /// <summary>A path as a key: without dots, and never out of the root.</summary>
    internal static string Normal(string path)
    {
        List<string> parts = [];
        foreach (string part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0) parts.RemoveAt(parts.Count - 1);
            else if (part is not ("" or "." or "..")) parts.Add(part);
        }
        return string.Join('/', parts);
    }
}
