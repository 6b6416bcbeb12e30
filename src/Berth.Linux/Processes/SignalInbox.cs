// Signals as numbers read from a pipe, in a process that must not have threads of its own making.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Berth.Linux.Files;

namespace Berth.Linux.Processes;

/// <summary>
/// Collects signals sent to this process. The framework's own registration starts a thread and the thread pool.
/// A process of one thread blocks the signals and reads them from a signalfd. That would not do in one with more threads:
/// the kernel hands the signal to any thread that does not block it, and ends us. There the handler runs on such a thread,
/// and writes one byte to a pipe; this one still blocks them, because managed code must not be interrupted by managed code.
/// </summary>
public sealed unsafe partial class SignalInbox : IDisposable
{
    private static int _pipe = -1;
    private readonly Fd _read;
    private readonly Fd? _write;

    private SignalInbox(Fd read, Fd? write) => (_read, _write) = (read, write);

    /// <summary>Starts collecting. One at a time in a process.</summary>
    public static SignalInbox Open(params ReadOnlySpan<int> signals)
    {
        ulong* mask = stackalloc ulong[16];
        for (int i = 0; i < 16; i++) mask[i] = 0;
        foreach (int signal in signals) mask[0] |= 1UL << (signal - 1);
        // Blocked before anything looks for them, so that none is lost between.
        sigprocmask(0, mask, null);
        if (Self.IsSingleThreaded) return new SignalInbox(new Fd(Check.Result(signalfd(-1, mask, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd", "signals to pass on")), null);
        (Fd read, Fd write) = KernelPath.Pipe(nonBlocking: true);
        Volatile.Write(ref _pipe, write.Number);
        // struct sigaction of the C library: handler, 128 bytes of mask, flags, restorer.
        byte* action = stackalloc byte[152];
        new Span<byte>(action, 152).Clear();
        *(nint*)action = (nint)(delegate* unmanaged[Cdecl]<int, void>)&Note;
        *(int*)(action + 136) = SA_RESTART;
        foreach (int signal in signals) sigaction(signal, action, null);
        return new SignalInbox(read, write);
    }

    /// <summary>Whether it is a signalfd: a program that is executed in place of this one can wait for it as well.</summary>
    public bool IsKernels => _write is null;

    /// <summary>Becomes readable when a signal has come.</summary>
    public Fd Descriptor => _read;

    /// <summary>The next signal, or 0 when there is none.</summary>
    public int Take()
    {
        // A struct signalfd_siginfo begins with the signal's number, which is below 256; the pipe holds one byte for each.
        Span<byte> information = stackalloc byte[128];
        return KernelPath.Read(_read, _write is null ? information : information[..1]) > 0 ? information[0] : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Volatile.Write(ref _pipe, -1);
        _read.Dispose();
        _write?.Dispose();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Note(int signal)
    {
        byte one = (byte)signal;
        int saved = *Programs.Interpreter.__errno_location();
        Programs.Interpreter.syscall(Syscall.Write, Volatile.Read(ref _pipe), (nint)(&one), 1, 0, 0, 0);
        *Programs.Interpreter.__errno_location() = saved;
    }

    private const int SA_RESTART = 0x10000000, SFD_NONBLOCK = 0x800, SFD_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int signalfd(int fd, ulong* mask, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sigaction(int signal, byte* action, byte* old);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sigprocmask(int how, ulong* mask, ulong* old);
}
