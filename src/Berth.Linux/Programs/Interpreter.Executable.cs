// How a container is kept away from the runtime's own binary (CVE-2019-5736) without copying or re-executing it.
namespace Berth.Linux.Programs;

/// <summary>A stretch of memory that maps the running executable.</summary>
internal struct Segment
{
    public long Start;
    public long Length;
    public long Protection;

    /// <summary>Where it lies in the file; -1: its pages are modified.</summary>
    public long Offset;
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

    private const int MAP_PRIVATE_FIXED = 0x2 | 0x10;

    /// <summary>
    /// Takes the program's own file away from under it. Unmodified pages are mapped again from another mount's descriptor;
    /// over the others a copy is moved. Both swap the pages in one step, code we stand on included, and leave the same bytes.
    /// </summary>
    private long ShedExecutable(Segment* segments, int count, int image)
    {
        for (int i = 0; i < count; i++)
        {
            Segment* s = segments + i;
            if (s->Offset >= 0 && image >= 0)
            {
                if (Call(Syscall.MMap, s->Start, s->Length, s->Protection, MAP_PRIVATE_FIXED, image, s->Offset) < 0) return -1;
                continue;
            }
            long copy = Call(Syscall.MMap, 0, s->Length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_POPULATE, -1, 0);
            if (copy < 0) return -1;
            Buffer.MemoryCopy((void*)s->Start, (void*)copy, s->Length, s->Length);
            if (s->Protection != PROT_READ_WRITE && Call(Syscall.MProtect, copy, s->Length, s->Protection) < 0) return -1;
            if (Call(Syscall.MRemap, copy, s->Length, s->Length, MREMAP_MAYMOVE_FIXED, s->Start) < 0) return -1;
        }
        return 0;
    }
}
