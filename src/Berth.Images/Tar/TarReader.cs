// Reads tar archives forward, in all dialects that images have: ustar, GNU and PAX (pax(1), GNU tar's manual, "Basic Tar Format").
// An archive is what anybody made of it, so every length is bounded before it is believed.
using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Berth.Oci.Faults;

namespace Berth.Images.Tar;

/// <summary>The members of an archive, one after the other. Not for two threads.</summary>
public sealed class TarReader(Stream archive) : IDisposable
{
    /// <summary>Bytes of the extended headers of one member that are read: names, attributes.</summary>
    public const int MostExtended = 2 << 20;

    /// <summary>Parts of a sparse file that are read.</summary>
    public const int MostRuns = 1 << 20;

    private const int Block = 512, BufferSize = 128 * 1024;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private readonly Dictionary<string, byte[]> _global = [];
    private readonly byte[] _one = new byte[1];
    private int _start, _end;
    private long _left, _padding, _position;
    private bool _ended;

    /// <summary>Bytes of the archive that were read so far.</summary>
    public long Position => _position;

    /// <summary>The next member; null after the last. What was not read of the one before is skipped.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is no tar, or damaged.</exception>
    public TarEntry? Next()
    {
        if (_ended) return null;
        Skip(_left + _padding);
        _left = _padding = 0;
        Extended extended = new(_global);
        while (true)
        {
            ReadOnlySpan<byte> header = Take(Block, mayEnd: true);
            if (header.IsEmpty || !header.ContainsAnyExcept((byte)0)) return End(header);
            CheckSum(header);
            long size = Number(header.Slice(124, 12), "size");
            if (size < 0) throw Bad("a member has a negative size");
            byte type = header[156];
            switch (type)
            {
                case (byte)'x': extended.Read(Content(size)); continue;
                case (byte)'g': Extended.ReadGlobal(_global, Content(size)); continue;
                case (byte)'L': extended.Path = Name(size); continue;
                case (byte)'K': extended.Link = Name(size); continue;
                default: return Member(header, type, size, extended);
            }
        }
    }

    /// <summary>Reads data of the member; 0 at its end.</summary>
    public int Read(Span<byte> into)
    {
        if (into.Length > _left) into = into[..(int)_left];
        if (into.IsEmpty) return 0;
        int n;
        if (_start < _end)
        {
            n = Math.Min(into.Length, _end - _start);
            _buffer.AsSpan(_start, n).CopyTo(into);
            _start += n;
        }
        else
        {
            n = archive.Read(into);
            if (n == 0) throw Bad("it ends in the middle of a file");
        }
        _left -= n;
        _position += n;
        return n;
    }

    /// <summary>As much of the member's data as is at hand, without copying it; empty at its end. It is valid until the next call.</summary>
    public ReadOnlySpan<byte> ReadAtHand()
    {
        if (_left == 0) return [];
        if (_start == _end)
        {
            _start = 0;
            _end = archive.Read(_buffer, 0, BufferSize);
            if (_end == 0) throw Bad("it ends in the middle of a file");
        }
        int n = (int)Math.Min(_left, _end - _start);
        ReadOnlySpan<byte> data = _buffer.AsSpan(_start, n);
        _start += n;
        _left -= n;
        _position += n;
        return data;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
    }

    private TarEntry Member(ReadOnlySpan<byte> header, byte type, long size, Extended extended)
    {
        TarEntry entry = new() { Kind = KindOf(type, header) };
        entry.Mode = (uint)Number(header.Slice(100, 8), "mode") & 0xFFF;
        entry.Uid = Id(extended.Number("uid") ?? Number(header.Slice(108, 8), "uid"), "uid");
        entry.Gid = Id(extended.Number("gid") ?? Number(header.Slice(116, 8), "gid"), "gid");
        entry.Modified = extended.Time("mtime") ?? new TarTime(Number(header.Slice(136, 12), "mtime"), 0);
        entry.Accessed = extended.Time("atime");
        entry.Path = extended.Path ?? extended.Bytes("path") ?? NameOf(header);
        entry.LinkTarget = extended.Link ?? extended.Bytes("linkpath") ?? Text(header.Slice(157, 100)).ToArray();
        entry.UserName = extended.String("uname") ?? Encoding.UTF8.GetString(Text(header.Slice(265, 32)));
        entry.GroupName = extended.String("gname") ?? Encoding.UTF8.GetString(Text(header.Slice(297, 32)));
        if (entry.Kind is TarKind.CharacterDevice or TarKind.BlockDevice)
        {
            entry.DeviceMajor = (uint)Number(header.Slice(329, 8), "devmajor");
            entry.DeviceMinor = (uint)Number(header.Slice(337, 8), "devminor");
        }
        entry.Attributes = extended.Attributes;
        size = extended.Number("size") ?? size;
        if (size < 0) throw Bad($"'{Shown(entry)}' has a negative size");
        // Only files have data; others carry a size that says nothing (POSIX: ignored for links, devices, directories and fifos).
        if (entry.Kind != TarKind.File) size = entry.Kind == TarKind.HardLink && extended.Number("size") is not null ? size : 0;
        if (entry.Path.AsSpan().Contains((byte)0) || entry.LinkTarget.AsSpan().Contains((byte)0)) throw Bad("a name has a zero byte");
        // Before POSIX a directory was a file with a slash behind its name.
        if (entry.Kind == TarKind.File && entry.Path is [.., (byte)'/']) (entry.Kind, size) = (TarKind.Directory, 0);
        _left = size;
        _padding = Padding(size);
        entry.Size = entry.StoredSize = size;
        if (type == (byte)'S') OldSparse(entry, header.ToArray());
        else if (entry.Kind == TarKind.File && extended.IsSparse) PaxSparse(entry, extended);
        return entry;
    }

    private TarEntry? End(ReadOnlySpan<byte> header)
    {
        // Two empty blocks are the end; an archive may as well just stop. What stands behind is read, since its bytes count in digests.
        _ended = true;
        _position += _end - _start;
        _start = _end = 0;
        if (header.IsEmpty) return null;
        int n;
        while ((n = archive.Read(_buffer, 0, BufferSize)) > 0) _position += n;
        return null;
    }

    private static TarKind KindOf(byte type, ReadOnlySpan<byte> header) => type switch
    {
        0 or (byte)'0' or (byte)'7' or (byte)'S' => TarKind.File,
        (byte)'1' => TarKind.HardLink,
        (byte)'2' => TarKind.SymbolicLink,
        (byte)'3' => TarKind.CharacterDevice,
        (byte)'4' => TarKind.BlockDevice,
        (byte)'5' => TarKind.Directory,
        (byte)'6' => TarKind.Fifo,
        _ => throw Bad($"'{Encoding.UTF8.GetString(NameOf(header))}' is of the unknown type {type}"),
    };

    private static byte[] NameOf(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> name = Text(header[..100]);
        // GNU tar has other things where POSIX has the prefix.
        bool posix = header.Slice(257, 6).SequenceEqual("ustar\0"u8);
        ReadOnlySpan<byte> prefix = posix ? Text(header.Slice(345, 155)) : [];
        return prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];
    }

    // ---- sparse files -----------------------------------------------------------------------------------------------

    private void OldSparse(TarEntry entry, byte[] header)
    {
        List<SparseRun> runs = [];
        entry.Size = Number(header.AsSpan(483, 12), "real size");
        AddRuns(runs, header.AsSpan(386, 4 * 24));
        bool more = header[482] != 0;
        while (more)
        {
            byte[] block = Take(Block, mayEnd: false).ToArray();
            AddRuns(runs, block.AsSpan(0, 21 * 24));
            more = block[504] != 0;
        }
        SetRuns(entry, runs);
    }

    private static void AddRuns(List<SparseRun> runs, ReadOnlySpan<byte> table)
    {
        for (; table.Length >= 24 && table[0] != 0; table = table[24..]) Add(runs, Number(table[..12], "sparse offset"), Number(table.Slice(12, 12), "sparse length"));
    }

    private void PaxSparse(TarEntry entry, Extended extended)
    {
        entry.Path = extended.Bytes("GNU.sparse.name") ?? entry.Path;
        entry.Size = extended.Number("GNU.sparse.realsize") ?? extended.Number("GNU.sparse.size") ?? entry.Size;
        List<SparseRun> runs = [];
        if (extended.String("GNU.sparse.major") == "1")
        {
            // The map stands before the data: decimal numbers, one in a line, filled up to a block.
            long before = _left;
            long count = Line();
            if (count is < 0 or > MostRuns) throw Bad("a sparse file has too many parts");
            for (long i = 0; i < count; i++) Add(runs, Line(), Line());
            long used = (before - _left) % Block;
            if (used != 0) SkipData(Block - used);
        }
        else if (extended.String("GNU.sparse.map") is { } map)
        {
            string[] numbers = map.Split(',');
            for (int i = 0; i + 1 < numbers.Length; i += 2) Add(runs, Decimal(numbers[i]), Decimal(numbers[i + 1]));
        }
        else
        {
            foreach ((long offset, long length) in extended.SparsePairs) Add(runs, offset, length);
        }
        entry.StoredSize = _left;
        SetRuns(entry, runs);
    }

    private static void Add(List<SparseRun> runs, long offset, long length)
    {
        if (runs.Count >= MostRuns) throw Bad("a sparse file has too many parts");
        if (offset < 0 || length < 0 || offset > long.MaxValue - length) throw Bad("a part of a sparse file lies nowhere");
        runs.Add(new SparseRun(offset, length));
    }

    private static void SetRuns(TarEntry entry, List<SparseRun> runs)
    {
        long at = 0, stored = 0;
        foreach (SparseRun run in runs)
        {
            if (run.Offset < at) throw Bad($"the parts of the sparse file '{Shown(entry)}' overlap");
            at = run.Offset + run.Length;
            stored += run.Length;
        }
        if (at > entry.Size || stored != entry.StoredSize) throw Bad($"the parts of the sparse file '{Shown(entry)}' are not what it has");
        entry.Sparse = runs;
    }

    private long Line()
    {
        long value = 0;
        for (int digits = 0; ; digits++)
        {
            if (Read(_one) == 0) throw Bad("the map of a sparse file ends early");
            if (_one[0] == (byte)'\n' && digits > 0) return value;
            if (!char.IsAsciiDigit((char)_one[0]) || digits >= 18) throw Bad("the map of a sparse file is not made of numbers");
            value = (value * 10) + (_one[0] - '0');
        }
    }

    private static long Decimal(string text) => long.TryParse(text, System.Globalization.NumberStyles.None, null, out long value) ? value : throw Bad($"'{(text.Length > 40 ? text[..40] : text)}' is no number");

    // ---- bytes ------------------------------------------------------------------------------------------------------

    private byte[] Content(long size)
    {
        if (size > MostExtended) throw Bad($"an extended header has {size} bytes; the most is {MostExtended}");
        byte[] content = new byte[size];
        int at = 0;
        _left = size;
        while (at < content.Length) at += Read(content.AsSpan(at));
        Skip(Padding(size));
        return content;
    }

    private byte[] Name(long size) => Text(Content(size)).ToArray();

    private ReadOnlySpan<byte> Take(int count, bool mayEnd)
    {
        if (_end - _start < count)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_end, _start) = (_end - _start, 0);
            while (_end < count)
            {
                int n = archive.Read(_buffer, _end, BufferSize - _end);
                if (n > 0)
                {
                    _end += n;
                    continue;
                }
                if (mayEnd && _end == 0) return [];
                throw Bad("it ends in the middle of a header");
            }
        }
        ReadOnlySpan<byte> taken = _buffer.AsSpan(_start, count);
        _start += count;
        _position += count;
        return taken;
    }

    private void SkipData(long count)
    {
        if (count > _left) throw Bad("the map of a sparse file is longer than the file");
        _left -= count;
        Skip(count);
    }

    private void Skip(long count)
    {
        while (count > 0)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = archive.Read(_buffer, 0, BufferSize);
                // The padding behind the last member is missing in some archives.
                if (_end == 0) { if (count < Block) return; throw Bad("it ends in the middle of a file"); }
            }
            int n = (int)Math.Min(count, _end - _start);
            _start += n;
            _position += n;
            count -= n;
        }
    }

    private static long Padding(long size) => (Block - (size % Block)) % Block;

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is >= 0 and int end ? field[..end] : field;

    /// <summary>Octal digits; or, with the highest bit of the first byte set, a number of two's complement (GNU).</summary>
    private static long Number(ReadOnlySpan<byte> field, string what)
    {
        if ((field[0] & 0x80) != 0)
        {
            bool negative = (field[0] & 0x40) != 0;
            // What is above the lower eight bytes must be sign only.
            int high = field.Length - 8;
            for (int i = 0; i < high; i++)
            {
                byte expected = negative ? (byte)0xFF : i == 0 ? (byte)0x80 : (byte)0;
                if (field[i] != expected) throw Bad($"a {what} is too large");
            }
            if (high > 0)
            {
                long wide = BinaryPrimitives.ReadInt64BigEndian(field[high..]);
                return wide < 0 == negative ? wide : throw Bad($"a {what} is too large");
            }
            long value = negative ? -1L : 0;
            value = (value << 6) | (uint)(field[0] & 0x3F);
            for (int i = 1; i < field.Length; i++) value = (value << 8) | field[i];
            return value;
        }
        ReadOnlySpan<byte> digits = Text(field).Trim((byte)' ');
        long number = 0;
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7') throw Bad($"a {what} is no octal number");
            number = (number << 3) | (uint)(digit - '0');
        }
        return number;
    }

    private static uint Id(long id, string what) => id is >= 0 and < uint.MaxValue ? (uint)id : throw Bad($"the {what} {id} is none");

    private static void CheckSum(ReadOnlySpan<byte> header)
    {
        long told = Number(header.Slice(148, 8), "checksum");
        int sum = 8 * ' ', signed = 8 * ' ';
        for (int i = 0; i < header.Length; i++)
        {
            if (i is >= 148 and < 156) continue;
            sum += header[i];
            signed += (sbyte)header[i];
        }
        // Old tars on some machines added signed characters.
        if (told != sum && told != signed) throw Bad("a header has a wrong checksum, or this is no tar at all");
    }

    private static string Shown(TarEntry entry) => entry.PathText is { Length: > 200 } text ? text[..200] + "…" : entry.PathText;

    private static BerthException Bad(string reason) => new(Fault.InvalidArgument, $"the tar archive cannot be read: {reason}");

    /// <summary>The records of the extended headers before a member.</summary>
    private sealed class Extended(Dictionary<string, byte[]> global)
    {
        private Dictionary<string, byte[]>? _own;
        private List<TarAttribute>? _attributes;

        public byte[]? Path { get; set; }

        public byte[]? Link { get; set; }

        public List<(long Offset, long Length)> SparsePairs { get; } = [];

        public IReadOnlyList<TarAttribute> Attributes => _attributes ?? (IReadOnlyList<TarAttribute>)[];

        public bool IsSparse => _own is not null && (_own.ContainsKey("GNU.sparse.major") || _own.ContainsKey("GNU.sparse.map") || _own.ContainsKey("GNU.sparse.numblocks") || SparsePairs.Count > 0);

        public static void ReadGlobal(Dictionary<string, byte[]> global, byte[] records)
        {
            foreach ((string key, byte[] value) in Records(records))
            {
                // Said of all that follow it could only be about times and names of users; paths for everything make no sense.
                if (value.Length == 0) global.Remove(key);
                else if (key is "mtime" or "atime" or "uid" or "gid" or "uname" or "gname") global[key] = value;
            }
        }

        public void Read(byte[] records)
        {
            _own ??= [];
            long offset = -1;
            foreach ((string key, byte[] value) in Records(records))
            {
                if (key.StartsWith("SCHILY.xattr.", StringComparison.Ordinal))
                {
                    string name = key["SCHILY.xattr.".Length..];
                    _attributes ??= [];
                    _attributes.RemoveAll(other => other.Name == name);
                    _attributes.Add(new TarAttribute(name, value));
                }
                // Version 0.0 of GNU's sparse files repeats the same two keys.
                else if (key == "GNU.sparse.offset") offset = ParseNumber(value, key);
                else if (key == "GNU.sparse.numbytes")
                {
                    if (SparsePairs.Count >= MostRuns) throw Bad("a sparse file has too many parts");
                    SparsePairs.Add((offset, ParseNumber(value, key)));
                }
                else _own[key] = value;
            }
        }

        public byte[]? Bytes(string key) => _own is not null && _own.TryGetValue(key, out byte[]? own) ? (own.Length == 0 ? null : own) : global.GetValueOrDefault(key);

        public string? String(string key) => Bytes(key) is { } value ? Encoding.UTF8.GetString(value) : null;

        public long? Number(string key) => Bytes(key) is { } value ? ParseNumber(value, key) : null;

        /// <summary>Decimal seconds, perhaps with a fraction.</summary>
        public TarTime? Time(string key)
        {
            if (Bytes(key) is not { } value) return null;
            ReadOnlySpan<byte> text = value;
            int dot = text.IndexOf((byte)'.');
            ReadOnlySpan<byte> whole = dot < 0 ? text : text[..dot];
            if (whole.Length == 0 || !Utf8Parser.TryParse(whole, out long seconds, out int used) || used != whole.Length) throw Bad($"the {key} of a member is no time");
            int nanoseconds = 0;
            if (dot >= 0)
            {
                int digits = 0;
                foreach (byte digit in text[(dot + 1)..])
                {
                    if (digit is < (byte)'0' or > (byte)'9') throw Bad($"the {key} of a member is no time");
                    if (digits++ < 9) nanoseconds = (nanoseconds * 10) + (digit - '0');
                }
                for (; digits < 9; digits++) nanoseconds *= 10;
            }
            // A fraction counts away from zero; the kernel wants it to count up.
            if (text[0] == (byte)'-' && nanoseconds > 0) (seconds, nanoseconds) = (seconds - 1, 1_000_000_000 - nanoseconds);
            return new TarTime(seconds, nanoseconds);
        }

        private static long ParseNumber(byte[] value, string key) =>
            Utf8Parser.TryParse(value, out long number, out int used) && used == value.Length ? number : throw Bad($"the {key} of a member is no number");

        /// <summary>Each is its own length in decimal, a blank, key=value and a line feed.</summary>
        private static IEnumerable<(string Key, byte[] Value)> Records(byte[] bytes)
        {
            int at = 0;
            while (at < bytes.Length)
            {
                // Some writers fill up with zeroes.
                if (bytes[at] == 0) yield break;
                if (!Utf8Parser.TryParse(bytes.AsSpan(at), out int length, out int digits) || length <= digits + 2 || length > bytes.Length - at || bytes[at + digits] != (byte)' ' || bytes[at + length - 1] != (byte)'\n')
                {
                    throw Bad("an extended header has a record of a wrong length");
                }
                int equals = Array.IndexOf(bytes, (byte)'=', at + digits + 1, length - digits - 2);
                if (equals < 0) throw Bad("an extended header has a record without a value");
                yield return (Encoding.UTF8.GetString(bytes, at + digits + 1, equals - at - digits - 1), bytes[(equals + 1)..(at + length - 1)]);
                at += length;
            }
        }
    }
}
