// What killed commands have left is tidied up by the next one.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;

namespace Berth.Store.Garbage;

/// <summary>Run whenever a store is opened to be changed. In a tidy one it reads four small folders.</summary>
internal sealed class Recovery(StorePlaces places, TimeProvider clock)
{
    /// <summary>How long what has come of an image that did not come whole waits for the next attempt.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    /// <summary>Tidies up.</summary>
    public void Run() => Run(Patience);

    /// <summary>Tidies up; what has come of images that did not come whole stays for this long.</summary>
    /// <returns>Bytes that are free now.</returns>
    public long Run(TimeSpan patience)
    {
        long freed = Try(() => ReleaseDead(patience));
        foreach (string name in KernelPath.List(places.Making))
        {
            if (!IsHeld($"{places.Leases}/{name[..Math.Max(0, name.IndexOf('.'))]}")) freed += Try(() => Sweeper.Erase($"{places.Making}/{name}"));
        }
        foreach (string name in KernelPath.List(places.Trash)) freed += Try(() => Sweeper.Erase($"{places.Trash}/{name}"));
        freed += Try(RemoveParts);
        return freed;
    }

    /// <summary>What cannot be tidied up now keeps nobody from working with the rest: a check tells of it.</summary>
    private static long Try(Func<long> tidy)
    {
        try { return tidy(); }
        catch (Exception e) when (e is BerthException or LinuxException) { return 0; }
    }

    private long ReleaseDead(TimeSpan patience)
    {
        long freed = 0;
        List<LeaseRecord>? dead = null;
        foreach (string name in KernelPath.List(places.Leases))
        {
            // A new one is not locked yet in the moment in which it is made.
            string path = $"{places.Leases}/{name}";
            if (name.EndsWith(".new", StringComparison.Ordinal) && clock.GetUtcNow() - File.GetLastWriteTimeUtc(path) > TimeSpan.FromMinutes(1) && !IsHeld(path)) KernelPath.Remove(path);
        }
        foreach (LeaseRecord lease in Lease.ReadAll(places))
        {
            if (!IsHeld($"{places.Leases}/{lease.Name}")) (dead ??= []).Add(lease);
        }
        if (dead is null) return 0;
        HashSet<Digest> stored = [.. new ImageList(places).Read().SelectMany(static image => Holdings.Of(image).Blobs)];
        foreach (LeaseRecord lease in dead)
        {
            bool mayGoOn = lease.Kind == LeaseKind.Coming && clock.GetUtcNow() - lease.Since < patience && !lease.Holdings.Blobs.All(stored.Contains);
            if (mayGoOn) continue;
            freed += new Sweeper(places).Release(lease.Holdings, lease.Name);
            KernelPath.Remove($"{places.Leases}/{lease.Name}");
        }
        return freed;
    }

    /// <summary>Parts of blobs that nobody fetches and no lease speaks of.</summary>
    private long RemoveParts()
    {
        List<string> names = KernelPath.List(places.Coming);
        if (names.Count == 0) return 0;
        HashSet<string> spoken = [.. Lease.ReadAll(places).Where(static lease => lease.Kind == LeaseKind.Coming).SelectMany(static lease => lease.Holdings.Blobs).Select(static blob => $"{blob.Algorithm}-{blob.Encoded}")];
        long freed = 0;
        foreach (string name in names)
        {
            string path = $"{places.Coming}/{name}";
            // One that is written at once is not locked yet in the moment in which it is made.
            if (spoken.Contains(name) || clock.GetUtcNow() - File.GetLastWriteTimeUtc(path) < TimeSpan.FromSeconds(name.Contains('-') ? 0 : 60)) continue;
            using Fd? file = StorePlaces.TryHold(path);
            if (file is null) continue;
            freed += TreeEraser.Erase(path);
        }
        return freed;
    }

    private static bool IsHeld(string path) => StorePlaces.IsHeld(path);
}
