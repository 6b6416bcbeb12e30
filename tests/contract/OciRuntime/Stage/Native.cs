// The few system calls the suite makes itself.
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>System calls without which a runtime cannot be watched.</summary>
internal static unsafe partial class Native
{
    /// <summary>Sends a signal; a process that is gone is fine. 0, -1 and 1 would be groups, everybody and the host's first process.</summary>
    public static void Kill(int pid, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2);
        kill(pid, signal);
    }

    /// <summary>Removes an empty folder; false when it is busy, true also when it was gone.</summary>
    public static bool RemoveFolder(string path) => rmdir(path) == 0 || Marshal.GetLastPInvokeError() == ENOENT;

    /// <summary>Unmounts lazily.</summary>
    public static void Detach(string path) => umount2(path, MNT_DETACH);

    /// <summary>Changes the owner.</summary>
    public static void Own(string path, int uid, int gid) => Check(lchown(path, uid, gid), $"chown {path}");

    /// <summary>A new pseudo terminal: its master and the path of its slave.</summary>
    public static (int Master, string Slave) OpenPty(ushort rows, ushort columns)
    {
        int master = Check(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt");
        Check(unlockpt(master), "unlockpt");
        byte* name = stackalloc byte[64];
        Check(ptsname_r(master, name, 64), "ptsname_r");
        SetWindow(master, rows, columns);
        return (master, Marshal.PtrToStringUTF8((nint)name)!);
    }

    /// <summary>Sets a terminal's size.</summary>
    public static void SetWindow(int terminal, ushort rows, ushort columns)
    {
        ushort* size = stackalloc ushort[] { rows, columns, 0, 0 };
        Check(ioctl(terminal, TIOCSWINSZ, size), "ioctl TIOCSWINSZ");
    }

    /// <summary>A terminal's size.</summary>
    public static (int Rows, int Columns) GetWindow(int terminal)
    {
        ushort* size = stackalloc ushort[4];
        Check(ioctl(terminal, TIOCGWINSZ, size), "ioctl TIOCGWINSZ");
        return (size[0], size[1]);
    }

    /// <summary>What can be read within a few milliseconds: empty when nothing came, null at the end.</summary>
    public static string? ReadSome(int fd)
    {
        PollFd poll = new() { Fd = fd, Events = POLLIN };
        if (Native.poll(&poll, 1, 10) <= 0) return "";
        byte* buffer = stackalloc byte[4096];
        nint count = read(fd, buffer, 4096);
        // EIO is how a master says that nobody has the slave open any more.
        return count <= 0 ? null : Encoding.UTF8.GetString(buffer, (int)count);
    }

    /// <summary>Writes a text.</summary>
    public static void Write(int fd, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* p = bytes) Check((int)write(fd, p, (nuint)bytes.Length), "write");
    }

    /// <summary>Closes a descriptor.</summary>
    public static void Close(int fd) => close(fd);

    /// <summary>Receives one message with the descriptors that came along (SCM_RIGHTS), at most eight.</summary>
    public static (byte[] Data, int[] Descriptors) Receive(int socket)
    {
        byte* data = stackalloc byte[32768];
        byte* control = stackalloc byte[256];
        IoVec vector = new() { Base = data, Length = 32768 };
        MsgHdr message = new() { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 256 };
        nint count = Check((int)recvmsg(socket, &message, MSG_CMSG_CLOEXEC), "recvmsg");
        List<int> descriptors = [];
        // One control message is all that a kernel sends for one SCM_RIGHTS: length (8), level (4), type (4), then the numbers.
        if (message.ControlLength >= 16 && *(int*)(control + 8) == SOL_SOCKET && *(int*)(control + 12) == SCM_RIGHTS)
        {
            int numbers = (int)((*(nuint*)control - 16) / 4);
            for (int i = 0; i < numbers; i++) descriptors.Add(*(int*)(control + 16 + (4 * i)));
        }
        return (new ReadOnlySpan<byte>(data, (int)count).ToArray(), [.. descriptors]);
    }

    /// <summary>Takes one question of a seccomp listener and answers it: pretended success, or an error.</summary>
    public static void AnswerSeccomp(int listener, int error)
    {
        PollFd wait = new() { Fd = listener, Events = POLLIN };
        if (Native.poll(&wait, 1, (int)Until.Patience.TotalMilliseconds) <= 0) throw new TimeoutException("nobody asked the seccomp agent");
        // struct seccomp_notif begins with the id; the kernel wants the buffer zeroed.
        byte* question = stackalloc byte[80];
        new Span<byte>(question, 80).Clear();
        Check(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, question), "ioctl SECCOMP_IOCTL_NOTIF_RECV");
        byte* answer = stackalloc byte[24];
        new Span<byte>(answer, 24).Clear();
        *(ulong*)answer = *(ulong*)question;
        *(int*)(answer + 16) = -error;
        Check(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, answer), "ioctl SECCOMP_IOCTL_NOTIF_SEND");
    }

    private static int Check(int result, string what) =>
        result >= 0 ? result : throw new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    private const int ENOENT = 2;
    private const int MNT_DETACH = 2;
    private const int O_RDWR = 2;
    private const int O_NOCTTY = 0x100;
    private const int O_CLOEXEC = 0x80000;
    private const short POLLIN = 1;
    private const int SOL_SOCKET = 1;
    private const int SCM_RIGHTS = 1;
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const nuint SECCOMP_IOCTL_NOTIF_RECV = 0xc0502100;
    private const nuint SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101;
    private const nuint TIOCGWINSZ = 0x5413;
    private const nuint TIOCSWINSZ = 0x5414;

    private struct PollFd { public int Fd; public short Events; public short Returned; }

    private struct IoVec { public byte* Base; public nuint Length; }

    private struct MsgHdr
    {
        public byte* Name;
        public uint NameLength;
        public IoVec* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, int uid, int gid);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlockpt(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ptsname_r(int fd, byte* name, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(int socket, MsgHdr* message, int flags);
}
