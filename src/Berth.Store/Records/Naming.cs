// Changes of the list of images: images come, get names, lose them, go.
using Berth.Linux;
using Berth.Oci.Content;
using Berth.Oci.References;
using Berth.Store.Places;

namespace Berth.Store.Records;

/// <summary>Each is one replacement of the list, under the lock of the store.</summary>
internal sealed class Naming(StorePlaces places)
{
    private readonly ImageList _list = new(places);

    /// <summary>What nobody may need any more once this image has come: the same image may be here by another manifest.</summary>
    public Holdings Replaced(StoredImage image, IReadOnlyList<Digest> registryDigests)
    {
        StoredImage? before = _list.Read().FirstOrDefault(other => other.Id == image.Id);
        if (before is null || before.Manifest.Digest == image.Manifest.Digest) return Holdings.None;
        return Holdings.Of(Stays(before, image, registryDigests) ? image : before);
    }

    /// <summary>An image has come. Who had its name loses it; what it was called before stays.</summary>
    public StoredImage Add(StoredImage image, ImageReference? reference, IReadOnlyList<Digest> registryDigests, Fd held)
    {
        List<StoredImage> images = [.. _list.Read()];
        int at = images.FindIndex(other => other.Id == image.Id);
        if (at >= 0) image = Stays(images[at], image, registryDigests) ? images[at] : image with { Names = images[at].Names, RepoDigests = images[at].RepoDigests, IsPinned = images[at].IsPinned };
        foreach (Digest digest in reference is null ? [] : registryDigests) image = image with { RepoDigests = With(image.RepoDigests, $"{reference!.Name}@{digest}") };
        if (at >= 0) images[at] = image;
        else images.Add(image);
        if (reference is { Tag: { } tag, Digest.IsEmpty: true }) Give(images, image.Id, $"{reference.Name}:{tag}");
        _list.Write(images, held);
        return images.Find(other => other.Id == image.Id)!;
    }

    // A manifest by which a registry knows the image can be pushed as it is; that of docker's archive, of plain tars, was made up for it.
    private static bool Stays(StoredImage before, StoredImage image, IReadOnlyList<Digest> registryDigests) =>
        registryDigests.Count == 0 && before.RepoDigests.Count > 0 && before.Manifest.Digest != image.Manifest.Digest && IsPlain(image) && !IsPlain(before);

    private static bool IsPlain(StoredImage image) => image.Layers.All(static layer => MediaType.CompressionOf(layer.Blob.MediaType) == Compression.None);

    /// <summary>An image gets one more name, which another loses.</summary>
    public StoredImage? Tag(Digest id, ImageReference name, Fd held)
    {
        List<StoredImage> images = [.. _list.Read()];
        if (!images.Exists(image => image.Id == id)) return null;
        Give(images, id, name.ToString());
        _list.Write(images, held);
        return images.Find(image => image.Id == id);
    }

    /// <summary>Changes the record of an image; null takes it out of the list.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Change(Digest id, Func<StoredImage, StoredImage?> change, Fd held)
    {
        List<StoredImage> images = [.. _list.Read()];
        int at = images.FindIndex(image => image.Id == id);
        if (at < 0) return false;
        if (change(images[at]) is { } changed) images[at] = changed;
        else images.RemoveAt(at);
        _list.Write(images, held);
        return true;
    }

    /// <summary>The list with one text more, if it was not in it.</summary>
    public static IReadOnlyList<string> With(IReadOnlyList<string> texts, string text) => texts.Contains(text) ? texts : [.. texts, text];

    private static void Give(List<StoredImage> images, Digest id, string name)
    {
        for (int i = 0; i < images.Count; i++)
        {
            StoredImage image = images[i];
            if (image.Id == id) images[i] = image with { Names = With(image.Names, name) };
            else if (image.Names.Contains(name)) images[i] = image with { Names = [.. image.Names.Where(other => other != name)] };
        }
    }
}
