// A lease on disk: enough to prolong it, and to give it back, by a process that did not get it.
using System.Globalization;
using System.Text.Json;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Contract;
using Berth.Oci.Json;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>One file for each lease, replaced as a whole.</summary>
internal sealed record LeaseRecord
{
    private const string Suffix = ".lease";
    private const int LongestName = 200, Largest = 64 * 1024, Version = 1;

    public required LeaseKey Key { get; init; }

    /// <summary>Path of the network namespace.</summary>
    public required string NetworkNamespace { get; init; }

    /// <summary>Which one it is (<see cref="DaemonPlaces.TryOpenNamespace"/>).</summary>
    public required string Place { get; init; }

    /// <summary>The interface's hardware address.</summary>
    public required byte[] HardwareAddress { get; init; }

    /// <summary>Options of every message.</summary>
    public byte[] Options { get; init; } = [];

    /// <summary>The server's hardware address, or its relay's; empty where it is not known.</summary>
    public byte[] ServerAddress { get; init; } = [];

    /// <summary>Milliseconds of the clock that never goes back (CLOCK_MONOTONIC), from which the lease counts.</summary>
    public long Since { get; init; }

    /// <summary>The acknowledgement.</summary>
    public required DhcpMessage Lease { get; init; }

    /// <summary>Where a lease's record is.</summary>
    public static string PathOf(string folder, LeaseKey key)
    {
        string name = $"{key.Network}@{key.ContainerId}@{key.InterfaceName}";
        if (name.Length > LongestName)
        {
            // FNV-1a: no file has a name that long.
            ulong hash = 14695981039346656037;
            foreach (char c in name) hash = (hash ^ c) * 1099511628211;
            name = string.Create(CultureInfo.InvariantCulture, $"{name.AsSpan(0, LongestName - 20)}~{hash:x16}");
        }
        return $"{folder}/{name}{Suffix}";
    }

    public void Write(string folder)
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteNumber("version"u8, (long)Version);
        json.WriteText("network"u8, Key.Network);
        json.WriteText("container"u8, Key.ContainerId);
        json.WriteText("interface"u8, Key.InterfaceName);
        json.WriteText("namespace"u8, NetworkNamespace);
        json.WriteText("place"u8, Place);
        json.WriteText("mac"u8, NetworkLink.MacText(HardwareAddress));
        json.WriteText("server_mac"u8, NetworkLink.MacText(ServerAddress));
        json.WriteText("address"u8, DhcpOption.Address(Lease.Address).ToString());
        json.WriteNumber("since"u8, Since);
        json.WriteText("options"u8, Convert.ToBase64String(Options));
        json.WriteText("ack"u8, Convert.ToBase64String(Lease.Bytes));
        json.WriteEndObject();
        KernelPath.WriteAtomically(PathOf(folder, Key), json.Written, 0x180);
    }

    /// <summary>Reads one.</summary>
    /// <returns>Null where there is none, or half of one.</returns>
    public static LeaseRecord? TryRead(string path) => KernelPath.Facts(path) is { IsRegular: true, Size: <= Largest } && KernelFile.TryRead(path, out _) is { } bytes ? Parse(bytes) : null;

    public static LeaseRecord? Parse(byte[] bytes)
    {
        try
        {
            JsonElement element = JsonText.Parse(bytes, "a lease");
            PluginConfiguration json = new(element);
            if (element.ValueKind != JsonValueKind.Object || json.Number("version") != Version) return null;
            if (DhcpMessage.Read(DaemonRequest.Bytes(json, "ack")) is not { } lease) return null;
            if (!NetworkLink.TryParseMac(json.Text("mac") ?? "", out byte[] mac)) return null;
            return new LeaseRecord
            {
                Key = new LeaseKey(json.Text("network") ?? "", json.Text("container") ?? "", json.Text("interface") ?? ""),
                NetworkNamespace = json.Text("namespace") ?? "",
                Place = json.Text("place") ?? "",
                HardwareAddress = mac,
                ServerAddress = NetworkLink.TryParseMac(json.Text("server_mac") ?? "", out byte[] server) ? server : [],
                Since = json.Number("since") ?? 0,
                Options = DaemonRequest.Bytes(json, "options"),
                Lease = lease,
            };
        }
        catch (CniException)
        {
            return null;
        }
    }

    /// <summary>All of a folder; what is half of one goes.</summary>
    public static List<LeaseRecord> All(string folder)
    {
        List<LeaseRecord> all = [];
        foreach (string name in KernelPath.List(folder))
        {
            string path = $"{folder}/{name}";
            if (name.EndsWith(Suffix, StringComparison.Ordinal) && TryRead(path) is { } record && PathOf(folder, record.Key) == path) all.Add(record);
            else if (name.EndsWith(Suffix, StringComparison.Ordinal) || name.EndsWith(Suffix + ".new", StringComparison.Ordinal)) KernelPath.Remove(path);
        }
        return all;
    }

    /// <summary>Whether a folder has any.</summary>
    public static bool HasAny(string folder)
    {
        foreach (string name in KernelPath.List(folder))
        {
            if (name.EndsWith(Suffix, StringComparison.Ordinal)) return true;
        }
        return false;
    }
}
