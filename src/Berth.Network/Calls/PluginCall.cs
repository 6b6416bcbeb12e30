// One call of a plugin: the environment variables and the standard input of CNI, as values.
using Berth.Network.Contract;
using Berth.Network.Firewall;

namespace Berth.Network.Calls;

/// <summary>What a plugin is told.</summary>
public sealed partial record PluginCall
{
    /// <summary>CNI_COMMAND.</summary>
    public required CniCommand Command { get; init; }

    /// <summary>CNI_CONTAINERID; empty for GC, STATUS and VERSION.</summary>
    public string ContainerId { get; init; } = "";

    /// <summary>CNI_NETNS: path of the container's network namespace; null when it is gone or not known, which only DEL allows.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>CNI_IFNAME: the interface's name in the container.</summary>
    public string InterfaceName { get; init; } = "";

    /// <summary>CNI_ARGS as pairs, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Arguments { get; init; } = [];

    /// <summary>CNI_PATH: folders with plugins, for those that call another.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>Standard input: the plugin's part of the list, with name, version, runtimeConfig and args.</summary>
    public required PluginConfiguration Configuration { get; init; }

    /// <summary>prevResult, converted to the newest version.</summary>
    public CniResult? PreviousResult { get; init; }

    /// <summary>cni.dev/valid-attachments, for GC.</summary>
    public IReadOnlyList<AttachmentId> Valid { get; init; } = [];

    /// <summary>
    /// Whether the network namespace ends right after DEL, as the caller knows: interfaces end with it, and need not be removed
    /// one by one, which takes the kernel ten milliseconds each.
    /// </summary>
    public bool NamespaceEnds { get; init; }

    /// <summary>Where changes of the packet filter are collected: one transaction for a chain of ours.</summary>
    public RuleChanges Rules { get; init; } = new();

    /// <summary>The attachment.</summary>
    public AttachmentId Attachment => new(ContainerId, InterfaceName);

    /// <summary>Whom changes of the packet filter belong to.</summary>
    public RuleOwner Owner => new(Configuration.NetworkName, ContainerId, InterfaceName, NetworkNamespace ?? "");

    /// <summary>The value of one of <see cref="Arguments"/>, or null.</summary>
    public string? Argument(string name)
    {
        foreach (KeyValuePair<string, string> pair in Arguments)
        {
            if (pair.Key == name) return pair.Value;
        }
        return null;
    }
}
