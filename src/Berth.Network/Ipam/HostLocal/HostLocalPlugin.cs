// The plugin host-local: addresses of ranges, kept on this host's disk.
using System.Net;
using Berth.Linux;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Network.Ipam.HostLocal;

/// <summary>Gives out addresses; none twice, whoever else works on the same folder.</summary>
/// <param name="standard">The folder of leases where the configuration names none.</param>
internal sealed class HostLocalPlugin(string standard = HostLocalConfiguration.StandardFolder) : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        HostLocalConfiguration configuration = new(call, standard);
        CniDns dns = configuration.ResolvConf.Length > 0 ? ResolvConf.Read(configuration.ResolvConf) : CniDns.None;
        using LeaseFolder leases = LeaseFolder.Open(configuration.Folder);
        List<CniAddress> addresses = [];
        List<IPAddress> wanted = [.. configuration.Requested];
        try
        {
            for (int set = 0; set < configuration.Ranges.Count; set++) addresses.Add(Take(leases, call.Attachment, configuration, set, wanted));
            if (wanted.Count > 0) throw CniException.Failed($"failed to allocate all requested IPs: {string.Join(' ', wanted.ConvertAll(AddressText.Of))}");
        }
        catch when (addresses.Count > 0)
        {
            leases.Release(call.Attachment);
            throw;
        }
        return new CniResult { Addresses = addresses, Routes = configuration.Routes, Dns = dns };
    }

    public void Delete(PluginCall call)
    {
        using LeaseFolder leases = LeaseFolder.Open(new HostLocalConfiguration(call, standard).Folder);
        leases.Release(call.Attachment);
    }

    public void Check(PluginCall call)
    {
        using LeaseFolder leases = LeaseFolder.Open(new HostLocalConfiguration(call, standard).Folder);
        if (leases.Of(call.Attachment).Count == 0) throw CniException.Failed($"host-local: Failed to find address added by container {call.ContainerId}");
    }

    public void Collect(PluginCall call)
    {
        using LeaseFolder leases = LeaseFolder.Open(new HostLocalConfiguration(call, standard).Folder);
        leases.Keep(call.Valid);
    }

    public void Status(PluginCall call)
    {
        HostLocalConfiguration configuration = new(call, standard);
        try
        {
            using LeaseFolder leases = LeaseFolder.Open(configuration.Folder);
            foreach (RangeSet set in configuration.Ranges)
            {
                UInt128 all = 0;
                foreach (AddressRange range in set.Ranges) all += range.Count;
                if (leases.Taken(set) >= all) throw new CniException(CniCode.NotAvailable, $"no IP addresses available in range set: {set}");
            }
        }
        catch (LinuxException e)
        {
            throw new CniException(CniCode.NotAvailable, $"cannot keep leases in {configuration.Folder}: {e.Message}", null, e);
        }
    }

    private static CniAddress Take(LeaseFolder leases, AttachmentId owner, HostLocalConfiguration configuration, int index, List<IPAddress> wanted)
    {
        RangeSet set = configuration.Ranges[index];
        try
        {
            IPAddress? asked = wanted.Find(address => set.Of(address) is not null);
            if (asked is null) return TakeNext(leases, owner, set, index);
            wanted.Remove(asked);
            return TakeAsked(leases, owner, set, index, asked);
        }
        catch (CniException e)
        {
            throw new CniException(e.Code, $"failed to allocate for range {index}: {e.Message}", e.Details, e);
        }
    }

    private static CniAddress TakeAsked(LeaseFolder leases, AttachmentId owner, RangeSet set, int index, IPAddress asked)
    {
        AddressRange range = set.Of(asked)!;
        if (asked.Equals(range.Gateway)) throw CniException.Failed($"requested ip {AddressText.Of(asked)} is subnet's gateway");
        if (!leases.Take(asked, owner, index))
        {
            string why = $"requested IP address {AddressText.Of(asked)} is not available in range set {set}";
            throw CniException.Failed(why, new BerthException(Fault.Conflict, why) { Code = FaultCode.AddressTaken });
        }
        return Given(asked, range);
    }

    private static CniAddress TakeNext(LeaseFolder leases, AttachmentId owner, RangeSet set, int index)
    {
        foreach (IPAddress had in leases.Of(owner))
        {
            if (set.Of(had) is not null) throw CniException.Failed($"{AddressText.Of(had)} has been allocated to {owner.ContainerId}, duplicate allocation is not allowed");
        }
        foreach ((IPAddress address, AddressRange range) in set.After(leases.Last(index)))
        {
            if (leases.Take(address, owner, index)) return Given(address, range);
        }
        throw CniException.Failed($"no IP addresses available in range set: {set}");
    }

    private static CniAddress Given(IPAddress address, AddressRange range) =>
        new() { Address = new IpPrefix(address, range.Subnet.Length), Gateway = range.Gateway };
}
