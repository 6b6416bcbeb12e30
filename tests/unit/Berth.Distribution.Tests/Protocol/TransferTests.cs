// Blobs in ranges and in pieces, and what registries of older kinds do not know themselves.
using System.Globalization;
using System.Net;
using System.Text;
using Berth.Distribution.Authentication;
using Berth.Distribution.Protocol;
using Berth.Distribution.Tests.Stage;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;
using static Berth.Distribution.Tests.Stage.RawServer;

namespace Berth.Distribution.Tests.Protocol;

public sealed class TransferTests
{
    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false), InlineData(true, true), InlineData(false, false)]
    public async Task A_large_blob_comes_in_order_over_several_connections(bool knowsRanges, bool breaksOff)
    {
        byte[] bytes = new byte[40_000_001];
        new Random(1).NextBytes(bytes);
        int answers = 0;
        await using RawServer registry = new(async (request, stream, ct) =>
        {
            (int from, int last) = (0, bytes.Length - 1);
            if (knowsRanges && request["Range"] is { } range)
            {
                string[] ends = range["bytes=".Length..].Split('-');
                (from, last) = (int.Parse(ends[0], CultureInfo.InvariantCulture), ends[1].Length == 0 ? last : int.Parse(ends[1], CultureInfo.InvariantCulture));
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 206 P\r\nContent-Range: bytes {from}-{last}/{bytes.Length}\r\nContent-Length: {last - from + 1}\r\n\r\n"), ct);
            }
            else await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 O\r\nContent-Length: {bytes.Length}\r\n\r\n"), ct);
            bool ends_ = breaksOff && Interlocked.Increment(ref answers) % 3 == 0;
            await stream.WriteAsync(bytes.AsMemory(from, ends_ ? (last - from) / 2 : last - from + 1), ct);
            if (ends_) throw new IOException();
        });
        using RegistryClient client = new(new RegistryOptions { Registry = registry.Name, Address = new Uri($"http://{registry.Name}/v2/"), ParallelRanges = 4 });
        Descriptor blob = new() { MediaType = MediaType.Layer, Digest = Digest.Of(bytes), Size = bytes.Length };
        IImageSource source = client.Source(ImageReference.Parse($"{registry.Name}/a"));
        foreach (int offset in (int[])[0, 3_000_000])
        {
            await using Stream stream = await source.OpenBlobAsync(blob, offset, Now);
            MemoryStream came = new();
            await stream.CopyToAsync(came, Now);
            Assert.True(came.ToArray().AsSpan().SequenceEqual(bytes.AsSpan(offset)));
        }
        Assert.True(knowsRanges ? registry.Seen.Count >= 19 : registry.Seen.Count == 2);
        // Who stops in the middle leaves nothing behind that the next one would miss.
        for (int i = 0; i < 5; i++)
        {
            await using Stream stream = await source.OpenBlobAsync(blob, 0, Now);
            Assert.Equal(bytes[0], stream.ReadByte());
        }
        await using Stream last_ = await source.OpenBlobAsync(blob, 0, Now);
        Assert.Equal(Digest.Of(bytes), Digest.From(Digest.Sha256, await System.Security.Cryptography.SHA256.HashDataAsync(last_, Now)));
    }

    [Fact]
    public async Task A_blob_goes_in_pieces_where_the_registry_wants_it_and_goes_on_where_one_broke_off()
    {
        byte[] bytes = new byte[1000];
        new Random(2).NextBytes(bytes);
        MemoryStream stored = new();
        bool broke = false;
        await using RawServer registry = new(async (request, stream, ct) =>
        {
            string answer = Reply(404);
            switch (request.Method)
            {
                case "POST": answer = Reply(202, "", "Location: /v2/a/blobs/uploads/1?s=0", "OCI-Chunk-Min-Length: 300"); break;
                case "PATCH":
                    string[] ends = request["Content-Range"]!.Split('-');
                    if (long.Parse(ends[0], CultureInfo.InvariantCulture) != stored.Length) { answer = Reply(416, "", $"Range: 0-{stored.Length - 1}", "Location: /v2/a/blobs/uploads/1?s=9"); break; }
                    if (!broke && stored.Length == 300)
                    {
                        // Half of it arrives, and the answer does not.
                        broke = true;
                        stored.Write(request.Body, 0, 150);
                        throw new IOException();
                    }
                    stored.Write(request.Body);
                    answer = Reply(202, "", $"Location: /v2/a/blobs/uploads/1?s={stored.Length}", $"Range: 0-{stored.Length - 1}");
                    break;
                case "GET": answer = Reply(204, "", $"Range: 0-{stored.Length - 1}", "Location: /v2/a/blobs/uploads/1?s=9"); break;
                case "PUT": answer = Reply(201); break;
            }
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), ct);
        });
        using RegistryClient client = Client(registry, chunk: 300);
        Descriptor blob = new() { MediaType = MediaType.Layer, Digest = Digest.Of(bytes), Size = bytes.Length };
        await client.Target(ImageReference.Parse($"{registry.Name}/a")).PutBlobAsync(blob, new MemoryStream(bytes), Now);
        Assert.Equal(bytes, stored.ToArray());
        Assert.Contains("digest=sha256%3A", registry.Seen.Last().Target);
        Assert.Contains("s=1000", registry.Seen.Last().Target);
        Assert.DoesNotContain(registry.Seen, request => request.Method == "DELETE");
    }

    [Fact]
    public async Task An_upload_that_fails_is_ended_and_says_why()
    {
        await using RawServer registry = new(request => request.Method == "POST" ? Reply(202, "", "Location: /v2/a/blobs/uploads/7") : Reply(204));
        using RegistryClient client = Client(registry);
        Descriptor blob = new() { MediaType = MediaType.Layer, Digest = Digest.Of("abc"u8), Size = 3 };
        BerthException fault = await Assert.ThrowsAsync<BerthException>(() => client.Target(ImageReference.Parse($"{registry.Name}/a")).PutBlobAsync(blob, new SpoiltStream(), Now));
        Assert.Equal("the layer is spoilt", fault.Message);
        RawRequest last = registry.Seen.Last();
        Assert.Equal(("DELETE", "/v2/a/blobs/uploads/7"), (last.Method, last.Target));
    }

    [Fact]
    public async Task What_refers_to_a_manifest_is_noted_under_a_tag_where_the_registry_does_not_do_it()
    {
        Dictionary<string, (byte[] Bytes, string Type)> manifests = [];
        await using RawServer registry = new(request =>
        {
            string name = request.Path[(request.Path.LastIndexOf('/') + 1)..];
            if (request.Path.Contains("/referrers/", StringComparison.Ordinal)) return Reply(404);
            if (request.Method == "PUT")
            {
                manifests[name] = (request.Body, request["Content-Type"]!);
                return Reply(201);
            }
            return manifests.TryGetValue(name, out (byte[] Bytes, string Type) kept) ? Reply(200, Encoding.UTF8.GetString(kept.Bytes), $"Content-Type: {kept.Type}") : Reply(404);
        });
        using RegistryClient client = Client(registry);
        Digest subject = Digest.Of("subject"u8);
        ManifestDocument[] signatures = [.. new[] { "one", "two" }.Select(word => ManifestDocument.Of(new ImageManifest
        {
            MediaType = MediaType.Manifest, ArtifactType = $"application/{word}", Config = Descriptor.EmptyJson, Layers = [Descriptor.EmptyJson], Annotations = new Dictionary<string, string> { ["k"] = word },
            Subject = new Descriptor { MediaType = MediaType.Manifest, Digest = subject, Size = 7 },
        }))];
        foreach (ManifestDocument signature in (ManifestDocument[])[.. signatures, signatures[0]]) await client.Target(ImageReference.Parse($"{registry.Name}/a:x")).PutManifestAsync(signature, Now);
        IReadOnlyList<Descriptor> all = await client.ReferrersAsync("a", subject, null, Now);
        Assert.Equal(signatures.Select(one => one.Digest), all.Select(one => one.Digest));
        Assert.Equal("two", Assert.Single(await client.ReferrersAsync("a", subject, "application/two", Now)).Annotations!["k"]);
        Assert.True(manifests.ContainsKey($"sha256-{subject.Encoded}"));
    }

    [Fact]
    public async Task A_token_server_without_TLS_is_not_asked_for_a_registry_that_has_it()
    {
        bool asked = false;
        Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken ct) { asked = true; return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)); }
        using HttpResponseMessage refusal = new(HttpStatusCode.Unauthorized) { RequestMessage = new HttpRequestMessage(HttpMethod.Get, "https://a.io/v2/") };
        refusal.Headers.TryAddWithoutValidation("WWW-Authenticate", "Bearer realm=\"http://evil.example/token\"");
        using TokenKeeper keeper = new(Send, "a.io", (_, _) => Task.FromResult<Credential?>(new Credential { User = "u", Password = "p" }), mayBePlain: false, TimeProvider.System);
        Assert.Equal(Fault.Denied, (await Assert.ThrowsAsync<BerthException>(() => keeper.LearnAsync(refusal, "repository:a:pull", Now))).Kind);
        Assert.Null(await keeper.HeaderAsync("repository:a:pull", Now));
        Assert.False(asked);
        using TokenKeeper plain = new(Send, "a.io", (_, _) => Task.FromResult<Credential?>(null), mayBePlain: true, TimeProvider.System);
        Assert.True(await plain.LearnAsync(refusal, "repository:a:pull", Now));
    }

    [Fact]
    public void No_text_of_ours_has_a_secret_in_it()
    {
        Credential secret = new() { User = "me", Password = "hunter2", IdentityToken = "refresh", RegistryToken = "access" };
        foreach (string text in (string[])[$"{secret}", $"{new RegistryOptions { Registry = "a.io", Credential = secret }}", $"{new RegistriesOptions { Credential = secret }}"])
        {
            Assert.DoesNotContain("hunter2", text);
            Assert.DoesNotContain("refresh", text);
            Assert.DoesNotContain("access", text);
        }
    }

    private static RegistryClient Client(RawServer registry, int? chunk = null) => new(new RegistryOptions { Registry = registry.Name, Address = new Uri($"http://{registry.Name}/v2/"), Retries = 1, ChunkBytes = chunk });

    private sealed class SpoiltStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new BerthException(Fault.InvalidArgument, "the layer is spoilt");
    }
}
