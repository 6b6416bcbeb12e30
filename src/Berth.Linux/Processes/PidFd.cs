// A handle for one process and never for a later one with the same number (pidfd_open(2)).
namespace Berth.Linux.Processes;

/// <summary>Calls on pidfds.</summary>
public static unsafe class PidFd
{
    /// <summary>Opens a handle for the process.</summary>
    /// <exception cref="LinuxException">ESRCH: there is no such process.</exception>
    public static Fd Open(int pid) => TryOpen(pid) ?? throw new LinuxException("pidfd_open", $"{pid}", (Errno)(*Programs.Interpreter.__errno_location()));

    /// <summary>As <see cref="Open"/>, with null where there is no such process.</summary>
    public static Fd? TryOpen(int pid)
    {
        nint fd = Programs.Interpreter.syscall(Syscall.PidFdOpen, pid, 0, 0, 0, 0, 0);
        return fd < 0 ? null : new Fd((int)fd);
    }

    /// <summary>Signals the process this handle was opened for.</summary>
    /// <exception cref="LinuxException">ESRCH: it has ended and was reaped; EPERM; EINVAL: no such signal.</exception>
    public static void Signal(Fd pidFd, int signal)
    {
        if (Programs.Interpreter.syscall(Syscall.PidFdSendSignal, pidFd.Number, signal, 0, 0, 0, 0) < 0)
        {
            throw new LinuxException("pidfd_send_signal", Signals.NameOf(signal), (Errno)(*Programs.Interpreter.__errno_location()));
        }
    }

    /// <summary>As <see cref="Signal"/>; false where it fails, as for a process that has ended.</summary>
    public static bool TrySignal(Fd pidFd, int signal) => Programs.Interpreter.syscall(Syscall.PidFdSendSignal, pidFd.Number, signal, 0, 0, 0, 0) >= 0;

    /// <summary>Takes a copy of the process's descriptor <paramref name="number"/>.</summary>
    public static Fd TakeFd(Fd pidFd, int number)
    {
        nint fd = Programs.Interpreter.syscall(Syscall.PidFdGetFd, pidFd.Number, number, 0, 0, 0, 0);
        return fd < 0 ? throw new LinuxException("pidfd_getfd", $"{number}", (Errno)(*Programs.Interpreter.__errno_location())) : new Fd((int)fd);
    }
}
