// Network interfaces and their addresses over rtnetlink(7): found, moved to another network namespace, renamed, brought up.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Linux.Network;

/// <summary>A network interface.</summary>
/// <param name="Index">Its number in its network namespace.</param>
/// <param name="Name">Its name there.</param>
/// <param name="IsUp">Whether it is administratively up.</param>
public readonly record struct NetworkLink(int Index, string Name, bool IsUp);

/// <summary>An address of an interface, as the kernel reported it.</summary>
/// <param name="Family">AF_INET or AF_INET6.</param>
/// <param name="PrefixLength">Length of the network's prefix.</param>
/// <param name="Scope">RT_SCOPE_UNIVERSE is 0.</param>
/// <param name="Flags">IFA_F_ flags.</param>
/// <param name="Local">The interface's own address.</param>
/// <param name="Peer">The other end's; the same as <paramref name="Local"/> where there is none.</param>
/// <param name="Broadcast">Broadcast address, or empty.</param>
public sealed record LinkAddress(byte Family, byte PrefixLength, byte Scope, uint Flags, byte[] Local, byte[] Peer, byte[] Broadcast)
{
    /// <summary>IFA_F_PERMANENT: configured by somebody, not leased.</summary>
    public bool IsPermanent => (Flags & 0x80) != 0;
}

/// <summary>A socket to the kernel's routing family, bound to the network namespace in which it was opened.</summary>
public sealed unsafe partial class RouteNetlink : IDisposable
{
    private const int AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, SOL_NETLINK = 270, NETLINK_EXT_ACK = 11;
    private const ushort RTM_NEWLINK = 16, RTM_GETLINK = 18, RTM_NEWADDR = 20, RTM_GETADDR = 22, NLMSG_ERROR = 2, NLMSG_DONE = 3;
    private const ushort NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_DUMP = 0x300, NLM_F_EXCL = 0x200, NLM_F_CREATE = 0x400;
    private const ushort IFLA_IFNAME = 3, IFLA_NET_NS_FD = 28, IFLA_NEW_IFINDEX = 49, NLMSGERR_ATTR_MSG = 1;
    private const ushort IFA_ADDRESS = 1, IFA_LOCAL = 2, IFA_BROADCAST = 4, IFA_FLAGS = 8;
    private const uint IFF_UP = 1;

    private readonly Fd _socket;
    private uint _sequence;

    private RouteNetlink(Fd socket) => _socket = socket;

    /// <summary>In the caller's network namespace.</summary>
    /// <exception cref="LinuxException">The kernel has no such socket.</exception>
    public static RouteNetlink Open()
    {
        Fd fd = new(Check.Result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0), "socket", "NETLINK_ROUTE"));
        int one = 1;
        // The kernel's own sentence comes with its refusals; old ones do without.
        setsockopt(fd.Number, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(int));
        return new RouteNetlink(fd);
    }

    /// <summary>In another network namespace, which this thread visits for a moment.</summary>
    /// <exception cref="LinuxException">It may not be entered.</exception>
    public static RouteNetlink OpenIn(Fd networkNamespace)
    {
        using Fd own = KernelPath.Open("/proc/thread-self/ns/net", 0);
        Self.Join(networkNamespace, Namespaces.Network);
        try { return Open(); }
        finally { Self.Join(own, Namespaces.Network); }
    }

    /// <summary>The interface of that name, or null.</summary>
    public NetworkLink? Find(string name) => Find(LinkMessage(RTM_GETLINK, NLM_F_REQUEST, 0, 0, 0).Attribute(IFLA_IFNAME, name), name);

    /// <summary>The interface of that number, or null.</summary>
    public NetworkLink? Find(int index) => Find(LinkMessage(RTM_GETLINK, NLM_F_REQUEST, index, 0, 0), $"{index}");

    private NetworkLink? Find(NetlinkMessage message, string subject)
    {
        NetworkLink? found = null;
        try
        {
            Exchange(message, "RTM_GETLINK", subject, (type, body) =>
            {
                if (type == RTM_NEWLINK) found = ReadLink(body);
            });
        }
        catch (LinuxException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }
        return found;
    }

    // struct ifinfomsg: family, padding, type (2), index (4), flags (4), change (4).
    private static NetworkLink ReadLink(ReadOnlySpan<byte> body) => new(
        BitConverter.ToInt32(body[4..]),
        Encoding.UTF8.GetString(NetlinkMessage.Find(body[16..], IFLA_IFNAME)).TrimEnd('\0'),
        (BitConverter.ToUInt32(body[8..]) & IFF_UP) != 0);

    /// <summary>All addresses of an interface.</summary>
    public List<LinkAddress> Addresses(int index)
    {
        List<LinkAddress> addresses = [];
        NetlinkMessage message = new NetlinkMessage(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP).Fixed(stackalloc byte[8]);
        Exchange(message, "RTM_GETADDR", $"{index}", (type, body) =>
        {
            if (type == RTM_NEWADDR && BitConverter.ToInt32(body[4..]) == index) addresses.Add(ReadAddress(body));
        });
        return addresses;
    }

    // struct ifaddrmsg: family, prefix length, flags, scope, index (4).
    private static LinkAddress ReadAddress(ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> attributes = body[8..];
        ReadOnlySpan<byte> wide = NetlinkMessage.Find(attributes, IFA_FLAGS);
        byte[] peer = NetlinkMessage.Find(attributes, IFA_ADDRESS).ToArray();
        byte[] local = NetlinkMessage.Find(attributes, IFA_LOCAL).ToArray();
        return new LinkAddress(body[0], body[1], body[3], wide.Length >= 4 ? BitConverter.ToUInt32(wide) : body[2],
            local.Length > 0 ? local : peer, peer, NetlinkMessage.Find(attributes, IFA_BROADCAST).ToArray());
    }

    /// <summary>Brings an interface up or down.</summary>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void SetUp(NetworkLink link, bool up) => Exchange(LinkMessage(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, link.Index, up ? IFF_UP : 0, IFF_UP), "RTM_NEWLINK", link.Name);

    /// <summary>Moves an interface to another network namespace under a name, in one request.</summary>
    /// <param name="link">The interface, here.</param>
    /// <param name="networkNamespace">Where it goes.</param>
    /// <param name="name">Its name there; <c>%d</c> in it lets the kernel choose a number.</param>
    /// <param name="index">Its number there, which must be free.</param>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when the name is taken, EBUSY when the number is.</exception>
    public void Move(NetworkLink link, Fd networkNamespace, string name, int index) => Exchange(
        LinkMessage(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, link.Index, 0, 0)
            .Attribute(IFLA_IFNAME, name)
            .Attribute(IFLA_NET_NS_FD, (uint)networkNamespace.Number)
            .Attribute(IFLA_NEW_IFINDEX, (uint)index),
        "RTM_NEWLINK", link.Name);

    /// <summary>Adds an address to an interface; with the flags that a caller of the kernel may set.</summary>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void Add(NetworkLink link, LinkAddress address)
    {
        // IFA_F_NODAD, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN: the others report what the kernel found out itself.
        const uint Settable = 0x02 | 0x100 | 0x200 | 0x400;
        Span<byte> head = stackalloc byte[8];
        head[0] = address.Family;
        head[1] = address.PrefixLength;
        head[3] = address.Scope;
        BitConverter.TryWriteBytes(head[4..], link.Index);
        NetlinkMessage message = new NetlinkMessage(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL).Fixed(head)
            .Attribute(IFA_LOCAL, address.Local)
            .Attribute(IFA_ADDRESS, address.Peer)
            .Attribute(IFA_FLAGS, address.Flags & Settable);
        if (address.Broadcast.Length > 0) message.Attribute(IFA_BROADCAST, address.Broadcast);
        Exchange(message, "RTM_NEWADDR", link.Name);
    }

    private static NetlinkMessage LinkMessage(ushort type, ushort messageFlags, int index, uint flags, uint change)
    {
        Span<byte> head = stackalloc byte[16];
        BitConverter.TryWriteBytes(head[4..], index);
        BitConverter.TryWriteBytes(head[8..], flags);
        BitConverter.TryWriteBytes(head[12..], change);
        return new NetlinkMessage(type, messageFlags).Fixed(head);
    }

    private delegate void Answer(ushort type, ReadOnlySpan<byte> body);

    /// <summary>Sends a request and reads its answers up to the one that ends them.</summary>
    private void Exchange(NetlinkMessage message, string call, string subject, Answer? answer = null)
    {
        uint sequence = ++_sequence;
        ReadOnlySpan<byte> bytes = message.Finish(sequence);
        bool dump = (BitConverter.ToUInt16(bytes[6..]) & NLM_F_DUMP) == NLM_F_DUMP;
        fixed (byte* p = bytes) Check.Result(send(_socket.Number, p, (nuint)bytes.Length, 0), "send", $"{call} {subject}");
        byte[] buffer = new byte[32768];
        while (true)
        {
            nint n;
            fixed (byte* p = buffer)
            {
                do { n = recv(_socket.Number, p, (nuint)buffer.Length, 0); }
                while (n < 0 && Check.LastErrno == Errno.EINTR);
            }
            Check.Result(n, "recv", $"{call} {subject}");
            if (ReadAnswers(buffer.AsSpan(0, (int)n), sequence, dump, call, subject, answer)) return;
        }
    }

    /// <returns>Whether the last answer was among them.</returns>
    private static bool ReadAnswers(ReadOnlySpan<byte> answers, uint sequence, bool dump, string call, string subject, Answer? answer)
    {
        while (answers.Length >= 16)
        {
            int length = BitConverter.ToInt32(answers);
            if (length < 16 || length > answers.Length) break;
            ushort type = BitConverter.ToUInt16(answers[4..]);
            ReadOnlySpan<byte> body = answers[16..length];
            if (BitConverter.ToUInt32(answers[8..]) == sequence)
            {
                if (type == NLMSG_DONE) return true;
                if (type == NLMSG_ERROR)
                {
                    int error = BitConverter.ToInt32(body);
                    return error == 0 ? true : throw new LinuxException("rtnetlink " + call, Words(subject, body), (Errno)(-error));
                }
                answer?.Invoke(type, body);
                if (!dump) return true;
            }
            answers = answers[Math.Min(NetlinkMessage.Align(length), answers.Length)..];
        }
        return false;
    }

    /// <summary>struct nlmsgerr: error, the request's header; with NETLINK_EXT_ACK attributes behind the echoed request.</summary>
    private static string Words(string subject, ReadOnlySpan<byte> body)
    {
        int echoed = 4 + NetlinkMessage.Align(BitConverter.ToInt32(body[4..]));
        if (echoed >= body.Length) return subject;
        ReadOnlySpan<byte> words = NetlinkMessage.Find(body[echoed..], NLMSGERR_ATTR_MSG);
        return words.IsEmpty ? subject : $"{subject} ({Encoding.UTF8.GetString(words).TrimEnd('\0')})";
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, void* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, void* buffer, nuint length, int flags);
}
