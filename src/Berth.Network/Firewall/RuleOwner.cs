// Whom an element of the packet filter belongs to, written into its remark.

using Berth.Network.Contract;

namespace Berth.Network.Firewall;

/// <summary>The attachment that an element belongs to.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="ContainerId">The container.</param>
/// <param name="InterfaceName">Its interface.</param>
/// <param name="NetworkNamespace">Path of its network namespace: while that is there, somebody uses it.</param>
public sealed record RuleOwner(string Network, string ContainerId, string InterfaceName, string NetworkNamespace)
{
    private const int Longest = 250;

    /// <summary>Whether it is the same attachment; the path does not matter.</summary>
    public bool IsSame(RuleOwner other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Network == other.Network && ContainerId == other.ContainerId && InterfaceName == other.InterfaceName;
    }

    /// <summary>Whether the attachment's network namespace is gone, so that nobody can use it any more.</summary>
    internal bool IsGone => NetworkNamespace.Length > 0 && !File.Exists(NetworkNamespace);

    /// <summary>As a remark: network, container, interface, path, with a space between them.</summary>
    internal string Remark
    {
        get
        {
            string names = $"{Network} {ContainerId} {InterfaceName}";
            if (names.Length > Longest) throw CniException.Wrong($"the names of network, container and interface are {names.Length} characters long together, and may be {Longest}");
            // Half a path would be one that is not there.
            return names.Length + 1 + NetworkNamespace.Length <= Longest ? $"{names} {NetworkNamespace}" : names;
        }
    }

    /// <summary>Reads a remark; null when it is none of ours.</summary>
    internal static RuleOwner? Parse(string? remark)
    {
        if (remark is null) return null;
        string[] parts = remark.Split(' ', 4);
        return parts.Length < 3 ? null : new RuleOwner(parts[0], parts[1], parts[2], parts.Length == 4 ? parts[3] : "");
    }

    /// <inheritdoc/>
    public override string ToString() => $"container {ContainerId} ({InterfaceName} on network {Network})";
}
