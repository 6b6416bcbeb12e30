// Files named by the digest of what is in them, in a folder that others may read at the same time.
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Images.Layouts;

/// <summary>The <c>blobs</c> of a layout. A file that has its name is whole.</summary>
internal sealed class BlobFiles(string root)
{
    /// <summary>Where it lies, or would.</summary>
    public string PathOf(Digest digest) => Path.Combine(root, digest.Algorithm, digest.Encoded);

    /// <summary>Whether it is there with this size.</summary>
    public bool Has(Descriptor blob) => new FileInfo(PathOf(blob.Digest)) is { Exists: true } file && file.Length == blob.Size;

    /// <summary>Its content.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public Stream Open(Digest digest, long offset)
    {
        try
        {
            FileStream file = new(PathOf(digest), new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
            file.Position = offset;
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BerthException(Fault.NotFound, $"the blob {digest} is not in {root}", inner: e);
        }
    }

    /// <summary>Writes it under another name, and gives it its own when it is whole and on the disk.</summary>
    public async Task PutAsync(Digest digest, Stream content, CancellationToken ct)
    {
        string path = PathOf(digest);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            await using (FileStream file = new(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }))
            {
                await content.CopyToAsync(file, 256 * 1024, ct).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }
            File.Move(part, path, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    /// <summary>Replaces a small file as a whole.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        string part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            using (FileStream file = new(part, FileMode.CreateNew))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }
            File.Move(part, path, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    /// <summary>Reads a small file.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument: it is larger than such a file may be.</exception>
    public static byte[] ReadSmall(string path, long most)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > most) throw new BerthException(Fault.InvalidArgument, $"{path} has {file.Length} bytes; the most is {most}");
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BerthException(Fault.NotFound, $"{path} is not there", inner: e);
        }
    }
}
