// Files of a root file system read from outside it, with its links resolved inside (openat2(2), RESOLVE_IN_ROOT).
using Berth.Linux.Programs;

namespace Berth.Linux.Files;

/// <summary>Reads below a root that is not trusted.</summary>
public static unsafe class RootedFile
{
    /// <summary>Opens a path below the root, or null.</summary>
    public static Fd? TryOpen(string root, string path, int flags = OpenFlags.ReadOnly)
    {
        using Fd? top = KernelPath.TryOpen(root, OpenFlags.Path | OpenFlags.Directory);
        if (top is null) return null;
        byte[] name = [.. System.Text.Encoding.UTF8.GetBytes(path), 0];
        ulong* how = stackalloc ulong[3];
        // Non-blocking: a fifo in the image's place must not hold us up.
        how[0] = (ulong)(uint)(flags | OpenFlags.NonBlocking) | Interpreter.O_CLOEXEC;
        if ((flags & OpenFlags.Path) != 0) how[0] &= ~(ulong)OpenFlags.NonBlocking;
        how[1] = 0;
        how[2] = (ulong)(Resolve.InRoot | Resolve.NoMagicLinks);
        nint fd;
        fixed (byte* p = name) fd = Interpreter.syscall(Syscall.OpenAt2, top.Number, (nint)p, (nint)how, 24, 0, 0);
        return fd < 0 ? null : new Fd((int)fd);
    }

    /// <summary>At most <paramref name="most"/> bytes of a regular file below the root, or null.</summary>
    public static byte[]? TryRead(string root, string path, int most = 1024 * 1024)
    {
        using Fd? file = TryOpen(root, path);
        if (file is null || !KernelPath.Facts(file).IsRegular) return null;
        byte[] buffer = new byte[Math.Min(most, (int)Math.Min(KernelPath.Facts(file).Size, most))];
        int length = 0;
        while (length < buffer.Length)
        {
            int n = KernelPath.Read(file, buffer.AsSpan(length));
            if (n <= 0) break;
            length += n;
        }
        return buffer.AsSpan(0, length).ToArray();
    }
}
