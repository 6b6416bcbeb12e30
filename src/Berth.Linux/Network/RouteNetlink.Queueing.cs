// Queueing disciplines, their classes and filters, rtnetlink(7): what tc(8) sets up.
using System.Buffers.Binary;
using System.Globalization;
using Berth.Linux.Files;

namespace Berth.Linux.Network;

/// <summary>A rate with bursts, as the kernel counts them.</summary>
public readonly record struct TokenBucket
{
    /// <summary>Bytes a second.</summary>
    public required ulong Rate { get; init; }

    /// <summary>How long a burst takes at that rate, in ticks of the packet scheduler.</summary>
    public required uint Buffer { get; init; }

    /// <summary>Bytes that wait at most; 0 for classes, which have queues of their own.</summary>
    public uint Limit { get; init; }

    /// <summary>A bucket for a rate and a burst.</summary>
    /// <param name="rate">Bytes a second, not 0.</param>
    /// <param name="burst">Bytes.</param>
    /// <param name="microseconds">How long a packet may wait at most, over the burst.</param>
    public static TokenBucket Of(ulong rate, uint burst, uint microseconds)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rate);
        double time = Math.Floor(burst * 1_000_000.0 / rate);
        return new TokenBucket
        {
            Rate = rate,
            Buffer = (uint)Math.Min(time * TicksPerMicrosecond(KernelFile.TryReadText("/proc/net/psched") ?? ""), uint.MaxValue),
            Limit = (uint)Math.Min((rate * (double)microseconds / 1_000_000) + burst, uint.MaxValue),
        };
    }

    /// <summary>From four numbers of /proc/net/psched: nanoseconds for ticks, ticks for nanoseconds, resolution, and one that is not asked.</summary>
    internal static double TicksPerMicrosecond(string scheduler)
    {
        // What every kernel since 2.6.31 says.
        Span<double> numbers = [1000, 64, 1_000_000, 0];
        int at = 0;
        foreach (Range range in scheduler.AsSpan().Trim().Split(' '))
        {
            if (at == 4 || !uint.TryParse(scheduler.AsSpan().Trim()[range], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number)) break;
            numbers[at++] = number;
        }
        if (numbers[2] == 1_000_000_000) numbers[0] = numbers[1];
        return numbers[0] / numbers[1] * (numbers[2] / 1_000_000);
    }
}

/// <summary>A queueing discipline, as the kernel reported it.</summary>
/// <param name="Kind">tbf, htb, ingress…</param>
/// <param name="Handle">Its number: major in the upper half.</param>
/// <param name="Parent">What it hangs on; 0xFFFFFFFF is the interface.</param>
/// <param name="Bucket">Rate and burst of a tbf, else null.</param>
public sealed record QueueingDiscipline(string Kind, uint Handle, uint Parent, TokenBucket? Bucket);

public sealed partial class RouteNetlink
{
    private const ushort RTM_NEWQDISC = 36, RTM_DELQDISC = 37, RTM_GETQDISC = 38, RTM_NEWTCLASS = 40, RTM_GETTCLASS = 42, RTM_NEWTFILTER = 44;
    private const ushort TCA_KIND = 1, TCA_OPTIONS = 2, TCA_TBF_PARMS = 1, TCA_TBF_RATE64 = 4, TCA_HTB_PARMS = 1, TCA_HTB_INIT = 2, TCA_HTB_RATE64 = 6, TCA_HTB_CEIL64 = 7;
    private const uint Root = 0xFFFFFFFF, Ingress = 0xFFFFFFF1, IngressHandle = 0xFFFF0000, FirstHandle = 0x00010000;

    /// <summary>Shapes all that leaves an interface (tbf).</summary>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when it has another discipline.</exception>
    public void AddTokenBucket(NetworkLink link, TokenBucket bucket) => _socket.Exchange(TokenBucketMessage(link.Index, bucket), "RTM_NEWQDISC", $"tbf {link.Name}");

    internal static NetlinkMessage TokenBucketMessage(int index, TokenBucket bucket)
    {
        NetlinkMessage message = QueueMessage(RTM_NEWQDISC, Create, index, FirstHandle, Root).Attribute(TCA_KIND, "tbf");
        int options = message.BeginPlain(TCA_OPTIONS);
        // struct tc_tbf_qopt: rate and peak rate (12 each), limit, buffer, largest packet.
        Span<byte> parameters = stackalloc byte[36];
        parameters.Clear();
        Rate(parameters, bucket.Rate);
        BitConverter.TryWriteBytes(parameters[24..], bucket.Limit);
        BitConverter.TryWriteBytes(parameters[28..], bucket.Buffer);
        message.Attribute(TCA_TBF_PARMS, parameters);
        if (bucket.Rate > uint.MaxValue) message.Attribute(TCA_TBF_RATE64, BitConverter.GetBytes(bucket.Rate));
        return message.End(options);
    }

    // struct tc_ratespec: cell_log, linklayer, overhead (2), cell_align (2), mpu (2), rate (4).
    private static void Rate(Span<byte> specification, ulong rate) => BitConverter.TryWriteBytes(specification[8..], (uint)Math.Min(rate, uint.MaxValue));

    /// <summary>Makes a place where what comes in can be filtered.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when there is one.</exception>
    public void AddIngress(NetworkLink link) => _socket.Exchange(QueueMessage(RTM_NEWQDISC, Create, link.Index, IngressHandle, Ingress).Attribute(TCA_KIND, "ingress"), "RTM_NEWQDISC", $"ingress {link.Name}");

    /// <summary>Has all that comes in by an interface leave by another one first.</summary>
    /// <param name="link">The interface; it has <see cref="AddIngress"/>.</param>
    /// <param name="target">The other one, such as an ifb.</param>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void RedirectIngress(NetworkLink link, NetworkLink target) => _socket.Exchange(RedirectMessage(link.Index, target.Index), "RTM_NEWTFILTER", $"{link.Name} to {target.Name}");

    internal static NetlinkMessage RedirectMessage(int index, int target)
    {
        const ushort TCA_U32_CLASSID = 1, TCA_U32_SEL = 5, TCA_U32_ACT = 7, TCA_ACT_KIND = 1, TCA_ACT_OPTIONS = 2, TCA_MIRRED_PARMS = 2;
        const ushort AllProtocols = 3;
        const int TC_ACT_STOLEN = 4, TCA_EGRESS_REDIR = 1;
        NetlinkMessage message = FilterMessage(index, IngressHandle, priority: 1, AllProtocols);
        int options = message.BeginPlain(TCA_OPTIONS);
        message.Attribute(TCA_U32_CLASSID, FirstHandle | 1).Attribute(TCA_U32_SEL, Selector([], 0, 0));
        int actions = message.BeginPlain(TCA_U32_ACT);
        int first = message.BeginPlain(1);
        message.Attribute(TCA_ACT_KIND, "mirred");
        int details = message.BeginPlain(TCA_ACT_OPTIONS);
        // struct tc_mirred: index, capabilities, action, two counters, what is done, interface.
        Span<byte> parameters = stackalloc byte[28];
        parameters.Clear();
        BitConverter.TryWriteBytes(parameters[8..], TC_ACT_STOLEN);
        BitConverter.TryWriteBytes(parameters[20..], TCA_EGRESS_REDIR);
        BitConverter.TryWriteBytes(parameters[24..], target);
        return message.Attribute(TCA_MIRRED_PARMS, parameters).End(details).End(first).End(actions).End(options);
    }

    /// <summary>Divides what leaves an interface into classes (htb), with one for all that no filter chooses.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when it has another discipline.</exception>
    public void AddClasses(NetworkLink link, ushort otherwise) => _socket.Exchange(ClassesMessage(link.Index, otherwise), "RTM_NEWQDISC", $"htb {link.Name}");

    internal static NetlinkMessage ClassesMessage(int index, ushort otherwise)
    {
        NetlinkMessage message = QueueMessage(RTM_NEWQDISC, Create, index, FirstHandle, Root).Attribute(TCA_KIND, "htb");
        int options = message.BeginPlain(TCA_OPTIONS);
        // struct tc_htb_glob: version, quantum for rate, default class, debug, counter.
        Span<byte> globals = stackalloc byte[20];
        globals.Clear();
        BitConverter.TryWriteBytes(globals, 3u);
        BitConverter.TryWriteBytes(globals[4..], 10u);
        BitConverter.TryWriteBytes(globals[8..], (uint)otherwise);
        return message.Attribute(TCA_HTB_INIT, globals).End(options);
    }

    /// <summary>Adds a class.</summary>
    /// <param name="link">The interface.</param>
    /// <param name="minor">Its number.</param>
    /// <param name="bucket">What it may send.</param>
    /// <param name="ceiling">Bytes a second when nobody else wants to.</param>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void AddClass(NetworkLink link, ushort minor, TokenBucket bucket, ulong ceiling) => _socket.Exchange(ClassMessage(link.Index, minor, bucket, ceiling), "RTM_NEWTCLASS", $"{link.Name} 1:{minor:x}");

    internal static NetlinkMessage ClassMessage(int index, ushort minor, TokenBucket bucket, ulong ceiling)
    {
        NetlinkMessage message = QueueMessage(RTM_NEWTCLASS, Create, index, FirstHandle | minor, FirstHandle).Attribute(TCA_KIND, "htb");
        int options = message.BeginPlain(TCA_OPTIONS);
        // struct tc_htb_opt: rate and ceiling (12 each), their buffers, quantum, level, priority.
        Span<byte> parameters = stackalloc byte[44];
        parameters.Clear();
        Rate(parameters, bucket.Rate);
        Rate(parameters[12..], ceiling);
        BitConverter.TryWriteBytes(parameters[24..], bucket.Buffer);
        BitConverter.TryWriteBytes(parameters[28..], bucket.Buffer);
        message.Attribute(TCA_HTB_PARMS, parameters);
        if (bucket.Rate > uint.MaxValue) message.Attribute(TCA_HTB_RATE64, BitConverter.GetBytes(bucket.Rate));
        if (ceiling > uint.MaxValue) message.Attribute(TCA_HTB_CEIL64, BitConverter.GetBytes(ceiling));
        return message.End(options);
    }

    /// <summary>Chooses a class for packets of a network.</summary>
    /// <param name="link">The interface.</param>
    /// <param name="network">The network's address: 4 or 16 bytes.</param>
    /// <param name="prefixLength">Length of its prefix.</param>
    /// <param name="from">Whether packets from it are meant, else packets to it.</param>
    /// <param name="minor">The class.</param>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void ChooseClass(NetworkLink link, byte[] network, int prefixLength, bool from, ushort minor) => _socket.Exchange(ChoiceMessage(link.Index, network, prefixLength, from, minor), "RTM_NEWTFILTER", link.Name);

    internal static NetlinkMessage ChoiceMessage(int index, byte[] network, int prefixLength, bool from, ushort minor)
    {
        const ushort TCA_U32_CLASSID = 1, TCA_U32_SEL = 5;
        bool six = network.Length == 16;
        // Filters of one priority are all of one protocol.
        NetlinkMessage message = FilterMessage(index, FirstHandle, six ? (ushort)15 : (ushort)16, six ? (ushort)0x86DD : (ushort)0x0800);
        int options = message.BeginPlain(TCA_OPTIONS);
        int offset = six ? (from ? 8 : 24) : (from ? 12 : 16);
        return message.Attribute(TCA_U32_CLASSID, FirstHandle | minor).Attribute(TCA_U32_SEL, Selector(network, prefixLength, offset)).End(options);
    }

    // struct tc_u32_sel: flags, shift, number of keys, offsets (16 bytes in all); then keys: mask, value, offset, mask of the offset.
    private static byte[] Selector(ReadOnlySpan<byte> network, int prefixLength, int offset)
    {
        const byte TC_U32_TERMINAL = 1;
        int keys = Math.Max(1, (prefixLength + 31) / 32);
        byte[] selector = new byte[16 + (keys * 16)];
        selector[0] = TC_U32_TERMINAL;
        selector[2] = (byte)keys;
        for (int key = 0; key < keys && !network.IsEmpty; key++)
        {
            int bits = Math.Clamp(prefixLength - (key * 32), 0, 32);
            uint mask = bits == 0 ? 0 : uint.MaxValue << (32 - bits);
            Span<byte> at = selector.AsSpan(16 + (key * 16));
            BinaryPrimitives.WriteUInt32BigEndian(at, mask);
            BinaryPrimitives.WriteUInt32BigEndian(at[4..], BinaryPrimitives.ReadUInt32BigEndian(network[(key * 4)..]) & mask);
            BitConverter.TryWriteBytes(at[8..], offset + (key * 4));
        }
        return selector;
    }

    /// <summary>The queueing disciplines of an interface.</summary>
    public List<QueueingDiscipline> Disciplines(NetworkLink link)
    {
        List<QueueingDiscipline> disciplines = [];
        _socket.Exchange(QueueMessage(RTM_GETQDISC, Dump, link.Index, 0, 0), "RTM_GETQDISC", link.Name, (type, body) =>
        {
            if (type == RTM_NEWQDISC && BitConverter.ToInt32(body[4..]) == link.Index) disciplines.Add(ReadDiscipline(body));
        }, disciplines.Clear);
        return disciplines;
    }

    private static QueueingDiscipline ReadDiscipline(ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> attributes = body[20..], options = NetlinkMessage.Find(attributes, TCA_OPTIONS);
        string kind = NetlinkMessage.Text(NetlinkMessage.Find(attributes, TCA_KIND));
        TokenBucket? bucket = null;
        ReadOnlySpan<byte> parameters = kind == "tbf" ? NetlinkMessage.Find(options, TCA_TBF_PARMS) : default;
        if (parameters.Length >= 36)
        {
            ReadOnlySpan<byte> wide = NetlinkMessage.Find(options, TCA_TBF_RATE64);
            bucket = new TokenBucket
            {
                Rate = wide.Length >= 8 ? BitConverter.ToUInt64(wide) : BitConverter.ToUInt32(parameters[8..]),
                Limit = BitConverter.ToUInt32(parameters[24..]),
                Buffer = BitConverter.ToUInt32(parameters[28..]),
            };
        }
        return new QueueingDiscipline(kind, BitConverter.ToUInt32(body[8..]), BitConverter.ToUInt32(body[12..]), bucket);
    }

    /// <summary>The classes of an interface's htb: number and rate.</summary>
    public List<(ushort Minor, TokenBucket Bucket)> Classes(NetworkLink link)
    {
        List<(ushort Minor, TokenBucket Bucket)> classes = [];
        _socket.Exchange(QueueMessage(RTM_GETTCLASS, Dump, link.Index, 0, 0), "RTM_GETTCLASS", link.Name, (type, body) =>
        {
            ReadOnlySpan<byte> options = NetlinkMessage.Find(body[20..], TCA_OPTIONS), parameters = NetlinkMessage.Find(options, TCA_HTB_PARMS), wide = NetlinkMessage.Find(options, TCA_HTB_RATE64);
            if (type != RTM_NEWTCLASS || parameters.Length < 44) return;
            ulong rate = wide.Length >= 8 ? BitConverter.ToUInt64(wide) : BitConverter.ToUInt32(parameters[8..]);
            classes.Add(((ushort)BitConverter.ToUInt32(body[8..]), new TokenBucket { Rate = rate, Buffer = BitConverter.ToUInt32(parameters[24..]) }));
        }, classes.Clear);
        return classes;
    }

    /// <summary>Removes an interface's own discipline (which gets the kernel's default back), and that for what comes in.</summary>
    public void RemoveDisciplines(NetworkLink link)
    {
        foreach (uint parent in (ReadOnlySpan<uint>)[Root, Ingress])
        {
            try
            {
                _socket.Exchange(QueueMessage(RTM_DELQDISC, Acknowledged, link.Index, 0, parent), "RTM_DELQDISC", link.Name);
            }
            catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.EINVAL or Errno.ENODEV)
            {
            }
        }
    }

    private static NetlinkMessage FilterMessage(int index, uint parent, ushort priority, ushort protocol) =>
        QueueMessage(RTM_NEWTFILTER, Create, index, 0, parent, (uint)(priority << 16) | BinaryPrimitives.ReverseEndianness(protocol)).Attribute(TCA_KIND, "u32");

    // struct tcmsg: family, three of padding, index (4), handle (4), parent (4), info (4).
    private static NetlinkMessage QueueMessage(ushort type, ushort messageFlags, int index, uint handle, uint parent, uint info = 0)
    {
        Span<byte> head = stackalloc byte[20];
        head.Clear();
        BitConverter.TryWriteBytes(head[4..], index);
        BitConverter.TryWriteBytes(head[8..], handle);
        BitConverter.TryWriteBytes(head[12..], parent);
        BitConverter.TryWriteBytes(head[16..], info);
        return new NetlinkMessage(type, messageFlags).Fixed(head);
    }
}
