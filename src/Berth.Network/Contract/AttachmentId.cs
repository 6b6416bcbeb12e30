// An interface of a container on a network: what GC counts.
namespace Berth.Network.Contract;

/// <summary>An attachment: an interface of a container.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="InterfaceName">The interface's name in it.</param>
public readonly record struct AttachmentId(string ContainerId, string InterfaceName);
