// The front: containerd's hosts, credentials that stay where they belong, proxies, relatives.
using System.Text;
using Berth.Distribution.Authentication;
using Berth.Distribution.Tests.Stage;
using Berth.Images.Tests;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.References;
using static Berth.Distribution.Tests.Stage.RawServer;

namespace Berth.Distribution.Tests;

public sealed class RegistriesTests : IDisposable
{
    private readonly Home _home = new();

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_host_of_containerds_is_told_whom_it_stands_in_for_and_not_who_we_are_there()
    {
        TestImage image = TestImage.Of(["x"]);
        string manifest = Encoding.UTF8.GetString(image.Manifest.Bytes.Span);
        await using RawServer mirror = new(request => request["Authorization"] is null && request["x-key"] == "1" ? Reply(200, manifest, $"Content-Type: {MediaType.Manifest}") : Reply(500));
        await using RawServer itself = new(request => request["Authorization"] is null ? Reply(401, "", "WWW-Authenticate: Basic realm=x") : Reply(200, manifest, $"Content-Type: {MediaType.Manifest}"));
        _home.Write($"etc/containerd/certs.d/{itself.Name}/hosts.toml", $"server = \"http://{itself.Name}\"\n[host.\"http://{mirror.Name}/proxy\"]\ncapabilities = [\"pull\"]\nheader.x-key = \"1\"\n");
        using Registries registries = Open(new Credential { User = "u", Password = "p" });
        ImageReference tag = ImageReference.Parse($"{itself.Name}/a/b:v"), digest = tag with { Digest = image.Manifest.Digest };
        // It may not say what a tag is.
        Assert.Equal(image.Manifest.Digest, (await registries.Source(tag).ReadManifestAsync(default, Now)).Digest);
        Assert.Empty(mirror.Seen);
        Assert.Equal(image.Manifest.Digest, (await registries.Source(digest).ReadManifestAsync(default, Now)).Digest);
        RawRequest asked = Assert.Single(mirror.Seen);
        Assert.Equal($"/proxy/v2/a/b/manifests/{image.Manifest.Digest}?ns={Uri.EscapeDataString(itself.Name)}", asked.Target);
        Assert.DoesNotContain(itself.Seen, request => request["x-key"] is not null || request.Target.Contains("ns=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_mirror_that_breaks_off_or_has_another_content_is_left_for_the_registry(bool isWrong)
    {
        TestImage image = TestImage.Of([new string('x', 100_000)], Compression.None);
        Digest layer = image.Manifest.Manifest!.Layers![0].Digest;
        string Answer(RawRequest request, bool isMirror)
        {
            string asked = request.Path[(request.Path.LastIndexOf('/') + 1)..];
            if (request.Path.Contains("/manifests/", StringComparison.Ordinal)) return Reply(200, Encoding.Latin1.GetString(image.Manifest.Bytes.Span), $"Content-Type: {MediaType.Manifest}");
            if (!Digest.TryParse(asked, out Digest digest)) return Reply(200);
            string blob = Encoding.Latin1.GetString(image.Blobs[digest]);
            int from = request["range"] is { } range ? int.Parse(range.Split('=')[1].Split('-')[0], System.Globalization.CultureInfo.InvariantCulture) : 0;
            string head = from == 0 ? "HTTP/1.1 200 X" : $"HTTP/1.1 206 X\r\nContent-Range: bytes {from}-{blob.Length - 1}/{blob.Length}";
            string content = isMirror && digest == layer ? isWrong ? blob[from..].Replace('x', 'y') : blob[from..Math.Max(from, 1000)] : blob[from..];
            return $"{head}\r\nContent-Length: {blob.Length - from}\r\nConnection: close\r\n\r\n{content}";
        }
        await using RawServer mirror = new(async (request, stream, ct) =>
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(Answer(request, true)), ct);
            // Hung up on in the middle.
            if (!isWrong && request.Path.EndsWith(layer.Encoded, StringComparison.Ordinal)) throw new IOException();
        });
        await using RawServer itself = new(request => Answer(request, false));
        _home.Write("etc/containers/registries.conf", $"[[registry]]\nlocation = \"{itself.Name}\"\n[[registry.mirror]]\nlocation = \"{mirror.Name}\"\n");
        using Registries registries = Open(null);
        string folder = Directory.CreateTempSubdirectory("berth-mirror-").FullName;
        try
        {
            Berth.Images.Layouts.OciLayout layout = new(folder);
            await Berth.Images.Copying.ImageCopier.CopyAsync(registries.Source(ImageReference.Parse($"{itself.Name}/a:1")), layout.Target("1"), ct: Now);
            Assert.Equal(image.Blobs[layer], File.ReadAllBytes($"{folder}/blobs/sha256/{layer.Encoded}"));
            Assert.Contains(mirror.Seen, request => request.Path.EndsWith(layer.Encoded, StringComparison.Ordinal));
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    [Fact]
    public async Task Credentials_for_a_registry_are_not_told_to_its_mirrors()
    {
        await using RawServer mirror = new(_ => Reply(401, "", "WWW-Authenticate: Basic realm=x")), itself = new(request => request["Authorization"] is null ? Reply(401, "", "WWW-Authenticate: Basic realm=x") : Reply(404));
        _home.Write("etc/containers/registries.conf", $"[[registry]]\nlocation = \"{itself.Name}\"\n[[registry.mirror]]\nlocation = \"{mirror.Name}\"\n");
        using Registries registries = Open(new Credential { User = "u", Password = "p" });
        await Assert.ThrowsAsync<BerthException>(() => registries.Source(ImageReference.Parse($"{itself.Name}/a")).ReadManifestAsync(default, Now));
        Assert.All(mirror.Seen, request => Assert.Null(request["Authorization"]));
        Assert.Contains(itself.Seen, request => request["Authorization"] is not null);
    }

    [Fact]
    public async Task Each_repository_has_its_own_credential_where_files_say_so()
    {
        await using RawServer registry = new(request => request["Authorization"] is null ? Reply(401, "", "WWW-Authenticate: Basic realm=x") : Reply(200, """{"tags":[]}"""));
        string Entry(string user) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:x"));
        _home.Write("run/containers/1234/auth.json", "{\"auths\":{\"" + registry.Name + "/team\":{\"auth\":\"" + Entry("team") + "\"},\"" + registry.Name + "\":{\"auth\":\"" + Entry("all") + "\"}}}");
        using Registries registries = Open(null);
        foreach (string repository in (string[])["team/app", "other/app"])
        {
            await foreach (string _ in registries.TagsAsync(ImageReference.Parse($"{registry.Name}/{repository}"), Now)) { }
        }
        string Of(string path) => registry.Seen.Last(request => request.Path.Contains(path, StringComparison.Ordinal))["Authorization"]!;
        Assert.Equal("Basic " + Entry("team"), Of("team/app"));
        Assert.Equal("Basic " + Entry("all"), Of("other/app"));
    }

    [Fact]
    public async Task Requests_go_through_the_proxy_of_the_environment_except_where_it_says_not()
    {
        await using RawServer proxy = new(request => request.Method == "CONNECT" ? Reply(502) : request["Proxy-Authorization"] is null ? Reply(407, "", "Proxy-Authenticate: Basic realm=p") : Reply(200));
        // Loopback never goes there, so that other tests do not notice.
        Environment.SetEnvironmentVariable("HTTP_PROXY", $"http://me:secret@{proxy.Name}");
        Environment.SetEnvironmentVariable("HTTPS_PROXY", $"http://me:secret@{proxy.Name}");
        Environment.SetEnvironmentVariable("NO_PROXY", "192.0.2.0/24");
        try
        {
            using Berth.Distribution.Protocol.RegistryClient far = new(new() { Registry = "registry.test", Address = new Uri("http://registry.test/v2/"), Retries = 0 });
            await far.PingAsync(Now);
            Assert.Equal("http://registry.test/v2/", proxy.Seen.Last().Target);
            Assert.Equal("Basic " + Convert.ToBase64String("me:secret"u8), proxy.Seen.Last()["Proxy-Authorization"]);
            using Berth.Distribution.Protocol.RegistryClient secure = new(new() { Registry = "registry.test", Retries = 0 });
            BerthException fault = await Assert.ThrowsAsync<BerthException>(() => secure.PingAsync(Now));
            Assert.Contains("HTTPS_PROXY", fault.Hint);
            Assert.DoesNotContain("secret", fault.ToString());
            int before = proxy.Seen.Count;
            using Berth.Distribution.Protocol.RegistryClient near = new(new() { Registry = "192.0.2.1:1", Address = new Uri("http://192.0.2.1:1/v2/"), Retries = 0, Silence = TimeSpan.FromMilliseconds(200) });
            await Assert.ThrowsAsync<BerthException>(() => near.PingAsync(Now));
            Assert.Equal(before, proxy.Seen.Count);
        }
        finally
        {
            Environment.SetEnvironmentVariable("HTTP_PROXY", null);
            Environment.SetEnvironmentVariable("HTTPS_PROXY", null);
            Environment.SetEnvironmentVariable("NO_PROXY", null);
        }
    }

    [Fact]
    public async Task Blobs_of_relatives_are_taken_over_from_their_repositories()
    {
        await using RawServer registry = new(request => request.Method == "HEAD" ? "HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n" : request.Target.Contains("from=base", StringComparison.Ordinal) ? Reply(201) : request.Method == "POST" ? Reply(202, "", "Location: /v2/up/1") : Reply(204));
        using Registries registries = Open(null);
        ImageReference Name(string repository) => ImageReference.Parse($"{registry.Name}/{repository}");
        Assert.True(await registries.Target(Name("new"), [Name("other"), Name("new"), ImageReference.Parse("quay.io/base"), Name("base")]).HasBlobAsync(Descriptor.EmptyJson, TestImage.Of(["x"]), Now));
        Assert.Equal(["other", "base"], registry.Seen.Where(request => request.Method == "POST").Select(request => request.Target[(request.Target.LastIndexOf('=') + 1)..]));
        // The upload that the first one began instead was ended.
        Assert.Contains(registry.Seen, request => request.Method == "DELETE" && request.Target == "/v2/up/1");
    }

    private Registries Open(Credential? credential) => Registries.Open(new RegistriesOptions { Credential = credential, Places = _home.Places, Retries = 0 });
}
