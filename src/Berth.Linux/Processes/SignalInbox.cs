// Signals as numbers read from a pipe, in a process that must not have threads of its own making.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Berth.Linux.Files;

namespace Berth.Linux.Processes;

/// <summary>
/// Collects signals sent to this process. The framework's own registration starts a thread and the thread pool, and
/// signalfd does not do either: the runtime's finalizer thread blocks no signal, so the kernel would hand the signal to it
/// and kill us. So the main thread blocks the signals, the handler runs on that idle thread, and writes one byte to a pipe.
/// </summary>
public sealed unsafe partial class SignalInbox : IDisposable
{
    private static int _pipe = -1;
    private readonly Fd _read;
    private readonly Fd _write;

    private SignalInbox(Fd read, Fd write) => (_read, _write) = (read, write);

    /// <summary>Starts collecting. One at a time in a process.</summary>
    public static SignalInbox Open(params ReadOnlySpan<int> signals)
    {
        (Fd read, Fd write) = KernelPath.Pipe(nonBlocking: true);
        Volatile.Write(ref _pipe, write.Number);
        ulong* mask = stackalloc ulong[16];
        for (int i = 0; i < 16; i++) mask[i] = 0;
        // struct sigaction of the C library: handler, 128 bytes of mask, flags, restorer.
        byte* action = stackalloc byte[152];
        new Span<byte>(action, 152).Clear();
        *(nint*)action = (nint)(delegate* unmanaged[Cdecl]<int, void>)&Note;
        *(int*)(action + 136) = SA_RESTART;
        foreach (int signal in signals)
        {
            mask[0] |= 1UL << (signal - 1);
            sigaction(signal, action, null);
        }
        sigprocmask(0, mask, null);
        return new SignalInbox(read, write);
    }

    /// <summary>Becomes readable when a signal has come.</summary>
    public Fd Descriptor => _read;

    /// <summary>The next signal, or 0 when there is none.</summary>
    public int Take()
    {
        Span<byte> one = stackalloc byte[1];
        return KernelPath.Read(_read, one) == 1 ? one[0] : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Volatile.Write(ref _pipe, -1);
        _read.Dispose();
        _write.Dispose();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Note(int signal)
    {
        byte one = (byte)signal;
        int saved = *Programs.Interpreter.__errno_location();
        Programs.Interpreter.syscall(Syscall.Write, Volatile.Read(ref _pipe), (nint)(&one), 1, 0, 0, 0);
        *Programs.Interpreter.__errno_location() = saved;
    }

    private const int SA_RESTART = 0x10000000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sigaction(int signal, byte* action, byte* old);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sigprocmask(int how, ulong* mask, ulong* old);
}
