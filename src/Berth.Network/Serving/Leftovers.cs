// Collections for a server whose program is made for plugins, which end before they have garbage.
namespace Berth.Network.Serving;

/// <summary>Collects when something has piled up. Little lives here, so it takes little.</summary>
internal sealed class Leftovers
{
    private const long Most = 128 * 1024;
    private long _collectedAt;

    /// <summary>To be called before the server sleeps.</summary>
    public void Collect()
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (allocated - _collectedAt < Most) return;
        _collectedAt = allocated;
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
    }
}
