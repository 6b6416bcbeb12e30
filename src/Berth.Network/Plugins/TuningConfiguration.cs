// What plugin tuning is told.
using System.Text.Json;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>A sysctl to be set.</summary>
/// <param name="Key">As it was written.</param>
/// <param name="Path">Its file.</param>
/// <param name="Value">What is written to it.</param>
internal readonly record struct TuningSysctl(string Key, string Path, string Value);

/// <summary>The fields of plugin tuning; what a user asked for under args.cni goes first.</summary>
internal sealed record TuningConfiguration
{
    private const uint AllMulticastFlag = 0x200;

    /// <summary>What is written below /proc/sys/net.</summary>
    public List<TuningSysctl> Sysctls { get; } = [];

    public string Mac { get; private init; } = "";

    public int Mtu { get; private init; }

    public bool Promiscuous { get; private init; }

    public bool? AllMulticast { get; private init; }

    public int? TransmitQueueLength { get; private init; }

    /// <summary>Where the old values are kept.</summary>
    public string DataFolder { get; private init; } = "";

    public bool ChangesInterface => Mac.Length > 0 || Mtu != 0 || Promiscuous || AllMulticast is not null || TransmitQueueLength is not null;

    public LinkChange Change => new()
    {
        HardwareAddress = Mac.Length > 0 ? HostNetwork.ParseMac(Mac) : null,
        Mtu = Mtu != 0 ? Mtu : null,
        Promiscuous = Promiscuous ? true : null,
        AllMulticast = AllMulticast,
        TransmitQueueLength = TransmitQueueLength,
    };

    /// <exception cref="CniException">A field is wrong.</exception>
    public static TuningConfiguration Read(PluginCall call)
    {
        PluginConfiguration c = call.Configuration;
        PluginConfiguration? args = c.Args;
        TuningConfiguration read = new()
        {
            Mac = args?.Text("mac") ?? (c.RuntimeConfig?.Text("mac") is { Length: > 0 } asked ? asked : call.Argument("MAC") is { Length: > 0 } argument ? argument : c.Text("mac") ?? ""),
            Mtu = HostNetwork.Bounded(args?.Number("mtu") is null ? c : args, "mtu", 1, int.MaxValue),
            Promiscuous = args?.OptionalFlag("promisc") ?? c.Flag("promisc"),
            AllMulticast = args?.OptionalFlag("allmulti") ?? c.OptionalFlag("allmulti"),
            TransmitQueueLength = Length(args?.Number("txQLen") ?? c.Number("txQLen")),
            DataFolder = Folder(c),
        };
        // Before anything is changed.
        HostNetwork.ParseMac(read.Mac);
        read.ReadSysctls(c.Object("sysctl"), call.InterfaceName, exclusive: true);
        read.ReadSysctls(args?.Object("sysctl"), call.InterfaceName, exclusive: false);
        return read;
    }

    /// <summary>dataDir.</summary>
    public static string Folder(PluginConfiguration configuration) => configuration.Text("dataDir") is { Length: > 0 } folder ? folder : "/run/cni/tuning";

    private static int? Length(long? length) => length switch
    {
        null => null,
        >= 0 and <= int.MaxValue and { } whole => (int)whole,
        { } wrong => throw CniException.Wrong($"txQLen is {wrong}, and must be 0 to {int.MaxValue}"),
    };

    private void ReadSysctls(PluginConfiguration? sysctls, string interfaceName, bool exclusive)
    {
        if (sysctls is null) return;
        foreach (JsonProperty property in sysctls.Json.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String) throw new CniException(CniCode.Decoding, $"cannot read sysctl {property.Name}: its value must be a text");
            string path = SysctlPath(property.Name, interfaceName);
            int there = Sysctls.FindIndex(s => s.Path == path);
            if (there >= 0 && exclusive) throw CniException.Failed($"duplicated sysctl keys are not allowed: {property.Name}");
            if (there >= 0) Sysctls.RemoveAt(there);
            Sysctls.Add(new TuningSysctl(property.Name, path, property.Value.GetString()!));
        }
    }

    /// <summary>IFNAME stands for the interface; dots are slashes.</summary>
    /// <exception cref="CniException">It is none of the network's.</exception>
    internal static string SysctlPath(string key, string interfaceName)
    {
        string path = key.Replace('.', '/');
        int at = path.IndexOf("IFNAME", StringComparison.Ordinal);
        if (at >= 0) path = string.Concat(path.AsSpan(0, at), interfaceName, path.AsSpan(at + 6));
        // Two dots, were there any, have become slashes.
        bool climbs = path.Contains("//", StringComparison.Ordinal);
        return path.StartsWith("net/", StringComparison.Ordinal) && !climbs ? $"/proc/sys/{path}" : throw CniException.Failed($"invalid net sysctl key: \"{key}\"");
    }

    /// <summary>Compares an interface with this.</summary>
    /// <exception cref="CniException">It is not so.</exception>
    public void Verify(NetworkLink link)
    {
        if (Mac.Length > 0 && !HostNetwork.ParseMac(Mac).AsSpan().SequenceEqual(link.HardwareAddress)) throw Differs(link, "the hardware address", link.Mac, Mac);
        if (Promiscuous != (link.Promiscuity != 0)) throw Differs(link, "promisc", $"{link.Promiscuity != 0}", $"{Promiscuous}");
        if (Mtu != 0 && Mtu != link.Mtu) throw Differs(link, "the mtu", $"{link.Mtu}", $"{Mtu}");
        if (AllMulticast is { } all && all != IsAllMulticast(link)) throw Differs(link, "allmulti", $"{!all}", $"{all}");
        if (TransmitQueueLength is { } length && length != link.TransmitQueueLength) throw Differs(link, "the queue length", $"{link.TransmitQueueLength}", $"{length}");
    }

    public static bool IsAllMulticast(NetworkLink link) => (link.Flags & AllMulticastFlag) != 0;

    private static CniException Differs(NetworkLink link, string what, string has, string wanted) => CniException.Failed($"interface {link.Name} has {what} {has}, and should have {wanted}", null);
}
