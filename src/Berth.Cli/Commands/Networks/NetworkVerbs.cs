// network: all its verbs.
using Berth.Cli.Verbs;

namespace Berth.Cli.Commands.Networks;

/// <summary>The group.</summary>
internal static class NetworkVerbs
{
    private const string All = "Commands";

    /// <summary>The verbs.</summary>
    public static Command Make() => new()
    {
        About = "A network is a bridge on this host, or a share of one of its interfaces. Containers of one network reach one another by name; other networks do not reach them.",
        Verbs =
        [
            new("create", "Make a network", NetworkCreate.Make) { Group = All },
            new("ls", "List networks", NetworkList.Make) { Group = All, Aliases = ["list"] },
            new("inspect", "Show all that is known of networks", NetworkInspect.Make) { Group = All },
            new("rm", "Remove networks", NetworkUpkeep.Remove) { IsInNetwork = true, Group = All, Aliases = ["remove"] },
            new("connect", "Attach a container to a network", NetworkConnect.Connect) { IsInNetwork = true, Group = All },
            new("disconnect", "Take a container off a network", NetworkConnect.Disconnect) { IsInNetwork = true, Group = All },
            new("prune", "Remove networks that nothing is attached to", NetworkUpkeep.Prune) { IsInNetwork = true, Group = All },
            new("reload", "Make rules, links and names anew that somebody removed", NetworkUpkeep.Reload) { IsInNetwork = true, Group = All },
            new("connections", "Show connections to and from containers", NetworkTraffic.Connections) { IsInNetwork = true, Group = All },
            new("dump", "Write a container's packets as pcap", NetworkTraffic.Dump) { IsInNetwork = true, Group = All },
            new("exists", "Say by the exit code whether a network is there", NetworkUpkeep.Exists) { Group = All },
            new("update", "Change the name servers of a network", NetworkUpkeep.Update) { IsInNetwork = true, Group = All },
        ],
    };
}
