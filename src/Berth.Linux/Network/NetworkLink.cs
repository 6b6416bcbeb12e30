// Network interfaces as values: as the kernel reports them, as they are to be made, and what is to be changed.
using System.Globalization;

namespace Berth.Linux.Network;

/// <summary>A network interface, as the kernel reported it.</summary>
public sealed record NetworkLink
{
    /// <summary>Its number in its network namespace.</summary>
    public required int Index { get; init; }

    /// <summary>Its name there.</summary>
    public required string Name { get; init; }

    /// <summary>Kind, such as bridge or veth; empty for hardware and the loopback.</summary>
    public string Kind { get; init; } = "";

    /// <summary>IFF_ flags.</summary>
    public uint Flags { get; init; }

    /// <summary>Whether it is administratively up.</summary>
    public bool IsUp => (Flags & 1) != 0;

    /// <summary>Whether it is the loopback.</summary>
    public bool IsLoopback => (Flags & 8) != 0;

    /// <summary>Whether it works: carrier and all (IF_OPER_UP, or unknown for those that do not say).</summary>
    public bool Works => OperationalState is 6 or 0;

    /// <summary>RFC 2863's state: 6 is up, 2 is down, 0 unknown.</summary>
    public byte OperationalState { get; init; }

    /// <summary>Hardware address; empty where there is none.</summary>
    public byte[] HardwareAddress { get; init; } = [];

    /// <summary>Largest packet, bytes.</summary>
    public int Mtu { get; init; }

    /// <summary>Number of the bridge or the like that it is a port of; 0 for none.</summary>
    public int Master { get; init; }

    /// <summary>Number of the interface below or of the veth's other end (in its own namespace); 0 for none.</summary>
    public int Parent { get; init; }

    /// <summary>How many ask for all packets.</summary>
    public uint Promiscuity { get; init; }

    /// <summary>Packets that wait at most.</summary>
    public int TransmitQueueLength { get; init; }

    /// <summary>Alias: a remark of whoever made it; empty for none.</summary>
    public string Alias { get; init; } = "";

    /// <summary>Routing table of a vrf, id of a vlan, mode of a macvlan or ipvlan; 0 for other kinds.</summary>
    public uint Detail { get; init; }

    /// <summary>The hardware address as <c>02:42:…</c>, or empty.</summary>
    public string Mac => MacText(HardwareAddress);

    /// <summary>A hardware address as <c>02:42:…</c>.</summary>
    public static string MacText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return "";
        Span<char> text = stackalloc char[bytes.Length * 3 - 1];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (i > 0) text[i * 3 - 1] = ':';
            text[i * 3] = "0123456789abcdef"[bytes[i] >> 4];
            text[i * 3 + 1] = "0123456789abcdef"[bytes[i] & 15];
        }
        return new string(text);
    }

    /// <summary>Reads <c>02:42:…</c>, also with dashes; six bytes, as Ethernet has them.</summary>
    public static bool TryParseMac(string text, out byte[] bytes)
    {
        bytes = new byte[6];
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length != 17) return false;
        for (int i = 0; i < 6; i++)
        {
            if (i > 0 && text[i * 3 - 1] is not (':' or '-')) return false;
            if (!byte.TryParse(text.AsSpan(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[i])) return false;
        }
        return true;
    }
}

/// <summary>An interface to be made.</summary>
public sealed record LinkSpec
{
    /// <summary>Name; empty, or with <c>%d</c> in it, lets the kernel choose.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required LinkKind Kind { get; init; }

    /// <summary>Largest packet, bytes; 0 lets the kernel choose.</summary>
    public int Mtu { get; init; }

    /// <summary>Hardware address; empty lets the kernel choose.</summary>
    public byte[] HardwareAddress { get; init; } = [];

    /// <summary>Packets that wait at most; negative lets the kernel choose.</summary>
    public int TransmitQueueLength { get; init; } = -1;

    /// <summary>Number of the bridge that it becomes a port of, or 0.</summary>
    public int Master { get; init; }

    /// <summary>Number of the interface that it stands on, or 0.</summary>
    public int Parent { get; init; }

    /// <summary>Where it is made; null for the socket's own network namespace.</summary>
    public Fd? Namespace { get; init; }

    /// <summary>Up at once. A veth's other end cannot be: its partner is not there yet.</summary>
    public bool Up { get; init; }
}

/// <summary>Kinds of interface that can be made.</summary>
public abstract record LinkKind
{
    private LinkKind(string name) => Name = name;

    /// <summary>The kernel's word.</summary>
    public string Name { get; }

    /// <summary>A bridge.</summary>
    public sealed record Bridge() : LinkKind("bridge")
    {
        /// <summary>Whether ports have VLANs.</summary>
        public bool VlanFiltering { get; init; }
    }

    /// <summary>A pair of interfaces.</summary>
    public sealed record Veth() : LinkKind("veth")
    {
        /// <summary>The other end; its kind is not looked at.</summary>
        public required LinkSpec Peer { get; init; }
    }

    /// <summary>An interface with an address of its own on another one.</summary>
    public sealed record Macvlan() : LinkKind("macvlan")
    {
        /// <summary>private 1, vepa 2, bridge 4, passthru 8.</summary>
        public uint Mode { get; init; } = 4;

        /// <summary>Queue length for broadcasts; 0 lets the kernel choose.</summary>
        public uint BroadcastQueueLength { get; init; }
    }

    /// <summary>An interface that shares the hardware address of another one.</summary>
    public sealed record Ipvlan() : LinkKind("ipvlan")
    {
        /// <summary>l2 0, l3 1, l3s 2.</summary>
        public ushort Mode { get; init; }
    }

    /// <summary>A VLAN (802.1Q) of another interface.</summary>
    public sealed record Vlan() : LinkKind("vlan")
    {
        /// <summary>Its number.</summary>
        public required ushort Id { get; init; }
    }

    /// <summary>Ethernet over UDP.</summary>
    public sealed record Vxlan() : LinkKind("vxlan")
    {
        /// <summary>Network number.</summary>
        public required uint Id { get; init; }

        /// <summary>Port of UDP.</summary>
        public ushort Port { get; init; } = 4789;

        /// <summary>Own address, 4 bytes, or empty.</summary>
        public byte[] Local { get; init; } = [];

        /// <summary>Whether senders' addresses are learned.</summary>
        public bool Learning { get; init; }
    }

    /// <summary>An interface that drops everything.</summary>
    public sealed record Dummy() : LinkKind("dummy");

    /// <summary>An interface to shape what comes in.</summary>
    public sealed record Ifb() : LinkKind("ifb");

    /// <summary>A routing domain.</summary>
    public sealed record Vrf() : LinkKind("vrf")
    {
        /// <summary>Its routing table.</summary>
        public required uint Table { get; init; }
    }
}

/// <summary>What is to be changed of an interface; what is null stays.</summary>
public sealed record LinkChange
{
    /// <summary>Up or down.</summary>
    public bool? Up { get; init; }

    /// <summary>New name; the interface may have to be down.</summary>
    public string? Name { get; init; }

    /// <summary>Largest packet, bytes.</summary>
    public int? Mtu { get; init; }

    /// <summary>Hardware address.</summary>
    public byte[]? HardwareAddress { get; init; }

    /// <summary>Number of the bridge; 0 takes it off.</summary>
    public int? Master { get; init; }

    /// <summary>Network namespace it goes to.</summary>
    public Fd? Namespace { get; init; }

    /// <summary>Packets that wait at most.</summary>
    public int? TransmitQueueLength { get; init; }

    /// <summary>All packets, also others'.</summary>
    public bool? Promiscuous { get; init; }

    /// <summary>All packets to groups.</summary>
    public bool? AllMulticast { get; init; }

    /// <summary>A remark; empty removes it.</summary>
    public string? Alias { get; init; }
}
