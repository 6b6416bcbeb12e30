// The socket to the packet filter that a process keeps.
using Berth.Linux.Files;
using Berth.Linux.Network;

namespace Berth.Network.Firewall;

/// <summary>
/// Closing such a socket after something was removed waits until the kernel has let go of it, ten milliseconds and more: so it
/// stays open, one for a process, as long as the process stays in one network namespace. A process that ends does not wait either.
/// </summary>
internal static class FilterSocket
{
    private static Nftables? s_kept;
    private static ulong s_namespace;

    /// <summary>The socket; whoever has the lock may use it.</summary>
    public static Nftables OfThisNamespace(FilterLock held)
    {
        ArgumentNullException.ThrowIfNull(held);
        ulong here = KernelPath.Facts("/proc/thread-self/ns/net") is { } facts ? facts.Inode : 0;
        if (s_kept is not null && here != 0 && here == s_namespace) return s_kept;
        if (s_kept is null) AppDomain.CurrentDomain.ProcessExit += static (_, _) => s_kept?.CloseLater();
        else s_kept.CloseLater();
        s_namespace = here;
        return s_kept = Nftables.Open();
    }
}
