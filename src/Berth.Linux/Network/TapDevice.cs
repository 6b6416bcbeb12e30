// Interfaces whose other end is a program (tun_tap, ioctl): made once, kept until they are removed.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Files;

namespace Berth.Linux.Network;

/// <summary>A tap interface to be made.</summary>
public sealed record TapSpec
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether several descriptors may be open to it at once, a queue each.</summary>
    public bool MultiQueue { get; init; }

    /// <summary>User who may open it without privileges, or null.</summary>
    public uint? Owner { get; init; }

    /// <summary>Group whose members may, or null.</summary>
    public uint? Group { get; init; }
}

/// <summary>Makes tap interfaces in the network namespace of the calling thread.</summary>
public static unsafe partial class TapDevice
{
    private const string Device = "/dev/net/tun";
    private const nuint TUNSETIFF = 0x400454CA, TUNSETPERSIST = 0x400454CB, TUNSETOWNER = 0x400454CC, TUNSETGROUP = 0x400454CE;
    private const ushort IFF_TAP = 2, IFF_MULTI_QUEUE = 0x100, IFF_NO_PI = 0x1000, IFF_TUN_EXCL = 0x8000;

    /// <summary>Makes one that stays.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: EBUSY when the name is taken, ENOENT when there is no /dev/net/tun.</exception>
    public static void Make(TapSpec tap)
    {
        ArgumentNullException.ThrowIfNull(tap);
        using Fd fd = KernelPath.Open(Device, 2 | 0x80000);
        // struct ifreq: a name of 16 bytes, then flags.
        Span<byte> request = stackalloc byte[40];
        request.Clear();
        Encoding.UTF8.GetBytes(tap.Name, request[..15]);
        BitConverter.TryWriteBytes(request[16..], (ushort)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL | (tap.MultiQueue ? IFF_MULTI_QUEUE : 0)));
        fixed (byte* p = request) Check.Result(ioctl(fd.Number, TUNSETIFF, (nint)p), "TUNSETIFF", tap.Name);
        if (tap.Owner is { } owner) Check.Result(ioctl(fd.Number, TUNSETOWNER, (nint)owner), "TUNSETOWNER", $"{tap.Name} {owner}");
        if (tap.Group is { } group) Check.Result(ioctl(fd.Number, TUNSETGROUP, (nint)group), "TUNSETGROUP", $"{tap.Name} {group}");
        Check.Result(ioctl(fd.Number, TUNSETPERSIST, 1), "TUNSETPERSIST", tap.Name);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, nint argument);
}
