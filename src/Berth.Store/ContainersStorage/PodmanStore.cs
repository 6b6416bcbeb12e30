// The store of podman, buildah and CRI-O, read only: who changes over takes his images along (containers/storage, driver overlay).
using System.Text;
using System.Text.Json;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Store.ContainersStorage;

/// <summary>A layer as layers.json has it.</summary>
internal sealed record PodmanLayer(string Id, string? Parent, Digest DiffId, long Size);

/// <summary>An image as images.json has it.</summary>
public sealed record PodmanImage
{
    /// <summary>Its id: the hexadecimal digits of the digest of its configuration.</summary>
    public required string Id { get; init; }

    /// <summary>Full names.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The topmost layer; null: it has none.</summary>
    internal string? Layer { get; init; }
}

/// <summary>Reads a store in a folder.</summary>
public sealed class PodmanStore
{
    private const int MostJson = 256 << 20;

    private readonly string _root;

    /// <summary>The store in a folder, as <c>graphroot</c> of storage.conf names it.</summary>
    /// <exception cref="BerthException">NotFound: there is none. Unsupported: it has another driver than overlay.</exception>
    public PodmanStore(string root)
    {
        _root = Path.GetFullPath(root);
        if (Directory.Exists($"{_root}/overlay-images")) return;
        throw Directory.Exists($"{_root}/vfs-images") || Directory.Exists($"{_root}/btrfs-images") || Directory.Exists($"{_root}/zfs-images")
            ? new BerthException(Fault.Unsupported, $"{_root} has no driver overlay, and others are not read", "copy its images by skopeo into a layout, and from there")
            : new BerthException(Fault.NotFound, $"{_root} is no store of podman");
    }

    /// <summary>What is in it.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is damaged.</exception>
    public IReadOnlyList<PodmanImage> List()
    {
        if (!File.Exists($"{_root}/overlay-images/images.json")) return [];
        using JsonDocument document = Json("overlay-images/images.json");
        List<PodmanImage> images = [];
        try
        {
            foreach (JsonElement image in document.RootElement.EnumerateArray())
            {
                images.Add(new PodmanImage
                {
                    Id = Hexadecimal(image.GetProperty("id").GetString()),
                    Names = image.TryGetProperty("names", out JsonElement names) && names.ValueKind == JsonValueKind.Array ? [.. names.EnumerateArray().Select(static name => name.GetString() ?? "")] : [],
                    Layer = image.TryGetProperty("layer", out JsonElement layer) ? Hexadecimal(layer.GetString()) : null,
                });
            }
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException) { throw Damaged("images.json", e); }
        return images;
    }

    /// <summary>An image by its name, the beginning of its id, or as skopeo writes both (NAME@ID, @ID), as the source of a copy. Its layers come as they lie there: not compressed.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public IImageSource Source(string nameOrId)
    {
        IReadOnlyList<PodmanImage> images = List();
        string asked = nameOrId;
        // A digest has a colon; what is an id here says more than the name before it.
        if (nameOrId.LastIndexOf('@') is >= 0 and int at && nameOrId[(at + 1)..] is { Length: > 0 } id && id.All(char.IsAsciiHexDigitLower)) nameOrId = id;
        ImageReference.TryParse(nameOrId, out ImageReference? reference);
        string? full = reference?.WithDefaultTag().ToString();
        PodmanImage image = images.FirstOrDefault(one => one.Names.Contains(nameOrId) || (full is not null && one.Names.Contains(full)) || (reference is not null && one.Names.Contains("localhost/" + reference.Repository + ":" + (reference.Tag ?? ImageReference.DefaultTag))))
            ?? images.FirstOrDefault(one => nameOrId.Length >= 3 && one.Id.StartsWith(nameOrId.Replace("sha256:", "", StringComparison.Ordinal), StringComparison.Ordinal))
            ?? throw new BerthException(Fault.NotFound, $"containers-storage:[{_root}] has no image '{asked}'", images.Count == 0 ? "it is empty" : "it has " + string.Join(", ", images.SelectMany(static one => one.Names).Take(20)));
        return new PodmanSource(this, image);
    }

    internal string Root => _root;

    /// <summary>The layers of an image, the lowest first.</summary>
    internal IReadOnlyList<PodmanLayer> Layers(PodmanImage image)
    {
        if (image.Layer is null) return [];
        Dictionary<string, PodmanLayer> all = [];
        using JsonDocument document = Json("overlay-layers/layers.json");
        try
        {
            foreach (JsonElement layer in document.RootElement.EnumerateArray())
            {
                string id = Hexadecimal(layer.GetProperty("id").GetString());
                string? parent = layer.TryGetProperty("parent", out JsonElement p) && p.GetString() is { Length: > 0 } text ? Hexadecimal(text) : null;
                Digest diff = layer.TryGetProperty("diff-digest", out JsonElement d) && Digest.TryParse(d.GetString(), out Digest digest) ? digest : default;
                all[id] = new PodmanLayer(id, parent, diff, layer.TryGetProperty("diff-size", out JsonElement size) ? size.GetInt64() : 0);
            }
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException) { throw Damaged("layers.json", e); }
        List<PodmanLayer> layers = [];
        for (string? id = image.Layer; id is not null; id = layers[^1].Parent)
        {
            if (!all.TryGetValue(id, out PodmanLayer? layer) || layers.Count > ManifestDocument.MostEntries) throw Damaged("layers.json", null);
            layers.Add(layer);
        }
        layers.Reverse();
        return layers;
    }

    /// <summary>A large piece of an image's record: its manifest, its configuration.</summary>
    internal byte[] BigData(PodmanImage image, string key, int most)
    {
        // Names that are no plain ones are written in base64.
        bool isPlain = key.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
        string path = $"{_root}/overlay-images/{image.Id}/{(isPlain ? key : "=" + Convert.ToBase64String(Encoding.UTF8.GetBytes(key)))}";
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            return bytes.Length <= most ? bytes : throw Damaged(path, null);
        }
        catch (IOException e) { throw new BerthException(Fault.NotFound, $"the image {image.Id[..12]} of {_root} has no {key}", inner: e); }
    }

    private JsonDocument Json(string file)
    {
        string path = $"{_root}/{file}";
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            return bytes.Length <= MostJson ? JsonDocument.Parse(bytes) : throw Damaged(file, null);
        }
        catch (JsonException e) { throw Damaged(file, e); }
        catch (IOException e) { throw new BerthException(Fault.NotFound, $"{path} cannot be read", inner: e); }
        catch (UnauthorizedAccessException e) { throw new BerthException(Fault.Denied, $"{path} may not be read", "run as its owner", e); }
    }

    // It ends up in paths.
    private string Hexadecimal(string? id) => id is { Length: > 0 and <= 128 } && id.All(char.IsAsciiHexDigitLower) ? id : throw Damaged("an id", null);

    private BerthException Damaged(string what, Exception? inner) => new(Fault.InvalidArgument, $"{what} in {_root} is not what podman writes", inner: inner);
}
