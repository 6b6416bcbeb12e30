// The names of one network, ready to be asked.
using System.Net;
using Berth.Linux.Network;

namespace Berth.Network.Names;

/// <summary>Addresses that one name has, answered in turns.</summary>
internal sealed class NameAddresses
{
    public List<UInt128> V4 { get; } = [];

    public List<UInt128> V6 { get; } = [];

    /// <summary>Where the next answer begins.</summary>
    public int Turn { get; set; }

    public void Add(UInt128 address, bool is4)
    {
        List<UInt128> list = is4 ? V4 : V6;
        if (!list.Contains(address)) list.Add(address);
    }
}

/// <summary>Made anew when the network changed and is asked again.</summary>
internal sealed class NameTable
{
    private readonly Dictionary<string, NameAddresses> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NameAddresses>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Dictionary<UInt128, ContainerNames> _byAddress = [];
    private readonly string _underDomain;
    private readonly string _underNetwork;

    public NameTable(NetworkNames network, IReadOnlyCollection<NameRecord> records)
    {
        _lookup = _names.GetAlternateLookup<ReadOnlySpan<char>>();
        Network = network;
        _underDomain = network.Domain.Length > 0 ? "." + network.Domain.ToLowerInvariant() : "";
        _underNetwork = "." + network.Name.ToLowerInvariant();
        foreach (NameRecord record in records) Enter(record.Container);
        foreach (string name in network.HostNames)
        {
            // A container that is called so was called so on purpose.
            if (_names.ContainsKey(name.ToLowerInvariant())) continue;
            foreach (IPAddress address in network.HostAddresses.Count > 0 ? network.HostAddresses : network.Listen) Enter(name, address);
        }
        // A link-local address means nothing to one who does not know on which interface.
        foreach (IPEndPoint server in network.Upstreams) Upstreams.Add(new InetEndpoint(server.Address, (ushort)server.Port));
    }

    public NetworkNames Network { get; }

    public List<InetEndpoint> Upstreams { get; } = [];

    public uint TimeToLive => (uint)Network.TimeToLive;

    /// <summary>The addresses of a name in small letters, with or without the domain or the network's name behind it.</summary>
    public NameAddresses? Find(ReadOnlySpan<char> name)
    {
        if (_lookup.TryGetValue(name, out NameAddresses? found)) return found;
        if (IsUnderDomain(name) && _lookup.TryGetValue(name[..^_underDomain.Length], out found)) return found;
        if (name.Length > _underNetwork.Length && name.EndsWith(_underNetwork, StringComparison.Ordinal) && _lookup.TryGetValue(name[..^_underNetwork.Length], out found)) return found;
        return null;
    }

    /// <summary>Whether nobody else can know the name.</summary>
    public bool IsUnderDomain(ReadOnlySpan<char> name) => _underDomain.Length > 0 && name.Length > _underDomain.Length && name.EndsWith(_underDomain, StringComparison.Ordinal);

    /// <summary>Whether it is the domain itself: it exists, and has no addresses.</summary>
    public bool IsDomain(ReadOnlySpan<char> name) => _underDomain.Length > 0 && name.SequenceEqual(_underDomain.AsSpan(1));

    /// <summary>Who has an address, or null.</summary>
    public ContainerNames? Owner(UInt128 address) => _byAddress.GetValueOrDefault(address);

    /// <summary>What an address is called.</summary>
    public string NameOf(ContainerNames container)
    {
        string name = container.Name.Length > 0 ? container.Name : ShortId(container.ContainerId);
        return name + _underDomain;
    }

    private static string ShortId(string id) => id.Length > 12 ? id[..12] : id;

    private void Enter(ContainerNames container)
    {
        foreach (IPAddress address in container.Addresses)
        {
            _byAddress[InetEndpoint.BitsOf(address)] = container;
            Enter(container.ContainerId, address);
            if (container.ContainerId.Length > 12) Enter(ShortId(container.ContainerId), address);
            if (container.Name.Length > 0) Enter(container.Name, address);
            foreach (string alias in container.Aliases) Enter(alias, address);
        }
    }

    private void Enter(string name, IPAddress address)
    {
        string key = name.ToLowerInvariant();
        if (!_names.TryGetValue(key, out NameAddresses? addresses)) _names[key] = addresses = new NameAddresses();
        addresses.Add(InetEndpoint.BitsOf(address), address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork);
    }
}
