// The files of a container as its processes see them, whether it runs or not.
using Berth.Engine.Files;
using Berth.Engine.Networks;
using Berth.Engine.Volumes;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>A container's tree while it is looked at or written into.</summary>
/// <param name="tree">The files.</param>
/// <param name="held">The container's lock, where nobody may start it meanwhile.</param>
internal sealed class OpenRoot(RootedTree tree, FileLock? held) : IDisposable
{
    public RootedTree Tree => tree;

    public void Dispose()
    {
        tree.Dispose();
        held?.Dispose();
    }
}

/// <summary>
/// Opens them. One that runs is seen through its first process, with all that is mounted there. Of one that does not, the root is
/// mounted for our descriptor alone, so that nothing stays when we are killed; volumes are looked at where they are.
/// </summary>
internal sealed class FileRoots(ContainerParts parts, Ending ending)
{
    /// <summary>Opens the tree of one.</summary>
    /// <param name="id">Which.</param>
    /// <param name="forWriting">Whether is written into it.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="BerthException">NotFound. What the store says.</exception>
    public async Task<OpenRoot> OpenAsync(string id, bool forWriting, CancellationToken ct)
    {
        while (true)
        {
            ContainerRecord record = Read(id);
            ContainerState state = parts.Facts.Observe(record);
            if (state.IsAlive)
            {
                if (OfRunning(record, state) is { } running) return running;
                continue;
            }
            if (state.Status != ContainerStatus.Restarting && state.IsLeft) await ending.SettleAsync(id, isStopped: false, ct).ConfigureAwait(false);
            // Two who write into one overlay at once would confuse each other; whoever reads has a mount of his own.
            // Where ids are mapped, what was written is on disk with others than what lies below: only the whole mount shows them alike.
            bool isWhole = forWriting || record.Settled.Ids is not null;
            FileLock? held = isWhole ? parts.Folder.Lock(id) : null;
            try
            {
                record = Read(id);
                state = parts.Facts.Observe(record);
                if (!state.IsAlive)
                {
                    OpenRoot opened = new(OfStopped(record, state, isWhole), held);
                    held = null;
                    return opened;
                }
            }
            finally
            {
                held?.Dispose();
            }
        }
    }

    /// <summary>The root file system alone, to be read: nothing that is mounted in it.</summary>
    public async Task<OpenRoot> OpenBareAsync(string id, CancellationToken ct)
    {
        ContainerRecord record = Read(id);
        ContainerState state = parts.Facts.Observe(record);
        if (!state.IsAlive && state.Status != ContainerStatus.Restarting)
        {
            OpenRoot opened = await OpenAsync(id, forWriting: false, ct).ConfigureAwait(false);
            opened.Tree.Mounts = new Dictionary<string, SeenMount>();
            return opened;
        }
        return new OpenRoot(new RootedTree(KernelPath.Open(Starting.RootOf(parts.Places, record), OpenFlags.Path | OpenFlags.Directory)) { Label = record.Name + ":", Ids = ShiftOf(record) }, null);
    }

    private ContainerRecord Read(string id) => parts.Folder.Read(id) ?? throw new BerthException(Fault.NotFound, $"there is no container {id[..12]} any more");

    private OpenRoot? OfRunning(ContainerRecord record, ContainerState state)
    {
        if (KernelPath.TryOpen($"/proc/{state.Pid}/root", OpenFlags.Path | OpenFlags.Directory) is not { } root)
        {
            if (!parts.Facts.Observe(record).IsAlive) return null;
            throw new BerthException(Fault.Denied, $"cannot look at the files of container {record.Name}: the host does not let us enter /proc/{state.Pid}/root");
        }
        // Its number may have become another's between the look and the open.
        if (parts.Facts.Observe(record) is { IsAlive: true } now && now.Pid == state.Pid) return new OpenRoot(new RootedTree(root) { Label = record.Name + ":", Ids = ShiftOf(record), MountIds = ShiftOf(record) }, null);
        root.Dispose();
        return null;
    }

    private RootedTree OfStopped(ContainerRecord record, ContainerState state, bool forWriting)
    {
        IdShift? shift = ShiftOf(record);
        RootedTree tree = new(RootOf(record, state, forWriting)) { Label = record.Name + ":", Ids = shift, MountIds = shift, IsReadOnly = record.Spec.Storage.IsReadOnly };
        tree.Mounts = MountsOf(record, tree);
        return tree;
    }

    private Fd RootOf(ContainerRecord record, ContainerState state, bool forWriting)
    {
        if (state.Status == ContainerStatus.Restarting || record.Spec.RootFolder is not null && !record.Spec.IsRootFolderKept) return KernelPath.Open(Starting.RootOf(parts.Places, record), OpenFlags.Path | OpenFlags.Directory);
        if (RootMounts.IsMounted(parts.Places, record.Id)) return KernelPath.Open(parts.Places.Mounted(record.Id), OpenFlags.Path | OpenFlags.Directory);
        using Fd? space = record.Settled.Ids is { } ids ? UserNamespaceHandle.Make(ids) : null;
        return parts.Images.Store.Snapshots.OpenRoot(record.Id, forWriting, space);
    }

    private Dictionary<string, SeenMount> MountsOf(ContainerRecord record, RootedTree tree)
    {
        Dictionary<string, SeenMount> mounts = [];
        foreach (SettledMount mount in record.Settled.Mounts)
        {
            if (mount.Request.Kind is not (MountKind.Volume or MountKind.Bind)) continue;
            mounts[PlaceOf(tree, mount.Request.Destination)] = new SeenMount(() => SourceOf(mount, tree), mount.Request.IsReadOnly);
        }
        return mounts;
    }

    private static string PlaceOf(RootedTree tree, string destination)
    {
        try
        {
            using FilePlace place = tree.Resolve(destination, follow: true);
            return place.Path;
        }
        catch (BerthException)
        {
            return destination;
        }
    }

    private string SourceOf(SettledMount mount, RootedTree tree)
    {
        if (mount.Request.Kind == MountKind.Bind) return mount.Request.Source;
        VolumeRecord volume = parts.Volumes.TryFind(mount.Volume!) ?? parts.Volumes.Create(Starting.VolumeFor(mount), mount.IsAnonymous, ignoreExisting: true);
        EngineVolumes.Use(volume);
        // As its first start would: what is written before is not to keep the image's files out.
        if (!mount.Request.IsNotFilled) VolumeFilling.Fill(volume, tree.Root.ProcPath, mount.Request.Destination);
        if (mount.Request.Subpath is not { Length: > 0 } below) return volume.Path;
        using Fd folder = RootedFile.TryOpen(volume.Path, below, OpenFlags.Path) ?? throw new BerthException(Fault.NotFound, $"there is no {below} in volume {volume.Name}");
        return KernelPath.ReadLink(folder.ProcPath)!;
    }

    public static IdShift? ShiftOf(ContainerRecord record) => record.Settled.Ids is not { } ids ? null
        : new IdShift([.. ids.Uids.Select(static range => (range.Inside, range.Outside, range.Count))], [.. ids.Gids.Select(static range => (range.Inside, range.Outside, range.Count))]);
}
