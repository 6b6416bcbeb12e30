// Children of this process: waiting for them, and making sure none is left.
using System.Runtime.InteropServices;

namespace Berth.Linux.Processes;

/// <summary>Waits for and ends children of this process.</summary>
public static unsafe partial class Child
{
    /// <summary>Waits until the child ends.</summary>
    /// <returns>Its wait status, or 0 if it is no child of ours any more.</returns>
    public static int Reap(int pid)
    {
        int status = 0;
        while (waitpid(pid, &status, __WALL) < 0)
        {
            if (Check.LastErrno != Errno.EINTR) return 0;
        }
        return status;
    }

    /// <summary>The status of a child that has ended, without waiting.</summary>
    /// <param name="pid">The child, or -1 for any.</param>
    /// <param name="status">Its wait status.</param>
    /// <returns>Its pid; 0 while none has ended; -1 when there is no such child.</returns>
    public static int TryReap(int pid, out int status)
    {
        int s = 0;
        int result;
        do { result = waitpid(pid, &s, WNOHANG | __WALL); }
        while (result < 0 && Check.LastErrno == Errno.EINTR);
        status = s;
        return result;
    }

    /// <summary>Kills the child if it still lives, and takes its status.</summary>
    public static int KillAndReap(int pid)
    {
        if (TryReap(pid, out int status) != 0) return status;
        kill(pid, 9);
        return Reap(pid);
    }

    private const int WNOHANG = 1;
    private const int __WALL = 0x40000000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}

/// <summary>Reads wait statuses of wait(2).</summary>
public static class WaitStatus
{
    /// <summary>The exit code a shell would show: the status, or 128 plus the signal.</summary>
    public static int ExitCode(int status) => (status & 0x7F) == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F);

    /// <summary>In words: <c>exit status 1</c>, <c>signal: killed</c>.</summary>
    public static string Describe(int status) =>
        (status & 0x7F) == 0 ? $"exit status {(status >> 8) & 0xFF}" : $"signal: {Signals.WordsOf(status & 0x7F)}";
}
