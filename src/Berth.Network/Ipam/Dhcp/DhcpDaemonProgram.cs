// `dhcp daemon`: the command line of the reference's, and how the daemon comes to its place.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Network.Serving;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>The program of the daemon.</summary>
public static class DhcpDaemonProgram
{
    private const int SIGHUP = 1, SIGINT = 2, SIGPIPE = 13, SIGTERM = 15, FirstActivated = 3;

    private const string Usage = """
        dhcp daemon [-socketpath PATH] [-pidfile FILE] [-hostprefix PATH] [-broadcast] [-timeout TIME] [-resendmax TIME] [-resendtimeout TIME] [-until-last]

        Gets and prolongs leases for the CNI plugin dhcp.
          -socketpath     where the plugin finds it (/run/cni/dhcp.sock); records of leases are in a folder beside it
          -pidfile        the process's number is written there
          -hostprefix     stands before the paths of the socket and of network namespaces
          -broadcast      servers answer to everybody
          -timeout        how long the server of an offer may take (10s)
          -resendmax      the longest pause between two messages (1m2s)
          -resendtimeout  after so long without an address, it gives up (3m28s)
          -until-last     goes into the background as soon as it serves, and ends with the last lease
        """;

    /// <summary>Runs one command line.</summary>
    /// <param name="args">Behind <c>daemon</c>.</param>
    /// <returns>The exit code.</returns>
    public static int Main(ReadOnlySpan<string> args)
    {
        if (args is ["-h" or "-help" or "--help", ..])
        {
            RawIo.WriteAll(1, Encoding.UTF8.GetBytes(Usage + "\n"));
            return 0;
        }
        DaemonFlags flags = new();
        if (flags.Read(args) is { } wrong) return Complain(wrong);
        if (flags.PidFile.Length > 0 && flags.PidFile[0] != '/') return Complain($"Error writing pidfile \"{flags.PidFile}\": path not absolute");
        try
        {
            return Run(flags);
        }
        catch (LinuxException e)
        {
            return Complain(e.Message);
        }
    }

    private static int Run(DaemonFlags flags)
    {
        Self.OpenStandardStreams();
        string socket = flags.HostPrefix + flags.Socket, folder = DaemonPlaces.Folder(socket);
        // Whoever may ask it decides about other containers' interfaces: root alone.
        KernelPath.MakeDirectories(folder, 0x1C0);
        using Fd? held = ServerPlace.Take(DaemonPlaces.Lock(socket), socket);
        if (held is null) return flags.UntilLast ? 0 : Complain($"there is one already at {socket}");
        Fd? activated = Activated(out string? refused);
        if (refused is not null) return Complain(refused);
        Fd listener = activated ?? ServerPlace.Bind(socket);
        // Bound before it goes into the background: who started it may connect at once.
        if (flags.UntilLast && Daemon.Fork() > 0) return 0;
        if (flags.PidFile.Length > 0) KernelPath.WriteAtomically(flags.PidFile, Encoding.ASCII.GetBytes(Self.ProcessId.ToString(CultureInfo.InvariantCulture)), 0x1A4);
        Serve(new LeaseDaemonOptions { Socket = socket, HostPrefix = flags.HostPrefix, UntilLast = flags.UntilLast, IsActivated = activated is not null, Client = flags.Client }, listener);
        if (flags.PidFile.Length > 0) KernelPath.Remove(flags.PidFile);
        return 0;
    }

    private static void Serve(LeaseDaemonOptions options, Fd listener)
    {
        if (options.UntilLast)
        {
            Daemon.DetachStandardStreams();
            Daemon.NewSession();
            // A directory that somebody wants to unmount is not held.
            Environment.CurrentDirectory = "/";
        }
        Daemon.Ignore(SIGPIPE);
        Daemon.Ignore(SIGHUP);
        EventLoop? loop = null;
        using EventLoop own = new([SIGTERM, SIGINT], _ => loop!.Stop());
        loop = own;
        // What one lease does to us must not be the end of all.
        own.Failed = static e => e is LinuxException;
        using LeaseDaemon daemon = new(own, options, listener);
        own.Run();
    }

    // sd_listen_fds(3).
    private static Fd? Activated(out string? refused)
    {
        refused = null;
        string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        if (string.IsNullOrEmpty(count) || Environment.GetEnvironmentVariable("LISTEN_PID") != Self.ProcessId.ToString(CultureInfo.InvariantCulture)) return null;
        if (count != "1")
        {
            refused = $"Too many ({count}) FDs passed through socket activation";
            return null;
        }
        Fd listener = new(FirstActivated);
        listener.SetCloseOnExec(true);
        FdIo.SetNonBlocking(listener);
        return listener;
    }

    private static int Complain(string sentence)
    {
        RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"dhcp daemon: {sentence}\n"));
        return 1;
    }
}
