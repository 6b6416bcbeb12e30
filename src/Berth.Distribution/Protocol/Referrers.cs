// What refers to a manifest: asked of the registry, or kept under a tag where it does not keep that itself (distribution-spec, "Referrers Tag Schema").
using System.Net;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Distribution.Protocol;

/// <summary>Lists and remembers.</summary>
internal static class Referrers
{
    // More than this many pages nobody has signed anything.
    private const int MostPages = 100, LongestTag = 128;

    public static async Task<IReadOnlyList<Descriptor>> ListAsync(RegistryClient registry, string repository, Digest subject, string? artifactType, CancellationToken ct)
    {
        string path = $"{repository}/referrers/{subject}", what = $"list what refers to {subject}";
        string? next = artifactType is null ? path : $"{path}?artifactType={Uri.EscapeDataString(artifactType)}";
        List<Descriptor> all = [];
        for (int pages = 0; next is not null && pages < MostPages; pages++)
        {
            string page = next;
            Answer answer = await registry.FetchAsync(() => new HttpRequestMessage(HttpMethod.Get, page), RegistryClient.Pull(repository), what, ManifestDocument.MostBytes, ct, HttpStatusCode.NotFound).ConfigureAwait(false);
            if (answer.Status == HttpStatusCode.NotFound)
            {
                ManifestDocument? kept = await RegistryImages.FindManifestAsync(registry, repository, Tag(subject), ct).ConfigureAwait(false);
                all.AddRange(kept?.Index?.Manifests ?? []);
                break;
            }
            all.AddRange(ManifestDocument.Read(answer.Body, MediaType.Index).Index?.Manifests ?? []);
            next = RegistryClient.NextPage(answer.Headers, path);
        }
        // The registry may have left the filter aside.
        return artifactType is null ? all : [.. all.Where(one => one.ArtifactType == artifactType)];
    }

    /// <summary>A manifest with a subject was pushed to a registry that does not know what that is: the index under the tag tells it.</summary>
    public static async Task RememberAsync(RegistryClient registry, string repository, ManifestDocument manifest, CancellationToken ct)
    {
        Digest subject = (manifest.Manifest?.Subject ?? manifest.Index?.Subject)!.Digest;
        string tag = Tag(subject);
        ManifestDocument? kept = await RegistryImages.FindManifestAsync(registry, repository, tag, ct).ConfigureAwait(false);
        if (kept is not null && kept.Index is null) throw new BerthException(Fault.Conflict, $"cannot note in {registry.Registry}/{repository} what refers to {subject}: the tag {tag} is an image");
        IReadOnlyList<Descriptor> entries = kept?.Index?.Manifests ?? [];
        if (entries.Any(entry => entry.Digest == manifest.Digest)) return;
        Descriptor own = manifest.Descriptor with
        {
            // image-spec: a manifest without a type of its own is what its configuration is.
            ArtifactType = manifest.Manifest?.ArtifactType ?? manifest.Index?.ArtifactType ?? manifest.Manifest?.Config?.MediaType,
            Annotations = manifest.Manifest?.Annotations ?? manifest.Index?.Annotations,
        };
        ImageIndex index = (kept?.Index ?? new ImageIndex()) with { MediaType = MediaType.Index, Manifests = [.. entries, own] };
        await RegistryImages.PutManifestAsync(registry, repository, tag, ManifestDocument.Of(index), ct).ConfigureAwait(false);
    }

    private static string Tag(Digest subject)
    {
        string tag = $"{subject.Algorithm}-{subject.Encoded}";
        return tag[..Math.Min(LongestTag, tag.Length)];
    }
}
