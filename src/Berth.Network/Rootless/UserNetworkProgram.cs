// berth-usernet: the program that keeps the network of an ordinary user, and the one that leads into it.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Linux.Sockets;
using Berth.Network.Serving;
using Berth.Oci.Faults;

namespace Berth.Network.Rootless;

/// <summary>
/// Two processes, because nobody is in two networks at once:
/// <code>
///   on the host, the user                     in the namespaces, their root
///   holds the lock and the namespaces         keeps the bridges' namespace connected (pasta, slirp4netns)
///   opens ports of the host       &lt;-------    asks for them, and carries what comes to containers
///   starts pasta                              counts who is inside
/// </code>
/// Either may be killed: the first makes the second anew in the same namespaces, and who finds the second alone joins it.
/// </summary>
public static class UserNetworkProgram
{
    private const int SIGHUP = 1, SIGINT = 2, SIGPIPE = 13, SIGTERM = 15;
    private const int PatienceMilliseconds = 20_000, FilesLimit = 7;
    private const Namespaces Own = Namespaces.User | Namespaces.Mount | Namespaces.Network;

    private const string Usage = """
        berth-usernet --state DIRECTORY [--link auto|pasta|slirp4netns]
        berth-usernet enter --state DIRECTORY [--link KIND] -- PROGRAM [ARGUMENT...]

        Keeps a network for an ordinary user: namespaces that pasta or slirp4netns connects with the host, and published ports
        (records in DIRECTORY/usernet). It returns as soon as it serves, and lives on in the background as long as it is needed.
        With enter, PROGRAM is executed in it.
        """;

    /// <summary>Runs one command line.</summary>
    /// <param name="args">Without the program's name.</param>
    /// <returns>The exit code.</returns>
    public static int Main(ReadOnlySpan<string> args)
    {
        string? state = null;
        UserLinkKind link = UserLinkKind.Auto;
        bool enter = args.Length > 0 && args[0] == "enter";
        int at = enter ? 1 : 0;
        for (; at < args.Length && args[at] != "--"; at++)
        {
            switch (args[at])
            {
                case "--help" or "-h":
                    RawIo.WriteAll(1, Encoding.UTF8.GetBytes(Usage + "\n"));
                    return 0;
                case "--state" when at + 1 < args.Length: state = args[++at]; break;
                case "--link" when at + 1 < args.Length && UserLink.KindOf(args[at + 1]) is { } kind: (link, at) = (kind, at + 1); break;
                default: return Complain($"unknown word {args[at]}; `berth-usernet --help` shows them");
            }
        }
        if (state is null) return Complain("--state is missing: where its files are");
        if (enter && at + 1 >= args.Length) return Complain("there is no program to execute: `berth-usernet enter --state DIRECTORY -- PROGRAM`");
        try
        {
            if (enter) throw UserNetworkEntry.Execute(state, link, args[(at + 1)..].ToArray());
            return Start(UserNetworkPlaces.Directory(state), link);
        }
        catch (LinuxException e)
        {
            return Complain(e.Message);
        }
        catch (BerthException e)
        {
            return Complain(e.Hint is null ? e.Message : $"{e.Message} ({e.Hint})");
        }
    }

    private static int Start(string directory, UserLinkKind link)
    {
        Self.OpenStandardStreams();
        KernelPath.MakeDirectories(directory, 0x1C0);
        Fd? held = ServerPlace.Take(UserNetworkPlaces.Lock(directory), UserNetworkPlaces.Socket(directory));
        if (held is null) return 0;
        (Fd read, Fd write) = KernelPath.Pipe();
        if (Daemon.Fork() > 0)
        {
            write.Dispose();
            held.Dispose();
            // A byte says that it serves; the end without one, that it does not, and it has said why.
            return KernelPath.Read(read, new byte[1]) == 1 ? 0 : 1;
        }
        read.Dispose();
        Daemon.NewSession();
        Daemon.Ignore(SIGPIPE);
        Daemon.Ignore(SIGHUP);
        Environment.CurrentDirectory = "/";
        bool serves = false;
        void Ready()
        {
            if (serves) return;
            serves = true;
            KernelPath.WriteAll(write, [1], "the caller");
            write.Dispose();
            Daemon.DetachStandardStreams();
        }
        StayOnHost(directory, link, held, Ready);
        return serves ? 0 : 1;
    }

    // As long as the other half is killed and not done, it is made anew, where it was.
    private static void StayOnHost(string directory, UserLinkKind link, Fd held, Action ready)
    {
        UserNamespaces? namespaces = UserNamespaces.OfFile(UserNetworkPlaces.Inside(directory));
        while (true)
        {
            (Fd ours, Fd theirs) = PacketPair.Open();
            (Fd wait, Fd mapped) = KernelPath.Pipe();
            int pid = Daemon.Fork();
            if (pid == 0)
            {
                ours.Dispose();
                mapped.Dispose();
                held.Dispose();
                Daemon.Exit(GoInside(directory, link, theirs, wait, namespaces));
            }
            theirs.Dispose();
            wait.Dispose();
            bool whole = false;
            using (mapped)
            {
                namespaces ??= Make(pid, mapped);
                // Told to go on, whether it waits for it or not.
                KernelPath.WriteAll(mapped, [1], "the other half");
            }
            using (ours)
            {
                new HostSide(directory, ours, () =>
                {
                    whole = true;
                    ready();
                }).Serve();
            }
            if (WaitStatus.ExitCode(Child.Reap(pid)) < 128 || !whole) return;
        }
    }

    private static UserNamespaces Make(int pid, Fd mapped)
    {
        long end = Self.Monotonic + (PatienceMilliseconds * 1_000_000L);
        ulong before = KernelPath.Facts("/proc/self/ns/user")?.Inode ?? 0;
        while (KernelPath.Facts($"/proc/{pid}/ns/user")?.Inode == before || KernelPath.Facts($"/proc/{pid}/ns/net")?.Inode == KernelPath.Facts("/proc/self/ns/net")?.Inode)
        {
            if (!Self.IsAlive(pid, out _) || Self.Monotonic > end) throw new BerthException(Fault.Unsupported, "cannot make a user namespace", "the host may forbid them to users: look at sysctl user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns");
            ShortPause.Microseconds(200);
        }
        IdMaps.Write(pid);
        return UserNamespaces.Of(pid);
    }

    private static int GoInside(string directory, UserLinkKind link, Fd host, Fd wait, UserNamespaces? namespaces)
    {
        try
        {
            if (namespaces is not null) namespaces.Join();
            else Daemon.Leave(Own);
            if (KernelPath.Read(wait, new byte[1]) != 1) return 1;
            wait.Dispose();
            Daemon.BecomeRoot();
            // What the host mounts from now on is seen here, and nothing the other way.
            HostMount.Mount(null, "/", null, MountFlags.Slave | MountFlags.Recursive);
            RaiseLimit();
            EventLoop? loop = null;
            using EventLoop own = new([SIGTERM, SIGINT], _ => loop!.Stop());
            loop = own;
            // What one connection or one file does to us must not be the end of all.
            own.Failed = static e => e is LinuxException or BerthException;
            HostRequests requests = new(host);
            using UserNetworkServer server = new(own, directory, requests, link);
            ulong start = Self.IsAlive(Self.ProcessId, out ulong time) ? time : 0;
            KernelPath.WriteAtomically(UserNetworkPlaces.Inside(directory), Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Self.ProcessId} {start}\n")), 0x180);
            requests.Ready();
            Daemon.DetachStandardStreams();
            own.Run();
            KernelPath.Remove(UserNetworkPlaces.Inside(directory));
            return 0;
        }
        catch (LinuxException e)
        {
            return Complain(e.Message);
        }
        catch (NftException e)
        {
            return Complain(e.Message);
        }
        catch (BerthException e)
        {
            return Complain(e.Hint is null ? e.Message : $"{e.Message} ({e.Hint})");
        }
    }

    // Every connection has two descriptors, and a pipe's two while something is on the way.
    private static void RaiseLimit()
    {
        (ulong soft, ulong hard) = Self.Limit(FilesLimit);
        if (soft < hard) Self.SetLimit(0, FilesLimit, hard, hard);
    }

    private static int Complain(string sentence)
    {
        RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"berth-usernet: {sentence}\n"));
        return 1;
    }
}
