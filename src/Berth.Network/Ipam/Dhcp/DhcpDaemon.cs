// Who attaches containers keeps their leases alive: the daemon is started with the first, and ends by itself with the last.
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Starts the daemon of the plugin dhcp. Any number of processes may do this at once.</summary>
public static class DhcpDaemon
{
    private const int TimeoutMilliseconds = 10_000;

    /// <summary>Starts it if there are leases, and nobody prolongs them: it was killed.</summary>
    /// <param name="socket">Its socket.</param>
    /// <param name="program">The program, which is executed as <c>dhcp</c>.</param>
    /// <exception cref="BerthException">Unavailable: it does not start.</exception>
    public static void Ensure(string socket, string program)
    {
        if (!LeaseRecord.HasAny(DaemonPlaces.Folder(socket))) return;
        if (UnixSocket.TryConnect(socket, out _) is { } there) there.Dispose();
        else Start(socket, program);
    }

    /// <summary>Starts it, so that it ends with the last lease; where one runs already, nothing is done.</summary>
    internal static void Start(string socket, string program)
    {
        CommandResult result;
        try
        {
            // Who waits for a container does not wait as long as a machine that starts.
            result = StartedProgram.Run(program, ["dhcp", "daemon", "-socketpath", socket, "-until-last", "-resendtimeout", "20s"], TimeoutMilliseconds);
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Unavailable, $"cannot start the DHCP daemon {program}: {e.Message}", "berth-cni is that program: install it beside berth", e);
        }
        if (result.TimedOut || result.Status != 0)
        {
            throw new BerthException(Fault.Unavailable, $"cannot start the DHCP daemon {program}: {(result.TimedOut ? "it does not say that it serves" : WaitStatus.Describe(result.Status) + " " + result.Output.Trim())}");
        }
    }
}
