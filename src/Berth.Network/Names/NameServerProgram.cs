// berth-dns: the program of the name server.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Network.Serving;

namespace Berth.Network.Names;

/// <summary>
/// Its command line. Who is first takes the lock and stays; who comes second finds that another answers, and leaves it to that one.
/// </summary>
public static class NameServerProgram
{
    private const int SIGHUP = 1, SIGINT = 2, SIGPIPE = 13, SIGTERM = 15;

    private const string Usage = """
        berth-dns --state DIRECTORY [--resolv-conf FILE] [--foreground]

        Answers for the names of containers (records in DIRECTORY/dns), and asks the host's servers for all others.
        It returns as soon as it serves, and lives on in the background until the last record is gone.
        """;

    /// <summary>Runs one command line.</summary>
    /// <param name="args">Without the program's name.</param>
    /// <returns>The exit code.</returns>
    public static int Main(ReadOnlySpan<string> args)
    {
        string? state = null;
        string resolvConf = "/etc/resolv.conf";
        bool foreground = false;
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--help" or "-h":
                    RawIo.WriteAll(1, Encoding.UTF8.GetBytes(Usage + "\n"));
                    return 0;
                case "--foreground": foreground = true; break;
                case "--state" when i + 1 < args.Length: state = args[++i]; break;
                case "--resolv-conf" when i + 1 < args.Length: resolvConf = args[++i]; break;
                default: return Complain($"unknown word {args[i]}; `berth-dns --help` shows them");
            }
        }
        if (state is null) return Complain("--state is missing: where the records are");
        try
        {
            return Run(NamePlaces.Directory(state), resolvConf, foreground);
        }
        catch (LinuxException e)
        {
            return Complain(e.Message);
        }
    }

    private static int Run(string directory, string resolvConf, bool foreground)
    {
        Self.OpenStandardStreams();
        KernelPath.MakeDirectories(directory, 0x1C0);
        using Fd? held = ServerPlace.Take(NamePlaces.Lock(directory), NamePlaces.Socket(directory));
        if (held is null) return 0;
        Fd control = ServerPlace.Bind(NamePlaces.Socket(directory));
        // Bound before it goes into the background: who started it may connect at once.
        if (!foreground && Daemon.Fork() > 0) return 0;
        KernelPath.WriteAtomically(NamePlaces.Pid(directory), Encoding.ASCII.GetBytes(Self.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"), 0x180);
        Serve(directory, control, resolvConf, foreground);
        KernelPath.Remove(NamePlaces.Pid(directory));
        return 0;
    }

    private static void Serve(string directory, Fd control, string resolvConf, bool foreground)
    {
        if (!foreground)
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
        // What one packet or one file does to us must not be the end of all names.
        own.Failed = static e => e is LinuxException;
        using NameServer server = new(own, directory, control, resolvConf);
        own.Run();
    }

    private static int Complain(string sentence)
    {
        RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"berth-dns: {sentence}\n"));
        return 1;
    }
}
