// A rule of nftables: what is looked at and what is done, as the kernel's expressions (nft(8); linux/netfilter/nf_tables.h).
using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Berth.Linux.Network;

/// <summary>How two values are compared.</summary>
public enum NftComparison
{
    /// <summary>The same.</summary>
    Equal = 0,

    /// <summary>Not the same.</summary>
    NotEqual = 1,
}

/// <summary>
/// A rule, built from left to right as nft writes it. Values are loaded into register 1 and what follows it: a key of several
/// fields is loaded with increasing <c>slot</c>: the field's place in the key, bytes, a multiple of four.
/// </summary>
public sealed class NftRule
{
    private const int FirstSlot = 8; // NFT_REG32_00, the first four bytes of register 1

    internal NetlinkMessage Expressions { get; } = NetlinkMessage.Fragment();

    /// <summary>A remark that nft shows; at most 250 bytes.</summary>
    public string? Comment { get; init; }

    private NftRule Expression(string name, Action<NetlinkMessage>? data = null)
    {
        int element = Expressions.Begin(1); // NFTA_LIST_ELEM
        Expressions.Attribute(1, name); // NFTA_EXPR_NAME
        if (data is not null)
        {
            int nest = Expressions.Begin(2); // NFTA_EXPR_DATA
            data(Expressions);
            Expressions.End(nest);
        }
        Expressions.End(element);
        return this;
    }

    private static void Data(NetlinkMessage message, ushort type, ReadOnlySpan<byte> value)
    {
        int nest = message.Begin(type);
        message.Attribute(1, value); // NFTA_DATA_VALUE
        message.End(nest);
    }

    private static uint Register(int slot) => (uint)(FirstSlot + slot / 4);

    private NftRule Meta(uint key, int slot) => Expression("meta", m => m.AttributeBig(1, Register(slot)).AttributeBig(2, key));

    /// <summary>Compares what is in a slot.</summary>
    public NftRule Compare(int slot, NftComparison comparison, byte[] value) => Expression("cmp", m =>
    {
        m.AttributeBig(1, Register(slot)).AttributeBig(2, (uint)comparison);
        Data(m, 3, value);
    });

    private NftRule Masked(int slot, byte[] mask) => Expression("bitwise", m =>
    {
        m.AttributeBig(1, Register(slot)).AttributeBig(2, Register(slot)).AttributeBig(3, (uint)mask.Length);
        Data(m, 4, mask);
        Data(m, 5, new byte[mask.Length]);
    });

    /// <summary>The packet is of IPv4, or of IPv6.</summary>
    public NftRule Version(bool six) => Meta(15, 0).Compare(0, NftComparison.Equal, [six ? (byte)10 : (byte)2]);

    /// <summary>Loads the interface it came in by, 16 bytes.</summary>
    public NftRule LoadInput(int slot = 0) => Meta(6, slot);

    /// <summary>Loads the interface it leaves by, 16 bytes.</summary>
    public NftRule LoadOutput(int slot = 0) => Meta(7, slot);

    /// <summary>Loads the number of its protocol, a byte.</summary>
    public NftRule LoadProtocol(int slot = 0) => Meta(16, slot);

    private NftRule Payload(uint header, uint offset, uint length, int slot) => Expression("payload", m => m
        .AttributeBig(1, Register(slot)).AttributeBig(2, header).AttributeBig(3, offset).AttributeBig(4, length));

    /// <summary>Loads its source address, 4 or 16 bytes.</summary>
    public NftRule LoadSource(bool six, int slot = 0) => six ? Payload(1, 8, 16, slot) : Payload(1, 12, 4, slot);

    /// <summary>Loads its destination address, 4 or 16 bytes.</summary>
    public NftRule LoadDestination(bool six, int slot = 0) => six ? Payload(1, 24, 16, slot) : Payload(1, 16, 4, slot);

    /// <summary>Loads its destination port, 2 bytes.</summary>
    public NftRule LoadPort(int slot = 0) => Payload(2, 2, 2, slot);

    /// <summary>Loads its source port, 2 bytes.</summary>
    public NftRule LoadSourcePort(int slot = 0) => Payload(2, 0, 2, slot);

    /// <summary>Loads the hardware address it came from, 6 bytes; only in the family bridge.</summary>
    public NftRule LoadSourceMac(int slot = 0) => Payload(0, 6, 6, slot);

    /// <summary>Came in by that interface, or not.</summary>
    public NftRule Input(string name, bool not = false) => LoadInput().Compare(0, Word(not), InterfaceName(name));

    /// <summary>Leaves by that interface, or not.</summary>
    public NftRule Output(string name, bool not = false) => LoadOutput().Compare(0, Word(not), InterfaceName(name));

    /// <summary>Has that protocol (6, 17, 132), or not.</summary>
    public NftRule Protocol(byte number, bool not = false) => LoadProtocol().Compare(0, Word(not), [number]);

    /// <summary>Has that destination port, or not.</summary>
    public NftRule Port(ushort number, bool not = false) => LoadPort().Compare(0, Word(not), Big(number));

    /// <summary>Has that source port, or not.</summary>
    public NftRule SourcePort(ushort number, bool not = false) => LoadSourcePort().Compare(0, Word(not), Big(number));

    /// <summary>Comes from that network, or not.</summary>
    public NftRule Source(IPAddress network, int prefixLength, bool not = false) => Network(network, prefixLength, not, LoadSource);

    /// <summary>Goes to that network, or not.</summary>
    public NftRule Destination(IPAddress network, int prefixLength, bool not = false) => Network(network, prefixLength, not, LoadDestination);

    private NftRule Network(IPAddress network, int prefixLength, bool not, Func<bool, int, NftRule> load)
    {
        ArgumentNullException.ThrowIfNull(network);
        byte[] bytes = network.GetAddressBytes();
        Version(bytes.Length == 16);
        load(bytes.Length == 16, 0);
        if (prefixLength < bytes.Length * 8)
        {
            byte[] mask = new byte[bytes.Length];
            for (int bit = 0; bit < prefixLength; bit++) mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
            for (int i = 0; i < bytes.Length; i++) bytes[i] &= mask[i];
            Masked(0, mask);
        }
        return Compare(0, Word(not), bytes);
    }

    /// <summary>The destination is an address of this host.</summary>
    public NftRule LocalDestination(bool not = false) => Expression("fib", m => m.AttributeBig(1, FirstSlot).AttributeBig(2, 3).AttributeBig(3, 2))
        .Compare(0, Word(not), Host(2)); // result: type of address; flags: destination; RTN_LOCAL

    /// <summary>The destination of its connection was changed (status dnat), or not.</summary>
    public NftRule DestinationChanged(bool not = false) => ConnectionBits(2, 32, not);

    /// <summary>Its connection is in one of these states: invalid 1, established 2, related 4, new 8, untracked 64.</summary>
    public NftRule ConnectionState(uint states) => ConnectionBits(0, states, false);

    private NftRule ConnectionBits(uint key, uint bits, bool none) => Expression("ct", m => m.AttributeBig(1, FirstSlot).AttributeBig(2, key))
        .Masked(0, Host(bits)).Compare(0, none ? NftComparison.Equal : NftComparison.NotEqual, Host(0));

    /// <summary>The packet has a mark: these bits.</summary>
    public NftRule Mark(uint bits) => Meta(3, 0).Masked(0, Host(bits)).Compare(0, NftComparison.NotEqual, Host(0));

    /// <summary>Sets bits of the packet's mark and leaves the others.</summary>
    public NftRule SetMark(uint bits)
    {
        Meta(3, 0).WithBits(bits);
        return Expression("meta", static m => m.AttributeBig(2, 3).AttributeBig(3, FirstSlot));
    }

    private NftRule WithBits(uint bits) => Expression("bitwise", m =>
    {
        m.AttributeBig(1, FirstSlot).AttributeBig(2, FirstSlot).AttributeBig(3, 4);
        Data(m, 4, Host(~bits));
        Data(m, 5, Host(bits));
    });

    /// <summary>The packet is an answer in its connection.</summary>
    public NftRule IsReply() => Expression("ct", static m => m.AttributeBig(1, FirstSlot).AttributeBig(2, 1)).Compare(0, NftComparison.Equal, [1]);

    /// <summary>Its connection has a mark: these bits.</summary>
    public NftRule ConnectionMark(uint bits) => ConnectionBits(3, bits, false);

    /// <summary>Sets bits of its connection's mark and leaves the others.</summary>
    public NftRule SetConnectionMark(uint bits)
    {
        Expression("ct", static m => m.AttributeBig(1, FirstSlot).AttributeBig(2, 3)).WithBits(bits);
        return Expression("ct", static m => m.AttributeBig(2, 3).AttributeBig(4, FirstSlot));
    }

    /// <summary>What was loaded from slot 0 on is in a set, or not.</summary>
    public NftRule In(string set, bool not = false) => Expression("lookup", m =>
    {
        m.Attribute(1, set).AttributeBig(2, FirstSlot);
        if (not) m.AttributeBig(5, 1);
    });

    /// <summary>What was loaded from slot 0 on is looked up in a map, and its value loaded to slot 0; without one the rule ends.</summary>
    public NftRule Map(string map) => Expression("lookup", m => m.Attribute(1, map).AttributeBig(2, FirstSlot).AttributeBig(3, FirstSlot));

    /// <summary>What was loaded from slot 0 on is looked up in a map of verdicts, and that is done.</summary>
    public NftRule VerdictMap(string map) => Expression("lookup", m => m.Attribute(1, map).AttributeBig(2, FirstSlot).AttributeBig(3, 0));

    /// <summary>The destination becomes the address in slot 0 and the port behind it.</summary>
    public NftRule ChangeDestination(bool six) => Expression("nat", m => m.AttributeBig(1, 1).AttributeBig(2, six ? 10u : 2u)
        .AttributeBig(3, FirstSlot).AttributeBig(4, FirstSlot)
        .AttributeBig(5, (uint)(FirstSlot + (six ? 4 : 1))).AttributeBig(6, (uint)(FirstSlot + (six ? 4 : 1))).AttributeBig(7, 3));

    /// <summary>Loads a value.</summary>
    public NftRule Load(int slot, byte[] value) => Expression("immediate", m =>
    {
        m.AttributeBig(1, Register(slot));
        Data(m, 2, value);
    });

    /// <summary>The source becomes the host's address on the way out.</summary>
    public NftRule Masquerade() => Expression("masq");

    /// <summary>Counts.</summary>
    public NftRule Counter() => Expression("counter", m => m.AttributeBig64(1, 0).AttributeBig64(2, 0));

    /// <summary>Lets it through this chain.</summary>
    public NftRule Accept() => Verdict(1);

    /// <summary>Drops it.</summary>
    public NftRule Drop() => Verdict(0);

    /// <summary>Back to the chain that jumped here.</summary>
    public NftRule Return() => Verdict(unchecked((uint)-5));

    /// <summary>Into another chain of the table, and back.</summary>
    public NftRule Jump(string chain) => Verdict(unchecked((uint)-3), chain);

    private NftRule Verdict(uint code, string? chain = null) => Expression("immediate", m =>
    {
        m.AttributeBig(1, 0); // the register of verdicts
        int nest = m.Begin(2);
        WriteVerdict(m, code, chain);
        m.End(nest);
    });

    internal static void WriteVerdict(NetlinkMessage message, uint code, string? chain)
    {
        int verdict = message.Begin(2); // NFTA_DATA_VERDICT
        message.AttributeBig(1, code);
        if (chain is not null) message.Attribute(2, chain);
        message.End(verdict);
    }

    /// <summary>An expression of iptables, which a table of iptables needs where nft's own would not be understood by it.</summary>
    /// <param name="name">Such as conntrack, or comment.</param>
    /// <param name="revision">Of its structure.</param>
    /// <param name="structure">The structure, as the kernel has it.</param>
    public NftRule Match(string name, uint revision, byte[] structure) => Expression("match", m => m.Attribute(1, name).AttributeBig(2, revision).Attribute(3, structure));

    private static NftComparison Word(bool not) => not ? NftComparison.NotEqual : NftComparison.Equal;

    private static byte[] Host(uint value) => BitConverter.GetBytes(value);

    private static byte[] Big(ushort value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>An interface's name as the kernel compares it: 16 bytes.</summary>
    public static byte[] InterfaceName(string name)
    {
        byte[] bytes = new byte[16];
        Encoding.UTF8.GetBytes(name).AsSpan(0, Math.Min(15, Encoding.UTF8.GetByteCount(name))).CopyTo(bytes);
        return bytes;
    }
}
