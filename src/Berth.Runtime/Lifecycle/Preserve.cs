// Descriptors that pass to the program: --preserve-fds, and those of systemd's socket activation.
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Runtime.Lifecycle;

internal static class Preserve
{
    /// <summary>LISTEN_FDS of our environment, or 0.</summary>
    public static int Listen => int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), out int n) && n is > 0 and < 1024 ? n : 0;

    /// <summary>All that pass.</summary>
    public static int Count(int asked) => asked + Listen;

    /// <summary>Refuses descriptors that are not open: a number we open ourselves later would leak into the container.</summary>
    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>.</exception>
    public static void Check(int asked)
    {
        for (int fd = 3; fd < 3 + Count(asked); fd++)
        {
            if (!Self.IsInherited(fd)) throw new BerthException(Fault.InvalidArgument, $"unable to stat preserved-fd {fd} (of {Count(asked)}): no such file or directory", "open the descriptors from 3 on without a gap");
        }
    }
}
