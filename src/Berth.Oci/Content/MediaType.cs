// What blobs and manifests say they are: OCI's names, Docker's, and what both mean.
namespace Berth.Oci.Content;

/// <summary>What a manifest is, whoever's word it uses.</summary>
public enum ManifestKind
{
    /// <summary>None that we know.</summary>
    Unknown,

    /// <summary>One image, or an artifact.</summary>
    Manifest,

    /// <summary>A list of manifests, one for each platform.</summary>
    Index,

    /// <summary>Docker's first schema, signed or not; it can be read and is never written.</summary>
    DockerSchema1,
}

/// <summary>How the tar of a layer is compressed.</summary>
public enum Compression
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>RFC 1952.</summary>
    Gzip,

    /// <summary>RFC 8878.</summary>
    Zstd,

    /// <summary>In a way that its media type does not tell.</summary>
    Unknown,
}

/// <summary>The names (image-spec, media-types.md).</summary>
public static class MediaType
{
    /// <summary>OCI image manifest.</summary>
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>OCI image index.</summary>
    public const string Index = "application/vnd.oci.image.index.v1+json";

    /// <summary>OCI image configuration.</summary>
    public const string Config = "application/vnd.oci.image.config.v1+json";

    /// <summary>OCI layer.</summary>
    public const string Layer = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>OCI layer, gzip.</summary>
    public const string LayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

    /// <summary>OCI layer, zstd.</summary>
    public const string LayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>The JSON <c>{}</c>, where a descriptor is due and there is nothing to describe.</summary>
    public const string Empty = "application/vnd.oci.empty.v1+json";

    /// <summary>The file that marks a layout.</summary>
    public const string LayoutHeader = "application/vnd.oci.layout.header.v1+json";

    /// <summary>Docker's manifest, schema 2.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Docker's manifest list.</summary>
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>Docker's image configuration.</summary>
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    /// <summary>Docker's layer, gzip.</summary>
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>Docker's layer.</summary>
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

    /// <summary>Docker's layer, zstd, as buildkit writes it.</summary>
    public const string DockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";

    /// <summary>Docker's first schema.</summary>
    public const string DockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json";

    /// <summary>Docker's first schema with a signature.</summary>
    public const string DockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";

    /// <summary>What a registry is asked for, best first.</summary>
    public static IReadOnlyList<string> Accepted { get; } = [Manifest, Index, DockerManifest, DockerList, DockerSchema1Signed, DockerSchema1];

    /// <summary>What a manifest of this type is.</summary>
    public static ManifestKind KindOf(string? mediaType) => mediaType switch
    {
        Manifest or DockerManifest => ManifestKind.Manifest,
        Index or DockerList => ManifestKind.Index,
        DockerSchema1 or DockerSchema1Signed => ManifestKind.DockerSchema1,
        _ => ManifestKind.Unknown,
    };

    /// <summary>Whether it is the configuration of an image that can be run.</summary>
    public static bool IsImageConfig(string mediaType) => mediaType is Config or DockerConfig;

    /// <summary>Whether it is a layer of a root file system.</summary>
    public static bool IsLayer(string mediaType) =>
        mediaType.StartsWith("application/vnd.oci.image.layer.", StringComparison.Ordinal) || mediaType.StartsWith("application/vnd.docker.image.rootfs.", StringComparison.Ordinal);

    /// <summary>Whether such a layer may be kept at its own place and out of registries.</summary>
    public static bool IsForeign(string mediaType) =>
        mediaType.StartsWith("application/vnd.oci.image.layer.nondistributable.", StringComparison.Ordinal) || mediaType.StartsWith("application/vnd.docker.image.rootfs.foreign.", StringComparison.Ordinal);

    /// <summary>How a layer is compressed, as far as its type tells.</summary>
    public static Compression CompressionOf(string mediaType)
    {
        if (!IsLayer(mediaType)) return Compression.Unknown;
        if (mediaType.EndsWith("gzip", StringComparison.Ordinal)) return Compression.Gzip;
        if (mediaType.EndsWith("zstd", StringComparison.Ordinal)) return Compression.Zstd;
        return mediaType.EndsWith(".tar", StringComparison.Ordinal) ? Compression.None : Compression.Unknown;
    }

    /// <summary>The type of a layer of this compression, in OCI's words or in Docker's.</summary>
    public static string LayerOf(Compression compression, ImageFormat format) => (compression, format) switch
    {
        (Compression.Gzip, ImageFormat.Docker) => DockerLayerGzip,
        (Compression.Zstd, ImageFormat.Docker) => DockerLayerZstd,
        (_, ImageFormat.Docker) => DockerLayer,
        (Compression.Gzip, _) => LayerGzip,
        (Compression.Zstd, _) => LayerZstd,
        _ => Layer,
    };
}

/// <summary>Whose words a manifest is written in.</summary>
public enum ImageFormat
{
    /// <summary>The Open Container Initiative's.</summary>
    Oci,

    /// <summary>Docker's, schema 2.</summary>
    Docker,
}
