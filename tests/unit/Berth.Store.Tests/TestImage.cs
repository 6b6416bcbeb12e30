// Images for tests, made from archives, whose blobs can be spoiled and broken off.
using Berth.Images.Compressed;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Store.Tests;

/// <summary>An image in memory.</summary>
internal sealed class TestImage : IImageSource
{
    private int _fetched;
    private long _bytes;

    public Dictionary<Digest, byte[]> Blobs { get; } = [];

    public required ManifestDocument Manifest { get; set; }

    public required IReadOnlyList<Digest> Layers { get; init; }

    public string Name => "test:image";

    /// <summary>Blobs that were asked for, configurations not counted.</summary>
    public int Fetched => _fetched;

    /// <summary>Bytes of them that were read.</summary>
    public long BytesRead => Interlocked.Read(ref _bytes);

    /// <summary>After so many bytes of a layer it is over, for good.</summary>
    public int? BreaksAfter { get; set; }

    public static TestImage Of(params TestTar[] tars) => Of("sh", Compression.Gzip, tars);

    public static TestImage Of(string command, Compression compression, params TestTar[] tars)
    {
        Dictionary<Digest, byte[]> blobs = [];
        List<Descriptor> layers = [];
        List<Digest> diffs = [];
        foreach (TestTar one in tars)
        {
            byte[] tar = one.Bytes();
            diffs.Add(Digest.Of(tar));
            MemoryStream packed = new();
            using (Stream stream = LayerCompression.Create(packed, compression)) stream.Write(tar);
            layers.Add(new Descriptor { MediaType = MediaType.LayerOf(compression, ImageFormat.Oci), Digest = Digest.Of(packed.ToArray()), Size = packed.Length });
            blobs[layers[^1].Digest] = packed.ToArray();
        }
        return Of(command, layers, diffs, blobs);
    }

    public static TestImage Of(string command, List<Descriptor> layers, List<Digest> diffs, Dictionary<Digest, byte[]> blobs)
    {
        byte[] config = ImageJson.Bytes(new ImageConfig { Architecture = "amd64", Os = "linux", RootFs = new RootFs { DiffIds = diffs }, Config = new ContainerConfig { Cmd = [command] } });
        Descriptor described = new() { MediaType = MediaType.Config, Digest = Digest.Of(config), Size = config.Length };
        TestImage image = new() { Manifest = ManifestDocument.Of(new ImageManifest { MediaType = MediaType.Manifest, Config = described, Layers = layers }), Layers = [.. layers.Select(static layer => layer.Digest)] };
        foreach ((Digest digest, byte[] bytes) in blobs) image.Blobs[digest] = bytes;
        image.Blobs[described.Digest] = config;
        return image;
    }

    public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct) => Task.FromResult(Manifest);

    public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        bool isLayer = Layers.Contains(blob.Digest);
        if (isLayer) Interlocked.Increment(ref _fetched);
        return Task.FromResult<Stream>(new Counted(this, Blobs[blob.Digest], (int)offset, isLayer));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Counted(TestImage image, byte[] bytes, int at, bool isLayer) : ReadOnlyStream
    {
        private int _at = at;

        public override int Read(Span<byte> buffer)
        {
            int most = isLayer && image.BreaksAfter is { } end ? Math.Min(end, bytes.Length) : bytes.Length;
            int count = Math.Min(Math.Min(buffer.Length, 7000), most - _at);
            if (count <= 0 && most < bytes.Length) throw new BerthException(Fault.Denied, "it is over");
            bytes.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            if (isLayer) Interlocked.Add(ref image._bytes, count);
            return count;
        }
    }
}
