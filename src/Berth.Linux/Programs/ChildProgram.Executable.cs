// Instructions that cut the tie between a process and the runtime's binary before a container can reach for it.
using System.Globalization;
using Berth.Linux.Files;
using Berth.Linux.Mounts;

namespace Berth.Linux.Programs;

/// <summary>What a child needs to forget the program it was cloned from: opened by the parent, kept until the clone.</summary>
public sealed class ExecutableExit : IDisposable
{
    private ExecutableExit(Fd substitute, Fd? image) => (Substitute, Image) = (substitute, image);

    /// <summary>A sealed empty memory file that /proc/PID/exe will name.</summary>
    public Fd Substitute { get; }

    /// <summary>The program's file through a mount of its own, or null where that cannot be had.</summary>
    public Fd? Image { get; }

    /// <summary>Opens what is needed.</summary>
    public static ExecutableExit Open(string name)
    {
        Fd substitute = KernelPath.SealedEmpty(name);
        try
        {
            using Fd mount = Tree.Clone("/proc/self/exe", recursive: false);
            return new ExecutableExit(substitute, KernelPath.TryOpen(mount.ProcPath, OpenFlags.ReadOnly));
        }
        catch (LinuxException)
        {
            // A deleted or replaced binary cannot be cloned: its pages are copied instead.
            return new ExecutableExit(substitute, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Substitute.Dispose();
        Image?.Dispose();
    }
}

public sealed unsafe partial class ChildProgram
{
    private const int PR_SET_MM_MAP = 14;
    private const int PageSize = 4096;

    /// <summary>
    /// Makes /proc/PID/exe of the child name an empty sealed file instead of this program's. A `#!/proc/self/exe` entry
    /// point, or a process with CAP_SYS_PTRACE, then finds nothing to overwrite (CVE-2019-5736).
    /// </summary>
    /// <remarks>
    /// The kernel lets a process change that only when nothing maps the old file any more, and it compares mount and
    /// directory entry, not the inode. So unmodified pages are mapped again, in place, from the same file through a mount of
    /// our own, which copies nothing and shares the page cache; only modified pages are copied.
    /// </remarks>
    /// <param name="exit">What the parent opened.</param>
    /// <param name="title">What `ps` shows while the child waits.</param>
    public ChildProgram ShedExecutable(ExecutableExit exit, string title)
    {
        List<Segment> segments = [];
        (ulong Start, ulong End) heap = ReadMappings(segments, exit.Image);
        Segment* list = _arena.Take<Segment>(segments.Count);
        for (int i = 0; i < segments.Count; i++) list[i] = segments[i];
        Instruction* at = Emit(Operation.ShedExecutable);
        at->Argument[0] = (long)list;
        at->Argument[1] = segments.Count;
        at->Argument[2] = exit.Image?.Number ?? -1;

        byte* name = _arena.String(title);
        MemoryMap* map = _arena.Take<MemoryMap>(1);
        ulong first = (ulong)segments[0].Start;
        ulong end = (ulong)(segments[^1].Start + segments[^1].Length);
        if (heap.End == 0) heap = (end, end);
        *map = new MemoryMap
        {
            StartCode = first,
            EndCode = end,
            StartData = first,
            EndData = end,
            StartBrk = heap.Start,
            Brk = heap.End,
            StartStack = (ulong)(nint)(&at),
            ArgStart = (ulong)name,
            ArgEnd = (ulong)name + (ulong)System.Text.Encoding.UTF8.GetByteCount(title) + 1,
            EnvStart = (ulong)name,
            EnvEnd = (ulong)name,
            ExeFd = (uint)exit.Substitute.Number,
        };
        Call(Syscall.Prctl, PR_SET_MM, PR_SET_MM_MAP, map, sizeof(MemoryMap), 0);
        return this;
    }

    private static (ulong Start, ulong End) ReadMappings(List<Segment> segments, Fd? image)
    {
        (ulong, ulong) heap = default;
        string exe = KernelPath.ReadLink("/proc/self/exe") ?? "";
        byte[] exeBytes = System.Text.Encoding.UTF8.GetBytes(exe);
        using Fd? pageMap = image is null ? null : KernelPath.TryOpen("/proc/self/pagemap", OpenFlags.ReadOnly);
        ReadOnlySpan<byte> maps = KernelFile.Read("/proc/self/maps");
        while (!maps.IsEmpty)
        {
            int eol = maps.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = eol < 0 ? maps : maps[..eol];
            maps = eol < 0 ? default : maps[(eol + 1)..];
            // start-end perms offset device inode path
            bool isHeap = line.EndsWith("[heap]"u8);
            if (!isHeap && !line.EndsWith(exeBytes)) continue;
            int dash = line.IndexOf((byte)'-'), space = line.IndexOf((byte)' ');
            ulong start = Hex(line[..dash]), end = Hex(line[(dash + 1)..space]);
            if (isHeap)
            {
                heap = (start, end);
                continue;
            }
            ReadOnlySpan<byte> permissions = line.Slice(space + 1, 3);
            ReadOnlySpan<byte> rest = line[(space + 6)..];
            Segment whole = new()
            {
                Start = (long)start,
                Length = (long)(end - start),
                Protection = (permissions[0] == 'r' ? 1 : 0) | (permissions[1] == 'w' ? 2 : 0) | (permissions[2] == 'x' ? 4 : 0),
                Offset = (long)Hex(rest[..rest.IndexOf((byte)' ')]),
            };
            Split(whole, pageMap, segments);
        }
        return heap;
    }

    private static ulong Hex(ReadOnlySpan<byte> digits) => ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>Cuts a mapping into runs of pages that are still the file's and runs that this process has modified.</summary>
    private static void Split(Segment whole, Fd? pageMap, List<Segment> segments)
    {
        int pages = (int)(whole.Length / PageSize);
        ulong* entries = stackalloc ulong[512];
        int from = 0;
        bool? modified = null;
        for (int page = 0; page < pages; page++)
        {
            bool changed = true;
            if (pageMap is not null)
            {
                if (page % 512 == 0 && pread(pageMap.Number, entries, (nuint)Math.Min(512, pages - page) * 8, (nint)((whole.Start / PageSize) + page) * 8) <= 0) pageMap = null;
                ulong entry = entries[page % 512];
                // pagemap.rst: bit 63 present, bit 62 swapped, bit 61 is a page of a file. What is not present is the file's.
                changed = pageMap is null || ((entry >> 62) != 0 && (entry >> 61 & 1) == 0);
            }
            if (modified is { } former && former != changed)
            {
                Add(segments, whole, from, page, former);
                from = page;
            }
            modified = changed;
        }
        Add(segments, whole, from, pages, modified ?? true);
    }

    private static void Add(List<Segment> segments, Segment whole, int from, int to, bool modified) => segments.Add(new Segment
    {
        Start = whole.Start + (from * (long)PageSize),
        Length = (to - from) * (long)PageSize,
        Protection = whole.Protection,
        Offset = modified ? -1 : whole.Offset + (from * (long)PageSize),
    });

    [System.Runtime.InteropServices.LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int fd, void* buffer, nuint count, nint offset);
}
