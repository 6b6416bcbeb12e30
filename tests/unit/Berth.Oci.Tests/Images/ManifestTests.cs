// Manifests and configurations: read as they are, refused where they could mean two things, and never a crash.
using System.Text;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Oci.Tests.Images;

public sealed class ManifestTests
{
    private const string D = "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b";

    private const string Image = $$$"""
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{{D}}}","size":7},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+zstd","digest":"{{{D}}}","size":9,"annotations":{"a":"b"},"x-unknown":1}],
         "annotations":{"org.opencontainers.image.title":"t"},"x":{"y":[1,2]}}
        """;

    private const string List = $$$"""
        {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json",
         "manifests":[{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":"{{{D}}}","size":5,"platform":{"architecture":"amd64","os":"linux"}}]}
        """;

    [Fact]
    public void An_image_is_read_and_its_bytes_stay_as_they_are()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Image);
        ManifestDocument document = ManifestDocument.Read(bytes, "application/vnd.oci.image.manifest.v1+json; charset=utf-8");
        Assert.Equal(bytes, document.Bytes.ToArray());
        Assert.Equal(Digest.Of(bytes), document.Digest);
        Assert.Equal(7, document.Manifest!.Config!.Size);
        Descriptor layer = Assert.Single(document.Manifest.Layers!);
        Assert.Equal((Compression.Zstd, "b"), (MediaType.CompressionOf(layer.MediaType), layer.Annotations!["a"]));
        Assert.Equal((ImageFormat.Oci, bytes.Length), (document.Format, (int)document.Descriptor.Size));
    }

    [Fact]
    public void A_list_is_read()
    {
        ManifestDocument document = ManifestDocument.Read(Encoding.UTF8.GetBytes(List));
        Assert.Equal(ImageFormat.Docker, document.Format);
        Assert.NotNull(document.Index!.Choose(Platform.Parse("linux/amd64")));
        Assert.Null(document.Manifest);
    }

    [Fact]
    public void Without_a_type_the_members_tell()
    {
        Assert.NotNull(ManifestDocument.Read("""{"schemaVersion":2,"manifests":[]}"""u8.ToArray()).Index);
        Assert.NotNull(ManifestDocument.Read("""{"schemaVersion":2,"layers":[]}"""u8.ToArray()).Manifest);
        Assert.Equal(MediaType.DockerManifest, ManifestDocument.Read("""{"schemaVersion":2,"layers":[]}"""u8.ToArray(), MediaType.DockerManifest).MediaType);
        Assert.Equal(MediaType.DockerSchema1, ManifestDocument.Read("""{"schemaVersion":1,"fsLayers":[],"history":[]}"""u8.ToArray()).MediaType);
    }

    [Theory]
    [InlineData("""{"schemaVersion":2,"layers":[],"manifests":[]}""", "either kind")]
    [InlineData("""{"schemaVersion":2,"config":{},"manifests":[]}""", "either kind")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","layers":[]}""", "has layers")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}""", "has manifests")]
    [InlineData("""{"schemaVersion":2,"mediaType":"text/html"}""", "calls itself")]
    [InlineData("""{"schemaVersion":2,"layers":[],"layers":[]}""", "twice")]
    [InlineData("""{"schemaVersion":2,"layers":[{"digest":"sha256:00"}]}""", "line 1")]
    [InlineData("""{"schemaVersion":2,"layers":[{"size":1}]}""", "no digest")]
    [InlineData("""{"schemaVersion":2,"layers":[null]}""", "null")]
    [InlineData("""{"schemaVersion":2,"layers":{}}""", "line 1")]
    [InlineData("""{"schemaVersion":"2"}""", "another type")]
    [InlineData("""{"mediaType":7}""", "another type")]
    [InlineData("[]", "object")]
    [InlineData("{} {}", "line 1")]
    [InlineData("", "line 1")]
    [InlineData("<html>", "line 1")]
    public void What_could_mean_two_things_or_nothing_is_refused(string text, string because)
    {
        BerthException fault = Assert.Throws<BerthException>(() => ManifestDocument.Read(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.Contains(because, fault.Message);
    }

    [Fact]
    public void A_type_that_came_with_it_must_agree()
    {
        Assert.Contains("calls itself", Assert.Throws<BerthException>(() => ManifestDocument.Read(Encoding.UTF8.GetBytes(Image), MediaType.Index)).Message);
        // What registries say of everything is nobody's claim.
        Assert.NotNull(ManifestDocument.Read(Encoding.UTF8.GetBytes(Image), "application/json").Manifest);
    }

    [Fact]
    public void Another_content_than_the_one_asked_for_is_refused() =>
        Assert.Contains("another content", Assert.Throws<BerthException>(() => ManifestDocument.Read(Encoding.UTF8.GetBytes(Image), expected: Digest.Parse(D))).Message);

    [Fact]
    public void Sizes_are_bounded()
    {
        Assert.Contains("bytes", Assert.Throws<BerthException>(() => ManifestDocument.Read(new byte[ManifestDocument.MostBytes + 1])).Message);
        string many = string.Join(',', Enumerable.Repeat($$"""{"digest":"{{D}}","size":1}""", ManifestDocument.MostEntries + 1));
        Assert.Contains("most is", Assert.Throws<BerthException>(() => ManifestDocument.Read(Encoding.UTF8.GetBytes($$"""{"layers":[{{many}}]}"""))).Message);
        Assert.Throws<BerthException>(() => ManifestDocument.Read(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000))));
    }

    [Fact]
    public void A_configuration_keeps_what_it_does_not_know()
    {
        const string text = """
            {"created":"2024-01-02T03:04:05.123456789Z","architecture":"amd64","os":"linux","container":"abc",
             "config":{"User":"1000:1000","Env":["A=b<c>"],"Cmd":["sh"],"Entrypoint":null,"ExposedPorts":{"80/tcp":{}},"Hostname":"h","Healthcheck":{"Test":["CMD","true"],"Interval":1000000000}},
             "rootfs":{"type":"layers","diff_ids":["sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b","sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"]},
             "history":[{"created_by":"RUN x","empty_layer":true}]}
            """;
        ImageConfig config = System.Text.Json.JsonSerializer.Deserialize(text, ImageJson.Plain.ImageConfig)!;
        Assert.Equal(("1000:1000", "A=b<c>", 1_000_000_000L), (config.Config!.User, config.Config.Env![0], config.Config.Healthcheck!.Interval));
        Assert.Equal(2024, config.CreatedAt!.Value.Year);
        Assert.Equal(2, config.RootFs!.ChainIds.Count);
        Assert.Equal(config.RootFs.DiffIds![0], config.RootFs.ChainIds[0]);
        Assert.Equal(Digest.Of(Encoding.ASCII.GetBytes($"{D} {D}")), config.RootFs.ChainIds[1]);
        string back = Encoding.UTF8.GetString(ImageJson.Bytes(config));
        Assert.Contains("\"container\":\"abc\"", back);
        Assert.Contains("\"Hostname\":\"h\"", back);
        Assert.Contains("A=b<c>", back);
        Assert.Contains("2024-01-02T03:04:05.123456789Z", back);
    }

    [Fact]
    public void Records_make_documents_that_read_as_they_were_written()
    {
        ImageManifest manifest = new() { MediaType = MediaType.Manifest, Config = Descriptor.EmptyJson, Layers = [Descriptor.EmptyJson], ArtifactType = "application/x" };
        ManifestDocument document = ManifestDocument.Of(manifest);
        Assert.Equal("{}"u8.ToArray(), document.Manifest!.Layers![0].Data);
        Assert.Equal("application/x", document.Manifest.ArtifactType);
        Assert.DoesNotContain("subject", Encoding.UTF8.GetString(document.Bytes.Span));
    }

    [Fact]
    public void Mutated_manifests_never_crash_the_reader()
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("BERTH_FUZZ"), out int asked) ? asked : 20_000;
        Random random = new(4711);
        byte[][] seeds = [Encoding.UTF8.GetBytes(Image), Encoding.UTF8.GetBytes(List)];
        for (int i = 0; i < rounds; i++)
        {
            byte[] bytes = [.. seeds[random.Next(seeds.Length)]];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                int at = random.Next(bytes.Length);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes = [.. bytes[..at], .. bytes[random.Next(at, bytes.Length)..]]; break;
                    case 2: bytes = [.. bytes[..at], .. bytes[random.Next(bytes.Length)..], .. bytes[at..]]; break;
                    default: bytes = [.. bytes[..at], (byte)"\"{}[],:0e-\\"[random.Next(11)], .. bytes[at..]]; break;
                }
                if (bytes.Length is 0 or > 20_000) break;
            }
            try { ManifestDocument.Read(bytes); }
            catch (BerthException e) when (e.Kind == Fault.InvalidArgument) { } // that is the answer
        }
    }
}
