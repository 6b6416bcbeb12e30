// Networks of a container: addresses, ports, and the files that tell it of names.
using Berth.Engine.Diagnosis;
using Berth.Engine.Networks;
using Berth.Linux.Files;

namespace Berth.Engine.Containers;

/// <summary>The section <c>network</c>.</summary>
internal static class NetworkFacts
{
    /// <summary>A fact for each interface, address and port.</summary>
    public static List<ExplainedFact> Of(Explained all)
    {
        ConnectionSpec connection = all.Wish.Connection;
        List<ExplainedFact> facts = [];
        bool isAsked = connection.Networks.Count > 0;
        string names = isAsked ? string.Join(' ', connection.Networks.Select(static one => one.Network)) : EngineNetworks.Default;
        facts.Add(Explained.Chosen(isAsked, "networks", names, "--network"));
        IReadOnlyList<Attachment> attachments = all.Pid > 0 ? all.Parts.Networks.AttachmentsOf(all.Record.AttachedAs) : [];
        foreach (Attachment one in attachments) Add(all, one, facts);
        if (attachments.Count == 0)
        {
            foreach (PortRequest port in connection.Ports) facts.Add(Explained.Asked("port", port.ToString(), "--publish"));
        }
        foreach (string server in connection.NameServers) facts.Add(Explained.Asked("name server", server, "--dns"));
        foreach (string host in connection.Hosts) facts.Add(Explained.Asked("host", host, "--add-host"));
        AddNames(all, facts);
        return facts;
    }

    private static void Add(Explained all, Attachment one, List<ExplainedFact> facts)
    {
        NetworkWish? wish = all.Wish.Connection.Networks.FirstOrDefault(other => other.Network == one.NetworkName || one.NetworkId.StartsWith(other.Network, StringComparison.Ordinal));
        string place = $"network {one.NetworkName}";
        facts.Add(Explained.Chosen(wish?.HardwareAddress is not null, one.InterfaceName, one.HardwareAddress, wish?.HardwareAddress is not null ? "--mac-address" : place) with { Detail = one.HostInterface.Length > 0 ? $"{place}; {one.HostInterface} on the host" : place });
        foreach (AttachedAddress address in one.Addresses)
        {
            bool isSaid = wish?.Addresses.Contains(address.Address.ToString()) == true;
            facts.Add(new ExplainedFact("address", address.ToString(), isSaid ? FactOrigin.Flag : FactOrigin.Default) { Detail = $"{one.InterfaceName}{(isSaid ? "; --ip" : "")}{(address.Gateway is { } gateway ? $"; gateway {gateway}" : "")}" });
        }
        foreach (PortBinding port in one.Ports) facts.Add(Explained.Asked("port", port.ToString(), all.Wish.Connection.PublishesAll ? "--publish-all" : "--publish"));
    }

    private static void AddNames(Explained all, List<ExplainedFact> facts)
    {
        if (all.Pid == 0 || all.Wish.Connection.LeavesResolvConf) return;
        foreach (string line in (KernelFile.TryReadText($"{all.Parts.Places.Bundle(all.Record.Id)}/resolv.conf") ?? "").Split('\n'))
        {
            if (line.Length > 0 && line[0] != '#') facts.Add(Explained.Chosen(all.Wish.Connection.NameServers.Count > 0, "resolv.conf", line, "--dns"));
        }
    }
}
