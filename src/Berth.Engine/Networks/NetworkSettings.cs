// Options of drivers: docker's and podman's names for them, and what they mean.
using System.Globalization;
using System.Net;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>Options as they are meant.</summary>
internal sealed record NetworkSettings
{
    private const string Docker = "com.docker.network.";

    /// <summary>Names without a dot, for hints.</summary>
    private const string Plain = "isolate, mtu, vlan, metric, no_default_route, mode, parent, macvlan_mode, ipvlan_mode, bridge_name, masquerade, icc, gateway_mode_ipv4, gateway_mode_ipv6, host_binding_ipv4, ingress_rate, egress_rate";

    public int Mtu { get; private set; }

    public string Interface { get; private set; } = "";

    public bool Masquerade4 { get; private set; } = true;

    public bool Masquerade6 { get; private set; } = true;

    /// <summary>Whether containers reach one another.</summary>
    public bool Open { get; private set; } = true;

    /// <summary>Whether other networks are shut out, and are shut out of them.</summary>
    public bool Isolated { get; private set; } = true;

    /// <summary>Whether from outside only published ports are reached.</summary>
    public bool Guarded4 { get; private set; } = true;

    /// <inheritdoc cref="Guarded4"/>
    public bool Guarded6 { get; private set; } = true;

    /// <summary>Whether published ports are reached at the container's own address, and the host has none for them.</summary>
    public bool Routed4 { get; private set; }

    /// <inheritdoc cref="Routed4"/>
    public bool Routed6 { get; private set; }

    /// <summary>Whether the host has an address in it.</summary>
    public bool HasGateway { get; private set; } = true;

    public bool HasDefaultRoute { get; private set; } = true;

    public int Metric { get; private set; }

    public int Vlan { get; private set; }

    public string Mode { get; private set; } = "";

    /// <summary>Whether a bridge is somebody else's, who also routes.</summary>
    public bool IsUnmanaged => Mode == "unmanaged";

    public IPAddress? HostBinding { get; private set; }

    /// <summary>Reads them.</summary>
    /// <exception cref="BerthException">InvalidArgument: one is not known, or has a value it cannot have.</exception>
    public static NetworkSettings Of(NetworkSpec spec)
    {
        NetworkSettings settings = new();
        foreach ((string name, string value) in spec.Options) settings.Read(spec, name, value);
        if (spec.IsInternal) settings.HasDefaultRoute = false;
        if (!settings.HasGateway && !spec.IsInternal) throw new BerthException(Fault.InvalidArgument, $"cannot use network {spec.Name}: gateway mode isolated is for internal networks", "add --internal");
        return settings;
    }

    private void Read(NetworkSpec spec, string name, string value)
    {
        switch (name)
        {
            case "mtu" or Docker + "driver.mtu" or "mtu_ipv4": Mtu = Number(name, value, 68, 65535); break;
            case "bridge_name" or Docker + "bridge.name" or "parent" or "interface_name": Interface = value; break;
            case "masquerade" or Docker + "bridge.enable_ip_masquerade": Masquerade4 = Masquerade6 = Truth(name, value); break;
            case "icc" or Docker + "bridge.enable_icc": Open = Truth(name, value); break;
            case "host_binding_ipv4" or Docker + "bridge.host_binding_ipv4":
                HostBinding = IPAddress.TryParse(value, out IPAddress? address) ? address : throw Wrong(name, value, "an address");
                // Docker's way to say all of them.
                if (HostBinding.Equals(IPAddress.Any)) HostBinding = null;
                break;
            case "isolate": ReadIsolation(name, value); break;
            case "no_default_route": HasDefaultRoute = !Truth(name, value); break;
            case "metric": Metric = Number(name, value, 0, int.MaxValue); break;
            case "vlan": Vlan = Number(name, value, 1, 4094); break;
            case "mode" or "macvlan_mode" or "ipvlan_mode": Mode = ReadMode(spec, name, value); break;
            case "gateway_mode_ipv4" or Docker + "bridge.gateway_mode_ipv4": ReadGatewayMode(name, value, six: false); break;
            case "gateway_mode_ipv6" or Docker + "bridge.gateway_mode_ipv6": ReadGatewayMode(name, value, six: true); break;
            case "ingress_rate" or "egress_rate": break; // read where plugin bandwidth is written
            case "ipvlan_flag":
                if (value is not ("" or "bridge")) throw new BerthException(Fault.Unsupported, $"cannot use the option ipvlan_flag={value}", "bridge is the one that there is");
                break;
            default:
                // Docker keeps options of other drivers and versions; a plain word is one mistyped.
                if (!name.Contains('.', StringComparison.Ordinal)) throw new BerthException(Fault.InvalidArgument, $"there is no option '{name}' of networks", $"there are {Plain}, and docker's {Docker}…");
                break;
        }
    }

    // podman's false is open to its other networks, and so is ours; strict is what true is here.
    private void ReadIsolation(string name, string value) => Isolated = value == "strict" || Truth(name, value);

    private void ReadGatewayMode(string name, string value, bool six)
    {
        switch (value)
        {
            case "nat" or "": break;
            case "nat-unprotected":
                if (six) Guarded6 = false;
                else Guarded4 = false;
                break;
            case "routed":
                if (six) (Routed6, Masquerade6) = (true, false);
                else (Routed4, Masquerade4) = (true, false);
                break;
            case "isolated": HasGateway = false; break;
            default: throw Wrong(name, value, "nat, nat-unprotected, routed or isolated");
        }
    }

    private static string ReadMode(NetworkSpec spec, string name, string value)
    {
        string[] modes = spec.Driver switch
        {
            "macvlan" => ["bridge", "private", "vepa", "passthru"],
            "ipvlan" => ["l2", "l3", "l3s"],
            _ => ["managed", "unmanaged"],
        };
        return Array.IndexOf(modes, value) >= 0 ? value : throw Wrong(name, value, string.Join(", ", modes));
    }

    private static bool Truth(string name, string value) => value.ToLowerInvariant() switch
    {
        "true" or "1" or "t" or "" => true,
        "false" or "0" or "f" => false,
        _ => throw Wrong(name, value, "true or false"),
    };

    private static int Number(string name, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : throw Wrong(name, value, $"a number from {least} to {most}");

    private static BerthException Wrong(string name, string value, string wanted) => new(Fault.InvalidArgument, $"the option {name} is {wanted}, not '{value}'");
}
