// A layer on its way from a tar to a blob: compressed into a file, with both of its digests.
using System.Security.Cryptography;
using Berth.Images.Compressed;
using Berth.Oci.Content;

namespace Berth.Images.Making;

/// <summary>A new layer in a file that is gone when it is disposed.</summary>
public sealed class LayerFile : IDisposable
{
    private readonly string _path;

    private LayerFile(string path, Descriptor blob, Digest diffId) => (_path, Blob, DiffId) = (path, blob, diffId);

    /// <summary>The blob.</summary>
    public Descriptor Blob { get; }

    /// <summary>Digest of the tar in it.</summary>
    public Digest DiffId { get; }

    /// <summary>Makes one.</summary>
    /// <param name="path">Where the file lies; it must not be there.</param>
    /// <param name="writeTar">Writes the tar.</param>
    /// <param name="compression">How it is compressed.</param>
    /// <param name="level">Level of that; null: what is usual.</param>
    /// <param name="format">In whose words it is named.</param>
    public static LayerFile Make(string path, Action<Stream> writeTar, Compression compression, int? level, ImageFormat format)
    {
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, BufferSize = 256 * 1024 });
        try
        {
            using IncrementalHash packed = IncrementalHash.CreateHash(HashAlgorithmName.SHA256), plain = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using (HashedWriter outer = new(file, packed))
            using (Stream compressed = LayerCompression.Create(outer, compression, level))
            using (HashedWriter inner = new(compressed, plain))
            {
                writeTar(inner);
            }
            file.Flush();
            Descriptor blob = new() { MediaType = MediaType.LayerOf(compression, format), Digest = Digest.From(Digest.Sha256, packed.GetHashAndReset()), Size = file.Length };
            return new LayerFile(path, blob, Digest.From(Digest.Sha256, plain.GetHashAndReset()));
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Reads the blob.</summary>
    public Stream Open(long offset)
    {
        FileStream file = new(_path, FileMode.Open, FileAccess.Read, FileShare.Read);
        file.Position = offset;
        return file;
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_path);

    /// <summary>Passes bytes on and hashes them.</summary>
    private sealed class HashedWriter(Stream target, IncrementalHash hash) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> from)
        {
            hash.AppendData(from);
            target.Write(from);
        }

        public override void Flush() => target.Flush();
    }
}
