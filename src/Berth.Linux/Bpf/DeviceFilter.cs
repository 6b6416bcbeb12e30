// bpf(2) for device programs of cgroups: load, attach, replace.
using System.Runtime.InteropServices;

namespace Berth.Linux.Bpf;

/// <summary>Programs of type BPF_PROG_TYPE_CGROUP_DEVICE.</summary>
public static unsafe partial class DeviceFilter
{
    /// <summary>Hands a program to the verifier.</summary>
    /// <param name="instructions">One word each, laid out as struct bpf_insn on a little-endian machine.</param>
    /// <exception cref="LinuxException">The kernel has no BPF, forbids it, or its verifier refuses the program (EINVAL, EACCES).</exception>
    public static Fd Load(ReadOnlySpan<ulong> instructions)
    {
        ulong* unlimited = stackalloc ulong[2] { ulong.MaxValue, ulong.MaxValue };
        fixed (ulong* code = instructions)
        fixed (byte* license = "Apache\0"u8)
        {
            LoadAttributes attributes = new()
            {
                Type = BPF_PROG_TYPE_CGROUP_DEVICE,
                Count = (uint)instructions.Length,
                Instructions = (ulong)code,
                License = (ulong)license,
            };
            bool lifted = false;
            for (int i = 0; ; i++)
            {
                nint result = bpf(BPF_PROG_LOAD, &attributes, (nuint)sizeof(LoadAttributes));
                if (result >= 0) return new Fd((int)result);
                Errno errno = Check.LastErrno;
                // A signal may interrupt the verifier; before 5.11 programs count against RLIMIT_MEMLOCK.
                if (errno == Errno.EAGAIN && i < 30) continue;
                if (errno != Errno.EPERM || lifted) throw new LinuxException("bpf BPF_PROG_LOAD", null, errno);
                lifted = true;
                if (setrlimit(RLIMIT_MEMLOCK, unlimited) != 0) throw new LinuxException("bpf BPF_PROG_LOAD", null, errno);
            }
        }
    }

    /// <summary>Attaches a program to a cgroup; the cgroup keeps it from then on.</summary>
    /// <param name="cgroup">The directory, opened for reading.</param>
    /// <param name="program">From <see cref="Load"/>.</param>
    /// <param name="mayHaveOthers">Programs attached before are replaced. A directory made just now has none, and need not be asked.</param>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    public static void Attach(Fd cgroup, Fd program, bool mayHaveOthers)
    {
        List<Fd> others = mayHaveOthers ? Attached(cgroup) : [];
        try
        {
            // One program is replaced in a single step, so that there is no moment without and none with both.
            if (others.Count == 1 && TryAttach(cgroup, program, BPF_F_ALLOW_MULTI | BPF_F_REPLACE, others[0])) return;
            if (!TryAttach(cgroup, program, BPF_F_ALLOW_MULTI, null)) throw new LinuxException("bpf BPF_PROG_ATTACH", null, Check.LastErrno);
            foreach (Fd other in others) Detach(cgroup, other);
        }
        finally
        {
            foreach (Fd other in others) other.Dispose();
        }
    }

    /// <summary>How many device programs a cgroup has.</summary>
    /// <exception cref="LinuxException">The kernel refuses to tell.</exception>
    public static int Count(Fd cgroup) => Ids(cgroup).Length;

    private static List<Fd> Attached(Fd cgroup)
    {
        List<Fd> programs = [];
        foreach (uint id in Ids(cgroup))
        {
            uint attribute = id;
            nint fd = bpf(BPF_PROG_GET_FD_BY_ID, &attribute, sizeof(uint));
            // One that security policy hides only restricts further; it may stay.
            if (fd >= 0) programs.Add(new Fd((int)fd));
        }
        return programs;
    }

    private static uint[] Ids(Fd cgroup)
    {
        uint* ids = stackalloc uint[64]; // the kernel allows no more programs a cgroup
        QueryAttributes attributes = new() { Target = (uint)cgroup.Number, AttachType = BPF_CGROUP_DEVICE, Ids = (ulong)ids, Count = 64 };
        Check.Result(bpf(BPF_PROG_QUERY, &attributes, (nuint)sizeof(QueryAttributes)), "bpf BPF_PROG_QUERY");
        return new ReadOnlySpan<uint>(ids, (int)Math.Min(attributes.Count, 64)).ToArray();
    }

    private static bool TryAttach(Fd cgroup, Fd program, uint flags, Fd? replaced)
    {
        AttachAttributes attributes = new()
        {
            Target = (uint)cgroup.Number,
            Program = (uint)program.Number,
            AttachType = BPF_CGROUP_DEVICE,
            Flags = flags,
            Replaced = (uint)(replaced?.Number ?? 0),
        };
        return bpf(BPF_PROG_ATTACH, &attributes, (nuint)sizeof(AttachAttributes)) >= 0;
    }

    private static void Detach(Fd cgroup, Fd program)
    {
        AttachAttributes attributes = new() { Target = (uint)cgroup.Number, Program = (uint)program.Number, AttachType = BPF_CGROUP_DEVICE };
        Check.Result(bpf(BPF_PROG_DETACH, &attributes, 12), "bpf BPF_PROG_DETACH");
    }

    private static nint bpf(int command, void* attributes, nuint size) => syscall(SYS_bpf, command, attributes, size);

    private const int BPF_PROG_LOAD = 5, BPF_PROG_ATTACH = 8, BPF_PROG_DETACH = 9, BPF_PROG_GET_FD_BY_ID = 13, BPF_PROG_QUERY = 16;
    private const uint BPF_PROG_TYPE_CGROUP_DEVICE = 15, BPF_CGROUP_DEVICE = 6, BPF_F_ALLOW_MULTI = 2, BPF_F_REPLACE = 4;
    private const int RLIMIT_MEMLOCK = 8;
    private static readonly nint SYS_bpf = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321;

    // Prefixes of union bpf_attr; the kernel takes what is beyond the given size for zero.
    private struct LoadAttributes
    {
        public uint Type;
        public uint Count;
        public ulong Instructions;
        public ulong License;
        public uint LogLevel;
        public uint LogSize;
        public ulong LogBuffer;
        public uint KernelVersion;
        public uint Flags;
    }

    private struct AttachAttributes
    {
        public uint Target;
        public uint Program;
        public uint AttachType;
        public uint Flags;
        public uint Replaced;
    }

    private struct QueryAttributes
    {
        public uint Target;
        public uint AttachType;
        public uint QueryFlags;
        public uint AttachFlags;
        public ulong Ids;
        public uint Count;
        public uint Padding;
        public ulong ProgramFlags;
        public ulong LinkIds;
        public ulong LinkFlags;
        // From 6.17 to 7.1 kernels write the revision whatever size they were told: without room for it the stack is hit.
        public ulong Revision;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, int command, void* attributes, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, ulong* limit);
}
