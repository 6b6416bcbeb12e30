// Who may ask at an address: whoever comes by an interface that has it. Others have only found a way to it.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Processes;

namespace Berth.Network.Names;

/// <summary>
/// The kernel takes packets for any of its addresses from any interface, so a container of another network, or a host that routes to the
/// gateway, could ask for names that are none of its business. Several interfaces may have the address (plugin ptp), and get it after the socket.
/// </summary>
internal sealed class Neighbours(InetEndpoint endpoint)
{
    // The host's own questions to its own addresses come by it; the kernel gives it this number in every namespace.
    private const uint Loopback = 1;
    private const long LookAgain = 1_000_000_000;
    private readonly List<uint> _near = [];
    private readonly List<(uint Link, long Until)> _far = [];

    /// <summary>Whether a question that came by this interface is answered.</summary>
    /// <param name="link">Its number; 0: the kernel did not say.</param>
    public bool Includes(uint link)
    {
        if (link is 0 or Loopback || _near.Contains(link)) return true;
        long now = Self.Monotonic;
        for (int i = _far.Count - 1; i >= 0; i--)
        {
            if (_far[i].Until < now) _far.RemoveAt(i);
            else if (_far[i].Link == link) return false;
        }
        if (Has(link))
        {
            _near.Add(link);
            return true;
        }
        _far.Add((link, now + LookAgain));
        return false;
    }

    private bool Has(uint link)
    {
        try
        {
            using RouteNetlink links = RouteNetlink.Open();
            foreach (LinkAddress one in links.Addresses((int)link))
            {
                if (InetEndpoint.BitsOf(one.Address) == endpoint.Address) return true;
            }
        }
        // It is gone.
        catch (LinuxException)
        {
        }
        return false;
    }
}
