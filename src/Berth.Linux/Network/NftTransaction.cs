// A transaction of nftables: tables, chains, sets, rules and elements that come and go all at once, or not at all.
using System.Text;

namespace Berth.Linux.Network;

/// <summary>Families of tables.</summary>
public enum NftFamily : byte
{
    /// <summary>IPv4 and IPv6.</summary>
    Inet = 1,

    /// <summary>IPv4.</summary>
    Ip = 2,

    /// <summary>A network device.</summary>
    NetDevice = 5,

    /// <summary>Bridges.</summary>
    Bridge = 7,

    /// <summary>IPv6.</summary>
    Ip6 = 10,
}

/// <summary>A table.</summary>
/// <param name="Family">Its family.</param>
/// <param name="Name">Its name.</param>
public readonly record struct NftTable(NftFamily Family, string Name);

/// <summary>Where the kernel calls a chain.</summary>
/// <param name="Type">filter, nat or route.</param>
/// <param name="Hook">prerouting 0, input 1, forward 2, output 3, postrouting 4.</param>
/// <param name="Priority">Lower ones are called first.</param>
public sealed record NftHook(string Type, uint Hook, int Priority)
{
    /// <summary>Whether what no rule decides is dropped.</summary>
    public bool DropByDefault { get; init; }
}

/// <summary>A set, or a map.</summary>
/// <param name="Name">Its name.</param>
/// <param name="KeyType">nft's numbers of the key's fields, six bits each; nft alone reads it.</param>
/// <param name="FieldLengths">Bytes of the key's fields; each begins at a multiple of four.</param>
public sealed record NftSet(string Name, uint KeyType, int[] FieldLengths)
{
    /// <summary>Bytes of the values; 0 is a set.</summary>
    public int DataLength { get; init; }

    /// <summary>nft's numbers of the values' fields; <see cref="Verdict"/> for verdicts.</summary>
    public uint DataType { get; init; }

    /// <summary>Values that are verdicts.</summary>
    public const uint Verdict = 0xFFFFFF00;

    /// <summary>ipv4_addr 7, ipv6_addr 8, inet_proto 12, inet_service 13, ifname 41, ether_addr 9.</summary>
    public static uint Type(params ReadOnlySpan<uint> fields)
    {
        uint type = 0;
        foreach (uint field in fields) type = (type << 6) | field;
        return type;
    }

    internal int KeyLength
    {
        get
        {
            int length = 0;
            foreach (int bytes in FieldLengths) length += FieldLengths.Length == 1 ? bytes : NetlinkMessage.Align(bytes);
            return length;
        }
    }
}

/// <summary>An element of a set or map.</summary>
/// <param name="Key">Its key; fields padded to four bytes.</param>
public sealed record NftElement(byte[] Key)
{
    /// <summary>Its value, of a map.</summary>
    public byte[]? Data { get; init; }

    /// <summary>The chain it jumps to, of a map of verdicts.</summary>
    public string? Jump { get; init; }

    /// <summary>Whether it lets through, of a map of verdicts.</summary>
    public bool Accept { get; init; }

    /// <summary>A remark that nft shows; at most 250 bytes.</summary>
    public string? Comment { get; init; }
}

/// <summary>Changes that are made at once. Adding what is there already is no error, except where a member says so.</summary>
public sealed class NftTransaction
{
    private const ushort NewTable = 0, DelTable = 2, NewChain = 3, DelChain = 5, NewRule = 6, DelRule = 8, NewSet = 9, DelSet = 11, NewElement = 12, DelElement = 14;
    private const ushort Request = NetlinkSocket.NLM_F_REQUEST, Create = Request | NetlinkSocket.NLM_F_CREATE, Exclusive = Create | NetlinkSocket.NLM_F_EXCL;

    internal List<NetlinkMessage> Messages { get; } = [];

    /// <summary>What each message is about, for refusals.</summary>
    internal List<string> Subjects { get; } = [];

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Messages.Count == 0;

    private const uint InterfaceNames = 41;
    private uint _setId;

    private NetlinkMessage Begin(ushort type, ushort flags, NftTable table, string subject)
    {
        NetlinkMessage message = Nftables.Message(type, flags, table.Family);
        Messages.Add(message);
        Subjects.Add(subject);
        return message;
    }

    /// <summary>Appends all of another transaction.</summary>
    public void Append(NftTransaction other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Messages.AddRange(other.Messages);
        Subjects.AddRange(other.Subjects);
    }

    /// <summary>Adds a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="exclusive">Whether it is an error (EEXIST) that it is there.</param>
    public NftTransaction Add(NftTable table, bool exclusive = false)
    {
        Begin(NewTable, exclusive ? Exclusive : Create, table, $"table {table.Name}").Attribute(1, table.Name);
        return this;
    }

    /// <summary>Removes a table with all that is in it.</summary>
    public NftTransaction Remove(NftTable table)
    {
        Begin(DelTable, Request, table, $"table {table.Name}").Attribute(1, table.Name);
        return this;
    }

    /// <summary>Adds a chain.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="name">Its name.</param>
    /// <param name="hook">Where the kernel calls it; null for one that others jump to.</param>
    /// <param name="exclusive">Whether it is an error (EEXIST) that it is there.</param>
    public NftTransaction AddChain(NftTable table, string name, NftHook? hook = null, bool exclusive = false)
    {
        NetlinkMessage message = Begin(NewChain, exclusive ? Exclusive : Create, table, $"chain {name}").Attribute(1, table.Name).Attribute(3, name);
        if (hook is null) return this;
        int nest = message.Begin(4);
        message.AttributeBig(1, hook.Hook).AttributeBig(2, (uint)hook.Priority).End(nest);
        message.AttributeBig(5, hook.DropByDefault ? 0u : 1u).Attribute(7, hook.Type);
        return this;
    }

    /// <summary>Removes a chain that nobody jumps to; its rules go before it.</summary>
    public NftTransaction RemoveChain(NftTable table, string name)
    {
        Flush(table, name);
        Begin(DelChain, Request, table, $"chain {name}").Attribute(1, table.Name).Attribute(3, name);
        return this;
    }

    /// <summary>Removes all rules of a chain.</summary>
    public NftTransaction Flush(NftTable table, string chain)
    {
        Begin(DelRule, Request, table, $"rules of {chain}").Attribute(1, table.Name).Attribute(2, chain);
        return this;
    }

    /// <summary>Adds a rule.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="chain">Its chain.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="first">Whether it goes to the chain's beginning.</param>
    public NftTransaction AddRule(NftTable table, string chain, NftRule rule, bool first = false)
    {
        ArgumentNullException.ThrowIfNull(rule);
        NetlinkMessage message = Begin(NewRule, first ? Create : (ushort)(Create | NetlinkSocket.NLM_F_APPEND), table, $"rule in {chain}").Attribute(1, table.Name).Attribute(2, chain);
        int nest = message.Begin(4);
        message.Fixed(rule.Expressions.Body).End(nest);
        if (rule.Comment is { } comment) message.Attribute(7, Remark(comment));
        return this;
    }

    /// <summary>Removes a rule.</summary>
    public NftTransaction RemoveRule(NftTable table, string chain, ulong handle)
    {
        Begin(DelRule, Request, table, $"rule in {chain}").Attribute(1, table.Name).Attribute(2, chain).AttributeBig64(3, handle);
        return this;
    }

    /// <summary>Adds a set or map.</summary>
    public NftTransaction AddSet(NftTable table, NftSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        const uint NFT_SET_MAP = 8;
        NetlinkMessage message = Begin(NewSet, Create, table, $"set {set.Name}").Attribute(1, table.Name).Attribute(2, set.Name)
            .AttributeBig(3, set.DataType != 0 ? NFT_SET_MAP : 0).AttributeBig(4, set.KeyType).AttributeBig(5, (uint)set.KeyLength).AttributeBig(10, ++_setId);
        if (set.DataType != 0)
        {
            message.AttributeBig(6, set.DataType);
            message.AttributeBig(7, (uint)set.DataLength);
        }
        // So that nft shows names of interfaces: type of the remark 0, length 4, the host's order of bytes.
        if (set.KeyType == InterfaceNames) message.Attribute(13, [0, 4, 1, 0, 0, 0]);
        // The fields' lengths matter to sets of intervals only; a kernel before 5.6 does not know them.
        return this;
    }

    /// <summary>Removes a set or map that no rule uses.</summary>
    public NftTransaction RemoveSet(NftTable table, string name)
    {
        Begin(DelSet, Request, table, $"set {name}").Attribute(1, table.Name).Attribute(2, name);
        return this;
    }

    /// <summary>Adds elements.</summary>
    /// <param name="table">The set's table.</param>
    /// <param name="set">The set.</param>
    /// <param name="elements">What is added.</param>
    /// <param name="exclusive">Whether it is an error (EEXIST) that one is there.</param>
    public NftTransaction AddElements(NftTable table, string set, IReadOnlyList<NftElement> elements, bool exclusive = false) =>
        Elements(NewElement, exclusive ? Exclusive : Create, table, set, elements);

    /// <summary>Removes elements; the kernel looks at their keys.</summary>
    public NftTransaction RemoveElements(NftTable table, string set, IReadOnlyList<NftElement> elements) => Elements(DelElement, Request, table, set, elements);

    private NftTransaction Elements(ushort type, ushort flags, NftTable table, string set, IReadOnlyList<NftElement> elements)
    {
        // A list is an attribute, and that is shorter than 64 KiB.
        const int Most = 128;
        for (int at = 0; at < elements.Count; at += Most)
        {
            NetlinkMessage message = Begin(type, flags, table, $"elements of {set}").Attribute(1, table.Name).Attribute(2, set);
            int list = message.Begin(3);
            for (int i = at; i < Math.Min(at + Most, elements.Count); i++) Element(message, elements[i]);
            message.End(list);
        }
        return this;
    }

    private static void Element(NetlinkMessage message, NftElement element)
    {
        int nest = message.Begin(1), key = message.Begin(1);
        message.Attribute(1, element.Key).End(key);
        if (element.Data is not null || element.Jump is not null || element.Accept)
        {
            int data = message.Begin(2);
            if (element.Data is { } value) message.Attribute(1, value);
            else NftRule.WriteVerdict(message, element.Jump is null ? 1 : unchecked((uint)-3), element.Jump);
            message.End(data);
        }
        if (element.Comment is { } comment) message.Attribute(6, Remark(comment));
        message.End(nest);
    }

    // What nft shows as a comment: type 0, length, text with a zero.
    private static byte[] Remark(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > 250) bytes = bytes[..250];
        return [0, (byte)(bytes.Length + 1), .. bytes, 0];
    }
}
