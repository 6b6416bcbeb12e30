// A tar put together again from its headers, which were kept, and from the files that were unpacked from it (tar-split's format).
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Berth.Images.Compressed;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.ContainersStorage;

/// <summary>
/// Reads the tar of a layer. Each line of the kept file is either bytes of the tar, or the name and the size of a file whose
/// content stands there. Whoever reads compares the digest.
/// </summary>
internal sealed class TarSplitStream : ReadOnlyStream
{
    private const int MostLine = 16 << 20;

    private readonly string _layer;
    private readonly StreamReader _lines;
    private readonly Fd _files;
    private byte[] _segment = [];
    private int _at;
    private Fd? _file;
    private long _fileAt, _fileLeft;

    public TarSplitStream(string root, string layer)
    {
        _layer = layer;
        string kept = $"{root}/overlay-layers/{layer}.tar-split.gz";
        try { _lines = new StreamReader(new GZipStream(File.OpenRead(kept), CompressionMode.Decompress), Encoding.UTF8); }
        catch (IOException e) { throw new BerthException(Fault.NotFound, $"the layer {layer[..12]} cannot be put together again: {kept} is not there", "podman save it, and load that", e); }
        _files = KernelPath.Open($"{root}/overlay/{layer}/diff", OpenFlags.Path | OpenFlags.Directory);
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            if (_at < _segment.Length)
            {
                int n = Math.Min(buffer.Length, _segment.Length - _at);
                _segment.AsSpan(_at, n).CopyTo(buffer);
                _at += n;
                return n;
            }
            if (_fileLeft > 0)
            {
                int n = FileData.Read(_file!, buffer[..(int)Math.Min(buffer.Length, _fileLeft)], _fileAt);
                if (n == 0) throw Bad("a file is shorter than it was");
                (_fileAt, _fileLeft) = (_fileAt + n, _fileLeft - n);
                return n;
            }
            if (!Next()) return 0;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _lines.Dispose();
            _file?.Dispose();
            _files.Dispose();
        }
        base.Dispose(disposing);
    }

    private bool Next()
    {
        string? line;
        try { line = _lines.ReadLine(); }
        catch (InvalidDataException e) { throw Bad("its headers cannot be decompressed", e); }
        if (line is null) return false;
        if (line.Length > MostLine) throw Bad("a line of its headers is too long");
        if (line.Length == 0) return true;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement entry = document.RootElement;
            if (entry.GetProperty("type").GetInt32() == 2)
            {
                (_segment, _at) = (entry.GetProperty("payload").GetBytesFromBase64(), 0);
                return true;
            }
            if (!entry.TryGetProperty("size", out JsonElement size) || size.GetInt64() is not (> 0 and long length)) return true;
            byte[] name = entry.TryGetProperty("name_raw", out JsonElement raw) && raw.ValueKind == JsonValueKind.String ? raw.GetBytesFromBase64() : Encoding.UTF8.GetBytes(entry.GetProperty("name").GetString() ?? "");
            OpenFile(name, length);
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException) { throw Bad("a line of its headers cannot be read", e); }
    }

    private void OpenFile(byte[] name, long length)
    {
        _file?.Dispose();
        ReadOnlySpan<byte> path = name.AsSpan().TrimStart((byte)'/');
        // Within the layer, whatever links it has; and never waiting at a fifo that stands where a file was.
        _file = TreeFd.TryOpen(_files, path, OpenFlags.ReadOnly | OpenFlags.NonBlocking, Resolve.InRoot | Resolve.NoMagicLinks, out Errno errno) ?? throw Bad($"a file of it cannot be opened: {errno}");
        if (!KernelPath.Facts(_file).IsRegular) throw Bad("something stands where a file was");
        (_fileAt, _fileLeft) = (0, length);
    }

    private BerthException Bad(string reason, Exception? inner = null) => new(Fault.InvalidArgument, $"the layer {_layer[..12]} cannot be put together again: {reason}", inner: inner);
}
