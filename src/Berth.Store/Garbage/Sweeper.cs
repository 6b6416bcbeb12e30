// Takes away what nobody needs: decided under the lock in one moment, erased afterwards.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Content;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;

namespace Berth.Store.Garbage;

/// <summary>Everything that somebody needs.</summary>
internal sealed class Needed
{
    public HashSet<Digest> Blobs { get; } = [];

    public HashSet<string> Trees { get; } = [];

    /// <summary>By images, snapshots and leases, except one.</summary>
    public static Needed Read(StorePlaces places, string? exceptLease = null)
    {
        Needed needed = new();
        // Leases first: what one of them covers has its place below before the lease ends, and is met there if not here.
        foreach (LeaseRecord lease in Lease.ReadAll(places))
        {
            // Of one that says what goes, nobody needs anything.
            if (lease.Name != exceptLease && lease.Kind != LeaseKind.Going) needed.Add(lease.Holdings);
        }
        foreach (SnapshotRecord snapshot in SnapshotRecord.ReadAll(places)) needed.Trees.UnionWith(snapshot.Trees);
        foreach (StoredImage image in new ImageList(places).Read()) needed.Add(Holdings.Of(image));
        return needed;
    }

    public void Add(Holdings holdings)
    {
        Blobs.UnionWith(holdings.Blobs);
        Trees.UnionWith(holdings.Trees);
    }
}

/// <summary>Sweeps.</summary>
internal sealed class Sweeper(StorePlaces places)
{
    /// <summary>Of these things, those go that nobody needs.</summary>
    /// <returns>Bytes on the disk that are free now.</returns>
    public long Release(Holdings candidates, string? exceptLease = null)
    {
        if (candidates.IsEmpty) return 0;
        List<string> gone = [];
        using (Fd held = places.Lock())
        {
            Needed needed = Needed.Read(places, exceptLease);
            foreach (Digest blob in candidates.Blobs)
            {
                if (!needed.Blobs.Contains(blob) && Throw(places.BlobPath(blob)) is { } path) gone.Add(path);
            }
            foreach (string tree in candidates.Trees)
            {
                if (!needed.Trees.Contains(tree) && Throw(places.TreePath(tree)) is { } path) gone.Add(path);
            }
        }
        long freed = 0;
        foreach (string path in gone) freed += Erase(path);
        return freed;
    }

    /// <summary>Takes images out of the list and away, as one step that is finished by the next command if this one is killed.</summary>
    /// <param name="candidates">What they are made of.</param>
    /// <param name="forget">Takes them out of the list.</param>
    public long Remove(Holdings candidates, Action<Fd> forget)
    {
        Lease going;
        using (Fd held = places.Lock())
        {
            going = Lease.Take(places, LeaseKind.Going, candidates);
            try { forget(held); }
            catch
            {
                going.End();
                throw;
            }
        }
        try
        {
            long freed = Release(candidates, going.Name);
            going.End();
            return freed;
        }
        catch
        {
            // What is left is still spoken of.
            going.Dispose();
            throw;
        }
    }

    /// <summary>Takes one thing away, whoever needs it.</summary>
    public long Discard(string path) => Throw(path) is { } gone ? Erase(gone) : 0;

    /// <summary>Erases something in the trash, unless another does so at this moment: two would trip over each other.</summary>
    /// <returns>Bytes on the disk that are free now.</returns>
    public static long Erase(string path)
    {
        using Fd? held = KernelPath.TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking);
        return held is not null && KernelPath.Lock(held, wait: false) ? TreeEraser.Erase(path) : 0;
    }

    /// <summary>Into the trash, by a rename.</summary>
    /// <returns>Where it lies there; null: it was not there.</returns>
    public string? Throw(string path)
    {
        string to = $"{places.Trash}/{StorePlaces.NewName()}";
        try { KernelPath.Rename(path, to); }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT) { return null; }
        return to;
    }
}
