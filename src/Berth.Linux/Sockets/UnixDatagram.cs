// Unix datagram sockets as sd_notify(3) uses them: an address in the file system, or an abstract one written with an '@'.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Network;

namespace Berth.Linux.Sockets;

/// <summary>Makes datagram sockets (unix(7)); <see cref="DescriptorSocket"/> sends and receives on them.</summary>
public static unsafe partial class UnixDatagram
{
    /// <summary>A socket connected to a path, or to the abstract name behind an <c>@</c>.</summary>
    /// <exception cref="LinuxException">Nobody is bound there.</exception>
    public static Fd Connect(string address)
    {
        if (!address.StartsWith('@')) return DescriptorSocket.Connect(address, datagram: true);
        byte[] name = Encoding.UTF8.GetBytes(address);
        if (name.Length > 107) throw new LinuxException("connect", address, Errno.ENAMETOOLONG);
        byte[] bytes = new byte[2 + name.Length];
        bytes[0] = AF_UNIX;
        name.CopyTo(bytes, 2);
        bytes[2] = 0;
        Fd fd = new(Check.Result(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", address));
        fixed (byte* p = bytes)
        {
            if (connect(fd.Number, p, (uint)bytes.Length) == 0) return fd;
        }
        Errno errno = Check.LastErrno;
        fd.Dispose();
        throw new LinuxException("connect", address, errno);
    }

    /// <summary>A socket bound to a new path to which everybody who reaches it may send.</summary>
    /// <exception cref="LinuxException">The path cannot be made.</exception>
    public static Fd BindForAll(string path)
    {
        Fd fd = DescriptorSocket.BindDatagram(path);
        Files.PermissionBits.Set(path, 0x1FF);
        return fd;
    }

    private const int AF_UNIX = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint length);
}
