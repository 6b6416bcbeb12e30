// The copy, between every kind of place that is made of files.
using Berth.Images.Archives;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Images.Tests;

public sealed class CopyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-copy-").FullName;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Compression.None)]
    [InlineData(Compression.Gzip)]
    [InlineData(Compression.Zstd)]
    public async Task Round_all_places_an_image_keeps_its_digest(Compression compression)
    {
        TestImage image = TestImage.Of(["one", "two", "one"], compression);
        OciLayout layout = new($"{_folder}/layout");
        await Copy(image, layout.Target("v1"));
        await using (FileStream file = File.Create($"{_folder}/a.tar"))
        {
            using OciArchiveWriter writer = new(file, "a.tar");
            await Copy(layout.Source("v1"), writer.Target("v1"));
            await writer.FinishAsync(Now);
        }
        using OciArchive archive = OciArchive.Open($"{_folder}/a.tar");
        await Copy(archive.Source("v1"), new ImageFolder($"{_folder}/dir").Target());
        OciLayout last = new($"{_folder}/last");
        ManifestDocument there = await Copy(new ImageFolder($"{_folder}/dir").Source(), last.Target("v2"), new CopyOptions { PreserveDigests = true });
        Assert.Equal(image.Manifest.Digest, there.Digest);
        Assert.Equal(image.Manifest.Bytes.ToArray(), File.ReadAllBytes($"{_folder}/last/blobs/sha256/{there.Digest.Encoded}"));
        Assert.Equal(image.Blobs.Count, Directory.GetFiles($"{_folder}/last/blobs/sha256").Length);
        Assert.Equal("v2", Assert.Single(last.ReadIndex().Manifests!).Annotations![OciLayout.RefName]);
    }

    [Fact]
    public async Task An_archive_of_docker_has_plain_layers_and_gives_the_same_files_back()
    {
        TestImage image = TestImage.Of(["one", "two", "one"], Compression.Zstd);
        MemoryStream bytes = new();
        using (DockerArchiveWriter writer = new(bytes, "-"))
        {
            await Copy(image, writer.Target(ImageReference.Parse("a:1"), ImageReference.Parse("quay.io/b:2")));
            await Copy(TestImage.Of(["two"]), writer.Target(ImageReference.Parse("c")));
            await writer.FinishAsync(Now);
        }
        using DockerArchive archive = DockerArchive.Open("-", new MemoryStream(bytes.ToArray()));
        Assert.Equal(["a:1", "quay.io/b:2"], archive.Items[0].RepoTags);
        Assert.Equal(3, archive.Items[0].Layers.Count);
        OciLayout layout = new($"{_folder}/layout");
        ManifestDocument back = await Copy(archive.Source("docker.io/library/a:1"), layout.Target("a"));
        ImageConfig config = System.Text.Json.JsonSerializer.Deserialize(image.Blobs[image.Manifest.Manifest!.Config!.Digest], ImageJson.Plain.ImageConfig)!;
        Assert.Equal(config.RootFs!.DiffIds, back.Manifest!.Layers!.Select(layer => layer.Digest));
        Assert.Equal(image.Manifest.Manifest.Config.Digest, back.Manifest.Config!.Digest);
        Assert.Equal(ImageFormat.Oci, back.Format);
        // By place, and refused without a name.
        Assert.Single((await archive.Source("@1").ReadManifestAsync(default, Now)).Manifest!.Layers!);
        Assert.Contains("a:1", Assert.Throws<BerthException>(() => archive.Source()).Hint);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => archive.Source("nobody")).Kind);
    }

    [Fact]
    public async Task Of_an_index_the_image_for_a_platform_is_copied_or_all()
    {
        TestImage index = TestImage.IndexOf((TestImage.Of(["x"]), "linux/amd64"), (TestImage.Of(["y"], architecture: "arm64"), "linux/arm64"));
        OciLayout one = new($"{_folder}/one"), all = new($"{_folder}/all");
        ManifestDocument chosen = await Copy(index, one.Target("i"), new CopyOptions { Platform = Platform.Parse("linux/arm64") });
        Assert.Equal(index.Manifest.Index!.Manifests![1].Digest, chosen.Digest);
        Assert.Equal(3, Directory.GetFiles($"{_folder}/one/blobs/sha256").Length);
        Assert.Equal(index.Manifest.Digest, (await Copy(index, all.Target("i"), new CopyOptions { Which = WhichImages.All })).Digest);
        Assert.Equal(7, Directory.GetFiles($"{_folder}/all/blobs/sha256").Length);
        BerthException fault = await Assert.ThrowsAsync<BerthException>(() => Copy(index, one.Target("j"), new CopyOptions { Platform = Platform.Parse("linux/s390x") }));
        Assert.Equal((Fault.NotFound, "it has linux/amd64, linux/arm64"), (fault.Kind, fault.Hint));
    }

    [Fact]
    public async Task Compression_and_words_are_changed_only_where_that_is_allowed()
    {
        TestImage image = TestImage.Of([new string('a', 10_000), "two"], Compression.None, ImageFormat.Docker);
        OciLayout layout = new($"{_folder}/layout");
        ManifestDocument zstd = await Copy(image, layout.Target("z"), new CopyOptions { Compression = Compression.Zstd, Level = 5 });
        Assert.All(zstd.Manifest!.Layers!, layer => Assert.Equal(MediaType.LayerZstd, layer.MediaType));
        Assert.Equal(MediaType.Config, zstd.Manifest.Config!.MediaType);
        ManifestDocument plain = await Copy(layout.Source("z"), new ImageFolder($"{_folder}/dir").Target(), new CopyOptions { Compression = Compression.None, Format = ImageFormat.Docker });
        Assert.Equal(image.Manifest.Manifest!.Layers!.Select(layer => layer.Digest), plain.Manifest!.Layers!.Select(layer => layer.Digest));
        Assert.Equal(image.Manifest.Digest, plain.Digest);
        BerthException fault = await Assert.ThrowsAsync<BerthException>(() => Copy(image, layout.Target("p"), new CopyOptions { PreserveDigests = true }));
        Assert.Contains("same digests", fault.Message);
        Assert.DoesNotContain(layout.ReadIndex().Manifests!, entry => entry.Annotations![OciLayout.RefName] == "p");
    }

    [Fact]
    public async Task A_blob_that_breaks_off_goes_on_where_it_broke_off()
    {
        TestImage image = TestImage.Of([new string('x', 100_000)], Compression.None);
        image.Breaks = 3;
        ManifestDocument there = await Copy(image, new OciLayout($"{_folder}/l").Target("i"));
        Assert.Equal(image.Manifest.Digest, there.Digest);
        image.Breaks = 100;
        await Assert.ThrowsAsync<IOException>(() => Copy(image, new OciLayout($"{_folder}/m").Target("i"), new CopyOptions { Retries = 1 }));
        Assert.False(Directory.Exists($"{_folder}/m"));
    }

    [Theory]
    [InlineData("content")]
    [InlineData("longer")]
    [InlineData("shorter")]
    [InlineData("config")]
    [InlineData("missing")]
    public async Task What_is_not_what_its_digest_says_never_gets_there(string spoiled)
    {
        TestImage image = TestImage.Of(["one"]);
        Digest layer = image.Manifest.Manifest!.Layers![0].Digest, config = image.Manifest.Manifest.Config!.Digest;
        switch (spoiled)
        {
            case "content": image.Blobs[layer][20] ^= 1; break;
            case "longer": image.Blobs[layer] = [.. image.Blobs[layer], 0]; break;
            case "shorter": image.Blobs[layer] = image.Blobs[layer][..^1]; break;
            case "config": image.Blobs[config][5] ^= 1; break;
            default: image.Blobs.Remove(layer); break;
        }
        OciLayout layout = new($"{_folder}/l");
        layout.Initialise();
        await Assert.ThrowsAnyAsync<Exception>(() => Copy(image, layout.Target("i"), new CopyOptions { Retries = 0 }));
        Assert.Empty(layout.ReadIndex().Manifests!);
        Assert.DoesNotContain(Directory.GetFiles($"{_folder}/l", "*", SearchOption.AllDirectories), file => file.EndsWith(".part", StringComparison.Ordinal) || file.EndsWith(layer.Encoded, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Several_copies_into_one_layout_do_not_lose_each_others_names()
    {
        OciLayout layout = new($"{_folder}/l");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => Copy(TestImage.Of([$"{i % 5}", "shared"]), layout.Target($"n{i}")), Now)));
        Assert.Equal(20, layout.ReadIndex().Manifests!.Count);
        layout.Remove("n0");
        Assert.Throws<BerthException>(() => layout.Remove("n0"));
        Assert.Equal(0, layout.CollectGarbage());
        for (int i = 1; i < 20; i++) layout.Remove($"n{i}");
        Assert.True(layout.CollectGarbage() > 0);
        Assert.Empty(Directory.GetFiles($"{_folder}/l/blobs", "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_configuration_that_tells_of_other_layers_is_refused()
    {
        TestImage image = TestImage.Of(["one", "two"]);
        TestImage other = TestImage.Of(["one"]);
        foreach ((Digest digest, byte[] bytes) in other.Blobs) image.Blobs[digest] = bytes;
        ManifestDocument wrong = ManifestDocument.Of(image.Manifest.Manifest! with { Config = other.Manifest.Manifest!.Config });
        OciLayout layout = new($"{_folder}/l");
        layout.Initialise();
        Directory.CreateDirectory($"{_folder}/d");
        File.WriteAllBytes($"{_folder}/d/manifest.json", wrong.Bytes.ToArray());
        File.WriteAllText($"{_folder}/d/version", "x");
        foreach ((Digest digest, byte[] bytes) in image.Blobs) File.WriteAllBytes($"{_folder}/d/{digest.Encoded}", bytes);
        Assert.Contains("tells of 1", (await Assert.ThrowsAsync<BerthException>(() => Copy(new ImageFolder($"{_folder}/d").Source(), layout.Target("i")))).Message);
    }

    [Fact]
    public async Task Places_that_are_none_say_so()
    {
        File.WriteAllText($"{_folder}/text", "hello");
        File.WriteAllBytes($"{_folder}/empty.tar", new byte[1024]);
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => DockerArchive.Open($"{_folder}/text")).Kind);
        Assert.Contains("docker save", Assert.Throws<BerthException>(() => DockerArchive.Open($"{_folder}/empty.tar")).Message);
        Assert.Contains("oci-layout", Assert.Throws<BerthException>(() => OciArchive.Open($"{_folder}/empty.tar")).Message);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => OciArchive.Open($"{_folder}/nothing")).Kind);
        Assert.Contains("no file oci-layout", Assert.Throws<BerthException>(() => new OciLayout(_folder).ReadIndex()).Message);
        Assert.Equal(Fault.Conflict, (await Assert.ThrowsAsync<BerthException>(() => Copy(TestImage.Of(["x"]), new ImageFolder(_folder).Target()))).Kind);
    }

    [Fact]
    public void Links_in_an_archive_do_not_go_round_forever()
    {
        MemoryStream bytes = new();
        Tar.TarWriter writer = new(bytes);
        writer.Add(new Tar.TarEntry { Path = "manifest.json"u8.ToArray(), Kind = Tar.TarKind.SymbolicLink, LinkTarget = "a"u8.ToArray() });
        writer.Add(new Tar.TarEntry { Path = "a"u8.ToArray(), Kind = Tar.TarKind.HardLink, LinkTarget = "../../manifest.json"u8.ToArray() });
        writer.Finish();
        Assert.Contains("manifest.json", Assert.Throws<BerthException>(() => DockerArchive.Open("-", new MemoryStream(bytes.ToArray()))).Message);
    }

    private static Task<ManifestDocument> Copy(IImageSource source, IImageTarget target, CopyOptions? options = null) => ImageCopier.CopyAsync(source, target, options, ct: Now);
}
