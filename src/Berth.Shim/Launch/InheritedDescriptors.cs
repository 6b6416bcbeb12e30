// Descriptors that our caller left open in us, such as the sockets by which podman keeps ports of a container taken.
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Shim.Launch;

/// <summary>Everything of ours is close-on-exec; what is not came from outside.</summary>
internal static class InheritedDescriptors
{
    /// <summary>Closes them, all but the standard streams.</summary>
    public static void Close()
    {
        foreach (string name in KernelPath.List("/proc/self/fd"))
        {
            if (int.TryParse(name, out int fd) && fd > 2 && Self.IsInherited(fd)) new Linux.Fd(fd).Dispose();
        }
    }
}
