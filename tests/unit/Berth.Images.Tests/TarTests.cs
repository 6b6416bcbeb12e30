// The tar reader and writer, with the framework's and the host's tar as the other side.
using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using Berth.Images.Tar;
using Berth.Oci.Faults;
using OurEntry = Berth.Images.Tar.TarEntry;
using OurReader = Berth.Images.Tar.TarReader;
using OurWriter = Berth.Images.Tar.TarWriter;

namespace Berth.Images.Tests;

public sealed class TarTests
{
    private static readonly string s_long = string.Concat(Enumerable.Repeat("long-directory/", 30)) + "file";

    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.V7)]
    public void Every_dialect_of_the_framework_is_read(TarEntryFormat format)
    {
        using MemoryStream archive = new();
        using (System.Formats.Tar.TarWriter writer = new(archive, format, leaveOpen: true))
        {
            System.Formats.Tar.TarEntry Make(TarEntryType type, string name) => format switch
            {
                TarEntryFormat.Ustar => new UstarTarEntry(type, name),
                TarEntryFormat.Pax => new PaxTarEntry(type, name),
                TarEntryFormat.Gnu => new GnuTarEntry(type, name),
                _ => new V7TarEntry(type, name),
            };
            bool v7 = format == TarEntryFormat.V7;
            writer.WriteEntry(Make(TarEntryType.Directory, "d/"));
            System.Formats.Tar.TarEntry file = Make(v7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, "d/file");
            file.DataStream = new MemoryStream(new byte[1000]);
            file.Mode = UnixFileMode.SetUser | UnixFileMode.UserRead | UnixFileMode.UserExecute;
            (file.Uid, file.Gid, file.ModificationTime) = (1000, 1001, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
            writer.WriteEntry(file);
            System.Formats.Tar.TarEntry link = Make(TarEntryType.SymbolicLink, "d/link");
            link.LinkName = "../target";
            writer.WriteEntry(link);
            System.Formats.Tar.TarEntry hard = Make(TarEntryType.HardLink, "d/hard");
            hard.LinkName = "d/file";
            writer.WriteEntry(hard);
            if (!v7)
            {
                PosixTarEntry device = (PosixTarEntry)Make(TarEntryType.CharacterDevice, "null");
                (device.DeviceMajor, device.DeviceMinor) = (1, 3);
                writer.WriteEntry(device);
                writer.WriteEntry(Make(TarEntryType.Fifo, "fifo"));
            }
            if (format is TarEntryFormat.Pax or TarEntryFormat.Gnu) writer.WriteEntry(Make(TarEntryType.RegularFile, s_long));
        }
        List<OurEntry> entries = ReadAll(archive.ToArray());
        Assert.Equal((TarKind.Directory, "d/"), (entries[0].Kind, entries[0].PathText));
        Assert.Equal((TarKind.File, 1000L, 1000u, 1001u, 0x940u, 1_700_000_000L), (entries[1].Kind, entries[1].Size, entries[1].Uid, entries[1].Gid, entries[1].Mode, entries[1].Modified.Seconds));
        Assert.Equal((TarKind.SymbolicLink, "../target"), (entries[2].Kind, Encoding.UTF8.GetString(entries[2].LinkTarget)));
        Assert.Equal((TarKind.HardLink, "d/file", 0L), (entries[3].Kind, Encoding.UTF8.GetString(entries[3].LinkTarget), entries[3].Size));
        if (format == TarEntryFormat.V7) return;
        Assert.Equal((TarKind.CharacterDevice, 1u, 3u), (entries[4].Kind, entries[4].DeviceMajor, entries[4].DeviceMinor));
        Assert.Equal(TarKind.Fifo, entries[5].Kind);
        if (format is TarEntryFormat.Pax or TarEntryFormat.Gnu) Assert.Equal(s_long, entries[6].PathText);
    }

    [Fact]
    public void What_we_write_the_framework_reads()
    {
        byte[] archive = Written(
            (new OurEntry { Path = "a/"u8.ToArray(), Kind = TarKind.Directory, Mode = 0x1ED, Modified = new TarTime(5, 0) }, ""),
            (new OurEntry { Path = Encoding.UTF8.GetBytes("a/ä"), Mode = 0x1A4, Uid = 3_000_000, Gid = 7, Modified = new TarTime(1_700_000_000, 123_456_789), Attributes = [new TarAttribute("user.x", "v w"u8.ToArray())] }, "hello"),
            (new OurEntry { Path = Encoding.UTF8.GetBytes(s_long), LinkTarget = Encoding.UTF8.GetBytes(s_long), Kind = TarKind.SymbolicLink }, ""),
            (new OurEntry { Path = "old"u8.ToArray(), Modified = new TarTime(-2, 500_000_000) }, "x"));
        using System.Formats.Tar.TarReader reader = new(new MemoryStream(archive));
        Assert.Equal("a/", reader.GetNextEntry()!.Name);
        PaxTarEntry file = Assert.IsType<PaxTarEntry>(reader.GetNextEntry(copyData: true));
        Assert.Equal(("a/ä", 3_000_000, 7, 5L), (file.Name, file.Uid, file.Gid, file.Length));
        Assert.Equal("1700000000.123456789", file.ExtendedAttributes["mtime"]);
        Assert.Equal("v w", file.ExtendedAttributes["SCHILY.xattr.user.x"]);
        Assert.Equal((s_long, s_long), (reader.GetNextEntry() is { } link ? (link.Name, link.LinkName) : default));
        Assert.Equal("-1.5", Assert.IsType<PaxTarEntry>(reader.GetNextEntry(copyData: true)).ExtendedAttributes["mtime"]);
        Assert.Null(reader.GetNextEntry());
    }

    [Fact]
    public void What_we_write_we_read()
    {
        OurEntry entry = new()
        {
            Path = [(byte)'n', 0xFF, 0xC3], Mode = 0xFFF, Uid = 4_000_000_000, Gid = 1, UserName = "me", GroupName = "us", Modified = new TarTime(-2, 500_000_000), Accessed = new TarTime(9, 1),
            Attributes = [new TarAttribute("security.capability", [1, 0, 0, 2]), new TarAttribute("user.empty", [])],
        };
        OurEntry back = Assert.Single(ReadAll(Written((entry, "data"))));
        Assert.Equal(entry.Path, back.Path);
        Assert.Equal((entry.Mode, entry.Uid, entry.Gid, entry.UserName, entry.GroupName, entry.Modified, entry.Accessed, 4L), (back.Mode, back.Uid, back.Gid, back.UserName, back.GroupName, back.Modified, back.Accessed, back.Size));
        Assert.Equal([1, 0, 0, 2], back.Attributes[0].Value);
        Assert.Equal(("user.empty", 0), (back.Attributes[1].Name, back.Attributes[1].Value.Length));
        // Equal content has equal bytes.
        Assert.Equal(Written((entry, "data")), Written((back, "data")));
    }

    [Theory]
    [InlineData("gnu", null)]
    [InlineData("posix", "0.0")]
    [InlineData("posix", "0.1")]
    [InlineData("posix", "1.0")]
    public void Sparse_files_of_gnu_tar_are_read(string format, string? version)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("berth-tar-");
        try
        {
            using (FileStream file = File.Create($"{folder.FullName}/sparse"))
            {
                file.Write("begin"u8);
                file.Position = 10 << 20;
                file.Write("middle"u8);
                file.Position = 40 << 20;
                file.Write("end"u8);
                file.SetLength(50 << 20);
            }
            List<string> words = ["--format", format, "--sparse", "-C", folder.FullName, "-cf", $"{folder.FullName}/a.tar", "sparse"];
            if (version is not null) words.Insert(0, $"--sparse-version={version}");
            using (Process tar = Process.Start("tar", words)!) tar.WaitForExit();
            using OurReader reader = new(File.OpenRead($"{folder.FullName}/a.tar"));
            OurEntry entry = reader.Next()!;
            Assert.Equal(("sparse", 50L << 20), (entry.PathText, entry.Size));
            Assert.InRange(entry.StoredSize, 14, 1 << 20);
            MemoryStream data = new();
            while (reader.ReadAtHand() is { IsEmpty: false } part) data.Write(part);
            byte[] whole = new byte[entry.Size];
            int at = 0;
            foreach (SparseRun run in entry.Sparse!)
            {
                data.GetBuffer().AsSpan(at, (int)run.Length).CopyTo(whole.AsSpan((int)run.Offset));
                at += (int)run.Length;
            }
            Assert.Equal(File.ReadAllBytes($"{folder.FullName}/sparse"), whole);
            Assert.Null(reader.Next());
        }
        finally { folder.Delete(recursive: true); }
    }

    [Fact]
    public void Our_sparse_files_are_read_by_us()
    {
        MemoryStream archive = new();
        OurWriter writer = new(archive);
        writer.Begin(new OurEntry { Path = "s"u8.ToArray(), Size = 1 << 20, StoredSize = 7, Sparse = [new SparseRun(5, 3), new SparseRun(1000, 4), new SparseRun(1 << 20, 0)] });
        writer.Write("abcdefg"u8);
        writer.Add(new OurEntry { Path = "next"u8.ToArray() }, "x"u8);
        writer.Finish();
        List<OurEntry> entries = ReadAll(archive.ToArray());
        Assert.Equal((1L << 20, 7L, 3), (entries[0].Size, entries[0].StoredSize, entries[0].Sparse!.Count));
        Assert.Equal("next", entries[1].PathText);
    }

    [Theory]
    [InlineData("not a tar at all", "checksum")]
    [InlineData("", null)]
    public void What_is_no_tar_is_refused(string text, string? because)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(text), .. text.Length == 0 ? [] : new byte[1024]];
        if (because is null) Assert.Empty(ReadAll(bytes));
        else Assert.Contains(because, Refused(bytes));
    }

    [Fact]
    public void Damage_is_refused_with_a_reason()
    {
        byte[] archive = Written((new OurEntry { Path = "f"u8.ToArray() }, new string('x', 5000)));
        Assert.Contains("middle of a file", Refused(archive[..3000]));
        Assert.Contains("middle of a header", Refused(archive[..200]));
        byte[] checksum = [.. archive];
        checksum[0] ^= 1;
        Assert.Contains("checksum", Refused(checksum));
        Assert.Contains("most is", Refused(Header('x', "77777777777")));
        Assert.Contains("unknown type", Refused(Header('Z', "00000000000")));
        Assert.Contains("octal", Refused(Header('0', "00000000009")));
        Assert.Contains("wrong length", Refused([.. Header('x', "00000000010"), .. "99 a=bc\n"u8, .. new byte[504], .. archive]));
    }

    [Fact]
    public void A_member_that_was_not_read_is_skipped()
    {
        byte[] archive = Written((new OurEntry { Path = "a"u8.ToArray() }, new string('x', 300_000)), (new OurEntry { Path = "b"u8.ToArray() }, "yes"));
        using OurReader reader = new(new MemoryStream(archive));
        reader.Next();
        reader.Read(new byte[10]);
        Assert.Equal("b", reader.Next()!.PathText);
        Assert.Equal("yes", Encoding.UTF8.GetString(reader.ReadAtHand()));
        Assert.Null(reader.Next());
        Assert.Equal(archive.Length, reader.Position);
    }

    [Fact]
    public void Mutated_archives_never_crash_the_reader_nor_take_much_memory()
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("BERTH_FUZZ"), out int asked) ? asked : 20_000;
        Random random = new(4711);
        MemoryStream sparse = new();
        OurWriter writer = new(sparse);
        writer.Begin(new OurEntry { Path = "s"u8.ToArray(), Size = 4096, StoredSize = 7, Sparse = [new SparseRun(5, 7)] });
        writer.Write("abcdefg"u8);
        writer.Finish();
        byte[][] seeds = [Written((new OurEntry { Path = Encoding.UTF8.GetBytes(s_long), Attributes = [new TarAttribute("user.a", [1, 2, 3])], Modified = new TarTime(1, 5) }, "data"), (new OurEntry { Path = "l"u8.ToArray(), LinkTarget = "a"u8.ToArray(), Kind = TarKind.HardLink }, "")), sparse.ToArray()];
        for (int i = 0; i < rounds; i++)
        {
            byte[] bytes = [.. seeds[random.Next(seeds.Length)]];
            for (int change = random.Next(1, 8); change > 0; change--) bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"0123456789 =\n"[random.Next(13)];
            if (random.Next(4) > 0) for (int at = 0; at + 512 <= bytes.Length; at += 512) MendCheckSum(bytes.AsSpan(at, 512));
            if (random.Next(8) == 0) bytes = bytes[..random.Next(bytes.Length)];
            try { ReadAll(bytes); }
            catch (BerthException e) when (e.Kind == Fault.InvalidArgument) { } // that is the answer
        }
    }

    private static void MendCheckSum(Span<byte> header)
    {
        if (!header.Slice(257, 5).SequenceEqual("ustar"u8)) return;
        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte b in header) sum += b;
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0").CopyTo(header[148..]);
    }

    private static byte[] Header(char type, string size)
    {
        byte[] header = new byte[512];
        "name"u8.CopyTo(header);
        Encoding.ASCII.GetBytes(size).CopyTo(header, 124);
        header[156] = (byte)type;
        "ustar\000"u8.CopyTo(header.AsSpan(257));
        MendCheckSum(header);
        return header;
    }

    private static string Refused(byte[] archive)
    {
        BerthException fault = Assert.Throws<BerthException>(() => ReadAll(archive));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        return fault.Message;
    }

    private static byte[] Written(params (OurEntry Entry, string Data)[] members)
    {
        MemoryStream archive = new();
        OurWriter writer = new(archive);
        foreach ((OurEntry entry, string data) in members) writer.Add(entry, Encoding.UTF8.GetBytes(data));
        writer.Finish();
        return archive.ToArray();
    }

    private static List<OurEntry> ReadAll(byte[] archive)
    {
        using OurReader reader = new(new MemoryStream(archive));
        List<OurEntry> entries = [];
        while (reader.Next() is { } entry)
        {
            entries.Add(entry);
            while (!reader.ReadAtHand().IsEmpty) { }
        }
        return entries;
    }
}
