// Content by its digest. A file that has its name is whole; one on its way keeps what has come of it.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Places;

namespace Berth.Store.Content;

/// <summary>The blobs of a store.</summary>
internal sealed class BlobStore(StorePlaces places)
{
    /// <summary>Whether it is there in its size; whether its content is right, a check tells.</summary>
    public bool Has(Descriptor blob) => KernelPath.Facts(places.BlobPath(blob.Digest)) is { } facts && facts.Size == blob.Size;

    /// <summary>Its content from an offset on.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public Stream Open(Digest digest, long offset = 0)
    {
        Fd file = KernelPath.TryOpen(places.BlobPath(digest), OpenFlags.ReadOnly) ?? throw new BerthException(Fault.NotFound, $"the blob {digest} is not in the store {places.Root}", "pull its image again");
        return new BlobStream(file, offset);
    }

    /// <summary>A small one as a whole.</summary>
    /// <exception cref="BerthException">NotFound; WrongState: its content is another.</exception>
    public byte[] Read(Digest digest, int most)
    {
        using Stream file = Open(digest);
        long length = KernelPath.Facts(places.BlobPath(digest))?.Size ?? 0;
        if (length > most) throw new BerthException(Fault.WrongState, $"the blob {digest} has {length} bytes; the most is {most}");
        byte[] bytes = new byte[length];
        file.ReadExactly(bytes);
        return digest.Matches(bytes) ? bytes : throw new BerthException(Fault.WrongState, $"the blob {digest} in {places.Root} is damaged: its content is another", "berth storage check --repair, then pull its image again") { Code = FaultCode.StoreDamaged };
    }

    /// <summary>The right to fetch it; null: somebody else does at this moment.</summary>
    public ComingBlob? TryFetch(Digest digest)
    {
        string path = $"{places.Coming}/{digest.Algorithm}-{digest.Encoded}";
        return StorePlaces.TryHold(path) is { } file ? new ComingBlob(places, digest, path, file) : null;
    }

    /// <summary>A small one, written at once.</summary>
    public void Write(Digest digest, ReadOnlySpan<byte> bytes)
    {
        string fresh = $"{places.Coming}/{StorePlaces.NewName()}";
        using (Fd file = KernelPath.Open(fresh, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, 0x180))
        {
            // Locked: who tidies up takes away what nobody holds.
            KernelPath.Lock(file, wait: true);
            KernelPath.WriteAll(file, bytes, fresh);
            Place(digest, fresh);
        }
    }

    internal void Place(Digest digest, string from)
    {
        string path = places.BlobPath(digest);
        if (digest.Algorithm != Digest.Sha256) KernelPath.MakeDirectory(Path.GetDirectoryName(path)!, 0x1C0);
        KernelPath.Rename(from, path);
    }
}

/// <summary>A blob on its way, ours alone until it is disposed. What has come of it stays for the next one.</summary>
internal sealed class ComingBlob(StorePlaces places, Digest digest, string path, Fd file) : IDisposable
{
    private bool _isPlaced, _isGoneOnWith;

    /// <summary>Bytes that have come.</summary>
    public long Length { get; private set; } = KernelPath.Facts(file).Size;

    /// <summary>What has come, to be read again; null: nothing.</summary>
    public Stream? OpenBeginning()
    {
        _isGoneOnWith = true;
        return Length == 0 ? null : new BlobStream(KernelPath.Open(path, OpenFlags.ReadOnly), 0);
    }

    /// <summary>Puts bytes of the blob at their offset.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (!_isGoneOnWith && Length > 0)
        {
            // Nobody has looked at what came before.
            FileData.SetLength(file, 0);
            Length = 0;
        }
        _isGoneOnWith = true;
        // What was there before is the same, or it will be found out at the end.
        if (offset + bytes.Length <= Length) return;
        ReadOnlySpan<byte> fresh = offset < Length ? bytes[(int)(Length - offset)..] : bytes;
        KernelPath.WriteAll(file, fresh, path);
        Length += fresh.Length;
    }

    /// <summary>It is whole: it gets its name.</summary>
    public void Place()
    {
        new BlobStore(places).Place(digest, path);
        _isPlaced = true;
    }

    /// <summary>What has come is of no use.</summary>
    public void Discard()
    {
        if (_isPlaced) return;
        KernelPath.Remove(path);
        _isPlaced = true;
    }

    /// <summary>Others may go on with it; an empty one is nothing to go on with.</summary>
    public void Dispose()
    {
        if (!_isPlaced && Length == 0) KernelPath.Remove(path);
        file.Dispose();
    }
}
