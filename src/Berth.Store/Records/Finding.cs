// Which image somebody means.
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Store.Records;

/// <summary>Finds images.</summary>
internal static class Finding
{
    private const int LeastDigits = 3;

    /// <summary>By its name, or null.</summary>
    public static StoredImage? ByName(IReadOnlyList<StoredImage> images, ImageReference reference)
    {
        foreach (StoredImage image in images)
        {
            if (image.IsNamed(reference)) return image;
        }
        return null;
    }

    /// <summary>By whatever somebody typed: a name goes before an id that looks the same.</summary>
    /// <exception cref="BerthException">NotFound, Conflict, InvalidArgument.</exception>
    public static StoredImage Find(IReadOnlyList<StoredImage> images, string text, string root)
    {
        if (Digest.TryParse(text, out Digest digest) && One(images, image => image.Id == digest || image.Manifest.Digest == digest, text) is { } exact) return exact;
        if (ImageReference.TryParse(text, out ImageReference? reference) && ByName(images, reference) is { } named) return named;
        string digits = text.StartsWith("sha256:", StringComparison.Ordinal) ? text[7..] : text;
        if (digits.Length >= LeastDigits && digits.All(char.IsAsciiHexDigitLower) && One(images, image => image.Id.Encoded.StartsWith(digits, StringComparison.Ordinal), text) is { } begun) return begun;
        // A name without its registry, as images of other registries are called in conversation.
        if (reference is not null && ImageName.TryParse(text, out ImageName? name, out _) && name.IsShort && One(images, image => image.Names.Any(other => IsShortOf(other, name)), text) is { } shortened) return shortened;
        throw new BerthException(Fault.NotFound, $"there is no image '{text}' in {root}", "berth images shows what there is; berth pull brings one") { Code = FaultCode.ImageUnknown, Subjects = [text] };
    }

    private static bool IsShortOf(string full, ImageName name) =>
        ImageReference.TryParse(full, out ImageReference? reference) && reference.Tag == (name.Tag ?? ImageReference.DefaultTag) && name.Digest.IsEmpty
        && (reference.Repository == name.Repository || reference.Repository.EndsWith("/" + name.Repository, StringComparison.Ordinal));

    private static StoredImage? One(IReadOnlyList<StoredImage> images, Func<StoredImage, bool> means, string text)
    {
        StoredImage? found = null;
        foreach (StoredImage image in images)
        {
            if (!means(image)) continue;
            if (found is not null) throw new BerthException(Fault.Conflict, $"'{text}' may mean several images, {found.Id.Short} and {image.Id.Short} among them", "type more of it") { Code = FaultCode.ImageAmbiguous };
            found = image;
        }
        return found;
    }
}
