// A socket to one of the kernel's netlink families: requests, their answers, and refusals with the kernel's own sentence.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Linux.Network;

/// <summary>Speaks netlink(7) synchronously. Bound to the network namespace in which it was opened, not thread-safe.</summary>
internal sealed unsafe partial class NetlinkSocket : IDisposable
{
    internal const ushort NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_DUMP = 0x300, NLM_F_EXCL = 0x200, NLM_F_REPLACE = 0x100, NLM_F_CREATE = 0x400, NLM_F_APPEND = 0x800;
    private const int AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, SOL_NETLINK = 270, NETLINK_EXT_ACK = 11, NETLINK_GET_STRICT_CHK = 12;
    private const int SOL_SOCKET = 1, SO_SNDBUF = 7, SO_SNDBUFFORCE = 32, SO_RCVBUFFORCE = 33;
    private const ushort NLMSG_ERROR = 2, NLMSG_DONE = 3, NLM_F_DUMP_INTR = 0x10, NLMSGERR_ATTR_MSG = 1;

    private readonly Fd _socket;
    private readonly string _family;
    private byte[]? _buffer;
    private uint _sequence;

    private NetlinkSocket(Fd socket, string family)
    {
        _socket = socket;
        _family = family;
    }

    /// <summary>In the caller's network namespace.</summary>
    /// <param name="protocol">NETLINK_ROUTE is 0, NETLINK_NETFILTER 12.</param>
    /// <param name="family">Its name, for messages.</param>
    public static NetlinkSocket Open(int protocol, string family)
    {
        Fd fd = new(Check.Result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), "socket", family));
        int one = 1;
        // The kernel's own sentence comes with its refusals; old ones do without. Strict: dumps of one interface are filtered there, not here.
        setsockopt(fd.Number, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(int));
        setsockopt(fd.Number, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(int));
        return new NetlinkSocket(fd, family);
    }

    /// <summary>In another network namespace, which this thread visits for a moment.</summary>
    public static NetlinkSocket OpenIn(Fd networkNamespace, int protocol, string family)
    {
        using Fd own = KernelPath.Open("/proc/thread-self/ns/net", 0);
        Self.Join(networkNamespace, Namespaces.Network);
        try { return Open(protocol, family); }
        finally { Self.Join(own, Namespaces.Network); }
    }

    /// <summary>One answer to a request.</summary>
    /// <param name="type">Type of the message.</param>
    /// <param name="body">What stands behind its header.</param>
    public delegate void Answer(ushort type, ReadOnlySpan<byte> body);

    /// <summary>Sends a request and reads its answers up to the one that ends them. A dump that others' changes broke is asked for again.</summary>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void Exchange(NetlinkMessage message, string call, string subject, Answer? answer = null, Action? restart = null)
    {
        for (int attempt = 0; ; attempt++)
        {
            uint sequence = ++_sequence;
            ReadOnlySpan<byte> bytes = message.Finish(sequence);
            bool dump = (BitConverter.ToUInt16(bytes[6..]) & NLM_F_DUMP) == NLM_F_DUMP && answer is not null;
            Send(bytes, $"{call} {subject}");
            bool broken = false;
            while (!ReadAnswers(Receive(call, subject), sequence, dump, call, subject, answer, ref broken)) { }
            // Whoever counts what comes must be able to begin anew.
            if (!broken || restart is null || attempt == 50) return;
            restart();
        }
    }

    /// <summary>Sends many messages at once (a batch of netfilter) and waits until the last one that asks for it was answered.</summary>
    /// <param name="messages">They get consecutive numbers.</param>
    /// <param name="refused">Called with the index of each message that was refused, its error and the kernel's sentence.</param>
    public void ExchangeBatch(IReadOnlyList<NetlinkMessage> messages, Action<int, Errno, string> refused)
    {
        uint first = _sequence + 1;
        int total = 0;
        foreach (NetlinkMessage message in messages) total += NetlinkMessage.Align(message.Length);
        byte[] bytes = new byte[total];
        int at = 0;
        foreach (NetlinkMessage message in messages)
        {
            message.Finish(++_sequence).CopyTo(bytes.AsSpan(at));
            at += NetlinkMessage.Align(message.Length);
        }
        if (total > 100_000) Enlarge(total);
        Send(bytes, "batch");
        uint last = _sequence - 1;
        bool over = false;
        while (!over)
        {
            ReadOnlySpan<byte> answers = Receive("batch", _family);
            while (Take(ref answers, out ushort type, out _, out uint sequence, out ReadOnlySpan<byte> body))
            {
                if (type != NLMSG_ERROR || sequence < first) continue;
                int error = BitConverter.ToInt32(body);
                if (error != 0) refused((int)(sequence - first), (Errno)(-error), KernelWords(body));
                // The batch's own begin is refused alone: nothing else was looked at.
                if (sequence == last || (sequence == first && error != 0)) over = true;
            }
        }
    }

    private void Enlarge(int total)
    {
        int size = total + total / 2;
        if (setsockopt(_socket.Number, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(int)) != 0) setsockopt(_socket.Number, SOL_SOCKET, SO_SNDBUF, &size, sizeof(int));
        // A refusal comes with the message that it is about.
        size *= 2;
        setsockopt(_socket.Number, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(int));
    }

    private void Send(ReadOnlySpan<byte> bytes, string subject)
    {
        fixed (byte* p = bytes) Check.Result(send(_socket.Number, p, (nuint)bytes.Length, 0), "send", $"{_family} {subject}");
    }

    private ReadOnlySpan<byte> Receive(string call, string subject)
    {
        byte[] buffer = _buffer ??= new byte[32768];
        nint n;
        fixed (byte* p = buffer)
        {
            do { n = recv(_socket.Number, p, (nuint)buffer.Length, 0); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        Check.Result(n, "recv", $"{_family} {call} {subject}");
        return buffer.AsSpan(0, (int)n);
    }

    private static bool Take(ref ReadOnlySpan<byte> answers, out ushort type, out ushort flags, out uint sequence, out ReadOnlySpan<byte> body)
    {
        type = flags = 0;
        sequence = 0;
        body = default;
        if (answers.Length < 16) return false;
        int length = BitConverter.ToInt32(answers);
        if (length < 16 || length > answers.Length) return false;
        type = BitConverter.ToUInt16(answers[4..]);
        flags = BitConverter.ToUInt16(answers[6..]);
        sequence = BitConverter.ToUInt32(answers[8..]);
        body = answers[16..length];
        answers = answers[Math.Min(NetlinkMessage.Align(length), answers.Length)..];
        return true;
    }

    /// <returns>Whether the last answer was among them.</returns>
    private bool ReadAnswers(ReadOnlySpan<byte> answers, uint wanted, bool dump, string call, string subject, Answer? answer, ref bool broken)
    {
        while (Take(ref answers, out ushort type, out ushort flags, out uint sequence, out ReadOnlySpan<byte> body))
        {
            if (sequence != wanted) continue;
            broken |= (flags & NLM_F_DUMP_INTR) != 0;
            if (type is NLMSG_DONE or NLMSG_ERROR)
            {
                int error = body.Length >= 4 ? BitConverter.ToInt32(body) : 0;
                if (error >= 0) return true;
                string words = type == NLMSG_ERROR ? KernelWords(body) : "";
                throw new LinuxException($"{_family} {call}", words.Length == 0 ? subject : $"{subject} ({words})", (Errno)(-error));
            }
            answer?.Invoke(type, body);
            if (!dump) return true;
        }
        return false;
    }

    /// <summary>struct nlmsgerr: error, the request's header; with NETLINK_EXT_ACK attributes behind the echoed request.</summary>
    private static string KernelWords(ReadOnlySpan<byte> body)
    {
        const ushort Capped = 0x100;
        // A capped answer repeats the header alone.
        int echoed = 4 + ((BitConverter.ToUInt16(body[10..]) & Capped) != 0 ? 16 : NetlinkMessage.Align(BitConverter.ToInt32(body[4..])));
        if (echoed >= body.Length) return "";
        return Encoding.UTF8.GetString(NetlinkMessage.Find(body[echoed..], NLMSGERR_ATTR_MSG)).TrimEnd('\0');
    }

    /// <summary>
    /// Leaves it to the kernel to close it: it is sent to a socket that is sent along, to itself. Once that one is closed nobody can receive them,
    /// and the kernel's collector of such circles (unix(7)) closes both, since 6.9 in a thread of its own; before that it takes the time that closing takes.
    /// </summary>
    public void CloseLater()
    {
        try
        {
            (Fd sender, Fd receiver) = DescriptorSocket.Pair();
            try
            {
                DescriptorSocket.Send(sender, "."u8, _socket.Number, receiver.Number);
                _socket.Dispose();
            }
            finally
            {
                // In this order: the collector looks when the last descriptor of a socket is closed, which the receiver's is not.
                receiver.Dispose();
                sender.Dispose();
            }
        }
        catch (LinuxException)
        {
            _socket.Dispose();
        }
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
