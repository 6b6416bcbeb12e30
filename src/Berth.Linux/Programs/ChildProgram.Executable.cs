// Instructions that cut the tie between a process and the runtime's binary before a container can reach for it.
using System.Globalization;
using Berth.Linux.Files;

namespace Berth.Linux.Programs;

public sealed unsafe partial class ChildProgram
{
    private const int PR_SET_MM_MAP = 14;

    /// <summary>
    /// Makes /proc/PID/exe of the child name <paramref name="substitute"/> instead of this program's file. A `#!/proc/self/exe`
    /// entry point, or a process with CAP_SYS_PTRACE, then finds an empty sealed file and not the host's binary (CVE-2019-5736).
    /// </summary>
    /// <param name="substitute">A sealed memory file.</param>
    /// <param name="title">What `ps` shows while the child waits.</param>
    public ChildProgram ShedExecutable(Fd substitute, string title)
    {
        ReadOnlySpan<byte> maps = KernelFile.Read("/proc/self/maps");
        List<Segment> segments = [];
        ulong heapStart = 0, heapEnd = 0;
        string? exe = null;
        while (!maps.IsEmpty)
        {
            int eol = maps.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = eol < 0 ? maps : maps[..eol];
            maps = eol < 0 ? default : maps[(eol + 1)..];
            ReadMapping(line, ref exe, segments, ref heapStart, ref heapEnd);
        }
        Segment* list = _arena.Take<Segment>(segments.Count);
        for (int i = 0; i < segments.Count; i++) list[i] = segments[i];
        Instruction* at = Emit(Operation.ShedExecutable);
        at->Argument[0] = (long)list;
        at->Argument[1] = segments.Count;

        byte* name = _arena.String(title);
        MemoryMap* map = _arena.Take<MemoryMap>(1);
        ulong first = (ulong)segments[0].Start;
        ulong end = (ulong)(segments[^1].Start + segments[^1].Length);
        if (heapEnd == 0) heapStart = heapEnd = end;
        *map = new MemoryMap
        {
            StartCode = first,
            EndCode = end,
            StartData = first,
            EndData = end,
            StartBrk = heapStart,
            Brk = heapEnd,
            StartStack = (ulong)(nint)(&at),
            ArgStart = (ulong)name,
            ArgEnd = (ulong)name + (ulong)System.Text.Encoding.UTF8.GetByteCount(title) + 1,
            EnvStart = (ulong)name,
            EnvEnd = (ulong)name,
            ExeFd = (uint)substitute.Number,
        };
        Call(Syscall.Prctl, PR_SET_MM, PR_SET_MM_MAP, map, sizeof(MemoryMap), 0);
        return this;
    }

    private static void ReadMapping(ReadOnlySpan<byte> line, ref string? exe, List<Segment> segments, ref ulong heapStart, ref ulong heapEnd)
    {
        // start-end perms offset device inode path
        int dash = line.IndexOf((byte)'-');
        int space = line.IndexOf((byte)' ');
        int path = line.IndexOf((byte)'/');
        if (dash < 0 || space < dash) return;
        if (path < 0 && line.IndexOf("[heap]"u8) < 0) return;
        ulong start = ulong.Parse(line[..dash], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        ulong end = ulong.Parse(line[(dash + 1)..space], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (path < 0)
        {
            (heapStart, heapEnd) = (start, end);
            return;
        }
        exe ??= KernelPath.ReadLink("/proc/self/exe");
        if (System.Text.Encoding.UTF8.GetString(line[path..]) != exe) return;
        ReadOnlySpan<byte> permissions = line.Slice(space + 1, 3);
        long protection = (permissions[0] == 'r' ? 1 : 0) | (permissions[1] == 'w' ? 2 : 0) | (permissions[2] == 'x' ? 4 : 0);
        segments.Add(new Segment { Start = (long)start, Length = (long)(end - start), Protection = protection });
    }
}
