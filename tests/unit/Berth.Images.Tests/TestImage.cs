// Small images for tests, made from nothing.
using System.Text;
using Berth.Images.Compressed;
using Berth.Images.Copying;
using Berth.Images.Tar;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Tests;

/// <summary>An image in memory; its blobs can be spoiled.</summary>
internal sealed class TestImage : IImageSource
{
    public Dictionary<Digest, byte[]> Blobs { get; } = [];

    public ManifestDocument Manifest { get; private set; } = null!;

    public string Name => "test:image";

    /// <summary>How often a blob breaks off, in the middle.</summary>
    public int Breaks { get; set; }

    public int Opened { get; private set; }

    public static TestImage Of(string[] texts, Compression compression = Compression.Gzip, ImageFormat format = ImageFormat.Oci, string architecture = "amd64")
    {
        TestImage image = new();
        List<Descriptor> layers = [];
        List<Digest> diffs = [];
        foreach (string text in texts)
        {
            byte[] tar = Layer(text);
            diffs.Add(Digest.Of(tar));
            MemoryStream packed = new();
            using (Stream stream = LayerCompression.Create(packed, compression)) stream.Write(tar);
            layers.Add(image.Add(packed.ToArray(), MediaType.LayerOf(compression, format)));
        }
        byte[] config = ImageJson.Bytes(new ImageConfig { Architecture = architecture, Os = "linux", RootFs = new RootFs { DiffIds = diffs }, Config = new ContainerConfig { Cmd = ["sh"] } });
        Descriptor described = image.Add(config, format == ImageFormat.Docker ? MediaType.DockerConfig : MediaType.Config);
        image.Manifest = ManifestDocument.Of(new ImageManifest { MediaType = format == ImageFormat.Docker ? MediaType.DockerManifest : MediaType.Manifest, Config = described, Layers = layers });
        image.Blobs[image.Manifest.Digest] = image.Manifest.Bytes.ToArray();
        return image;
    }

    public static TestImage IndexOf(params (TestImage Image, string Platform)[] images)
    {
        TestImage index = new();
        List<Descriptor> manifests = [];
        foreach ((TestImage image, string platform) in images)
        {
            foreach ((Digest digest, byte[] bytes) in image.Blobs) index.Blobs[digest] = bytes;
            manifests.Add(image.Manifest.Descriptor with { Platform = Platform.Parse(platform) });
        }
        index.Manifest = ManifestDocument.Of(new ImageIndex { MediaType = MediaType.Index, Manifests = manifests });
        return index;
    }

    public static byte[] Layer(string text)
    {
        MemoryStream archive = new();
        TarWriter writer = new(archive);
        writer.Add(new TarEntry { Path = "file"u8.ToArray(), Mode = 0x1A4 }, Encoding.UTF8.GetBytes(text));
        writer.Finish();
        return archive.ToArray();
    }

    public Descriptor Add(byte[] bytes, string mediaType)
    {
        Blobs[Digest.Of(bytes)] = bytes;
        return new Descriptor { MediaType = mediaType, Digest = Digest.Of(bytes), Size = bytes.Length };
    }

    public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct) =>
        Task.FromResult(digest.IsEmpty ? Manifest : Blobs.TryGetValue(digest, out byte[]? bytes) ? ManifestDocument.Read(bytes, null, digest) : throw new BerthException(Fault.NotFound, $"no {digest}"));

    public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        Opened++;
        byte[] bytes = Blobs.TryGetValue(blob.Digest, out byte[]? there) ? there : throw new BerthException(Fault.NotFound, $"no {blob.Digest}");
        bool breaks = Breaks-- > 0;
        return Task.FromResult<Stream>(breaks ? new BreakingStream(bytes[(int)offset..]) : new MemoryStream(bytes[(int)offset..]));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class BreakingStream(byte[] bytes) : MemoryStream(bytes[..(bytes.Length / 2)])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Position == Length ? throw new IOException("connection reset") : base.ReadAsync(buffer, cancellationToken);

        public override int Read(Span<byte> buffer) => Position == Length ? throw new IOException("connection reset") : base.Read(buffer);
    }
}
