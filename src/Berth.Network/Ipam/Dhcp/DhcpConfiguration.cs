// ipam of a network's configuration, for dhcp: what is told to the server, what it is asked for, and where the daemon is.
using System.Net;
using System.Text;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>The fields of the reference, and ours under <c>berth</c>.</summary>
internal sealed class DhcpConfiguration
{
    /// <summary>Where the daemon is, unless something else is said.</summary>
    public const string StandardSocket = "/run/cni/dhcp.sock";

    private const int LongestOption = 255, LongestClientId = 254;

    public DhcpConfiguration(PluginCall call)
    {
        PluginConfiguration ipam = call.Configuration.Ipam ?? throw CniException.Failed("IPAM config missing 'ipam' key");
        Socket = ipam.Text("daemonSocketPath") is { Length: > 0 } path ? path : StandardSocket;
        Program = ipam.Object("berth")?.Text("daemon") ?? "";
        HasDefaultRoute = ipam.Object("berth")?.Flag("noDefaultRoute") != true;
        Priority = ipam.Number("priority") is { } priority ? (int)Math.Clamp(priority, 0, int.MaxValue) : 0;
        if (call.Command is not (CniCommand.Add or CniCommand.Check)) return;
        Asked = ReadAsked(ipam);
        Options = ReadOptions(call, ipam, Asked);
        Wanted = ReadWanted(call);
    }

    /// <summary>daemonSocketPath.</summary>
    public string Socket { get; }

    /// <summary>berth.daemon: the program that is started as the daemon where none answers; or empty.</summary>
    public string Program { get; }

    /// <summary>berth.noDefaultRoute: the caller makes default routes itself, or wants none.</summary>
    public bool HasDefaultRoute { get; }

    /// <summary>priority: of routes.</summary>
    public int Priority { get; }

    /// <summary>Numbers of options that the server is asked for.</summary>
    public byte[] Asked { get; } = [];

    /// <summary>Options of every message, as they are on the wire.</summary>
    public byte[] Options { get; } = [];

    /// <summary>The address that it must be, or empty: capability ips.</summary>
    public string Wanted { get; } = "";

    private static byte[] ReadAsked(PluginConfiguration ipam)
    {
        List<byte> asked = [];
        bool standard = true;
        foreach (PluginConfiguration request in ipam.Objects("request"))
        {
            if (request.Flag("skipDefault")) standard = false;
            if (request.Text("option") is not { Length: > 0 } text) continue;
            byte code = Code(text);
            if (!asked.Contains(code)) asked.Add(code);
        }
        // Classless routes stand before routers (RFC 3442); who asks for them gets them in place of routers.
        foreach (byte code in standard ? (ReadOnlySpan<byte>)[DhcpOption.Router, DhcpOption.SubnetMask] : [])
        {
            if (!asked.Contains(code)) asked.Add(code);
        }
        return [.. asked];
    }

    private static byte[] ReadOptions(PluginCall call, PluginConfiguration ipam, byte[] asked)
    {
        List<(byte Code, byte[] Value)> given = [(DhcpOption.ClientIdentifier, ClientId(call))];
        foreach (PluginConfiguration provide in ipam.Objects("provide"))
        {
            byte code = Code(provide.Text("option") ?? "");
            string argument = provide.Text("fromArg") ?? "";
            if (provide.Text("value") is { Length: > 0 } value) Set(given, code, value);
            if (argument.Length > 0 && call.Argument(argument) is { } said) Set(given, code, said);
        }
        List<byte> options = [];
        foreach ((byte code, byte[] value) in given) DhcpOption.Append(options, code, value);
        if (asked.Length > 0) DhcpOption.Append(options, DhcpOption.ParameterList, asked);
        return [.. options];
    }

    // Type 0: no hardware address. Longer ones the reference cuts as well, so that servers know a container again.
    private static byte[] ClientId(PluginCall call)
    {
        byte[] id = Encoding.UTF8.GetBytes($"{call.ContainerId}/{call.Configuration.NetworkName}/{call.InterfaceName}");
        return [0, .. id.AsSpan(0, Math.Min(id.Length, LongestClientId))];
    }

    private static void Set(List<(byte Code, byte[] Value)> given, byte code, string text)
    {
        byte[] value = Encoding.UTF8.GetBytes(text);
        if (value.Length > LongestOption) throw CniException.Wrong($"value too long for option \"{code}\"", $"{value.Length} bytes; {LongestOption} are the most");
        given.RemoveAll(one => one.Code == code);
        given.Add((code, value));
    }

    private static byte Code(string text)
    {
        if (!DhcpOption.TryParse(text, out byte code)) throw CniException.Failed($"Can not parse option \"{text}\": it is neither a number nor a name that is known");
        return DhcpOption.IsOfProtocol(code) ? throw CniException.Wrong($"option {text} cannot be set: the protocol itself uses it") : code;
    }

    private static string ReadWanted(PluginCall call)
    {
        foreach (string text in call.Configuration.RuntimeConfig?.Texts("ips") ?? [])
        {
            IPAddress? address = IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix.Address : AddressText.TryParse(text);
            if (address is null) throw CniException.Failed($"invalid IP address {text}");
            if (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork) return address.ToString();
        }
        return "";
    }
}
