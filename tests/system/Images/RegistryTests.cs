// Our registry client with Debian's registry on the other side, and skopeo beside us.
using System.Diagnostics;
using Berth.Distribution.Authentication;
using Berth.Distribution.Protocol;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Images.Tests;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.SystemTests.Images;

public sealed class RegistryTests : IDisposable
{
    // user:secret, bcrypt.
    private const string Htpasswd = "user:$2b$05$QAT0gk2Vw8tM6ci8NZhQsOtWHGV5qMSDVHKIHgqEScte3HgmLcKMm\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("berth-pull-").FullName;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_is_pushed_is_pulled_with_the_same_digest_and_skopeo_sees_it()
    {
        using Registry registry = new();
        using RegistryClient client = Client(registry);
        TestImage image = TestImage.Of(["one", new string('x', 300_000), "three"]);
        ImageReference name = ImageReference.Parse($"{registry.Name}/a/b:v1");
        await ImageCopier.CopyAsync(image, client.Target(name), ct: Now);
        OciLayout layout = new($"{_folder}/layout");
        Assert.Equal(image.Manifest.Digest, (await ImageCopier.CopyAsync(client.Source(name), layout.Target("v1"), ct: Now)).Digest);
        Assert.Equal(image.Manifest.Digest, (await client.Source(name with { Tag = null, Digest = image.Manifest.Digest }).ReadManifestAsync(default, Now)).Digest);
        Skopeo("copy", "--src-tls-verify=false", $"docker://{name}", $"oci:{_folder}/theirs:v1");
        Assert.Equal(image.Manifest.Digest, new OciLayout($"{_folder}/theirs").ReadIndex().Manifests![0].Digest);
        // And the other way.
        Skopeo("copy", "--dest-tls-verify=false", $"oci:{_folder}/layout:v1", $"docker://{registry.Name}/a/theirs:v2");
        Assert.Equal(image.Manifest.Digest, (await client.Source(ImageReference.Parse($"{registry.Name}/a/theirs:v2")).ReadManifestAsync(default, Now)).Digest);
    }

    [Fact]
    public async Task A_second_push_moves_nothing_and_a_neighbour_lends_its_blobs()
    {
        using Registry registry = new();
        using RegistryClient client = Client(registry);
        TestImage image = TestImage.Of(["one", "two"]);
        ImageReference first = ImageReference.Parse($"{registry.Name}/first:1"), second = ImageReference.Parse($"{registry.Name}/second:1");
        await ImageCopier.CopyAsync(image, client.Target(first), ct: Now);
        Progress progress = new();
        await ImageCopier.CopyAsync(image, client.Target(first), progress: progress, ct: Now);
        Assert.All(progress.Seen, word => Assert.Equal(BlobStage.Reused, word.Stage));
        progress.Seen.Clear();
        await ImageCopier.CopyAsync(client.Source(first), client.Target(second), progress: progress, ct: Now);
        Assert.All(progress.Seen, word => Assert.Equal(BlobStage.Reused, word.Stage));
        Assert.Equal(image.Manifest.Digest, (await client.Source(second).ReadManifestAsync(default, Now)).Digest);
    }

    [Fact]
    public async Task An_index_is_copied_whole()
    {
        using Registry registry = new();
        using RegistryClient client = Client(registry);
        TestImage index = TestImage.IndexOf((TestImage.Of(["x"]), "linux/amd64"), (TestImage.Of(["y"], architecture: "arm64"), "linux/arm64"));
        ImageReference name = ImageReference.Parse($"{registry.Name}/i:1");
        await ImageCopier.CopyAsync(index, client.Target(name), new CopyOptions { Which = WhichImages.All, PreserveDigests = true }, ct: Now);
        Assert.Equal(index.Manifest.Digest, (await client.Source(name).ReadManifestAsync(default, Now)).Digest);
        Assert.Equal(index.Manifest.Index!.Manifests![1].Digest, (await ImageCopier.CopyAsync(client.Source(name), new OciLayout($"{_folder}/l").Target("a"), new CopyOptions { Platform = Platform.Parse("linux/arm64") }, ct: Now)).Digest);
    }

    [Fact]
    public async Task Tags_are_listed_and_manifests_deleted()
    {
        using Registry registry = new();
        using RegistryClient client = Client(registry);
        TestImage image = TestImage.Of(["one"]);
        foreach (string tag in (string[])["a", "b", "c"]) await ImageCopier.CopyAsync(image, client.Target(ImageReference.Parse($"{registry.Name}/t:{tag}")), ct: Now);
        List<string> tags = [];
        await foreach (string tag in client.TagsAsync("t", Now)) tags.Add(tag);
        Assert.Equal(["a", "b", "c"], tags.Order());
        await client.DeleteAsync(ImageReference.Parse($"{registry.Name}/t:a"), Now);
        Assert.Equal(Fault.NotFound, (await Assert.ThrowsAsync<BerthException>(() => client.Source(ImageReference.Parse($"{registry.Name}/t:a")).ReadManifestAsync(default, Now))).Kind);
        Assert.Empty(await client.ReferrersAsync("t", image.Manifest.Digest, null, Now));
    }

    [Fact]
    public async Task Who_has_no_right_is_told_so_and_who_has_gets_in()
    {
        using Registry registry = new(Htpasswd);
        ImageReference name = ImageReference.Parse($"{registry.Name}/p:1");
        using RegistryClient anybody = Client(registry), wrong = Client(registry, new Credential { User = "user", Password = "wrong" });
        BerthException fault = await Assert.ThrowsAsync<BerthException>(() => anybody.PingAsync(Now));
        Assert.Equal(Fault.Denied, fault.Kind);
        Assert.Contains("log in", fault.Hint);
        Assert.Equal(Fault.Denied, (await Assert.ThrowsAsync<BerthException>(() => wrong.Source(name).ReadManifestAsync(default, Now))).Kind);
        using RegistryClient user = Client(registry, new Credential { User = "user", Password = "secret" });
        TestImage image = TestImage.Of(["mine"]);
        await ImageCopier.CopyAsync(image, user.Target(name), ct: Now);
        Assert.Equal(image.Manifest.Digest, (await user.Source(name).ReadManifestAsync(default, Now)).Digest);
        Assert.DoesNotContain("wrong", new Credential { User = "user", Password = "wrong" }.ToString());
    }

    [Fact]
    public async Task What_cannot_be_reached_is_said_in_a_sentence()
    {
        using RegistryClient nobody = new(new RegistryOptions { Registry = "127.0.0.1:1", IsInsecure = true, Retries = 0 });
        BerthException fault = await Assert.ThrowsAsync<BerthException>(() => nobody.Source(ImageReference.Parse("127.0.0.1:1/a")).ReadManifestAsync(default, Now));
        Assert.Equal(Fault.Unavailable, fault.Kind);
        Assert.Contains("cannot fetch the manifest of 127.0.0.1:1/a:latest at 127.0.0.1:1", fault.Message);
        using RegistryClient nowhere = new(new RegistryOptions { Registry = "no-such-host.invalid", Retries = 0 });
        Assert.Contains("resolver", (await Assert.ThrowsAsync<BerthException>(() => nowhere.PingAsync(Now))).Hint);
    }

    private static RegistryClient Client(Registry registry, Credential? credential = null) => new(new RegistryOptions { Registry = registry.Name, IsInsecure = true, Credential = credential, Retries = 1 });

    private static void Skopeo(params string[] words)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/skopeo"), "skopeo is not installed");
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/skopeo", ["--insecure-policy", .. words]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        string said = process.StandardError.ReadToEnd() + process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
    }

    private sealed class Progress : IProgress<CopyProgress>
    {
        public List<CopyProgress> Seen { get; } = [];

        public void Report(CopyProgress value)
        {
            lock (Seen) Seen.Add(value);
        }
    }
}
