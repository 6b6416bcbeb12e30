// Error numbers of errno(3) that callers decide by, and the kernel's sentence for any of them.
using System.Runtime.InteropServices;

namespace Berth.Linux;

/// <summary>Error numbers as in errno(3) for x86_64 and arm64; others keep their number.</summary>
public enum Errno
{
#pragma warning disable CS1591 // the names are those of errno(3)
    None = 0, EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, ENOEXEC = 8, EBADF = 9, ECHILD = 10,
    EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, ENOTBLK = 15, EBUSY = 16, EEXIST = 17, EXDEV = 18, ENODEV = 19,
    ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOTTY = 25, ETXTBSY = 26, EFBIG = 27, ENOSPC = 28,
    ESPIPE = 29, EROFS = 30, EMLINK = 31, EPIPE = 32, EDOM = 33, ERANGE = 34, EDEADLK = 35, ENAMETOOLONG = 36, ENOLCK = 37,
    ENOSYS = 38, ENOTEMPTY = 39, ELOOP = 40, ENODATA = 61, EOVERFLOW = 75, EILSEQ = 84, ERESTART = 85, EUSERS = 87, ENOTSOCK = 88,
    EMSGSIZE = 90, EPROTONOSUPPORT = 93, EOPNOTSUPP = 95, EAFNOSUPPORT = 97, EADDRINUSE = 98, EADDRNOTAVAIL = 99, ENETDOWN = 100,
    ENETUNREACH = 101, ECONNRESET = 104, ENOBUFS = 105, ENOTCONN = 107, ETIMEDOUT = 110, ECONNREFUSED = 111, EHOSTUNREACH = 113, ESTALE = 116,
    ENOKEY = 126, EKEYREVOKED = 128, EDQUOT = 122,
#pragma warning restore CS1591
}

/// <summary>Words for error numbers.</summary>
public static unsafe partial class ErrnoText
{
    /// <summary>The C library's sentence, with a small first letter: <c>operation not permitted</c>.</summary>
    public static string Sentence(this Errno errno)
    {
        string? text = Marshal.PtrToStringUTF8((nint)strerror((int)errno));
        return string.IsNullOrEmpty(text) ? $"error {(int)errno}" : char.ToLowerInvariant(text[0]) + text[1..];
    }

    [LibraryImport("libc")]
    private static partial byte* strerror(int number);
}
