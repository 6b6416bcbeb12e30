// Where a daemon's socket, lock and records are, and how its network namespaces are told apart.
using System.Globalization;
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Files beside the socket: for <c>/run/cni/dhcp.sock</c> the folder <c>/run/cni/dhcp</c>.</summary>
internal static class DaemonPlaces
{
    private const long NsfsMagic = 0x6E736673;
    private const string Suffix = ".sock";
    private static string? s_start;

    /// <summary>The folder of records.</summary>
    public static string Folder(string socket) => socket.EndsWith(Suffix, StringComparison.Ordinal) ? socket[..^Suffix.Length] : socket + ".leases";

    /// <summary>The lock's file.</summary>
    public static string Lock(string socket) => Folder(socket) + "/server.lock";

    /// <summary>Opens a network namespace.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="place">Words by which it is known again: this start of the host, and which namespace.</param>
    /// <returns>Null where there is none.</returns>
    public static Fd? TryOpenNamespace(string path, out string place)
    {
        place = "";
        Fd? fd = path.Length == 0 ? null : KernelPath.TryOpen(path, 0);
        if (fd is null) return null;
        if (KernelPath.FileSystemType(fd) != NsfsMagic)
        {
            fd.Dispose();
            return null;
        }
        FileFacts facts = KernelPath.Facts(fd);
        s_start ??= KernelFile.TryReadText("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";
        place = string.Create(CultureInfo.InvariantCulture, $"{s_start} {facts.Device}:{facts.Inode}");
        return fd;
    }
}
