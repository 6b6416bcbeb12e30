// A network namespace that pasta or slirp4netns connects with the host, kept connected.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Network.Rootless;

/// <summary>Starts the program, waits until the namespace has addresses, and starts it again when it ends.</summary>
internal sealed class OwnLink : IDisposable
{
    private const int PatienceMilliseconds = 10_000, PauseMicroseconds = 2000, AgainMilliseconds = 1000, MostSaid = 2000;
    private readonly string _directory;
    private readonly EventLoop _loop;
    private readonly HostRequests _host;
    private readonly Fd _owner;
    private readonly string _interface;
    private readonly string _name;
    private int _pid;
    private Fd? _process;
    private Watch? _watch;
    private Alarm? _again;

    /// <summary>Connects.</summary>
    /// <param name="directory">The user network's.</param>
    /// <param name="loop">Its thread's.</param>
    /// <param name="host">The host's side.</param>
    /// <param name="name">The attachment's; empty: the namespace of bridges.</param>
    /// <param name="networkNamespace">What is connected.</param>
    /// <param name="interface">The interface that it gets.</param>
    /// <param name="wanted">By what.</param>
    /// <exception cref="BerthException">Unsupported: no program is there. Unavailable: none of them connects.</exception>
    /// <exception cref="LinuxException">There is no such namespace, or it is somebody else's.</exception>
    public OwnLink(string directory, EventLoop loop, HostRequests host, string name, string networkNamespace, string @interface, UserLinkKind wanted)
    {
        (_directory, _loop, _host, _name, _interface) = (directory, loop, host, name, @interface);
        Namespace = KernelPath.Open(networkNamespace, 0);
        _owner = Self.OwnerOf(Namespace);
        try
        {
            ReturnPath.Lay(Namespace);
            Kind = Connect(wanted);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Fd Namespace { get; }

    public UserLinkKind Kind { get; private set; }

    public IReadOnlyList<InetEndpoint> Addresses { get; private set; } = [];

    public void Dispose()
    {
        _again?.Cancel();
        Forget();
        if (_pid > 0) TryEnd();
        KernelPath.Remove(UserNetworkPlaces.Host(_directory, _name));
        Namespace.Dispose();
        _owner.Dispose();
    }

    private UserLinkKind Connect(UserLinkKind wanted)
    {
        StringBuilder why = new();
        foreach ((UserLinkKind kind, string path) in UserLink.Candidates(wanted, Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } folders ? folders : "/usr/bin:/bin:/usr/local/bin"))
        {
            if (TryStart(kind, path) is not { } failure) return kind;
            why.Append(why.Length > 0 ? "; " : "").Append(UserLink.NameOf(kind)).Append(": ").Append(failure);
        }
        throw new BerthException(Fault.Unavailable, $"cannot connect {UserLink.NameOf(wanted)} with the network: {why}");
    }

    // Null when the namespace is connected; otherwise why it is not.
    private string? TryStart(UserLinkKind kind, string path)
    {
        int self = Self.ProcessId;
        string owner = $"/proc/{self}/fd/{_owner.Number}";
        List<InetEndpoint> host = _host.Addresses();
        HostReach reach = KnowsGuestAddress(kind, path) ? HostReach.Translated : kind == UserLinkKind.Pasta && _name.Length == 0 && host.Exists(static one => one.Is4) ? HostReach.OwnAddress : HostReach.OtherAddress;
        List<string> arguments = UserLink.Arguments(kind, $"/proc/{self}/fd/{Namespace.Number}", owner, _interface, reach);
        // pasta goes there by itself; the other one's sandbox takes root from the beginning.
        _pid = _host.Start(path, kind == UserLinkKind.Slirp4netns ? owner : "", arguments);
        long end = Self.Monotonic + (PatienceMilliseconds * 1_000_000L);
        while (Self.IsAlive(_pid, out _) && Self.Monotonic < end)
        {
            if (UserLink.AddressesIn(Namespace) is { } addresses)
            {
                Addresses = addresses;
                WriteHost(kind, reach, host);
                Guard(kind, path);
                return null;
            }
            ShortPause.Microseconds(PauseMicroseconds);
        }
        bool alive = Self.IsAlive(_pid, out _);
        TryEnd();
        string said = (KernelFile.TryReadText(UserNetworkPlaces.LinkLog(_directory)) ?? "").Trim().Replace('\n', ' ');
        if (said.Length > MostSaid) said = said[^MostSaid..];
        return alive ? $"the namespace is not connected after {PatienceMilliseconds / 1000} s ({said})" : said.Length > 0 ? said : "it ended without a word";
    }

    // One of each version, and none that the namespace has itself: that leads nowhere else. slirp4netns has IPv6 for itself, and not for who is behind it.
    private void WriteHost(UserLinkKind kind, HostReach reach, List<InetEndpoint> host)
    {
        StringBuilder text = new();
        if (reach == HostReach.Translated) text.Append(UserLink.PastaHost).Append('\n');
        foreach (bool four in kind == UserLinkKind.Pasta ? (ReadOnlySpan<bool>)[true, false] : [true])
        {
            int at = reach == HostReach.Translated ? -1 : host.FindIndex(one => one.Is4 == four && !Addresses.Contains(one));
            if (at >= 0) text.Append(host[at].ToAddress()).Append('\n');
        }
        KernelPath.WriteAtomically(UserNetworkPlaces.Host(_directory, _name), Encoding.ASCII.GetBytes(text.ToString()), 0x180);
    }

    private void Guard(UserLinkKind kind, string path)
    {
        if (PidFd.TryOpen(_pid) is not { } process) return;
        _process = process;
        _watch = _loop.Look(process, Readiness.Read, _ =>
        {
            Forget();
            TryEnd();
            _again = _loop.After(AgainMilliseconds, () => Again(kind, path));
        });
    }

    private void Again(UserLinkKind kind, string path)
    {
        if (TryStart(kind, path) is not null) _again = _loop.After(AgainMilliseconds * 10, () => Again(kind, path));
    }

    private void Forget()
    {
        _watch?.Remove();
        _process?.Dispose();
        (_watch, _process) = (null, null);
    }

    private void TryEnd()
    {
        try { _host.End(_pid); }
        catch (LinuxException)
        {
            // The host's side is gone, and the program with it.
        }
        _pid = 0;
    }

    // It came with a version of 2024; older ones refuse words that they do not know.
    private static bool KnowsGuestAddress(UserLinkKind kind, string path)
    {
        if (kind != UserLinkKind.Pasta) return false;
        ProgramAnswer help = ProgramCaller.Run(new ProgramCall { Path = path, Arguments = ["--help"], Timeout = TimeSpan.FromMilliseconds(PatienceMilliseconds) });
        return help.Output.AsSpan().IndexOf("--map-guest-addr"u8) >= 0 || help.Error.AsSpan().IndexOf("--map-guest-addr"u8) >= 0;
    }
}
