// An address together with the length of a prefix, as `10.1.2.3/24`: of an interface, or of a network.
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Berth.Network.Contract;

/// <summary>An address with a prefix; bits behind the prefix may be set, as an interface's address has them.</summary>
public readonly record struct IpPrefix
{
    /// <summary>Joins the two.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the address has bits.</exception>
    public IpPrefix(IPAddress address, int length)
    {
        ArgumentNullException.ThrowIfNull(address);
        Address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Bits);
        Length = length;
    }

    /// <summary>The address.</summary>
    public IPAddress Address { get; }

    /// <summary>How many bits name the network.</summary>
    public int Length { get; }

    /// <summary>32 or 128.</summary>
    public int Bits => Is4 ? 32 : 128;

    /// <summary>Whether it is IPv4.</summary>
    public bool Is4 => Address.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>The network: the bits behind the prefix are zero.</summary>
    public IpPrefix Network
    {
        get
        {
            byte[] bytes = Address.GetAddressBytes();
            for (int bit = Length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            return new IpPrefix(new IPAddress(bytes), Length);
        }
    }

    /// <summary>The last address of the network: in IPv4 where everybody listens.</summary>
    public IPAddress Last
    {
        get
        {
            byte[] bytes = Address.GetAddressBytes();
            for (int bit = Length; bit < bytes.Length * 8; bit++) bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
            return new IPAddress(bytes);
        }
    }

    /// <summary>0.0.0.0/0 or ::/0.</summary>
    public bool IsDefault => Length == 0 && (Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any));

    /// <summary>Whether an address lies in the network.</summary>
    public bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.AddressFamily == Address.AddressFamily && new IpPrefix(address, Length).Network.Address.Equals(Network.Address);
    }

    /// <summary>Whether the two networks have an address in common.</summary>
    public bool Overlaps(IpPrefix other) => Contains(other.Network.Address) || other.Contains(Network.Address);

    /// <summary>The address one further; wraps at the end.</summary>
    public static IPAddress Next(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        byte[] bytes = address.GetAddressBytes();
        for (int i = bytes.Length - 1; i >= 0 && ++bytes[i] == 0; i--) { }
        return new IPAddress(bytes);
    }

    /// <summary>Reads <c>10.1.2.3/24</c>.</summary>
    public static bool TryParse(string text, out IpPrefix prefix)
    {
        ArgumentNullException.ThrowIfNull(text);
        prefix = default;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || AddressText.TryParse(text.AsSpan(0, slash)) is not { } address) return false;
        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length)) return false;
        // 192.0.2.1/24 may come as ::ffff:192.0.2.1/120.
        if (address.AddressFamily == AddressFamily.InterNetwork && text.AsSpan(0, slash).Contains(':') && (length -= 96) < 0) return false;
        if (length > (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)) return false;
        prefix = new IpPrefix(address, length);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{AddressText.Of(Address)}/{Length}";
}
