// Registries as a host has configured them: certificates, tokens, mirrors, short names, and lines that break.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Berth.Distribution;
using Berth.Distribution.Authentication;
using Berth.Distribution.Tests.Stage;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Images.Tests;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.SystemTests.Images;

public sealed class RegistriesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-registries-").FullName;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_registry_with_TLS_is_believed_by_its_authority_and_believes_our_certificate()
    {
        using CertificateAuthority authority = new($"{_folder}/certs"), stranger = new($"{_folder}/stranger");
        Directory.CreateDirectory($"{_folder}/server");
        authority.Issue("127.0.0.1", $"{_folder}/server/cert.pem", $"{_folder}/server/key.pem", isServer: true);
        using Registry registry = new(more: $"  tls:\n    certificate: {_folder}/server/cert.pem\n    key: {_folder}/server/key.pem\n    clientcas:\n      - {authority.Path}\n");
        ImageReference name = ImageReference.Parse($"{registry.Name}/a/b:v1");
        TestImage image = TestImage.Of(["one"]);
        RegistriesOptions strict = Options() with { TlsVerify = true, Retries = 0 };
        using (Registries nobody = Registries.Open(strict)) Assert.Contains("certs.d", (await Assert.ThrowsAsync<BerthException>(() => nobody.PingAsync(registry.Name, Now))).Hint);
        using (Registries wrong = Registries.Open(strict with { CertificateFolder = $"{_folder}/stranger" })) await Assert.ThrowsAsync<BerthException>(() => wrong.PingAsync(registry.Name, Now));
        // The authority is right, but nobody said who we are.
        using (Registries half = Registries.Open(strict with { CertificateFolder = $"{_folder}/certs" })) await Assert.ThrowsAsync<BerthException>(() => half.PingAsync(registry.Name, Now));
        authority.Issue("client", $"{_folder}/certs/client.cert", $"{_folder}/certs/client.key", isServer: false);
        using (Registries whole = Registries.Open(strict with { CertificateFolder = $"{_folder}/certs" }))
        {
            await ImageCopier.CopyAsync(image, whole.Target(name), ct: Now);
            Assert.Equal(image.Manifest.Digest, (await whole.Source(name).ReadManifestAsync(default, Now)).Digest);
        }
        Assert.Contains("HTTP/2.0", registry.Log);
        // Without verification any certificate of theirs is good; ours is still asked for.
        using (Registries blind = Registries.Open(Options() with { TlsVerify = false, CertificateFolder = $"{_folder}/certs" })) await blind.PingAsync(registry.Name, Now);
        Tools.Run("skopeo", null, "inspect", "--cert-dir", $"{_folder}/certs", $"docker://{name}");
    }

    [Fact]
    public async Task Tokens_are_asked_for_by_scope_and_bring_in_who_may_come_in()
    {
        using CertificateAuthority authority = new($"{_folder}/ca");
        string Claims(string query)
        {
            long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            IEnumerable<string> access = Uri.UnescapeDataString(query).Split('&').Where(one => one.StartsWith("scope=", StringComparison.Ordinal)).Select(one => one[6..].Split(':')).Select(parts => $$"""{"type":"{{parts[0]}}","name":"{{parts[1]}}","actions":[{{string.Join(",", parts[2].Split(',').Select(action => $"\"{action}\""))}}]}""");
            return $$"""{"iss":"test","sub":"user","aud":"registry","exp":{{now + 60}},"nbf":{{now - 60}},"iat":{{now}},"jti":"1","access":[{{string.Join(",", access)}}]}""";
        }
        string basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:secret"));
        await using RawServer server = new(request => request["Authorization"] == basic ? RawServer.Reply(200, $$"""{"token":"{{authority.Token(Claims(request.Target[(request.Target.IndexOf('?') + 1)..]))}}","expires_in":60}""") : RawServer.Reply(401));
        using Registry registry = new(more: $"auth:\n  token:\n    realm: http://{server.Name}/token\n    service: registry\n    issuer: test\n    rootcertbundle: {authority.Path}\n");
        ImageReference first = ImageReference.Parse($"{registry.Name}/a/b:1"), second = ImageReference.Parse($"{registry.Name}/c:1");
        TestImage image = TestImage.Of(["mine", "too"]);
        using (Registries user = Registries.Open(Options() with { Credential = new Credential { User = "user", Password = "secret" } }))
        {
            await ImageCopier.CopyAsync(image, user.Target(first), ct: Now);
            await ImageCopier.CopyAsync(user.Source(first), user.Target(second), ct: Now);
            Assert.Equal(image.Manifest.Digest, (await user.Source(second).ReadManifestAsync(default, Now)).Digest);
            // Reading a neighbour to take over its blobs needs the right to both.
            Assert.Contains(server.Seen, request => request.Target.Contains("scope=repository%3Ac%3Apull%2Cpush", StringComparison.Ordinal) && request.Target.Contains("scope=repository%3Aa%2Fb%3Apull", StringComparison.Ordinal));
            Assert.True(server.Seen.Count <= 6);
        }
        using Registries wrong = Registries.Open(Options() with { Credential = new Credential { User = "user", Password = "hunter2" } }), anybody = Registries.Open(Options());
        BerthException fault = await Assert.ThrowsAsync<BerthException>(() => wrong.Source(first).ReadManifestAsync(default, Now));
        Assert.Equal(Fault.Denied, fault.Kind);
        Assert.DoesNotContain("hunter2", fault.ToString());
        Assert.Equal(Fault.Denied, (await Assert.ThrowsAsync<BerthException>(() => anybody.Source(first).ReadManifestAsync(default, Now))).Kind);
    }

    [Fact]
    public async Task A_mirror_is_asked_first_and_the_registry_for_what_it_lacks()
    {
        using Registry primary = new(), mirror = new();
        TestImage both = TestImage.Of(["both"]), only = TestImage.Of(["only"]);
        using (Registries direct = Registries.Open(Options()))
        {
            await ImageCopier.CopyAsync(both, direct.Target(ImageReference.Parse($"{primary.Name}/team/both:1")), ct: Now);
            await ImageCopier.CopyAsync(both, direct.Target(ImageReference.Parse($"{mirror.Name}/copies/both:1")), ct: Now);
            await ImageCopier.CopyAsync(only, direct.Target(ImageReference.Parse($"{primary.Name}/team/only:1")), ct: Now);
        }
        string conf = Conf($"""
            [[registry]]
            prefix = "example.test/team"
            location = "{primary.Name}/team"
            insecure = true
            [[registry.mirror]]
            location = "127.0.0.1:1/nobody"
            insecure = true
            [[registry.mirror]]
            location = "{mirror.Name}/copies"
            insecure = true
            [[registry]]
            prefix = "digest.test"
            location = "{primary.Name}/team"
            insecure = true
            [[registry.mirror]]
            location = "{mirror.Name}/copies"
            insecure = true
            pull-from-mirror = "digest-only"
            [[registry]]
            prefix = "blocked.test"
            blocked = true
            """);
        using Registries registries = Registries.Open(Options() with { ConfigurationFile = conf, Retries = 0 });
        Assert.Equal(both.Manifest.Digest, await PullAsync(registries, "example.test/team/both:1"));
        Assert.Contains("GET /v2/copies/both/manifests/1", mirror.Log);
        Assert.Contains("GET /v2/copies/both/blobs/", mirror.Log);
        Assert.DoesNotContain("GET /v2/team/both/", primary.Log);
        Assert.Equal(only.Manifest.Digest, await PullAsync(registries, "example.test/team/only:1"));
        // All places are named when none has it.
        BerthException fault = await Assert.ThrowsAsync<BerthException>(() => PullAsync(registries, "example.test/team/none:1"));
        Assert.Equal(Fault.NotFound, fault.Kind);
        Assert.Contains("from any of 3 places", fault.Message);
        foreach (string place in (string[])["127.0.0.1:1", mirror.Name, primary.Name]) Assert.Contains(place, fault.Message);
        // By its tag only the registry is asked, by its digest the mirror.
        await PullAsync(registries, "digest.test/both:1");
        Assert.Contains("GET /v2/team/both/manifests/1", primary.Log);
        int before = Count(mirror.Log, "/copies/both/manifests/sha256:");
        await PullAsync(registries, $"digest.test/both@{both.Manifest.Digest}");
        Assert.True(Count(mirror.Log, "/copies/both/manifests/sha256:") > before);
        Assert.Equal(Fault.Denied, Assert.Throws<BerthException>(() => registries.Source(ImageReference.Parse("blocked.test/x"))).Kind);
        Assert.Equal(Fault.Denied, Assert.Throws<BerthException>(() => registries.Target(ImageReference.Parse("blocked.test/x"))).Kind);
        // What is pushed goes to the registry.
        await ImageCopier.CopyAsync(only, registries.Target(ImageReference.Parse("example.test/team/new:1")), ct: Now);
        Assert.Contains("PUT /v2/team/new/manifests/1", primary.Log);
        Assert.DoesNotContain("/copies/new", mirror.Log);
    }

    [Fact]
    public async Task Short_names_are_found_by_search_and_by_alias_as_skopeo_finds_them()
    {
        using Registry registry = new();
        TestImage image = TestImage.Of(["short"]);
        string conf = Conf($"unqualified-search-registries = [\"127.0.0.1:1\", \"{registry.Name}\"]\nshort-name-mode = \"disabled\"\n[[registry]]\nlocation = \"{registry.Name}\"\ninsecure = true\n[aliases]\nnick = \"{registry.Name}/team/long\"\n");
        using Registries registries = Registries.Open(Options() with { ConfigurationFile = conf, Retries = 0 });
        await ImageCopier.CopyAsync(image, registries.Target(ImageReference.Parse($"{registry.Name}/team/long:latest")), ct: Now);
        Assert.Equal(ShortNameMode.Disabled, registries.ShortNames);
        Assert.Equal(["127.0.0.1:1/team/long:latest", $"{registry.Name}/team/long:latest"], registries.Candidates(ImageName.Parse("team/long")).Select(one => one.ToString()));
        Assert.Equal(image.Manifest.Digest, await PullAsync(registries, Assert.Single(registries.Candidates(ImageName.Parse("nick"))).ToString()));
        List<string> all = [];
        await foreach (string name in registries.CatalogAsync(registry.Name, Now)) all.Add(name);
        Assert.Equal(["team/long"], all);
    }

    [Fact]
    public async Task Logins_are_read_by_skopeo_and_podman_and_theirs_by_us()
    {
        using Registry registry = new("user:$2b$05$QAT0gk2Vw8tM6ci8NZhQsOtWHGV5qMSDVHKIHgqEScte3HgmLcKMm\n");
        ImageReference name = ImageReference.Parse($"{registry.Name}/team/p:1");
        string ours = $"{_folder}/ours/auth.json";
        using (Registries registries = Registries.Open(Options() with { AuthFile = ours }))
        {
            Assert.Equal(Fault.Denied, (await Assert.ThrowsAsync<BerthException>(() => registries.LoginAsync(registry.Name, new Credential { User = "user", Password = "wrong" }, Now))).Kind);
            Assert.False(File.Exists(ours));
            await registries.LoginAsync(registry.Name, new Credential { User = "user", Password = "secret" }, Now);
            Assert.Equal("user", await registries.GetLoginAsync(registry.Name, Now));
            await ImageCopier.CopyAsync(TestImage.Of(["p"]), registries.Target(name), ct: Now);
        }
        Tools.Run("skopeo", null, "inspect", "--tls-verify=false", "--authfile", ours, $"docker://{name}");
        Assert.Equal("user", Tools.Run("skopeo", null, "login", "--authfile", ours, "--get-login", registry.Name).Trim());
        Assert.Equal("user", Tools.Run("podman", null, "login", "--authfile", ours, "--get-login", registry.Name).Trim());
        Tools.Run("skopeo", null, "logout", "--authfile", ours, registry.Name);
        foreach (string tool in (string[])["skopeo", "podman"])
        {
            foreach (string key in (string[])[registry.Name, $"{registry.Name}/team"])
            {
                string theirs = $"{_folder}/{tool}-{key.Length}.json";
                Tools.Run(tool, "secret", "login", "--tls-verify=false", "--authfile", theirs, "-u", "user", "--password-stdin", key);
                using Registries registries = Registries.Open(Options() with { AuthFile = theirs });
                Assert.Equal("user", await registries.GetLoginAsync($"{registry.Name}/team/p", Now));
                Assert.False((await registries.Source(name).ReadManifestAsync(default, Now)).Digest.IsEmpty);
                Assert.True(await registries.LogoutAsync(key, Now));
                Assert.False(await registries.LogoutAsync(key, Now));
                Assert.DoesNotContain("auth\"", await File.ReadAllTextAsync(theirs, Now));
            }
        }
    }

    [Theory]
    [InlineData(1), InlineData(4)]
    public async Task A_line_that_breaks_costs_only_what_was_lost(int ranges)
    {
        using Registry registry = new();
        TestImage image = Large(48 << 20);
        using (Registries direct = Registries.Open(Options())) await ImageCopier.CopyAsync(image, direct.Target(ImageReference.Parse($"{registry.Name}/big:1")), ct: Now);
        await using CuttingProxy proxy = new(registry.Port, cutAfter: 3 << 20, cuts: 3);
        using Registries registries = Registries.Open(Options() with { ParallelRanges = ranges });
        OciLayout layout = new($"{_folder}/layout");
        Assert.Equal(image.Manifest.Digest, (await ImageCopier.CopyAsync(registries.Source(ImageReference.Parse($"{proxy.Name}/big:1")), layout.Target("1"), ct: Now)).Digest);
        Assert.True(proxy.CutsLeft <= 0);
        long size = image.Manifest.Manifest!.Layers![0].Size;
        // What was in the sockets' buffers when the line broke is lost, and nothing else.
        Assert.InRange(proxy.Bytes, size, size + (8 << 20));
    }

    [Fact]
    public async Task Many_pulls_at_the_same_time_all_succeed()
    {
        using Registry registry = new();
        TestImage image = TestImage.Of([.. Enumerable.Range(0, 12).Select(i => new string((char)('a' + i), 100_000))]);
        using Registries registries = Registries.Open(Options());
        ImageReference name = ImageReference.Parse($"{registry.Name}/many:1");
        await ImageCopier.CopyAsync(image, registries.Target(name), ct: Now);
        await Parallel.ForAsync(0, 20, new ParallelOptions { MaxDegreeOfParallelism = 20, CancellationToken = Now }, async (i, ct) =>
            Assert.Equal(image.Manifest.Digest, (await ImageCopier.CopyAsync(registries.Source(name), new OciLayout($"{_folder}/many{i % 4}").Target($"t{i}"), ct: ct)).Digest));
    }

    [Fact]
    public async Task Blobs_in_pieces_arrive_whole()
    {
        using Registry registry = new();
        using Registries registries = Registries.Open(Options() with { ChunkBytes = 1 << 20 });
        TestImage image = Large(5_000_001);
        ImageReference name = ImageReference.Parse($"{registry.Name}/pieces:1");
        await ImageCopier.CopyAsync(image, registries.Target(name), ct: Now);
        Assert.True(Count(registry.Log, "PATCH /v2/pieces/blobs/uploads/") >= 4);
        Assert.Equal(image.Manifest.Digest, await PullAsync(registries, name.ToString()));
    }

    [Fact]
    public async Task Referrers_are_kept_for_a_registry_that_does_not_know_them()
    {
        using Registry registry = new();
        using Registries registries = Registries.Open(Options());
        TestImage image = TestImage.Of(["signed"]);
        ImageReference name = ImageReference.Parse($"{registry.Name}/s:1");
        await ImageCopier.CopyAsync(image, registries.Target(name), ct: Now);
        Assert.Empty(await registries.ReferrersAsync(name, null, Now));
        await using IImageTarget target = registries.Target(name with { Tag = "signature" });
        await target.PutBlobAsync(Descriptor.EmptyJson, new MemoryStream("{}"u8.ToArray()), Now);
        ManifestDocument signature = ManifestDocument.Of(new ImageManifest { MediaType = MediaType.Manifest, ArtifactType = "application/x-signature", Config = Descriptor.EmptyJson, Layers = [Descriptor.EmptyJson], Subject = image.Manifest.Descriptor });
        await target.PutManifestAsync(signature, Now);
        Assert.Equal(signature.Digest, Assert.Single(await registries.ReferrersAsync(name, "application/x-signature", Now)).Digest);
    }

    /// <summary>One layer that cannot be made smaller.</summary>
    private static TestImage Large(int bytes)
    {
        byte[] random = new byte[bytes / 2];
        new Random(3).NextBytes(random);
        return TestImage.Of([Convert.ToHexString(random)], Compression.None);
    }

    private static int Count(string text, string of) => text.Split(of).Length - 1;

    private string Conf(string text)
    {
        string path = $"{_folder}/registries-{RandomNumberGenerator.GetInt32(int.MaxValue).ToString(CultureInfo.InvariantCulture)}.conf";
        File.WriteAllText(path, text);
        return path;
    }

    // Nothing of this host's own configuration.
    private RegistriesOptions Options() => new() { AuthFile = $"{_folder}/none.json", ConfigurationFile = Conf(""), Retries = 2 };

    private async Task<Digest> PullAsync(Registries registries, string name) =>
        (await ImageCopier.CopyAsync(registries.Source(ImageReference.Parse(name)), new OciLayout($"{_folder}/pulled-{Guid.NewGuid():N}").Target("x"), ct: Now)).Digest;
}
