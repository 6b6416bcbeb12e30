// The half of a user's network that stays on the host: it opens ports and starts pasta, for the half that cannot.
using System.Globalization;
using System.Net;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;

namespace Berth.Network.Rootless;

/// <summary>
/// Answers requests of the other half, one after the other, on a socket that keeps their borders:
/// <code>
///   listen tcp|udp ADDRESS:PORT    ok, with a descriptor
///   link PATH USERNS ARGUMENT…     ok PID
///   end PID                        ok
///   addresses                      ok ADDRESS…
///   ready                          ok
/// </code>
/// or <c>no ERRNO WORDS</c>.
/// </summary>
/// <param name="directory">The user network's.</param>
/// <param name="peer">The other half.</param>
/// <param name="ready">What is done when the other half serves.</param>
internal sealed class HostSide(string directory, Fd peer, Action ready)
{
    private readonly HashSet<int> _programs = [];
    private const int Backlog = 4096, ReceiveRoom = 1 << 20, Kill = 9;

    /// <summary>Until the other half is gone; then the programs end that connected it.</summary>
    public void Serve()
    {
        try { ServeRequests(); }
        finally
        {
            foreach (int pid in _programs) Child.KillAndReap(pid);
            _programs.Clear();
        }
    }

    private void ServeRequests()
    {
        byte[] buffer = new byte[8192];
        while (true)
        {
            DescriptorSocket.Receive(peer, buffer, out int length)?.Dispose();
            // Those that ended while nothing was asked.
            _programs.RemoveWhere(static pid => Child.TryReap(pid, out _) != 0);
            if (length <= 0) return;
            Answer(Encoding.UTF8.GetString(buffer, 0, length).Split('\n'));
        }
    }

    private void Answer(string[] words)
    {
        try
        {
            switch (words[0])
            {
                case "listen":
                    using (Fd socket = Open(words[1] == "udp", IPEndPoint.Parse(words[2]))) Say("ok", socket);
                    return;
                case "link":
                    Say(string.Create(CultureInfo.InvariantCulture, $"ok {Start(words[1], words[2], words[3..])}"));
                    return;
                case "end":
                    if (_programs.Remove(int.Parse(words[1], CultureInfo.InvariantCulture))) Child.KillAndReap(int.Parse(words[1], CultureInfo.InvariantCulture));
                    Say("ok");
                    return;
                case "addresses":
                    Say($"ok {string.Join(' ', Addresses())}");
                    return;
                case "ready":
                    ready();
                    Say("ok");
                    return;
                default:
                    Say("no 22 unknown request");
                    return;
            }
        }
        catch (LinuxException e)
        {
            Say(string.Create(CultureInfo.InvariantCulture, $"no {(int)e.Errno} {e.Message}"));
        }
    }

    private static List<IPAddress> Addresses()
    {
        List<IPAddress> addresses = [];
        foreach (InetEndpoint one in UserLink.AddressesHere()) addresses.Add(one.ToAddress());
        return addresses;
    }

    private void Say(string words, Fd? descriptor = null)
    {
        ReadOnlySpan<int> numbers = descriptor is null ? [] : [descriptor.Number];
        DescriptorSocket.Send(peer, Encoding.UTF8.GetBytes(words), numbers);
    }

    private static Fd Open(bool datagram, IPEndPoint at)
    {
        InetEndpoint endpoint = new(at.Address, (ushort)at.Port);
        if (!datagram) return InetSocket.Listen(endpoint, Backlog, anywhere: false);
        Fd socket = InetSocket.BindDatagram(endpoint, ReceiveRoom, anywhere: false);
        AddressedDatagrams.WithLocalAddress(socket, !endpoint.Is4);
        return socket;
    }

    // In the foreground, so that it ends with us.
    private int Start(string path, string userNamespace, string[] arguments)
    {
        const int WriteOnly = 1, Create = 0x40, Truncate = 0x200;
        using Fd log = KernelPath.Open(UserNetworkPlaces.LinkLog(directory), WriteOnly | Create | Truncate, 0x180);
        using Fd nothing = KernelPath.Open("/dev/null", 2);
        int parent = Self.ProcessId;
        int pid = Daemon.Fork();
        if (pid > 0)
        {
            _programs.Add(pid);
            return pid;
        }
        try
        {
            Daemon.SetParentDeathSignal(Kill);
            if (Self.ParentId != parent) Daemon.Exit(1);
            if (userNamespace.Length > 0)
            {
                using Fd joined = KernelPath.Open(userNamespace, 0);
                Self.Join(joined, Namespaces.User);
            }
            Daemon.PutAt(nothing, 0);
            Daemon.PutAt(log, 1);
            Daemon.PutAt(log, 2);
            throw Daemon.Execute(path, arguments, ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
        }
        catch (LinuxException e)
        {
            RawIo.WriteAll(2, Encoding.UTF8.GetBytes(e.Message + "\n"));
            Daemon.Exit(127);
        }
        return 0;
    }
}

/// <summary>The other half's end of it.</summary>
/// <param name="socket">Connected with <see cref="HostSide"/>.</param>
internal sealed class HostRequests(Fd socket)
{
    /// <summary>Its hang-up says that the host's side is gone.</summary>
    public Fd Socket => socket;

    /// <summary>A socket of the host's network.</summary>
    /// <exception cref="LinuxException">EADDRINUSE, EACCES, and others.</exception>
    public Fd Listen(ForwardedPort port)
    {
        (_, Fd? opened) = Ask("listen", port.Host.ToString(), "listen", port.Datagram ? "udp" : "tcp", port.Host.ToString());
        return opened ?? throw new LinuxException("listen", port.Host.ToString(), Errno.EBADF);
    }

    /// <summary>Starts a program.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="userNamespace">The user namespace that it is started in; empty: the host's.</param>
    /// <param name="arguments">argv.</param>
    /// <returns>Its pid.</returns>
    public int Start(string path, string userNamespace, IReadOnlyList<string> arguments) =>
        int.Parse(Ask("execute", path, ["link", path, userNamespace, .. arguments]).Words, CultureInfo.InvariantCulture);

    /// <summary>Ends one of them.</summary>
    public void End(int pid) => Ask("end", "a program", "end", pid.ToString(CultureInfo.InvariantCulture));

    /// <summary>The host's addresses, of interfaces by which it reaches the world.</summary>
    public List<InetEndpoint> Addresses()
    {
        List<InetEndpoint> addresses = [];
        foreach (string word in Ask("look at", "the host's addresses", "addresses").Words.Split(' ', StringSplitOptions.RemoveEmptyEntries)) addresses.Add(new InetEndpoint(IPAddress.Parse(word), 0));
        return addresses;
    }

    /// <summary>All is set up.</summary>
    public void Ready() => Ask("say", "ready", "ready");

    private (string Words, Fd? Descriptor) Ask(string call, string subject, params ReadOnlySpan<string> words)
    {
        DescriptorSocket.Send(socket, Encoding.UTF8.GetBytes(string.Join('\n', words)));
        byte[] buffer = new byte[4096];
        Fd? descriptor = DescriptorSocket.Receive(socket, buffer, out int length);
        if (length <= 0) throw new LinuxException(call, subject, Errno.ECONNRESET);
        string answer = Encoding.UTF8.GetString(buffer, 0, length);
        if (answer.StartsWith("ok", StringComparison.Ordinal)) return (answer.Length > 3 ? answer[3..] : "", descriptor);
        string[] parts = answer.Split(' ', 3);
        throw new LinuxException(call, subject, (Errno)int.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
