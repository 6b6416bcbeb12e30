// An image in a registry as a source and as a target of the copy (distribution-spec, "Pull" and "Push").
using System.Net;
using System.Net.Http.Headers;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Distribution.Protocol;

/// <summary>Images of a registry.</summary>
public static class RegistryImages
{
    /// <summary>An image to be read.</summary>
    public static IImageSource Source(this RegistryClient registry, ImageReference reference) => new RegistrySource(registry, reference);

    /// <summary>A name to be written.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="reference">The name.</param>
    /// <param name="neighbours">Other repositories of it that may have blobs of the image; they are taken over from there.</param>
    public static IImageTarget Target(this RegistryClient registry, ImageReference reference, IReadOnlyList<string>? neighbours = null) => new RegistryTarget(registry, reference, neighbours ?? []);

    /// <summary>Takes a manifest away; its blobs are the registry's to collect.</summary>
    /// <exception cref="BerthException">NotFound; Unsupported: the registry does not let that be done.</exception>
    public static async Task DeleteAsync(this RegistryClient registry, ImageReference reference, CancellationToken ct)
    {
        Digest digest = reference.Digest;
        // By its tag some registries would take only the tag away, and some refuse.
        if (digest.IsEmpty) digest = (await registry.Source(reference).ReadManifestAsync(default, ct).ConfigureAwait(false)).Digest;
        using HttpResponseMessage response = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, $"{reference.Repository}/manifests/{digest}"), $"repository:{reference.Repository}:pull,delete", $"delete {reference.Familiar}", ct).ConfigureAwait(false);
    }

    /// <summary>The manifests that say something of another one.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="repository">Where.</param>
    /// <param name="subject">Of which manifest.</param>
    /// <param name="artifactType">Only such ones; null: all.</param>
    /// <param name="ct">Ends it.</param>
    public static Task<IReadOnlyList<Descriptor>> ReferrersAsync(this RegistryClient registry, string repository, Digest subject, string? artifactType, CancellationToken ct) =>
        Referrers.ListAsync(registry, repository, subject, artifactType, ct);

    internal static HttpRequestMessage Manifest(string repository, string reference)
    {
        HttpRequestMessage request = new(HttpMethod.Get, $"{repository}/manifests/{reference}");
        foreach (string type in MediaType.Accepted) request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        return request;
    }

    /// <summary>A manifest, or null where that is no fault.</summary>
    internal static async Task<ManifestDocument?> FindManifestAsync(RegistryClient registry, string repository, string reference, CancellationToken ct)
    {
        Answer answer = await registry.FetchAsync(() => Manifest(repository, reference), RegistryClient.Pull(repository), $"fetch the manifest {reference} of {repository}", ManifestDocument.MostBytes, ct, HttpStatusCode.NotFound).ConfigureAwait(false);
        return answer.Status == HttpStatusCode.NotFound ? null : ManifestDocument.Read(answer.Body, answer.MediaType);
    }

    /// <summary>Writes a manifest under a digest or a tag.</summary>
    internal static async Task<HttpResponseHeaders> PutManifestAsync(RegistryClient registry, string repository, string reference, ManifestDocument manifest, CancellationToken ct)
    {
        using HttpResponseMessage response = await registry.SendAsync(() =>
        {
            ReadOnlyMemoryContent body = new(manifest.Bytes);
            body.Headers.ContentType = new MediaTypeHeaderValue(manifest.MediaType);
            return new HttpRequestMessage(HttpMethod.Put, $"{repository}/manifests/{reference}") { Content = body };
        }, RegistryClient.Push(repository), $"push the manifest {reference} of {repository}", ct).ConfigureAwait(false);
        return response.Headers;
    }
}
