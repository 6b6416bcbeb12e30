// How a container is kept away from the runtime's own binary (CVE-2019-5736) without copying or re-executing it.
namespace Berth.Linux.Programs;

/// <summary>A stretch of memory that maps the running executable.</summary>
internal struct Segment
{
    public long Start;
    public long Length;
    public long Protection;
}

/// <summary>struct prctl_mm_map of prctl(2), PR_SET_MM_MAP.</summary>
internal struct MemoryMap
{
    public ulong StartCode, EndCode, StartData, EndData, StartBrk, Brk, StartStack, ArgStart, ArgEnd, EnvStart, EnvEnd;
    public ulong AuxV;
    public uint AuxVSize;
    public uint ExeFd;
}

internal unsafe ref partial struct Interpreter
{
    private const int PROT_READ_WRITE = 3;
    private const int MAP_PRIVATE_ANONYMOUS_POPULATE = 0x2 | 0x20 | 0x8000;
    private const int MREMAP_MAYMOVE_FIXED = 1 | 2;

    /// <summary>
    /// Moves an anonymous copy over every mapping of the executable, code we stand on included: mremap swaps the pages in
    /// one step and their content is the same. Afterwards nothing maps the file, which is what lets PR_SET_MM_MAP change
    /// what /proc/self/exe names.
    /// </summary>
    private long ShedExecutable(Segment* segments, int count)
    {
        for (int i = 0; i < count; i++)
        {
            long length = segments[i].Length;
            long copy = Call(Syscall.MMap, 0, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_POPULATE, -1, 0);
            if (copy < 0) return -1;
            Buffer.MemoryCopy((void*)segments[i].Start, (void*)copy, length, length);
            if (segments[i].Protection != PROT_READ_WRITE && Call(Syscall.MProtect, copy, length, segments[i].Protection) < 0) return -1;
            if (Call(Syscall.MRemap, copy, length, length, MREMAP_MAYMOVE_FIXED, segments[i].Start) < 0) return -1;
        }
        return 0;
    }
}
