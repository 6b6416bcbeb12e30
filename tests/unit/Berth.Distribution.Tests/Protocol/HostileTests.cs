// Registries that lie, stall, loop, or want to know what is not theirs.
using System.Text;
using Berth.Distribution.Authentication;
using Berth.Distribution.Protocol;
using Berth.Distribution.Tests.Stage;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Images.Tests;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;
using static Berth.Distribution.Tests.Stage.RawServer;

namespace Berth.Distribution.Tests.Protocol;

public sealed class HostileTests
{
    private static readonly byte[] s_blob = Encoding.ASCII.GetBytes(new string('b', 5000));
    private static readonly Descriptor s_described = new() { MediaType = MediaType.LayerGzip, Digest = Digest.Of(s_blob), Size = s_blob.Length };

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    private static readonly Credential s_secret = new() { User = "user", Password = "hunter2" };

    [Fact]
    public async Task A_redirect_to_another_host_takes_no_secret_along()
    {
        await using RawServer other = new(_ => Reply(200, Encoding.ASCII.GetString(s_blob)));
        await using RawServer registry = new(request => request["Authorization"] is null ? Reply(401, "", "WWW-Authenticate: Basic realm=\"x\"") : Reply(307, "", $"Location: http://{other.Name}/blob", "Set-Cookie: a=b"));
        using RegistryClient client = Client(registry, s_secret);
        await using Stream blob = await client.Source(Image(registry)).OpenBlobAsync(s_described, 0, Now);
        Assert.Equal(s_blob.Length, (await new StreamReader(blob).ReadToEndAsync(Now)).Length);
        Assert.NotNull(registry.Seen.Last()["Authorization"]);
        RawRequest asked = Assert.Single(other.Seen);
        Assert.Null(asked["Authorization"]);
        Assert.Null(asked["Cookie"]);
        Assert.Null(asked["Referer"]);
    }

    [Fact]
    public async Task Nobody_is_told_who_we_are_before_he_asks()
    {
        await using RawServer registry = new(_ => Reply(200));
        using RegistryClient client = Client(registry, s_secret);
        await client.PingAsync(Now);
        Assert.Null(Assert.Single(registry.Seen)["Authorization"]);
    }

    [Fact]
    public async Task A_token_goes_to_the_registry_that_wanted_it_and_not_where_that_redirects()
    {
        await using RawServer other = new(_ => Reply(200, Encoding.ASCII.GetString(s_blob)));
        RawServer? itself = null;
        await using RawServer registry = itself = new(request => request.Path switch
        {
            "/token" => Reply(200, """{"token":"tok-1","expires_in":300}"""),
            _ when request["Authorization"] is null => Reply(401, "", $"WWW-Authenticate: Bearer realm=\"http://{itself!.Name}/token\",service=\"s\""),
            _ => Reply(302, "", $"Location: http://{other.Name}/blob"),
        });
        using RegistryClient client = Client(registry, s_secret);
        await using Stream blob = await client.Source(Image(registry)).OpenBlobAsync(s_described, 0, Now);
        Assert.Equal("Bearer tok-1", registry.Seen.Last()["Authorization"]);
        RawRequest token = Assert.Single(registry.Seen, request => request.Path == "/token");
        Assert.StartsWith("Basic ", token["Authorization"]);
        Assert.Contains("scope=repository%3Aa%2Fb%3Apull", token.Target);
        Assert.Null(Assert.Single(other.Seen)["Authorization"]);
    }

    [Fact]
    public async Task Endless_redirects_end()
    {
        RawServer? itself = null;
        await using RawServer registry = itself = new(request => Reply(302, "", $"Location: http://{itself!.Name}{request.Path}x"));
        using RegistryClient client = Client(registry);
        Assert.Contains("redirects more than", (await Refused(() => client.Source(Image(registry)).OpenBlobAsync(s_described, 0, Now), Fault.Unavailable)).Message);
        Assert.True(registry.Seen.Count < 10);
    }

    [Theory]
    [InlineData("file:///etc/passwd"), InlineData("ftp://example.invalid/x"), InlineData("gopher://127.0.0.1/")]
    public async Task A_redirect_to_something_that_is_not_HTTP_is_refused(string location)
    {
        await using RawServer registry = new(_ => Reply(302, "", $"Location: {location}"));
        using RegistryClient client = Client(registry);
        await Refused(() => client.Source(Image(registry)).OpenBlobAsync(s_described, 0, Now), Fault.Denied);
    }

    [Fact]
    public async Task A_manifest_of_a_hundred_megabytes_is_refused_before_it_comes()
    {
        await using RawServer told = new(async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n"u8.ToArray(), ct);
            await Task.Delay(Timeout.Infinite, ct);
        });
        using RegistryClient first = Client(told);
        Assert.Contains("longer than", (await Refused(() => first.Source(Image(told)).ReadManifestAsync(default, Now), Fault.InvalidArgument)).Message);
        long sent = 0;
        await using RawServer untold = new(async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray(), ct);
            byte[] spaces = Encoding.ASCII.GetBytes(new string(' ', 1 << 20));
            for (int i = 0; i < 100; i++, sent += spaces.Length) await stream.WriteAsync(spaces, ct);
        });
        using RegistryClient second = Client(untold);
        Assert.Contains("longer than", (await Refused(() => second.Source(Image(untold)).ReadManifestAsync(default, Now), Fault.InvalidArgument)).Message);
        Assert.True(sent < 40 << 20);
    }

    [Fact]
    public async Task A_blob_that_would_be_longer_than_its_manifest_says_is_refused_before_it_comes()
    {
        await using RawServer registry = new(async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"u8.ToArray(), ct);
            await Task.Delay(Timeout.Infinite, ct);
        });
        using RegistryClient client = Client(registry);
        await Refused(() => client.Source(Image(registry)).OpenBlobAsync(s_described, 0, Now), Fault.InvalidArgument);
    }

    [Fact]
    public async Task An_answer_that_ends_before_its_length_is_asked_for_again_and_then_given_up()
    {
        await using RawServer registry = new(async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"u8.ToArray(), ct);
            throw new IOException();
        });
        using RegistryClient client = Client(registry);
        Assert.Contains("breaks off", (await Refused(() => client.Source(Image(registry)).ReadManifestAsync(default, Now), Fault.Unavailable)).Message);
        Assert.Equal(2, registry.Seen.Count);
    }

    [Fact]
    public async Task Who_does_not_answer_is_given_up()
    {
        await using RawServer registry = new((_, _, ct) => Task.Delay(Timeout.Infinite, ct));
        using RegistryClient client = new(Options(registry, null) with { Retries = 0, Silence = TimeSpan.FromMilliseconds(200) });
        Assert.Contains("has not answered", (await Refused(() => client.Source(Image(registry)).ReadManifestAsync(default, Now), Fault.Unavailable)).Message);
    }

    [Fact]
    public async Task Who_falls_silent_in_the_middle_of_a_blob_is_asked_for_the_rest()
    {
        await using RawServer registry = new(async (request, stream, ct) =>
        {
            if (request["Range"] is { } range)
            {
                int from = int.Parse(range.Replace("bytes=", "", StringComparison.Ordinal).TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 206 P\r\nContent-Range: bytes {from}-{s_blob.Length - 1}/{s_blob.Length}\r\nContent-Length: {s_blob.Length - from}\r\n\r\n"), ct);
                await stream.WriteAsync(s_blob.AsMemory(from), ct);
                return;
            }
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {s_blob.Length}\r\n\r\n"), ct);
            await stream.WriteAsync(s_blob.AsMemory(0, 1234), ct);
            await Task.Delay(Timeout.Infinite, ct);
        });
        using RegistryClient client = new(Options(registry, null) with { Silence = TimeSpan.FromSeconds(1) });
        byte[] whole = await BlobAsync(client.Source(Image(registry)));
        Assert.Equal(s_blob, whole);
        Assert.Equal("bytes=1234-", registry.Seen.Last()["Range"]);
    }

    [Fact]
    public async Task Who_sends_a_byte_now_and_then_is_hung_up_on()
    {
        await using RawServer registry = new(async (_, stream, ct) =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {s_blob.Length}\r\n\r\n"), ct);
            while (true)
            {
                await stream.WriteAsync("b"u8.ToArray(), ct);
                await Task.Delay(50, ct);
            }
        });
        using RegistryClient client = new(Options(registry, null) with { Silence = TimeSpan.FromSeconds(2), Retries = 0 });
        await using Stream stream = await client.Source(Image(registry)).OpenBlobAsync(s_described, 0, Now);
        Assert.Contains("only", (await Assert.ThrowsAsync<IOException>(() => new StreamReader(stream).ReadToEndAsync(Now))).Message);
    }

    [Fact]
    public async Task A_manifest_is_what_its_digest_says_and_what_it_calls_itself()
    {
        TestImage image = TestImage.Of(["x"]);
        string manifest = Encoding.UTF8.GetString(image.Manifest.Bytes.Span);
        await using RawServer registry = new(request => request.Path.EndsWith("confused", StringComparison.Ordinal) ? Reply(200, manifest, $"Content-Type: {MediaType.Index}") : Reply(200, manifest + " ", $"Content-Type: {MediaType.Manifest}", $"Docker-Content-Digest: {image.Manifest.Digest}"));
        using RegistryClient client = Client(registry);
        await Refused(() => client.Source(Image(registry) with { Tag = "confused" }).ReadManifestAsync(default, Now), Fault.InvalidArgument);
        await Refused(() => client.Source(Image(registry) with { Tag = null, Digest = image.Manifest.Digest }).ReadManifestAsync(default, Now), Fault.InvalidArgument);
    }

    [Fact]
    public async Task A_part_of_something_else_is_not_taken_for_the_rest()
    {
        await using RawServer registry = new(_ => Reply(206, "xxxx", "Content-Range: bytes 0-3/5000"));
        using RegistryClient client = Client(registry);
        Assert.Contains("from 100 on", (await Refused(() => client.Source(Image(registry)).OpenBlobAsync(s_described, 100, Now), Fault.Unavailable)).Message);
    }

    [Theory]
    [InlineData("""{"token":"a\r\nX-Evil: 1"}"""), InlineData("""{"token":""}"""), InlineData("{}"), InlineData("secret-in-plain-text"), InlineData("[1]")]
    public async Task A_token_server_that_answers_nonsense_is_refused_and_not_quoted(string answer)
    {
        RawServer? itself = null;
        await using RawServer registry = itself = new(request => request.Path == "/token" ? Reply(200, answer) : Reply(401, "", $"WWW-Authenticate: Bearer realm=\"http://{itself!.Name}/token\""));
        using RegistryClient client = Client(registry, s_secret);
        BerthException fault = await Refused(() => client.PingAsync(Now), Fault.Unavailable);
        Assert.DoesNotContain("secret-in", fault.ToString());
        Assert.DoesNotContain("hunter2", fault.ToString());
    }

    [Fact]
    public async Task A_registry_that_wants_ever_another_token_is_given_up()
    {
        RawServer? itself = null;
        await using RawServer registry = itself = new(request => request.Path == "/token" ? Reply(200, """{"token":"t"}""") : Reply(401, "", $"WWW-Authenticate: Bearer realm=\"http://{itself!.Name}/token\""));
        using RegistryClient client = Client(registry, s_secret);
        BerthException fault = await Refused(() => client.PingAsync(Now), Fault.Denied);
        Assert.DoesNotContain("hunter2", fault.ToString());
        Assert.True(registry.Seen.Count <= 4);
    }

    [Fact]
    public async Task Too_many_requests_are_waited_out_when_the_registry_says_how_long()
    {
        int asked = 0;
        await using RawServer registry = new(_ => asked++ == 0 ? Reply(429, "", "Retry-After: 1") : Reply(200));
        using RegistryClient client = Client(registry);
        long began = Environment.TickCount64;
        await client.PingAsync(Now);
        Assert.True(Environment.TickCount64 - began >= 900);
        await using RawServer hub = new(_ => Reply(429, """{"errors":[{"code":"TOOMANYREQUESTS","message":"slow"}]}""", "RateLimit-Limit: 100;w=21600", $"X-RateLimit-Reset: {DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3600}"));
        using RegistryClient limited = Client(hub);
        BerthException fault = await Refused(() => limited.PingAsync(Now), Fault.Exhausted);
        Assert.Contains("100 requests in 6 hours", fault.Hint);
        Assert.Contains("wait 60 minutes", fault.Hint);
        Assert.Single(hub.Seen);
    }

    [Fact]
    public async Task Errors_are_a_line_without_control_characters()
    {
        await using RawServer registry = new(_ => Reply(403, "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"a\\u001b[31mred\\n" + new string('x', 9000) + "\"}]}"));
        using RegistryClient client = Client(registry);
        BerthException fault = await Refused(() => client.PingAsync(Now), Fault.Denied);
        Assert.DoesNotContain(fault.Message, char.IsControl);
        Assert.True(fault.Message.Length < 500);
    }

    [Fact]
    public async Task Warnings_are_kept_and_bounded()
    {
        int count = 0;
        await using RawServer registry = new(_ => Reply(200, "", $"Warning: 299 - \"this registry will be shut {count++}\"", "Warning: 199 - \"nothing\""));
        using RegistryClient client = Client(registry);
        for (int i = 0; i < 50; i++) await client.PingAsync(Now);
        Assert.Equal(20, client.Warnings.Count);
        Assert.Equal("this registry will be shut 0", client.Warnings[0]);
    }

    [Fact]
    public async Task Pages_that_lead_in_a_circle_end()
    {
        await using RawServer registry = new(_ => Reply(200, """{"name":"a/b","tags":["t",null]}""", "Link: </v2/a/b/tags/list?n=1000&last=t>; rel=\"next\""));
        using RegistryClient client = Client(registry);
        List<string> tags = [];
        await foreach (string tag in client.TagsAsync("a/b", Now)) tags.Add(tag);
        Assert.Equal(["t", "t"], tags);
    }

    private static RegistryOptions Options(RawServer registry, Credential? credential) => new() { Registry = registry.Name, IsInsecure = true, Credential = credential, Retries = 1, Address = new Uri($"http://{registry.Name}/v2/") };

    private static RegistryClient Client(RawServer registry, Credential? credential = null) => new(Options(registry, credential));

    private static ImageReference Image(RawServer registry) => ImageReference.Parse($"{registry.Name}/a/b:v");

    private static async Task<BerthException> Refused(Func<Task> attempt, Fault kind)
    {
        BerthException fault = await Assert.ThrowsAsync<BerthException>(attempt);
        Assert.True(fault.Kind == kind, $"{fault.Kind}: {fault.Message}");
        return fault;
    }

    private static async Task<byte[]> BlobAsync(IImageSource source)
    {
        string folder = Directory.CreateTempSubdirectory("berth-hostile-").FullName;
        try
        {
            // By way of the copy: it verifies, and asks again.
            ManifestDocument manifest = ManifestDocument.Of(new ImageManifest { MediaType = MediaType.Manifest, ArtifactType = "application/test", Config = Descriptor.EmptyJson, Layers = [s_described] });
            await ImageCopier.CopyAsync(new WithManifest(source, manifest), new OciLayout(folder).Target("x"), ct: Now);
            return await File.ReadAllBytesAsync($"{folder}/blobs/sha256/{s_described.Digest.Encoded}", Now);
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    private sealed class WithManifest(IImageSource blobs, ManifestDocument manifest) : IImageSource
    {
        public string Name => "test:blob";

        public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct) => Task.FromResult(manifest);

        public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct) => blobs.OpenBlobAsync(blob, offset, ct);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
