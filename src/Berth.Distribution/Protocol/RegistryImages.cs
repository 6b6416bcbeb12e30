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
    public static IImageTarget Target(this RegistryClient registry, ImageReference reference) => new RegistryTarget(registry, reference);

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
    public static async Task<IReadOnlyList<Descriptor>> ReferrersAsync(this RegistryClient registry, string repository, Digest subject, string? artifactType, CancellationToken ct)
    {
        string filter = artifactType is null ? "" : "?artifactType=" + Uri.EscapeDataString(artifactType);
        string what = $"list what refers to {subject}";
        using HttpResponseMessage response = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"{repository}/referrers/{subject}{filter}"), RegistryClient.Pull(repository), what, ct, HttpStatusCode.NotFound).ConfigureAwait(false);
        byte[] body;
        if (response.StatusCode != HttpStatusCode.NotFound) body = await Bounded.ReadAsync(response.Content, ManifestDocument.MostBytes, "the list of referrers", ct).ConfigureAwait(false);
        else
        {
            // Older registries: an index under a tag that is made of the digest.
            string tag = $"{subject.Algorithm}-{subject.Encoded}";
            using HttpResponseMessage fallback = await registry.SendAsync(() => Manifest(repository, tag[..Math.Min(128, tag.Length)]), RegistryClient.Pull(repository), what, ct, HttpStatusCode.NotFound).ConfigureAwait(false);
            if (fallback.StatusCode == HttpStatusCode.NotFound) return [];
            body = await Bounded.ReadAsync(fallback.Content, ManifestDocument.MostBytes, "the list of referrers", ct).ConfigureAwait(false);
        }
        IReadOnlyList<Descriptor> all = ManifestDocument.Read(body, MediaType.Index).Index?.Manifests ?? [];
        // The registry may have left the filter aside.
        return artifactType is null ? all : [.. all.Where(one => one.ArtifactType == artifactType)];
    }

    internal static HttpRequestMessage Manifest(string repository, string reference)
    {
        HttpRequestMessage request = new(HttpMethod.Get, $"{repository}/manifests/{reference}");
        foreach (string type in MediaType.Accepted) request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        return request;
    }
}

/// <summary>Reads.</summary>
internal sealed class RegistrySource(RegistryClient registry, ImageReference reference) : IImageSource
{
    public string Name => $"docker://{reference.Familiar}";

    internal RegistryClient Registry => registry;

    internal string Repository => reference.Repository;

    public async Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct)
    {
        Digest expected = digest.IsEmpty ? reference.Digest : digest;
        string wanted = expected.IsEmpty ? reference.TagOrDigest : expected.ToString();
        using HttpResponseMessage response = await registry.SendAsync(() => RegistryImages.Manifest(reference.Repository, wanted), RegistryClient.Pull(reference.Repository), $"fetch the manifest of {reference.Familiar}", ct).ConfigureAwait(false);
        byte[] body = await Bounded.ReadAsync(response.Content, ManifestDocument.MostBytes, $"the manifest of {reference.Familiar}", ct).ConfigureAwait(false);
        return ManifestDocument.Read(body, response.Content.Headers.ContentType?.MediaType, expected);
    }

    public async Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        HttpResponseMessage response = await registry.SendAsync(() =>
        {
            HttpRequestMessage request = new(HttpMethod.Get, $"{reference.Repository}/blobs/{blob.Digest}");
            if (offset > 0) request.Headers.Range = new RangeHeaderValue(offset, null);
            return request;
        }, RegistryClient.Pull(reference.Repository), $"fetch the blob {blob.Digest} of {reference.Familiar}", ct).ConfigureAwait(false);
        Stream stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        // One that knows no ranges sends all of it again.
        if (offset > 0 && response.StatusCode != HttpStatusCode.PartialContent) await SkipAsync(stream, offset, ct).ConfigureAwait(false);
        return stream;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task SkipAsync(Stream stream, long count, CancellationToken ct)
    {
        byte[] buffer = new byte[64 * 1024];
        while (count > 0)
        {
            int n = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), ct).ConfigureAwait(false);
            if (n == 0) throw new EndOfStreamException("the blob became shorter");
            count -= n;
        }
    }
}

/// <summary>Writes.</summary>
internal sealed class RegistryTarget(RegistryClient registry, ImageReference reference) : IImageTarget
{
    private string Scope => RegistryClient.Push(reference.Repository);

    public string Name => $"docker://{reference.Familiar}";

    public TargetTraits Traits { get; } = new();

    public Task PrepareAsync(ManifestDocument manifest, ReadOnlyMemory<byte> config, CancellationToken ct) => Task.CompletedTask;

    public async Task<bool> HasBlobAsync(Descriptor blob, IImageSource source, CancellationToken ct)
    {
        using HttpResponseMessage head = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Head, $"{reference.Repository}/blobs/{blob.Digest}"), Scope, $"look for the blob {blob.Digest}", ct, HttpStatusCode.NotFound).ConfigureAwait(false);
        if (head.StatusCode != HttpStatusCode.NotFound) return true;
        // From another repository of the same registry it need not travel.
        if (source is not RegistrySource near || near.Registry.Registry != registry.Registry || near.Repository == reference.Repository) return false;
        string scope = $"{Scope} {RegistryClient.Pull(near.Repository)}";
        using HttpResponseMessage mounted = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"{reference.Repository}/blobs/uploads/?mount={blob.Digest}&from={Uri.EscapeDataString(near.Repository)}"), scope, $"mount the blob {blob.Digest}", ct,
            HttpStatusCode.Accepted, HttpStatusCode.NotFound, HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden).ConfigureAwait(false);
        if (mounted.StatusCode == HttpStatusCode.Created) return true;
        // It began an upload instead, which nobody will end.
        if (mounted.StatusCode == HttpStatusCode.Accepted && mounted.Headers.Location is { } location)
        {
            using HttpResponseMessage ended = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, location), Scope, "end an upload", ct, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.BadRequest).ConfigureAwait(false);
        }
        return false;
    }

    public async Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct)
    {
        string what = $"push the blob {blob.Digest} of {reference.Familiar}";
        using HttpResponseMessage begun = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"{reference.Repository}/blobs/uploads/"), Scope, what, ct).ConfigureAwait(false);
        Uri location = begun.Headers.Location ?? throw new BerthException(Fault.Unavailable, $"{registry.Registry} began an upload and did not say where");
        Uri absolute = new(begun.RequestMessage!.RequestUri!, location);
        string separator = absolute.Query.Length > 1 ? "&" : "?";
        Uri target = new($"{absolute}{separator}digest={Uri.EscapeDataString(blob.Digest.ToString())}");
        bool sent = false;
        using HttpResponseMessage put = await registry.SendAsync(() =>
        {
            // A stream is read once. Who breaks off in the middle is told, and the copy begins the blob anew.
            if (sent) throw new BerthException(Fault.Unavailable, $"cannot {what} at {registry.Registry}: the connection broke off");
            sent = true;
            StreamContent body = new(content, 256 * 1024);
            body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            body.Headers.ContentLength = blob.Size;
            return new HttpRequestMessage(HttpMethod.Put, target) { Content = body };
        }, Scope, what, ct).ConfigureAwait(false);
    }

    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct) => PutAsync(manifest, manifest.Digest.ToString(), ct);

    public Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct) =>
        reference.Digest.IsEmpty ? PutAsync(manifest, reference.TagOrDigest, ct)
        : reference.Digest == manifest.Digest ? Task.CompletedTask
        : throw new BerthException(Fault.InvalidArgument, $"{reference.Familiar} names another image than the one that was pushed: that is {manifest.Digest}");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task PutAsync(ManifestDocument manifest, string name, CancellationToken ct)
    {
        using HttpResponseMessage response = await registry.SendAsync(() =>
        {
            ReadOnlyMemoryContent body = new(manifest.Bytes);
            body.Headers.ContentType = new MediaTypeHeaderValue(manifest.MediaType);
            return new HttpRequestMessage(HttpMethod.Put, $"{reference.Repository}/manifests/{name}") { Content = body };
        }, Scope, $"push the manifest of {reference.Familiar}", ct).ConfigureAwait(false);
    }
}
