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

    /// <summary>An image has come. Who had its name loses it; what it was called before stays.</summary>
    /// <returns>Its record, and what the record before needed that this one does not.</returns>
    public (StoredImage Image, Holdings Replaced) Add(StoredImage image, ImageReference? reference, IReadOnlyList<Digest> registryDigests, Fd held)
    {
        List<StoredImage> images = [.. _list.Read()];
        int at = images.FindIndex(other => other.Id == image.Id);
        Holdings replaced = Holdings.None;
        if (at >= 0)
        {
            StoredImage before = images[at];
            if (before.Manifest.Digest != image.Manifest.Digest) replaced = Holdings.Of(before);
            image = image with { Names = before.Names, RepoDigests = before.RepoDigests, IsPinned = before.IsPinned };
        }
        foreach (Digest digest in reference is null ? [] : registryDigests) image = image with { RepoDigests = With(image.RepoDigests, $"{reference!.Name}@{digest}") };
        if (at >= 0) images[at] = image;
        else images.Add(image);
        if (reference is { Tag: { } tag, Digest.IsEmpty: true }) Give(images, image.Id, $"{reference.Name}:{tag}");
        _list.Write(images, held);
        return (images.Find(other => other.Id == image.Id)!, replaced);
    }

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
