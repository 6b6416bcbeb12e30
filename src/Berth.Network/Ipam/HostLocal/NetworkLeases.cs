// Leases of a network as its owner sees them: one that was lost is written down again, and all go with the network.
using System.Net;
using Berth.Linux.Files;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.HostLocal;

/// <summary>For who knows which addresses are in use, whatever happened to the folder of leases.</summary>
public static class NetworkLeases
{
    /// <summary>Takes an address for an attachment unless it is leased already.</summary>
    /// <param name="folder">The network's folder of leases.</param>
    /// <param name="owner">Whose it is.</param>
    /// <param name="address">The address.</param>
    /// <returns>Whether it was missing.</returns>
    public static bool Restore(string folder, AttachmentId owner, IPAddress address)
    {
        using LeaseFolder leases = LeaseFolder.Open(folder);
        return leases.Take(address, owner, 0);
    }

    /// <summary>Forgets all of them.</summary>
    /// <param name="folder">The network's folder of leases.</param>
    public static void Forget(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        KernelPath.RemoveTree(folder);
        KernelPath.Remove(LeaseIndex.PathOf(folder));
    }
}
