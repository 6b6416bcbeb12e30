// The calls to the kernel that an init needs, with the numbers of this processor.
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Berth.InitApp;

/// <summary>Each answers as the kernel does: below zero is an error's number.</summary>
internal static unsafe class Kernel
{
    public const int NoEntry = 2, NoAccess = 13, NotADirectory = 20, NotExecutable = 8;
    private const nint Set = 2, ChildEnded = 17, ForegroundGroup = 0x5410, ChildSubreaper = 36, Name = 15, EmptyPath = 0x1000;
#if ARM64
    private const nint NWrite = 64, NMask = 135, NTake = 137, NControl = 29, NClone = 220, NExecute = 221, NExit = 94, NWait = 260, NKill = 129, NGroup = 154, NProcess = 167, NOwn = 172, NPoll = 73, NExecuteAt = 281;
#else
    private const nint NWrite = 1, NMask = 14, NTake = 128, NControl = 16, NClone = 56, NExecute = 59, NExit = 231, NWait = 61, NKill = 62, NGroup = 109, NProcess = 157, NOwn = 39, NPoll = 271, NExecuteAt = 322;
#endif

    public static void Write(int fd, byte* text, int length) => Call(NWrite, fd, (nint)text, length, 0, 0);

    /// <summary>Which signals wait until they are taken.</summary>
    public static void Hold(ulong signals, ulong* former) => Call(NMask, Set, (nint)(&signals), (nint)former, sizeof(ulong), 0);

    /// <summary>Waits for one of the signals.</summary>
    public static int Take(ulong signals) => (int)Call(NTake, (nint)(&signals), 0, 0, sizeof(ulong), 0);

    public static int Fork() => (int)Call(NClone, ChildEnded, 0, 0, 0, 0);

    public static int Execute(byte* path, byte** words, byte** variables) => (int)Call(NExecute, (nint)path, (nint)words, (nint)variables, 0, 0);

    public static void Exit(int code) => Call(NExit, code, 0, 0, 0, 0);

    /// <summary>Takes the end of any child that has ended.</summary>
    public static int Reap(int* status) => (int)Call(NWait, -1, (nint)status, 1, 0, 0);

    public static void Signal(int process, int signal) => Call(NKill, process, signal, 0, 0, 0);

    /// <summary>Makes the caller the first of a group of processes, and the one that the terminal, if there is any, listens to.</summary>
    public static void Lead()
    {
        int own = (int)Call(NOwn, 0, 0, 0, 0, 0);
        Call(NGroup, 0, 0, 0, 0, 0);
        Call(NControl, 0, ForegroundGroup, (nint)(&own), 0, 0);
    }

    /// <summary>Executes an open file.</summary>
    public static int Execute(int fd, byte** words, byte** variables) => (int)Call(NExecuteAt, fd, (nint)"\0"u8.Start, (nint)words, (nint)variables, EmptyPath);

    /// <summary>Waits until one of the descriptors can be read.</summary>
    /// <param name="entries">struct pollfd each.</param>
    /// <param name="count">How many.</param>
    /// <param name="time">struct timespec, which the kernel may change; null waits without end.</param>
    public static int Poll(long* entries, int count, long* time) => (int)Call(NPoll, (nint)entries, count, (nint)time, 0, 0);

    /// <summary>The name that lists of processes show.</summary>
    public static void BeCalled(byte* name) => Call(NProcess, Name, (nint)name, 0, 0, 0);

    public static void AdoptOrphans() => Call(NProcess, ChildSubreaper, 1, 0, 0, 0);

    [RuntimeImport("*", "berth_call")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern nint Call(nint number, nint a, nint b, nint c, nint d, nint e);
}
