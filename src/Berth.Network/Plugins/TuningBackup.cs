// What an interface was before plugin tuning changed it: a file beside the reference's, in its form.
using System.Text.Json;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Oci.Json;

namespace Berth.Network.Plugins;

/// <summary>The old values of what was changed; null and empty is what was not.</summary>
internal sealed record TuningBackup
{
    public string Mac { get; init; } = "";

    public bool? Promiscuous { get; init; }

    public int Mtu { get; init; }

    public bool? AllMulticast { get; init; }

    public int? TransmitQueueLength { get; init; }

    public static string Path(string folder, PluginCall call) => $"{folder}/{call.ContainerId}_{call.InterfaceName}.json";

    public static TuningBackup Of(NetworkLink link, TuningConfiguration changed) => new()
    {
        Mac = changed.Mac.Length > 0 ? link.Mac : "",
        Promiscuous = changed.Promiscuous ? link.Promiscuity != 0 : null,
        Mtu = changed.Mtu != 0 ? link.Mtu : 0,
        AllMulticast = changed.AllMulticast is null ? null : TuningConfiguration.IsAllMulticast(link),
        TransmitQueueLength = changed.TransmitQueueLength is null ? null : link.TransmitQueueLength,
    };

    public byte[] ToJson()
    {
        JsonWriter json = new(" ");
        json.WriteStartObject();
        json.WriteUnlessEmpty("mac"u8, Mac);
        if (Promiscuous is { } promiscuous) json.WriteBoolean("promisc"u8, promiscuous);
        json.WriteUnlessZero("mtu"u8, Mtu);
        if (AllMulticast is { } all) json.WriteBoolean("allmulti"u8, all);
        if (TransmitQueueLength is { } length) json.WriteNumber("txQLen"u8, length);
        json.WriteEndObject();
        return json.ToArray();
    }

    public void Write(string folder, string path)
    {
        try
        {
            KernelPath.MakeDirectories(folder, 0x1C0);
            KernelPath.WriteAtomically(path, ToJson(), 0x180);
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot keep what the interface was in {path}: {e.Message}", e);
        }
    }

    /// <summary>Reads a file; null where there is none, or none that can be read.</summary>
    public static TuningBackup? TryRead(string path)
    {
        if (KernelFile.TryRead(path, out _) is not { } bytes) return null;
        try
        {
            PluginConfiguration file = new(JsonText.Parse(bytes, path));
            if (file.Json.ValueKind != JsonValueKind.Object) return new TuningBackup();
            return new TuningBackup
            {
                Mac = file.Text("mac") ?? "",
                Promiscuous = file.OptionalFlag("promisc"),
                Mtu = (int)(file.Number("mtu") ?? 0),
                AllMulticast = file.OptionalFlag("allmulti"),
                TransmitQueueLength = (int?)file.Number("txQLen"),
            };
        }
        catch (CniException)
        {
            return new TuningBackup();
        }
    }

    /// <summary>Gives an interface back what it had.</summary>
    /// <exception cref="CniException">The kernel refuses it.</exception>
    public void Restore(RouteNetlink links, NetworkLink link)
    {
        try
        {
            links.Change(link, new LinkChange
            {
                Mtu = Mtu != 0 ? Mtu : null,
                HardwareAddress = Mac.Length > 0 ? HostNetwork.ParseMac(Mac) : null,
                Promiscuous = Promiscuous,
                AllMulticast = AllMulticast,
                TransmitQueueLength = TransmitQueueLength,
            });
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot give interface {link.Name} back what it had: {e.Message}", e);
        }
    }
}
