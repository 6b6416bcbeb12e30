// Writes tar archives: POSIX headers, and PAX records only where those are too small, so that what is equal has equal bytes.
using System.Globalization;
using System.Text;

namespace Berth.Images.Tar;

/// <summary>Members one after the other; the end is written by <see cref="Finish"/>.</summary>
public sealed class TarWriter(Stream archive)
{
    private const int Block = 512;
    private const long LargestOctal = 0x1_FFFF_FFFF; // eleven digits

    private static readonly byte[] s_zeroes = new byte[2 * Block];

    private readonly byte[] _header = new byte[Block];
    private long _left;
    private int _padding;

    /// <summary>Begins a member. Its data, <see cref="TarEntry.StoredSize"/> bytes, follows.</summary>
    public void Begin(TarEntry entry)
    {
        if (_left != 0) throw new InvalidOperationException($"{_left} bytes of the member before are missing");
        byte[] records = Records(entry);
        if (records.Length > 0)
        {
            Header(new TarEntry { Path = "PaxHeaders/"u8.ToArray(), Mode = 0x1A4 }, (byte)'x', records.Length);
            archive.Write(records);
            archive.Write(s_zeroes, 0, Padding(records.Length));
        }
        long stored = StoredSize(entry);
        Header(entry, TypeOf(entry.Kind), stored + SparseMap(entry).Length);
        _left = stored;
        if (entry.Sparse is not null)
        {
            byte[] map = SparseMap(entry);
            archive.Write(map);
        }
        _padding = Padding(stored);
    }

    /// <summary>Data of the member.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        if (data.Length > _left) throw new InvalidOperationException("more data than the member has");
        archive.Write(data);
        _left -= data.Length;
        if (_left > 0) return;
        archive.Write(s_zeroes, 0, _padding);
        _padding = 0;
    }

    /// <summary>A whole member.</summary>
    public void Add(TarEntry entry, ReadOnlySpan<byte> data = default)
    {
        entry.Size = entry.StoredSize = data.Length;
        Begin(entry);
        if (!data.IsEmpty) Write(data);
    }

    /// <summary>Two empty blocks.</summary>
    public void Finish() => archive.Write(s_zeroes);

    private static long StoredSize(TarEntry entry) => entry.Kind == TarKind.File ? entry.StoredSize : 0;

    private void Header(TarEntry entry, byte type, long size)
    {
        Span<byte> header = _header;
        header.Clear();
        Put(header[..100], NameOf(entry));
        Octal(header.Slice(100, 8), entry.Mode);
        Octal(header.Slice(108, 8), entry.Uid > 0x1F_FFFF ? 0 : entry.Uid);
        Octal(header.Slice(116, 8), entry.Gid > 0x1F_FFFF ? 0 : entry.Gid);
        Octal(header.Slice(124, 12), size > LargestOctal ? 0 : size);
        Octal(header.Slice(136, 12), entry.Modified.Seconds is >= 0 and <= LargestOctal ? entry.Modified.Seconds : 0);
        header.Slice(148, 8).Fill((byte)' ');
        header[156] = type;
        Put(header.Slice(157, 100), entry.LinkTarget);
        "ustar\000"u8.CopyTo(header[257..]);
        Put(header.Slice(265, 31), Encoding.ASCII.GetBytes(entry.UserName));
        Put(header.Slice(297, 31), Encoding.ASCII.GetBytes(entry.GroupName));
        if (entry.Kind is TarKind.CharacterDevice or TarKind.BlockDevice)
        {
            Octal(header.Slice(329, 8), entry.DeviceMajor);
            Octal(header.Slice(337, 8), entry.DeviceMinor);
        }
        int sum = 0;
        foreach (byte b in header) sum += b;
        Octal(header.Slice(148, 7), sum);
        archive.Write(header);
    }

    private static byte[] Records(TarEntry entry)
    {
        MemoryStream records = new();
        byte[] name = NameOf(entry);
        if (entry.Sparse is not null)
        {
            Record(records, "GNU.sparse.major", "1"u8);
            Record(records, "GNU.sparse.minor", "0"u8);
            Record(records, "GNU.sparse.name", name);
            Record(records, "GNU.sparse.realsize", Decimal(entry.Size));
        }
        else if (NeedsRecord(name)) Record(records, "path", name);
        if (NeedsRecord(entry.LinkTarget)) Record(records, "linkpath", entry.LinkTarget);
        long size = StoredSize(entry) + SparseMap(entry).Length;
        if (size > LargestOctal) Record(records, "size", Decimal(size));
        if (entry.Uid > 0x1F_FFFF) Record(records, "uid", Decimal(entry.Uid));
        if (entry.Gid > 0x1F_FFFF) Record(records, "gid", Decimal(entry.Gid));
        if (entry.Modified.Nanoseconds != 0 || entry.Modified.Seconds is < 0 or > LargestOctal) Record(records, "mtime", Time(entry.Modified));
        if (entry.Accessed is { } accessed) Record(records, "atime", Time(accessed));
        foreach (TarAttribute attribute in entry.Attributes.OrderBy(static attribute => attribute.Name, StringComparer.Ordinal)) Record(records, "SCHILY.xattr." + attribute.Name, attribute.Value);
        return records.ToArray();
    }

    // Names that are not ASCII are told in a record too: what bytes above 127 mean in a header, POSIX leaves open.
    private static bool NeedsRecord(byte[] name) => name.Length > 100 || name.AsSpan().ContainsAnyInRange((byte)128, (byte)255);

    private static byte[] NameOf(TarEntry entry) => entry.Kind == TarKind.Directory && entry.Path is [.., not (byte)'/'] ? [.. entry.Path, (byte)'/'] : entry.Path;

    private static byte[] SparseMap(TarEntry entry)
    {
        if (entry.Sparse is not { } runs) return [];
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{runs.Count}\n");
        foreach (SparseRun run in runs) text.Append(CultureInfo.InvariantCulture, $"{run.Offset}\n{run.Length}\n");
        byte[] map = new byte[text.Length + Padding(text.Length)];
        Encoding.ASCII.GetBytes(text.ToString(), map);
        return map;
    }

    private static void Record(MemoryStream records, string key, ReadOnlySpan<byte> value)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        // The length counts its own digits.
        int rest = name.Length + value.Length + 3, length = rest + 1;
        while (length != rest + Decimal(length).Length) length = rest + Decimal(length).Length;
        records.Write(Decimal(length));
        records.WriteByte((byte)' ');
        records.Write(name);
        records.WriteByte((byte)'=');
        records.Write(value);
        records.WriteByte((byte)'\n');
    }

    private static byte[] Time(TarTime time)
    {
        (long seconds, int nanoseconds) = (time.Seconds, time.Nanoseconds);
        bool negative = seconds < 0;
        if (negative) (seconds, nanoseconds) = nanoseconds == 0 ? (-seconds, 0) : (-seconds - 1, 1_000_000_000 - nanoseconds);
        string text = $"{(negative ? "-" : "")}{seconds}";
        return Encoding.ASCII.GetBytes(nanoseconds == 0 ? text : $"{text}.{nanoseconds:D9}".TrimEnd('0'));
    }

    private static byte[] Decimal(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static void Put(Span<byte> field, ReadOnlySpan<byte> text) => text[..Math.Min(field.Length, text.Length)].CopyTo(field);

    private static void Octal(Span<byte> field, long number)
    {
        for (int i = field.Length - 2; i >= 0; i--, number >>= 3) field[i] = (byte)('0' + (number & 7));
    }

    private static int Padding(long size) => (int)((Block - (size % Block)) % Block);

    private static byte TypeOf(TarKind kind) => kind switch
    {
        TarKind.HardLink => (byte)'1',
        TarKind.SymbolicLink => (byte)'2',
        TarKind.CharacterDevice => (byte)'3',
        TarKind.BlockDevice => (byte)'4',
        TarKind.Directory => (byte)'5',
        TarKind.Fifo => (byte)'6',
        _ => (byte)'0',
    };
}
