// Mounts in the child, where a value is known only there: names of descriptors, modes, flags that a namespace has locked.
namespace Berth.Linux.Programs;

internal unsafe ref partial struct Interpreter
{
    /// <summary>Flags that statfs(2) tells, as mount(2) takes them. Both have the lower ones in common.</summary>
    private const MountFlags ToldAlike = MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec | MountFlags.NoAccessTime | MountFlags.NoDirectoryAccessTime;

    private const long ST_RELATIME = 0x1000, ST_NOSYMFOLLOW = 0x2000;

    /// <summary>Writes `self/fd/N`, to be resolved in a procfs that is the working directory.</summary>
    private static long NameDescriptor(long fd, byte* text)
    {
        ReadOnlySpan<byte> prefix = "self/fd/"u8;
        prefix.CopyTo(new Span<byte>(text, prefix.Length));
        byte* at = text + prefix.Length;
        int digits = 1;
        for (long rest = fd; rest >= 10; rest /= 10) digits++;
        for (int i = digits - 1; i >= 0; i--, fd /= 10) at[i] = (byte)('0' + (fd % 10));
        at[digits] = 0;
        return 0;
    }

    private long RequireSameKind(int one, int other, Errno errno)
    {
        long a = ModeOf(one);
        long b = a < 0 ? a : ModeOf(other);
        if (b < 0) return -1;
        return (a & S_IFMT) == S_IFDIR == ((b & S_IFMT) == S_IFDIR) ? 0 : Error(errno);
    }

    /// <summary>Writes the permission bits, set-id and sticky ones included, as four octal digits.</summary>
    private long TellPid(byte* text)
    {
        long pid = Call(Syscall.GetPid, 0);
        int length = 0;
        for (long rest = pid; rest > 0; rest /= 10) length++;
        text[length] = 0;
        for (; length > 0; pid /= 10) text[--length] = (byte)('0' + (pid % 10));
        return 0;
    }

    private long TellMode(int fd, byte* text)
    {
        long mode = ModeOf(fd);
        if (mode < 0) return -1;
        for (int i = 3; i >= 0; i--, mode >>= 3) text[i] = (byte)('0' + (mode & 7));
        return 0;
    }

    /// <summary>
    /// The flags a mount gets when <paramref name="set"/> is put on top of those of <paramref name="keep"/> that it has. What
    /// the owner of another user namespace has locked can be kept but not taken back: asking for that is EPERM.
    /// </summary>
    /// <param name="mount">The mount as it is.</param>
    /// <param name="set">Flags asked for.</param>
    /// <param name="cleared">Flags asked to be off.</param>
    /// <param name="keep">Flags that stay if they are there.</param>
    /// <param name="attributes">A structure of mount_setattr(2) to fill in as well, or null.</param>
    private long KeepFlags(int mount, MountFlags set, MountFlags cleared, MountFlags keep, ulong* attributes)
    {
        byte* statfs = stackalloc byte[256];
        if (Call(Syscall.FStatFs, mount, (long)statfs) < 0) return -1;
        long told = *(long*)(statfs + 80);
        MountFlags present = (MountFlags)told & ToldAlike;
        if ((told & ST_RELATIME) != 0) present |= MountFlags.RelativeAccessTime;
        if ((told & ST_NOSYMFOLLOW) != 0) present |= MountFlags.NoSymFollow;
        if ((present & BindFlags.AccessTimes) == 0) present |= MountFlags.StrictAccessTime;
        if ((present & cleared & BindFlags.Lockable) != 0) return Error(Errno.EPERM);
        // The kernel would silently make another setting of what is asked for on top of what is kept (runc's comments tell two cases).
        MountFlags times = set & BindFlags.AllTimes;
        if (times != 0 && times != (present & BindFlags.AllTimes)) return Error(Errno.EPERM);
        // Without a word about access times they stay as they are.
        MountFlags result = (set & ~BindFlags.AllTimes) | (present & keep & ~BindFlags.AllTimes);
        if (attributes != null)
        {
            attributes[0] = (ulong)BindFlags.Attributes(result);
            attributes[1] = (ulong)BindFlags.Changeable & ~attributes[0];
        }
        return (long)result;
    }

    /// <summary>The number of the meeting to the parent, a descriptor back, and the answer that ends every meeting.</summary>
    private long Ask(ushort token)
    {
        byte one = 0;
        if (Call(Syscall.Write, Sync, (long)&token, 2) != 2) Quit(1);
        // struct msghdr and, in `control`, struct cmsghdr with one descriptor (unix(7)).
        long* header = stackalloc long[7];
        long* vector = stackalloc long[2];
        long* control = stackalloc long[3];
        vector[0] = (long)&one;
        vector[1] = 1;
        header[0] = header[1] = header[6] = 0;
        header[2] = (long)vector;
        header[3] = 1;
        header[4] = (long)control;
        header[5] = 24;
        const int CloseOnExec = 0x40000000;
        if (Call(Syscall.RecvMsg, Sync, (long)header, CloseOnExec) != 1) Quit(1);
        if (header[5] < 20) return Error(Errno.EBADF);
        int fd = *(int*)(control + 2);
        if (Call(Syscall.Read, Sync, (long)&one, 1) != 1) Quit(1);
        return fd;
    }
}
