// The system calls that playing an engine takes: fifos opened in a certain way, signals, and what /proc tells about a process.
using System.Globalization;
using System.Runtime.InteropServices;

namespace Berth.Contract.Shim.Stage;

/// <summary>Fifos, signals and facts about processes.</summary>
internal static unsafe partial class Kernel
{
    /// <summary>Makes a fifo.</summary>
    public static void MakeFifo(string path) => Check(mkfifo(path, 0x1b6), $"mkfifo {path}");

    /// <summary>Opens the reading end of a fifo, whether or not somebody writes.</summary>
    public static int OpenReader(string path) => Check(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0), $"open {path}");

    /// <summary>Opens the writing end of a fifo that somebody reads.</summary>
    public static int OpenWriter(string path) => Check(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0), $"open {path}");

    /// <summary>Opens both ends of a fifo, so that nobody waits for anybody.</summary>
    public static int OpenBoth(string path) => Check(open(path, O_RDWR | O_CLOEXEC, 0), $"open {path}");

    /// <summary>Opens a folder to name what is in it.</summary>
    public static int OpenFolder(string path) => Check(open(path, O_PATH | O_CLOEXEC, 0), $"open {path}");

    /// <summary>Reads what is there: empty when nothing came within some milliseconds, null at the end.</summary>
    public static byte[]? ReadSome(int fd)
    {
        PollFd wait = new() { Fd = fd, Events = POLLIN };
        if (poll(&wait, 1, 10) <= 0) return [];
        byte* buffer = stackalloc byte[16384];
        nint count = read(fd, buffer, 16384);
        if (count < 0) return [];
        return count == 0 ? null : new ReadOnlySpan<byte>(buffer, (int)count).ToArray();
    }

    /// <summary>Writes all of it, waiting for room where there is none.</summary>
    public static void Write(int fd, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            PollFd wait = new() { Fd = fd, Events = POLLOUT };
            if (poll(&wait, 1, (int)Until.Patience.TotalMilliseconds) <= 0) throw new TimeoutException("nobody reads what is written");
            fixed (byte* p = bytes) bytes = bytes[Check((int)write(fd, p, (nuint)Math.Min(bytes.Length, 4096)), "write")..];
        }
    }

    /// <summary>Closes a descriptor.</summary>
    public static void Close(int fd) => close(fd);

    /// <summary>Signals a process that must be there.</summary>
    public static void Signal(int pid, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2);
        Check(kill(pid, signal), $"kill {pid}");
    }

    /// <summary>Signals every process of a group.</summary>
    public static void SignalGroup(int group, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(group, 2);
        Check(kill(-group, signal), $"kill -{group}");
    }

    /// <summary>The fields of /proc/PID/stat from the state on, or null when there is no such process.</summary>
    public static string[]? Stat(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/stat") is { Length: > 0 } line ? line[(line.LastIndexOf(')') + 2)..].Split(' ') : null; }
        catch (IOException) { return null; }
    }

    /// <summary>Whether the process runs; one that nobody waited for yet does not.</summary>
    public static bool IsAlive(int pid) => Stat(pid) is { } fields && fields[0] is not ("Z" or "X");

    /// <summary>The process's parent, group and session.</summary>
    public static (int Parent, int Group, int Session) Kin(int pid)
    {
        string[] fields = Stat(pid) ?? throw new InvalidOperationException($"process {pid} is gone");
        return (Number(fields[1]), Number(fields[2]), Number(fields[3]));
    }

    /// <summary>What the process has open, by number; nothing when it is gone.</summary>
    public static Dictionary<int, string> Open(int pid)
    {
        Dictionary<int, string> found = [];
        try
        {
            foreach (string link in Directory.GetFiles($"/proc/{pid}/fd"))
            {
                if (new FileInfo(link).LinkTarget is { } target) found[Number(Path.GetFileName(link))] = target;
            }
        }
        catch (IOException) { return found; } // it ended meanwhile
        return found;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static int Check(int result, string what) =>
        result >= 0 ? result : throw new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    private const int O_RDONLY = 0;
    private const int O_WRONLY = 1;
    private const int O_RDWR = 2;
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;
    private const int O_PATH = 0x200000;
    private const short POLLIN = 1;
    private const short POLLOUT = 4;

    private struct PollFd { public int Fd; public short Events; public short Returned; }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
