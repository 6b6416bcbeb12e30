// Options of DHCP by number, and how they are written.
using System.Net;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Numbers of options (RFC 2132, 3396, 3397, 3442).</summary>
internal static class DhcpOption
{
    public const byte Pad = 0, SubnetMask = 1, Router = 3, NameServers = 6, HostName = 12, DomainName = 15, StaticRoutes = 33, RequestedAddress = 50, LeaseTime = 51,
        Overload = 52, MessageType = 53, ServerIdentifier = 54, ParameterList = 55, Message = 56, LargestMessage = 57, RenewalTime = 58, RebindingTime = 59,
        VendorClass = 60, ClientIdentifier = 61, UserClass = 77, DomainSearch = 119, ClasslessRoutes = 121, End = 255;

    /// <summary>Those that the protocol itself says, and nobody else may.</summary>
    public static bool IsOfProtocol(byte code) => code is Pad or RequestedAddress or Overload or MessageType or ServerIdentifier or LargestMessage or End;

    /// <summary>An option by a name of dhcp-options(5) that the reference knows, or by its number.</summary>
    public static bool TryParse(string text, out byte code)
    {
        code = text switch
        {
            "dhcp-client-identifier" => ClientIdentifier,
            "subnet-mask" => SubnetMask,
            "routers" => Router,
            "host-name" => HostName,
            "user-class" => UserClass,
            "vendor-class-identifier" => VendorClass,
            _ => Pad,
        };
        return code != Pad || byte.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out code);
    }

    /// <summary>Appends an option; one longer than its length can say comes in pieces (RFC 3396).</summary>
    public static void Append(List<byte> to, byte code, ReadOnlySpan<byte> value)
    {
        do
        {
            int length = Math.Min(value.Length, 255);
            to.Add(code);
            to.Add((byte)length);
            foreach (byte one in value[..length]) to.Add(one);
            value = value[length..];
        }
        while (!value.IsEmpty);
    }

    /// <summary>An IPv4 address.</summary>
    public static IPAddress Address(uint address) => new([(byte)(address >> 24), (byte)(address >> 16), (byte)(address >> 8), (byte)address]);
}

/// <summary>Kinds of messages: option 53.</summary>
internal enum DhcpKind : byte
{
    None = 0,
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Acknowledgement = 5,
    Refusal = 6,
    Release = 7,
}
