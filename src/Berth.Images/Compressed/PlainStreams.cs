// Streams that only pass bytes on: one that can be looked into first, one that leaves its target open, one with our words for gzip.
using System.IO.Compression;
using Berth.Oci.Faults;

namespace Berth.Images.Compressed;

/// <summary>A stream whose first bytes can be seen before they are read.</summary>
internal sealed class PeekStream(Stream source) : ReadOnlyStream
{
    private byte[] _head = [];
    private int _at;

    public ReadOnlySpan<byte> Peek(int count)
    {
        byte[] head = new byte[count];
        int n = source.ReadAtLeast(head, count, throwOnEndOfStream: false);
        _head = head[..n];
        return _head;
    }

    public override int Read(Span<byte> into)
    {
        if (_at == _head.Length) return source.Read(into);
        int n = Math.Min(into.Length, _head.Length - _at);
        _head.AsSpan(_at, n).CopyTo(into);
        _at += n;
        return n;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) source.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>gzip, with one kind of fault for everything that may be wrong with it.</summary>
internal sealed class GunzipStream(Stream source) : ReadOnlyStream
{
    private readonly GZipStream _inner = new(source, CompressionMode.Decompress);

    public override int Read(Span<byte> into)
    {
        try { return _inner.Read(into); }
        catch (InvalidDataException e) { throw new BerthException(Fault.InvalidArgument, $"the gzip data cannot be read: {e.Message.TrimEnd('.')}", inner: e); }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }
}


/// <summary>Writes through, and leaves the target open.</summary>
internal sealed class PassStream(Stream target) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> data) => target.Write(data);
}
