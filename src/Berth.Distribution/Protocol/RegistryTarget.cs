// A name in a registry, to be written.
using System.Net;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Distribution.Protocol;

/// <summary>Writes.</summary>
/// <param name="registry">Where.</param>
/// <param name="reference">Under which name.</param>
/// <param name="neighbours">Repositories of the same registry that may have blobs of the image.</param>
internal sealed class RegistryTarget(RegistryClient registry, ImageReference reference, IReadOnlyList<string> neighbours) : IImageTarget
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
        if (source is IRegistryPlace near && near.Registry.Registry == registry.Registry) return near.Repository != reference.Repository && await MountAsync(blob, near.Repository, ct).ConfigureAwait(false);
        foreach (string neighbour in neighbours)
        {
            if (await MountAsync(blob, neighbour, ct).ConfigureAwait(false)) return true;
        }
        return false;
    }

    public Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct) =>
        Upload.PutAsync(registry, reference, blob, content, ct);

    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct) => PutAsync(manifest, manifest.Digest.ToString(), ct);

    public Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct) =>
        reference.Digest.IsEmpty ? PutAsync(manifest, reference.TagOrDigest, ct)
        : reference.Digest == manifest.Digest ? Task.CompletedTask
        : throw new BerthException(Fault.InvalidArgument, $"{reference.Familiar} names another image than the one that was pushed: that is {manifest.Digest}");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<bool> MountAsync(Descriptor blob, string from, CancellationToken ct)
    {
        string scope = $"{Scope} {RegistryClient.Pull(from)}";
        using HttpResponseMessage mounted = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"{reference.Repository}/blobs/uploads/?mount={blob.Digest}&from={Uri.EscapeDataString(from)}") { Content = new ByteArrayContent([]) }, scope, $"mount the blob {blob.Digest}", ct,
            HttpStatusCode.Accepted, HttpStatusCode.NotFound, HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden).ConfigureAwait(false);
        if (mounted.StatusCode == HttpStatusCode.Created) return true;
        // It began an upload instead, which nobody will end.
        if (mounted.StatusCode == HttpStatusCode.Accepted && mounted.Headers.Location is { } location) await Upload.AbandonAsync(registry, new Uri(mounted.RequestMessage!.RequestUri!, location), Scope).ConfigureAwait(false);
        return false;
    }

    private async Task PutAsync(ManifestDocument manifest, string name, CancellationToken ct)
    {
        System.Net.Http.Headers.HttpResponseHeaders headers = await RegistryImages.PutManifestAsync(registry, reference.Repository, name, manifest, ct).ConfigureAwait(false);
        if ((manifest.Manifest?.Subject ?? manifest.Index?.Subject) is not null && !headers.Contains("OCI-Subject")) await Referrers.RememberAsync(registry, reference.Repository, manifest, ct).ConfigureAwait(false);
    }
}
