// A connection to the packet filter, nftables: transactions are committed, and what is there is read.
using System.Buffers.Binary;

namespace Berth.Linux.Network;

/// <summary>A chain that is there.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Name">Its name.</param>
/// <param name="Hook">Where the kernel calls it; null for one that others jump to.</param>
public sealed record NftChain(NftTable Table, string Name, NftHook? Hook);

/// <summary>A rule that is there.</summary>
/// <param name="Handle">Its number in its table.</param>
/// <param name="Jump">The chain to which it jumps without condition at its end, or null.</param>
/// <param name="Comment">Its remark, or null.</param>
public sealed record NftRuleFacts(ulong Handle, string? Jump, string? Comment);

/// <summary>A refusal of a transaction: which change, and why.</summary>
/// <param name="subject">The change.</param>
/// <param name="errno">Why.</param>
/// <param name="words">The kernel's sentence, or empty.</param>
public sealed class NftException(string subject, Errno errno, string words)
    : Exception($"nftables {subject}: {errno.Sentence()}{(words.Length == 0 ? "" : $" ({words})")}")
{
    /// <summary>The change.</summary>
    public string Subject { get; } = subject;

    /// <summary>Why.</summary>
    public Errno Errno { get; } = errno;
}

/// <summary>A socket to nftables, bound to the network namespace in which it was opened. Not thread-safe.</summary>
public sealed class Nftables : IDisposable
{
    private const int NETLINK_NETFILTER = 12;
    private const ushort Subsystem = 10 << 8, BatchBegin = 0x10, BatchEnd = 0x11;
    private const ushort NewTable = Subsystem, GetTable = Subsystem | 1, NewChain = Subsystem | 3, GetChain = Subsystem | 4, NewRule = Subsystem | 6, GetRule = Subsystem | 7, NewSetElem = Subsystem | 12, GetSetElem = Subsystem | 13;
    private readonly NetlinkSocket _socket;

    private Nftables(NetlinkSocket socket) => _socket = socket;

    /// <summary>In the caller's network namespace.</summary>
    /// <exception cref="LinuxException">The kernel has no such socket.</exception>
    public static Nftables Open() => new(NetlinkSocket.Open(NETLINK_NETFILTER, "nftables"));

    /// <summary>In another network namespace, which this thread visits for a moment.</summary>
    /// <exception cref="LinuxException">It may not be entered.</exception>
    public static Nftables OpenIn(Fd networkNamespace) => new(NetlinkSocket.OpenIn(networkNamespace, NETLINK_NETFILTER, "nftables"));

    // struct nfgenmsg: family, version, id of a resource (2, the higher byte first).
    internal static NetlinkMessage Message(ushort type, ushort flags, NftFamily family) => new NetlinkMessage((ushort)(Subsystem | type), flags).Fixed([(byte)family, 0, 0, 0]);

    /// <summary>Makes all changes of a transaction, or none of them.</summary>
    /// <exception cref="NftException">The first one that was refused.</exception>
    public void Commit(NftTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        if (transaction.IsEmpty) return;
        for (int attempt = 0; ; attempt++)
        {
            List<NetlinkMessage> messages = [Frame(BatchBegin), .. transaction.Messages, Frame(BatchEnd)];
            transaction.Messages[^1].AddFlags(NetlinkSocket.NLM_F_ACK);
            NftException? refused = null;
            _socket.ExchangeBatch(messages, (index, errno, words) =>
                refused ??= new NftException(index == 0 || index > transaction.Subjects.Count ? "transaction" : transaction.Subjects[index - 1], errno, words));
            if (refused is null) return;
            // The kernel asks for a repetition where it loaded a module meanwhile or somebody else's change came between.
            if (refused.Errno is not (Errno.EAGAIN or Errno.ERESTART) || attempt == 20) throw refused;
        }
    }

    private static NetlinkMessage Frame(ushort type) => new NetlinkMessage(type, NetlinkSocket.NLM_F_REQUEST).Fixed([0, 0, 0, 10]);

    /// <summary>Whether a table is there.</summary>
    public bool Has(NftTable table)
    {
        bool found = false;
        try
        {
            _socket.Exchange(Message(1, NetlinkSocket.NLM_F_REQUEST, table.Family).Attribute(1, table.Name), "table", table.Name, (type, _) => found |= type == NewTable);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
        return found;
    }

    /// <summary>Names of all tables of a family.</summary>
    public List<string> Tables(NftFamily family)
    {
        List<string> names = [];
        _socket.Exchange(Message(1, NetlinkSocket.NLM_F_REQUEST | NetlinkSocket.NLM_F_DUMP, family), "tables", "all", (type, body) =>
        {
            if (type == NewTable) names.Add(NetlinkMessage.Text(NetlinkMessage.Find(body[4..], 1)));
        }, names.Clear);
        return names;
    }

    /// <summary>All chains of a family, or those of one table.</summary>
    public List<NftChain> Chains(NftFamily family, string? table = null)
    {
        List<NftChain> chains = [];
        NetlinkMessage message = Message(4, NetlinkSocket.NLM_F_REQUEST | NetlinkSocket.NLM_F_DUMP, family);
        if (table is not null) message.Attribute(1, table);
        _socket.Exchange(message, "chains", table ?? "all", (type, body) =>
        {
            if (type == NewChain && ReadChain(body, family) is { } chain && (table is null || chain.Table.Name == table)) chains.Add(chain);
        }, chains.Clear);
        return chains;
    }

    private static NftChain ReadChain(ReadOnlySpan<byte> body, NftFamily family)
    {
        ReadOnlySpan<byte> attributes = body[4..], hook = NetlinkMessage.Find(attributes, 4), policy = NetlinkMessage.Find(attributes, 5);
        NftTable table = new(family, NetlinkMessage.Text(NetlinkMessage.Find(attributes, 1)));
        string name = NetlinkMessage.Text(NetlinkMessage.Find(attributes, 3));
        if (hook.IsEmpty) return new NftChain(table, name, null);
        NftHook facts = new(NetlinkMessage.Text(NetlinkMessage.Find(attributes, 7)), Big(NetlinkMessage.Find(hook, 1)), (int)Big(NetlinkMessage.Find(hook, 2)))
        {
            DropByDefault = !policy.IsEmpty && Big(policy) == 0,
        };
        return new NftChain(table, name, facts);
    }

    private static uint Big(ReadOnlySpan<byte> value) => value.Length >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(value) : 0;

    /// <summary>Whether a chain is there.</summary>
    public bool HasChain(NftTable table, string name)
    {
        bool found = false;
        try
        {
            _socket.Exchange(Message(4, NetlinkSocket.NLM_F_REQUEST, table.Family).Attribute(1, table.Name).Attribute(3, name), "chain", name, (type, _) => found |= type == NewChain);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
        return found;
    }

    /// <summary>The rules of a chain, in their order; empty where the chain is not there.</summary>
    public List<NftRuleFacts> Rules(NftTable table, string chain)
    {
        List<NftRuleFacts> rules = [];
        try
        {
            _socket.Exchange(Message(7, NetlinkSocket.NLM_F_REQUEST | NetlinkSocket.NLM_F_DUMP, table.Family).Attribute(1, table.Name).Attribute(2, chain), "rules", chain, (type, body) =>
            {
                if (type == NewRule) rules.Add(ReadRule(body[4..]));
            }, rules.Clear);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return [];
        }
        return rules;
    }

    private static NftRuleFacts ReadRule(ReadOnlySpan<byte> attributes)
    {
        string? jump = null;
        ReadOnlySpan<byte> expressions = NetlinkMessage.Find(attributes, 4), handle = NetlinkMessage.Find(attributes, 3);
        while (NetlinkMessage.Next(ref expressions, out _, out ReadOnlySpan<byte> expression))
        {
            ReadOnlySpan<byte> verdict = NetlinkMessage.Find(NetlinkMessage.Find(NetlinkMessage.Find(expression, 2), 2), 2);
            if (NetlinkMessage.Text(NetlinkMessage.Find(expression, 1)) == "immediate" && !verdict.IsEmpty && NetlinkMessage.Find(verdict, 2) is { IsEmpty: false } chain) jump = NetlinkMessage.Text(chain);
        }
        return new NftRuleFacts(handle.Length >= 8 ? BinaryPrimitives.ReadUInt64BigEndian(handle) : 0, jump, Remark(NetlinkMessage.Find(attributes, 7)));
    }

    /// <summary>All elements of a set or map; empty where it is not there.</summary>
    public List<NftElement> Elements(NftTable table, string set)
    {
        List<NftElement> elements = [];
        try
        {
            _socket.Exchange(Message(13, NetlinkSocket.NLM_F_REQUEST | NetlinkSocket.NLM_F_DUMP, table.Family).Attribute(1, table.Name).Attribute(2, set), "elements", set, (type, body) =>
            {
                if (type != NewSetElem) return;
                ReadOnlySpan<byte> list = NetlinkMessage.Find(body[4..], 3);
                while (NetlinkMessage.Next(ref list, out _, out ReadOnlySpan<byte> element)) elements.Add(ReadElement(element));
            }, elements.Clear);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return [];
        }
        return elements;
    }

    private static NftElement ReadElement(ReadOnlySpan<byte> attributes)
    {
        ReadOnlySpan<byte> data = NetlinkMessage.Find(attributes, 2), value = NetlinkMessage.Find(data, 1), chain = NetlinkMessage.Find(NetlinkMessage.Find(data, 2), 2);
        return new NftElement(NetlinkMessage.Find(NetlinkMessage.Find(attributes, 1), 1).ToArray())
        {
            Data = value.IsEmpty ? null : value.ToArray(),
            Jump = chain.IsEmpty ? null : NetlinkMessage.Text(chain),
            Comment = Remark(NetlinkMessage.Find(attributes, 6)),
        };
    }

    private static string? Remark(ReadOnlySpan<byte> userData) =>
        userData.Length > 2 && userData[0] == 0 && userData[1] <= userData.Length - 2 ? NetlinkMessage.Text(userData.Slice(2, userData[1])) : null;

    /// <summary>Closes it without waiting until the kernel has let go of what was removed, which takes a grace period or two.</summary>
    public void CloseLater() => _socket.CloseLater();

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
