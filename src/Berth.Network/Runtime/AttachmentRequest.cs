// What a caller of the runtime wants: which container, where, and with what.
using Berth.Network.Contract;

namespace Berth.Network.Runtime;

/// <summary>An attachment that is to be made, looked at, or undone.</summary>
public sealed record AttachmentRequest
{
    /// <summary>CNI_CONTAINERID.</summary>
    public required string ContainerId { get; init; }

    /// <summary>CNI_IFNAME.</summary>
    public string InterfaceName { get; init; } = "eth0";

    /// <summary>CNI_NETNS; null only for DEL, when it is gone.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>CNI_ARGS. For DEL, when there are none, those of ADD are taken.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Arguments { get; init; } = [];

    /// <summary>
    /// Capabilities' arguments by name, each as JSON: a plugin finds those that it has capabilities for in runtimeConfig. For DEL,
    /// when there are none, those of ADD are taken.
    /// </summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; init; } = new Dictionary<string, string>();

    /// <summary>The attachment.</summary>
    public AttachmentId Attachment => new(ContainerId, InterfaceName);

    /// <summary>For DEL: whether the network namespace ends right after it. Interfaces end with it, and are not removed one by one.</summary>
    public bool NamespaceEnds { get; init; }
}
