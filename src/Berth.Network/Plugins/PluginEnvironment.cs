// The environment variables of a call, and what they must be for each command.
using System.Text;
using Berth.Linux.Files;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>CNI_ variables, checked in the order and with the words that callers of the reference know.</summary>
internal sealed class PluginEnvironment(Func<string, string?> variable)
{
    public string Command { get; } = variable("CNI_COMMAND") ?? "";

    public string ContainerId { get; } = variable("CNI_CONTAINERID") ?? "";

    public string NetworkNamespace { get; } = variable("CNI_NETNS") ?? "";

    public string InterfaceName { get; } = variable("CNI_IFNAME") ?? "";

    public string Arguments { get; } = variable("CNI_ARGS") ?? "";

    public string Path { get; } = variable("CNI_PATH") ?? "";

    /// <summary>Refuses what is missing or malformed.</summary>
    public void Check()
    {
        bool attaches = Command is "ADD" or "CHECK";
        bool names = attaches || Command == "DEL";
        StringBuilder missing = new();
        Note(missing, "CNI_COMMAND", Command, true);
        Note(missing, "CNI_CONTAINERID", ContainerId, names);
        if (names && ContainerId.Length > 0) CniNames.RequireContainerId(ContainerId);
        Note(missing, "CNI_NETNS", NetworkNamespace, attaches);
        Note(missing, "CNI_IFNAME", InterfaceName, names);
        if (names && InterfaceName.Length > 0) CniNames.RequireInterfaceName(InterfaceName);
        Note(missing, "CNI_PATH", Path, names || Command is "GC" or "STATUS");
        if (missing.Length > 0) throw new CniException(CniCode.InvalidEnvironment, $"required env variables [{missing}] missing");
    }

    /// <summary>The command; VERSION was answered before.</summary>
    public CniCommand Known() => Command switch
    {
        "ADD" => CniCommand.Add,
        "DEL" => CniCommand.Delete,
        "CHECK" => CniCommand.Check,
        "GC" => CniCommand.Collect,
        "STATUS" => CniCommand.Status,
        _ => throw new CniException(CniCode.InvalidEnvironment, $"unknown CNI_COMMAND: {Command}"),
    };

    /// <summary>
    /// Refuses to work on the plugin's own network namespace as if it were a container's, before anything is done to it;
    /// the reference finds out afterwards, when the host's interface is gone.
    /// </summary>
    public void RequireForeignNamespace(CniCommand command)
    {
        if (command is not (CniCommand.Add or CniCommand.Delete) || NetworkNamespace.Length == 0) return;
        string allowed = variable("CNI_NETNS_OVERRIDE") ?? "";
        if (allowed == "1" || allowed.Equals("TRUE", StringComparison.OrdinalIgnoreCase)) return;
        // One that cannot be looked at is for the plugin to complain about.
        if (KernelPath.Facts(NetworkNamespace) is not { } theirs || KernelPath.Facts("/proc/thread-self/ns/net") is not { } own) return;
        if (theirs.Device == own.Device && theirs.Inode == own.Inode)
        {
            throw new CniException(CniCode.InvalidNetworkNamespace, "plugin's netns and netns from CNI_NETNS should not be the same");
        }
    }

    private static void Note(StringBuilder missing, string name, string value, bool required)
    {
        if (!required || value.Length > 0) return;
        if (missing.Length > 0) missing.Append(',');
        missing.Append(name);
    }
}
