// Changes of the packet filter that wait for the end of a chain of plugins, so that they become one transaction.
namespace Berth.Network.Firewall;

/// <summary>A collection of changes.</summary>
public sealed class RuleChanges
{
    /// <summary>Makes them.</summary>
    public void Commit() { }
}
