// The plugin dhcp: the daemon gets the lease and keeps it; this asks for it, and says what is in it.
using System.Net;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Addresses of a DHCP server on the container's own network.</summary>
internal sealed class DhcpPlugin : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        DhcpConfiguration configuration = new(call);
        DhcpMessage lease = Lease(new DaemonConnection(configuration.Socket, configuration.Program).Ask(Request(call, configuration)));
        IpPrefix prefix = LeaseTerms.Prefix(lease) ?? throw CniException.Failed("DHCP option Subnet Mask not found in DHCPACK");
        List<CniRoute> routes = LeaseTerms.Routes(lease, configuration.Priority);
        if (!configuration.HasDefaultRoute) routes.RemoveAll(static route => route.Destination.IsDefault);
        return new CniResult
        {
            Addresses = [new CniAddress { Address = prefix, Gateway = LeaseTerms.Gateway(lease) }],
            Routes = routes,
            Dns = LeaseTerms.Dns(lease, configuration.Asked),
        };
    }

    public void Delete(PluginCall call)
    {
        DhcpConfiguration configuration = new(call);
        DaemonRequest request = Request(call, configuration);
        if (new DaemonConnection(configuration.Socket, "").AskIfThere(request) is null) ReturnWithoutDaemon(configuration.Socket, request.Key);
    }

    public void Check(PluginCall call)
    {
        DhcpConfiguration configuration = new(call);
        DhcpMessage lease = Lease(new DaemonConnection(configuration.Socket, configuration.Program).Ask(Request(call, configuration)));
        IPAddress address = DhcpOption.Address(lease.Address);
        foreach (CniAddress had in call.PreviousResult?.Addresses ?? [])
        {
            if (had.Address.Address.Equals(address)) return;
        }
        if (call.PreviousResult is not null) throw CniException.Failed($"the lease of {call.InterfaceName} is {address}, which is not among the addresses of prevResult");
    }

    public void Collect(PluginCall call)
    {
        DhcpConfiguration configuration = new(call);
        DaemonRequest request = Request(call, configuration) with { Valid = call.Valid };
        if (new DaemonConnection(configuration.Socket, "").AskIfThere(request) is not null) return;
        foreach (LeaseRecord record in LeaseRecord.All(DaemonPlaces.Folder(configuration.Socket)))
        {
            bool valid = record.Key.Network != request.Key.Network;
            foreach (AttachmentId one in call.Valid) valid |= one.ContainerId == record.Key.ContainerId && one.InterfaceName == record.Key.InterfaceName;
            if (!valid) ReturnWithoutDaemon(configuration.Socket, record.Key);
        }
    }

    public void Status(PluginCall call)
    {
        DhcpConfiguration configuration = new(call);
        try
        {
            new DaemonConnection(configuration.Socket, configuration.Program).Ask(Request(call, configuration));
        }
        catch (CniException e) when (e.Code == CniCode.TryAgainLater)
        {
            throw new CniException(CniCode.NotAvailable, e.Message, e.Details, e);
        }
        catch (BerthException e)
        {
            throw new CniException(CniCode.NotAvailable, e.Message, e.Hint, e);
        }
    }

    private static DaemonRequest Request(PluginCall call, DhcpConfiguration configuration) => new()
    {
        Command = call.Command,
        Key = new LeaseKey(call.Configuration.NetworkName, call.ContainerId, call.InterfaceName),
        // The daemon may be in another directory.
        NetworkNamespace = call.NetworkNamespace is { Length: > 0 } path ? Path.GetFullPath(path) : "",
        Options = configuration.Options,
        Wanted = configuration.Wanted,
    };

    private static DhcpMessage Lease(byte[] acknowledgement) => DhcpMessage.Read(acknowledgement) ?? throw CniException.Failed("the DHCP daemon answered with something that is no lease");

    // No daemon prolongs it: its record is enough to tell the server, as far as the interface is still there.
    private static void ReturnWithoutDaemon(string socket, LeaseKey key)
    {
        string path = LeaseRecord.PathOf(DaemonPlaces.Folder(socket), key);
        if (LeaseRecord.TryRead(path) is { } record && record.Key == key)
        {
            ClientSite site = new(record.NetworkNamespace, record.Place, key.InterfaceName, record.HardwareAddress);
            LeaseClient client = new(new ClientSettings { HardwareAddress = record.HardwareAddress, Options = record.Options }, Random.Shared, message =>
            {
                if (message.From == 0) return;
                using PacketSocket? way = site.TryOpen();
                way?.TrySend(UdpPacket.Pack(message.From, message.To, message.Payload), record.ServerAddress, out _);
            });
            long now = Self.Monotonic / 1_000_000;
            client.Resume(record.Lease, record.Since, now);
            if (client.State == LeaseState.Bound) client.Release(now);
        }
        Linux.Files.KernelPath.Remove(path);
    }
}
