// An image in a registry, to be read.
using System.Net;
using System.Net.Http.Headers;
using Berth.Distribution.Transport;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Distribution.Protocol;

/// <summary>A source whose blobs lie in a registry, from which another repository of it could have them.</summary>
internal interface IRegistryPlace
{
    /// <summary>Which registry.</summary>
    RegistryClient Registry { get; }

    /// <summary>Which repository of it.</summary>
    string Repository { get; }
}

/// <summary>Reads.</summary>
internal sealed class RegistrySource(RegistryClient registry, ImageReference reference) : IImageSource, IRegistryPlace
{
    // Below this, the connections that would be opened cost more than they bring.
    private const long LeastForRanges = 32 << 20;
    // HTTP/2 would put all of them on one connection, whose limit is the one that several are to overcome.
    private const long LeastForOwnConnection = 4 << 20;

    public string Name => $"docker://{reference.Familiar}";

    public RegistryClient Registry => registry;

    public string Repository => reference.Repository;

    public async Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct)
    {
        Digest expected = digest.IsEmpty ? reference.Digest : digest;
        string wanted = expected.IsEmpty ? reference.TagOrDigest : expected.ToString();
        string what = digest.IsEmpty ? $"fetch the manifest of {reference.Familiar}" : $"fetch the manifest {digest} of {reference.Familiar}";
        Answer answer = await registry.FetchAsync(() => RegistryImages.Manifest(reference.Repository, wanted), RegistryClient.Pull(reference.Repository), what, ManifestDocument.MostBytes, ct).ConfigureAwait(false);
        return ManifestDocument.Read(answer.Body, answer.MediaType, expected);
    }

    public async Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        int lanes = registry.Ranges;
        if (lanes > 1 && blob.Size - offset >= LeastForRanges) return await OpenRangesAsync(blob, offset, lanes, ct).ConfigureAwait(false);
        (WatchedStream stream, bool isPart) = await OpenAsync(blob, offset, null, ct).ConfigureAwait(false);
        return offset > 0 && !isPart ? await SkipAsync(stream, offset, ct).ConfigureAwait(false) : stream;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>One request.</summary>
    /// <returns>What came, and whether it begins at the offset, or is all of the blob.</returns>
    internal async Task<(WatchedStream Stream, bool IsPart)> OpenAsync(Descriptor blob, long offset, long? last, CancellationToken ct)
    {
        string what = $"fetch the blob {blob.Digest} of {reference.Familiar}";
        HttpResponseMessage response = await registry.SendAsync(() =>
        {
            HttpRequestMessage request = new(HttpMethod.Get, $"{reference.Repository}/blobs/{blob.Digest}");
            if (blob.Size >= LeastForOwnConnection) (request.Version, request.VersionPolicy) = (HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact);
            if (offset > 0 || last is not null) request.Headers.Range = new RangeHeaderValue(offset, last);
            return request;
        }, RegistryClient.Pull(reference.Repository), what, ct).ConfigureAwait(false);
        try
        {
            bool isPart = response.StatusCode == HttpStatusCode.PartialContent;
            // A part of something else would only be found out at the end, by its digest.
            if (isPart && response.Content.Headers.ContentRange is { } range && (range.From != offset || (range.Length is { } length && length != blob.Size))) throw new BerthException(Fault.Unavailable, $"cannot {what} at {registry.Registry}: asked for the bytes from {offset} on, it sends {range}");
            long expected = isPart ? (last ?? blob.Size - 1) - offset + 1 : blob.Size;
            if (response.Content.Headers.ContentLength is { } told && told > expected) throw new BerthException(Fault.InvalidArgument, $"cannot {what} at {registry.Registry}: it has {expected} bytes by its manifest, and the registry would send {told}");
            Stream stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
            return (new WatchedStream(response, stream, registry.Options.Silence, registry.Options.Clock), isPart);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<Stream> OpenRangesAsync(Descriptor blob, long offset, int lanes, CancellationToken ct)
    {
        long last = Math.Min(offset + RangedStream.PieceBytes, blob.Size) - 1;
        (WatchedStream first, bool isPart) = await OpenAsync(blob, offset, last, ct).ConfigureAwait(false);
        if (isPart) return new RangedStream(this, blob, offset, first, lanes, ct);
        // It knows no ranges: all of it is on its way.
        return offset > 0 ? await SkipAsync(first, offset, ct).ConfigureAwait(false) : first;
    }

    private static async Task<Stream> SkipAsync(Stream stream, long count, CancellationToken ct)
    {
        try
        {
            byte[] buffer = new byte[64 * 1024];
            while (count > 0)
            {
                int n = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), ct).ConfigureAwait(false);
                if (n == 0) throw new EndOfStreamException("the blob became shorter");
                count -= n;
            }
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
