// berth-shim in the service of our own engine: berth-shim keep --socket PATH.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Launch;
using Berth.Shim.Serving;

namespace Berth.Shim.Server;

/// <summary>The command line of the keeper.</summary>
public static class KeeperCommand
{
    private const int SIGINT = 2, SIGPIPE = 13, SIGTERM = 15;
    // An engine that starts a shim and dies before it has said a word has left one that nobody knows.
    private const int FirstWordMilliseconds = 60_000;
    // How often, and how many times, a full disk is waited for at the end.
    private const int OwedMilliseconds = 250, OwedTries = 40;

    private const string Usage = """
        berth-shim keep --socket PATH [--foreground]

        Keeps containers for an engine that talks to it over the socket (docs/protocols/keeper.md):
        their streams, logs, exit codes, restarts and health checks. It returns as soon as the socket
        answers, and lives on in the background until it keeps no living container and has no client.

        Called `conmon` it is conmon; called `containerd-shim-berth-v2` it is containerd's shim.
        """;

    /// <summary>Runs one command line, whose first word is keep.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(ReadOnlySpan<string> words)
    {
        string? path = null;
        bool foreground = false;
        for (int i = 1; i < words.Length; i++)
        {
            if (words[i] is "--help" or "-h")
            {
                RawIo.WriteAll(1, Encoding.UTF8.GetBytes(Usage + "\n"));
                return 0;
            }
            if (words[i] == "--foreground") foreground = true;
            else if (words[i] == "--socket" && i + 1 < words.Length) path = words[++i];
            else if (words[i].StartsWith("--socket=", StringComparison.Ordinal)) path = words[i][9..];
            else return Complain($"unknown word {words[i]}; `berth-shim keep --help` shows them");
        }
        if (path is null) return Complain("--socket is missing: where the engine finds this shim");
        try
        {
            Self.OpenStandardStreams();
            // Somebody may wait for the end of a pipe that our caller had open: we outlive both.
            InheritedDescriptors.Close();
            Fd listener = Listen(path);
            if (!foreground && Daemon.Fork() is > 0 and int pid)
            {
                KernelPath.WriteAtomically(path + ".pid", Encoding.ASCII.GetBytes($"{pid}\n"), 0x180);
                return 0;
            }
            Serve(path, listener, foreground);
            return 0;
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            return Complain(e.Message);
        }
    }

    private static void Serve(string path, Fd listener, bool foreground)
    {
        if (!foreground) Daemon.DetachStandardStreams();
        Daemon.NewSession();
        Daemon.Ignore(SIGPIPE);
        Daemon.SetSubreaper(true);
        string? oomScore = OomScore.Protect();
        using EventLoop loop = new([SIGTERM, SIGINT], static _ => { });
        KeeperApi api = new(loop, oomScore);
        List<TtrpcPort> ports = [];
        bool met = false;
        int tries = 0;
        // What one container's bundle, disk or runtime does to us is told where it can be; the others must not pay for it.
        loop.Failed = static e => e is LinuxException or BerthException;
        // Nobody talks to it and nothing lives in it: what there is to know is in files by now.
        void EndIfIdle()
        {
            if (!met || ports.Count > 0) return;
            api.BeAlone();
            if (api.IsNeeded) return;
            if (api.IsOwed && tries++ < OwedTries) loop.After(OwedMilliseconds, EndIfIdle);
            else loop.Stop();
        }
        Alarm unmet = loop.After(FirstWordMilliseconds, loop.Stop);
        api.Changed = EndIfIdle;
        api.ShutdownAsked = loop.Stop;
        using Listener door = new(loop, listener, socket =>
        {
            met = true;
            unmet.Cancel();
            ports.Add(new TtrpcPort(loop, socket, name => name == KeeperService.FullName ? api : null)
            {
                Closed = port =>
                {
                    ports.Remove(port);
                    EndIfIdle();
                },
            });
        });
        loop.BeforeSleep = () =>
        {
            for (int i = ports.Count - 1; i >= 0; i--) ports[i].Flush();
        };
        loop.Run();
        loop.BeforeSleep();
        // The socket last: who finds none there binds one of its own, and writes its number beside it.
        KernelPath.Remove(path + ".pid");
        KernelPath.Remove(path);
    }

    private static Fd Listen(string path)
    {
        try
        {
            return UnixSocket.Bind(SocketKind.Stream, path, 0x180);
        }
        catch (LinuxException e) when (e.Errno == Errno.EADDRINUSE)
        {
            try
            {
                using UnixStream alive = UnixStream.Connect(path);
            }
            catch (LinuxException)
            {
                // Left by one that was killed.
                KernelPath.Remove(path);
                return UnixSocket.Bind(SocketKind.Stream, path, 0x180);
            }
            throw new BerthException(Fault.Conflict, $"a shim serves at {path} already");
        }
    }

    private static int Complain(string text)
    {
        RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"berth-shim: {text}\n"));
        return 1;
    }
}
