// firewalld, asked over the system's bus: containers' addresses become sources of a zone.
using System.Net;
using Berth.Linux;
using Berth.Linux.DBus;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Contract;

namespace Berth.Network.Firewall;

/// <summary>
/// Its rules drop what comes from addresses and interfaces that are in no zone of those it lets pass. What is said here lasts until it
/// is reloaded, as with the reference plugin.
/// </summary>
public sealed class Firewalld : IDisposable
{
    /// <summary>The zone of containers where nobody said another: everything may pass.</summary>
    public const string UsualZone = "trusted";

    private const string Name = "org.fedoraproject.FirewallD1", Place = "/org/fedoraproject/FirewallD1", Zone = "org.fedoraproject.FirewallD1.zone";
    private const string UsualBus = "/run/dbus/system_bus_socket";

    private readonly DBusConnection _bus;

    private Firewalld(DBusConnection bus) => _bus = bus;

    /// <summary>Connects to the bus, if firewalld is on it; null otherwise.</summary>
    public static Firewalld? TryOpen()
    {
        // Looked at by every attachment: a table of its own says sooner than a bus that it does not run.
        if (!KernelFile.Exists(UsualBus) || !HasTable()) return null;
        try
        {
            Firewalld opened = new(DBusConnection.Open(UsualBus, isBus: true));
            if (opened.Runs()) return opened;
            opened.Dispose();
        }
        catch (Exception e) when (e is LinuxException or DBusException or DBusErrorException)
        {
        }
        return null;
    }

    /// <summary>Connects to it.</summary>
    /// <exception cref="CniException">It does not run, or there is no bus.</exception>
    public static Firewalld Open()
    {
        Firewalld? opened = null;
        try
        {
            opened = new(DBusConnection.Open(UsualBus, isBus: true));
            return opened.Runs() ? opened : throw new CniException(CniCode.NotAvailable, "cannot ask firewalld: it does not run", "start it, or say another backend");
        }
        catch (Exception e) when (e is LinuxException or DBusException or DBusErrorException)
        {
            opened?.Dispose();
            throw new CniException(CniCode.NotAvailable, $"cannot ask firewalld: there is no bus at {UsualBus}: {e.Message}", "start dbus and firewalld, or say another backend", e);
        }
    }

    private static bool HasTable()
    {
        try
        {
            using Nftables nft = Nftables.Open();
            return nft.Has(new NftTable(NftFamily.Inet, "firewalld"));
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    private bool Runs()
    {
        try
        {
            _bus.Call(DBusNames.Bus, DBusNames.BusPath, DBusNames.Bus, "GetNameOwner", DBusValue.Of(Name));
            return true;
        }
        catch (DBusErrorException)
        {
            return false;
        }
    }

    /// <summary>Makes an address a source of a zone; it may be that already.</summary>
    /// <exception cref="CniException">firewalld refuses it: another zone has it, or there is no such zone.</exception>
    public void Add(string zone, IPAddress address)
    {
        try
        {
            Ask("addSource", zone, address);
        }
        catch (DBusErrorException fault) when (fault.Message.Contains("ZONE_ALREADY_SET", StringComparison.Ordinal))
        {
        }
        catch (DBusErrorException fault)
        {
            throw CniException.Failed($"cannot add {address} to zone {zone} of firewalld: {fault.Message}", fault);
        }
        catch (DBusException e)
        {
            throw CniException.Failed($"cannot add {address} to zone {zone} of firewalld: {e.Message}", e);
        }
    }

    /// <summary>Takes an address out of a zone, where it may not be any more.</summary>
    public void Remove(string zone, IPAddress address)
    {
        try
        {
            Ask("removeSource", zone, address);
        }
        catch (Exception e) when (e is DBusErrorException or DBusException)
        {
        }
    }

    /// <summary>Whether an address is a source of a zone.</summary>
    /// <exception cref="CniException">firewalld does not say.</exception>
    public bool Has(string zone, IPAddress address)
    {
        try
        {
            return Ask("querySource", zone, address) is [DBusNumber { Bits: 1 }, ..];
        }
        catch (Exception e) when (e is DBusErrorException or DBusException)
        {
            throw CniException.Failed($"cannot look for {address} in zone {zone} of firewalld: {e.Message}", e);
        }
    }

    private IReadOnlyList<DBusValue> Ask(string method, string zone, IPAddress address) =>
        _bus.Call(Name, Place, Zone, method, DBusValue.Of(zone), DBusValue.Of($"{address}/{address.GetAddressBytes().Length * 8}"));

    /// <inheritdoc/>
    public void Dispose() => _bus.Dispose();
}
