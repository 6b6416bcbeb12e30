// berth-shim in the service of our own engine: berth-shim keep --socket PATH.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Keeping;
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
        berth-shim keep --socket PATH [--foreground] [--idle MILLISECONDS]

        Keeps containers for an engine that talks to it over the socket (docs/protocols/keeper.md):
        their streams, logs, exit codes, restarts and health checks. It returns as soon as the socket
        answers, and lives on in the background until it keeps no living container and has no client.
        When nothing has happened for a while (3000 ms; 0: never) a tiny program waits in its place.

        Called `conmon` it is conmon; called `containerd-shim-berth-v2` it is containerd's shim.
        """;

    /// <summary>Runs one command line, whose first word is keep.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(ReadOnlySpan<string> words)
    {
        string? path = null, asleep = null;
        bool foreground = false;
        int? idle = null;
        for (int i = 1; i < words.Length; i++)
        {
            if (words[i] is "--help" or "-h")
            {
                RawIo.WriteAll(1, Encoding.UTF8.GetBytes(Usage + "\n"));
                return 0;
            }
            if (words[i] == "--foreground") foreground = true;
            else if (words[i] == "--socket" && i + 1 < words.Length) path = words[++i];
            else if (words[i] == "--idle" && i + 1 < words.Length && int.TryParse(words[i + 1], out int most) && most >= 0) (idle, i) = (most, i + 1);
            else if (words[i] == Slumber.Word && i + 1 < words.Length) asleep = words[++i];
            else if (words[i].StartsWith("--socket=", StringComparison.Ordinal)) path = words[i][9..];
            else return Complain($"unknown word {words[i]}; `berth-shim keep --help` shows them");
        }
        if (path is null) return Complain("--socket is missing: where the engine finds this shim");
        try
        {
            if (asleep is not null)
            {
                Serve(path, Slumber.WakeUp(asleep));
                return 0;
            }
            Self.OpenStandardStreams();
            Fd listener = Listen(path);
            if (!foreground && Daemon.Fork() is > 0 and int pid)
            {
                KernelPath.WriteAtomically(path + ".pid", Encoding.ASCII.GetBytes($"{pid}\n"), 0x180);
                return 0;
            }
            Serve(path, listener, foreground, idle);
            return 0;
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            return Complain(e.Message);
        }
    }

    private static void Serve(string path, Fd listener, bool foreground, int? idle)
    {
        if (!foreground) Daemon.DetachStandardStreams();
        Daemon.NewSession();
        Daemon.Ignore(SIGPIPE);
        Daemon.SetSubreaper(true);
        string? oomScore = OomScore.Protect();
        using EventLoop loop = new([SIGTERM, SIGINT], static _ => { });
        KeeperApi api = new(loop, oomScore);
        Serve(loop, api, path, listener, idle ?? Slumber.UsualIdle, idle is not null, isMet: false);
    }

    // What a process has besides its memory is as it was: its session, whose orphans it takes, its place among those that lack of memory kills.
    private static void Serve(string path, Asleep state)
    {
        Daemon.Ignore(SIGPIPE);
        using EventLoop loop = new([SIGTERM, SIGINT], static _ => { });
        KeeperApi api = new(loop, state.HasOomScore ? state.OomScore : null);
        loop.Failed = static e => e is LinuxException or BerthException;
        api.WakeUp(state);
        Serve(loop, api, path, SleepingDescriptors.Take(state.Listener)!, Slumber.NextIdle(state), state.IsIdleFixed, isMet: true);
    }

    private static void Serve(EventLoop loop, KeeperApi api, string path, Fd listener, int idle, bool isFixed, bool isMet)
    {
        List<TtrpcPort> ports = [];
        bool met = isMet;
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
        Alarm? unmet = met ? null : loop.After(FirstWordMilliseconds, loop.Stop);
        api.Changed = EndIfIdle;
        api.ShutdownAsked = loop.Stop;
        using Listener door = new(loop, listener, socket =>
        {
            met = true;
            unmet?.Cancel();
            ports.Add(new TtrpcPort(loop, socket, name => name == KeeperService.FullName ? api : null)
            {
                Closed = port =>
                {
                    ports.Remove(port);
                    EndIfIdle();
                },
            });
        });
        Slumber slumber = new(loop, api, path, listener, () => ports.Count > 0) { Idle = idle, IsFixed = isFixed };
        void FlushAll()
        {
            for (int i = ports.Count - 1; i >= 0; i--) ports[i].Flush();
        }
        loop.BeforeSleep = () =>
        {
            FlushAll();
            slumber.Note();
        };
        loop.Run();
        FlushAll();
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
