// A blob on its way into a registry: in one request, or in pieces (distribution-spec, "Pushing blobs").
using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Distribution.Protocol;

/// <summary>The body of an upload; it tells when something of it has gone.</summary>
internal sealed class UploadContent : HttpContent
{
    private const int Portion = 256 * 1024;

    private readonly Stream _content;
    private readonly long _length;

    public UploadContent(Stream content, long length)
    {
        (_content, _length) = (content, length);
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    /// <summary>Is called after each portion.</summary>
    public Action? Moved { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Portion);
        try
        {
            for (int n; (n = await _content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await stream.WriteAsync(buffer.AsMemory(0, n), cancellationToken).ConfigureAwait(false);
                try { Moved?.Invoke(); }
                catch (ObjectDisposedException) { } // it was answered before it was read to its end
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}

/// <summary>One upload.</summary>
internal sealed class Upload
{
    private const int UsualChunk = 16 << 20, LargestChunk = 512 << 20;

    private readonly RegistryClient _registry;
    private readonly string _scope, _what;
    private Uri _location;

    private Upload(RegistryClient registry, string scope, string what, Uri location) => (_registry, _scope, _what, _location) = (registry, scope, what, location);

    /// <summary>Brings a blob.</summary>
    public static async Task PutAsync(RegistryClient registry, ImageReference image, Descriptor blob, Stream content, CancellationToken ct)
    {
        string what = $"push the blob {blob.Digest} of {image.Familiar}", scope = RegistryClient.Push(image.Repository);
        using HttpResponseMessage begun = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"{image.Repository}/blobs/uploads/") { Content = new ByteArrayContent([]) }, scope, what, ct).ConfigureAwait(false);
        Upload upload = new(registry, scope, what, LocationOf(begun, registry) ?? throw new BerthException(Fault.Unavailable, $"{registry.Registry} began an upload and did not say where"));
        try
        {
            int? chunk = upload.ChunkOf(begun.Headers);
            if (chunk is { } bytes && bytes < blob.Size) await upload.InPiecesAsync(blob, content, bytes, ct).ConfigureAwait(false);
            else await upload.InOneAsync(blob, content, ct).ConfigureAwait(false);
        }
        catch
        {
            // What came of it would lie there until the registry cleans up, where it does.
            await AbandonAsync(registry, upload._location, scope).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends an upload that will not be finished; whether that succeeds is the registry's affair.</summary>
    public static async Task AbandonAsync(RegistryClient registry, Uri location, string scope)
    {
        using CancellationTokenSource soon = new(TimeSpan.FromSeconds(5));
        try
        {
            using HttpResponseMessage ended = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, location), scope, "end an upload", soon.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BerthException or OperationCanceledException) { } // the first fault is what is told
    }

    private async Task InOneAsync(Descriptor blob, Stream content, CancellationToken ct)
    {
        bool sent = false;
        using HttpResponseMessage put = await _registry.SendAsync(() =>
        {
            // A stream is read once. Who breaks off in the middle is told, and the copy begins the blob anew.
            if (sent) throw new BerthException(Fault.Unavailable, $"cannot {_what} at {_registry.Registry}: the connection broke off");
            sent = true;
            return new HttpRequestMessage(HttpMethod.Put, Closing(blob)) { Content = new UploadContent(content, blob.Size) };
        }, _scope, _what, ct).ConfigureAwait(false);
    }

    private async Task InPiecesAsync(Descriptor blob, Stream content, int chunk, CancellationToken ct)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(chunk);
        try
        {
            long offset = 0;
            while (true)
            {
                int length = await content.ReadAtLeastAsync(buffer.AsMemory(0, chunk), chunk, throwOnEndOfStream: false, ct).ConfigureAwait(false);
                if (length == 0) break;
                await PatchAsync(buffer, length, offset, ct).ConfigureAwait(false);
                offset += length;
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
        using HttpResponseMessage put = await _registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Put, Closing(blob)) { Content = new ByteArrayContent([]) }, _scope, _what, ct).ConfigureAwait(false);
    }

    private async Task PatchAsync(byte[] buffer, int length, long offset, CancellationToken ct)
    {
        int gone = 0;
        for (int attempt = 0; gone < length; attempt++)
        {
            int begin = gone;
            Uri location = _location;
            using HttpResponseMessage patched = await _registry.SendAsync(() =>
            {
                UploadContent body = new(new MemoryStream(buffer, begin, length - begin, writable: false), length - begin);
                // Without the unit, unlike everywhere else in HTTP.
                body.Headers.TryAddWithoutValidation("Content-Range", string.Create(CultureInfo.InvariantCulture, $"{offset + begin}-{offset + length - 1}"));
                return new HttpRequestMessage(HttpMethod.Patch, location) { Content = body };
            }, _scope, _what, ct, HttpStatusCode.RequestedRangeNotSatisfiable).ConfigureAwait(false);
            if (patched.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                _location = LocationOf(patched, _registry) ?? location;
                return;
            }
            // An earlier try may have arrived without our hearing of it, whole or in part.
            long there = attempt < 3 ? await ArrivedAsync(ct).ConfigureAwait(false) : -1;
            if (there < offset || there > offset + length) throw new BerthException(Fault.Unavailable, $"cannot {_what} at {_registry.Registry}: it has another part of it than was sent");
            gone = (int)(there - offset);
        }
    }

    /// <summary>How many bytes the registry has.</summary>
    private async Task<long> ArrivedAsync(CancellationToken ct)
    {
        using HttpResponseMessage status = await _registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, _location), _scope, _what, ct).ConfigureAwait(false);
        _location = LocationOf(status, _registry) ?? _location;
        string range = status.Headers.TryGetValues("Range", out IEnumerable<string>? values) ? values.First() : "";
        return long.TryParse(range.AsSpan(range.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long last) ? last == 0 ? 0 : last + 1 : 0;
    }

    private int? ChunkOf(HttpResponseHeaders headers)
    {
        int? wanted = _registry.Options.ChunkBytes;
        if (headers.TryGetValues("OCI-Chunk-Min-Length", out IEnumerable<string>? values) && int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out int least) && least > 0)
        {
            if (least > LargestChunk) throw new BerthException(Fault.Unsupported, $"cannot {_what} at {_registry.Registry}: it wants pieces of {least} bytes at least");
            wanted = Math.Max(wanted ?? UsualChunk, least);
        }
        return wanted;
    }

    private Uri Closing(Descriptor blob)
    {
        string separator = _location.Query.Length > 1 ? "&" : "?";
        return new Uri($"{_location.AbsoluteUri}{separator}digest={Uri.EscapeDataString(blob.Digest.ToString())}");
    }

    private static Uri? LocationOf(HttpResponseMessage response, RegistryClient registry) => response.Headers.Location is { } location
        ? Uri.TryCreate(response.RequestMessage!.RequestUri!, location, out Uri? whole) && whole.Scheme is "http" or "https" ? whole : throw new BerthException(Fault.Unavailable, $"{registry.Registry} names a place for an upload that is none")
        : null;
}
