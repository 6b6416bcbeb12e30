// Which combinations of terminal, console socket and detaching make sense.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Lifecycle;

internal static class ConsoleChecks
{
    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>.</exception>
    public static void Check(ProcessSpec? process, string? socket, bool detached)
    {
        if (process is null) return;
        if (process.Terminal && detached && string.IsNullOrEmpty(socket))
        {
            throw new BerthException(Fault.InvalidArgument, "cannot allocate tty if runc will detach without setting console socket",
                "give --console-socket, or set process.terminal to false");
        }
        if (!process.Terminal && !string.IsNullOrEmpty(socket))
        {
            throw new BerthException(Fault.InvalidArgument, "cannot use console socket if runc will not detach or allocate tty",
                "set process.terminal to true, or leave out --console-socket");
        }
    }
}
