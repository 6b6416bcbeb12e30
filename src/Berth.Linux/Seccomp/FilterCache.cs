// Compiled filters on disk, found by the bytes they were compiled from, so that the second start compiles nothing.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Seccomp;

/// <summary>
/// A directory with one file for each filter. The source (for instance the JSON of a profile as it stands in the
/// configuration) is the key; it is kept in the file and compared whole, so the hash in the name only has to spread.
/// </summary>
/// <remarks>
/// Only files of this user that nobody else may write count; what is foreign, damaged or of another version is as good as
/// not there. Nothing here throws for the state of the disk: without a cache filters are compiled each time.
/// Layout of a file, little endian: magic 8, hash of the rest 16, version 4, architecture 4, variant 4, flags 4,
/// length of source 4, length of program 4, source, program.
/// </remarks>
/// <param name="directory">Made with mode 0700 when the first filter is put; its parent has to exist.</param>
/// <param name="capacity">Most files kept; the oldest go first.</param>
public sealed unsafe partial class FilterCache(string directory, int capacity = 256)
{
    private const ulong Magic = 0x3143534854524542; // "BERTHSC1"
    private const int HashStart = 8, BodyStart = 24, HeaderLength = 48;
    private const int LargestFile = 4 * 1024 * 1024;

    /// <summary>Finds the filter compiled from these bytes.</summary>
    /// <param name="source">What it was compiled from.</param>
    /// <param name="variant">Whatever else decides about the program, such as options of the translation.</param>
    /// <returns>The filter, or null.</returns>
    public CompiledFilter? TryGet(ReadOnlySpan<byte> source, uint variant = 0)
    {
        byte[]? file = ReadOwn(Path(source, variant), HeaderLength + source.Length);
        if (file is null) return null;
        ReadOnlySpan<byte> bytes = file;
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic) return null;
        ReadOnlySpan<byte> body = bytes[BodyStart..];
        if (Word(body, 0) != FilterCompiler.Version || Word(body, 1) != (uint)SeccompArchFacts.Native || Word(body, 2) != variant) return null;
        uint programLength = Word(body, 5);
        if (Word(body, 4) != source.Length || programLength != file.Length - HeaderLength - source.Length) return null;
        if (programLength is 0 or > CompiledFilter.LargestCount * CompiledFilter.InstructionSize || programLength % CompiledFilter.InstructionSize != 0) return null;
        if (!bytes.Slice(HeaderLength, source.Length).SequenceEqual(source)) return null;
        ContentHash hash = ContentHash.Of(body, Magic);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[HashStart..]) != hash.High
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[(HashStart + 8)..]) != hash.Low) return null;
        return new CompiledFilter(file.AsMemory(HeaderLength + source.Length), (FilterFlags)Word(body, 3));
    }

    /// <summary>Keeps a filter.</summary>
    /// <param name="source">What it was compiled from.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="variant">As for <see cref="TryGet"/>.</param>
    /// <returns>Whether it was written.</returns>
    public bool TryPut(ReadOnlySpan<byte> source, CompiledFilter filter, uint variant = 0)
    {
        int length = HeaderLength + source.Length + filter.Instructions.Length;
        if (length > LargestFile) return false;
        byte[] file = new byte[length];
        Span<byte> body = file.AsSpan(BodyStart);
        BinaryPrimitives.WriteUInt64LittleEndian(file, Magic);
        ReadOnlySpan<uint> words =
        [
            FilterCompiler.Version, (uint)SeccompArchFacts.Native, variant, (uint)filter.Flags, (uint)source.Length, (uint)filter.Instructions.Length,
        ];
        for (int i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(body[(i * 4)..], words[i]);
        source.CopyTo(file.AsSpan(HeaderLength));
        filter.Instructions.Span.CopyTo(file.AsSpan(HeaderLength + source.Length));
        ContentHash hash = ContentHash.Of(body, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(HashStart), hash.High);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(HashStart + 8), hash.Low);
        return Write(Path(source, variant), file);
    }

    private string Path(ReadOnlySpan<byte> source, uint variant) =>
        $"{directory}/{ContentHash.Of(source, (ulong)FilterCompiler.Version << 48 | (ulong)SeccompArchFacts.Native << 32 | variant).ToHex()}";

    private static uint Word(ReadOnlySpan<byte> body, int index) => BinaryPrimitives.ReadUInt32LittleEndian(body[(index * 4)..]);

    /// <summary>The whole file, if it is a plain file of ours that nobody else may write.</summary>
    private static byte[]? ReadOwn(string path, int shortest)
    {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
        if (fd < 0) return null;
        try
        {
            if (Stat.Of(fd) is not { IsFile: true, IsOnlyOurs: true } stat || stat.Size < (ulong)shortest || stat.Size > LargestFile) return null;
            byte[] bytes = new byte[stat.Size];
            int length = 0;
            fixed (byte* p = bytes)
            {
                while (length < bytes.Length)
                {
                    nint n = read(fd, p + length, (nuint)(bytes.Length - length));
                    if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
                    if (n <= 0) return null;
                    length += (int)n;
                }
            }
            return bytes;
        }
        finally { close(fd); }
    }

    private bool Write(string path, ReadOnlySpan<byte> bytes)
    {
        if (mkdir(directory, 0x1C0) < 0 && Check.LastErrno != Errno.EEXIST) return false;
        int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
        if (folder < 0) return false;
        try
        {
            // In a directory that others may write to, a name says nothing about who made the file.
            if (Stat.Of(folder) is not { IsOnlyOurs: true }) return false;
            string name = path[(directory.Length + 1)..];
            string temporary = $"{name}.{Environment.ProcessId}";
            if (!WriteNew(folder, temporary, bytes)) return false;
            if (renameat(folder, temporary, folder, name) < 0)
            {
                unlinkat(folder, temporary, 0);
                return false;
            }
            DropOldest(folder);
            return true;
        }
        finally { close(folder); }
    }

    private static bool WriteNew(int folder, string name, ReadOnlySpan<byte> bytes)
    {
        int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
        int fd = openat(folder, name, flags, 0x180);
        if (fd < 0 && Check.LastErrno == Errno.EEXIST)
        {
            // Left by a process of the same number that died while writing.
            unlinkat(folder, name, 0);
            fd = openat(folder, name, flags, 0x180);
        }
        if (fd < 0) return false;
        bool written = true;
        fixed (byte* p = bytes)
        {
            for (int done = 0; written && done < bytes.Length;)
            {
                nint n = write(fd, p + done, (nuint)(bytes.Length - done));
                if (n >= 0) done += (int)n;
                else written = Check.LastErrno == Errno.EINTR;
            }
        }
        close(fd);
        if (!written) unlinkat(folder, name, 0);
        return written;
    }

    private void DropOldest(int folder)
    {
        List<(long Written, string Name)> files = [];
        byte* buffer = stackalloc byte[8192];
        nint length;
        while ((length = getdents64(folder, buffer, 8192)) > 0)
        {
            // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name.
            for (nint at = 0; at < length; at += *(ushort*)(buffer + at + 16))
            {
                string name = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + 19));
                if (name is not ("." or "..")) files.Add((0, name));
            }
        }
        if (files.Count <= capacity) return;
        for (int i = 0; i < files.Count; i++) files[i] = (Stat.Of(folder, files[i].Name)?.Written ?? 0, files[i].Name);
        for (int surplus = files.Count - capacity; surplus > 0; surplus--)
        {
            int oldest = 0;
            for (int i = 1; i < files.Count; i++)
                if (files[i].Written < files[oldest].Written) oldest = i;
            unlinkat(folder, files[oldest].Name, 0);
            files.RemoveAt(oldest);
        }
    }

    /// <summary>What statx(2) says, whose layout is the same on all architectures.</summary>
    private readonly record struct Stat(uint Owner, uint Mode, uint Links, ulong Size, long Written)
    {
        public bool IsFile => (Mode & 0xF000) == 0x8000 && Links == 1;

        public bool IsOnlyOurs => Owner == geteuid() && (Mode & 0x12) == 0;

        public static Stat? Of(int fd) => Of(fd, "");

        public static Stat? Of(int folder, string name)
        {
            byte* buffer = stackalloc byte[256];
            if (statx(folder, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, buffer) < 0) return null;
            return new Stat(*(uint*)(buffer + 20), *(ushort*)(buffer + 28), *(uint*)(buffer + 16), *(ulong*)(buffer + 40),
                *(long*)(buffer + 112) * 1_000_000_000 + *(uint*)(buffer + 120));
        }
    }

    private const int O_RDONLY = 0, O_WRONLY = 1, O_CREAT = 0x40, O_EXCL = 0x80, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;
    private const int AT_EMPTY_PATH = 0x1000, AT_SYMLINK_NOFOLLOW = 0x100;
    private const uint STATX_BASIC_STATS = 0x7FF;

    // Arm and Power number these two in their own way.
    private static bool HasOwnFlags => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm or Architecture.Ppc64le;
    private static int O_DIRECTORY => HasOwnFlags ? 0x4000 : 0x10000;
    private static int O_NOFOLLOW => HasOwnFlags ? 0x8000 : 0x20000;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(int folder, string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat(int fromFolder, string from, int toFolder, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlinkat(int folder, string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
