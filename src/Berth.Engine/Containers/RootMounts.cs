// Root file systems that users keep mounted, to look into them: podman's mount.
using System.Globalization;
using Berth.Engine.Networks;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Mounts and unmounts; the container's lock is held by the caller. How many asked for it is counted, and the last one takes it away.</summary>
internal static class RootMounts
{
    private const uint Folder = 0x1C9, Private = 0x180;

    /// <summary>Whether one is mounted.</summary>
    public static bool IsMounted(ContainerPlaces places, string id)
    {
        // A mount has another device than the folder above it.
        string path = places.Mounted(id);
        return KernelPath.Facts(path) is { } there && KernelPath.Facts(path[..path.LastIndexOf('/')]) is { } above && there.Device != above.Device;
    }

    /// <summary>Mounts one, or counts one more who wants it.</summary>
    /// <returns>Where.</returns>
    public static string Mount(ContainerParts parts, ContainerRecord record, bool isUp, FileLock held)
    {
        _ = held;
        string path = parts.Places.Mounted(record.Id);
        if (record.Spec.RootFolder is { } folder && !record.Spec.IsRootFolderKept) return folder;
        int users = 0;
        if (IsMounted(parts.Places, record.Id)) users = UsersOf(parts.Places, record.Id);
        else
        {
            KernelPath.MakeDirectories(path, Folder);
            try
            {
                using Fd tree = Open(parts, record, isUp);
                Tree.Attach(tree, path);
            }
            catch (LinuxException e)
            {
                throw new BerthException(Fault.Denied, $"cannot mount the files of container {record.Name}: {e.Message}", inner: e);
            }
        }
        KernelPath.WriteAtomically(parts.Places.MountUsers(record.Id), System.Text.Encoding.ASCII.GetBytes((users + 1).ToString(CultureInfo.InvariantCulture)), Private);
        return path;
    }

    /// <summary>One wants it no more.</summary>
    /// <returns>Whether it was mounted.</returns>
    public static bool Unmount(ContainerPlaces places, string id, bool force)
    {
        if (!IsMounted(places, id)) return false;
        int users = UsersOf(places, id);
        if (force || users <= 1) Detach(places, id);
        else KernelPath.WriteAtomically(places.MountUsers(id), System.Text.Encoding.ASCII.GetBytes((users - 1).ToString(CultureInfo.InvariantCulture)), Private);
        return true;
    }

    /// <summary>Takes it away, whoever wants it.</summary>
    public static void Detach(ContainerPlaces places, string id)
    {
        while (IsMounted(places, id) && HostMount.Detach(places.Mounted(id))) { }
        KernelPath.RemoveDirectory(places.Mounted(id));
        KernelPath.Remove(places.MountUsers(id));
    }

    private static Fd Open(ContainerParts parts, ContainerRecord record, bool isUp)
    {
        // Of one that runs it is the same mount once more, so that both see what either writes.
        if (isUp) return Tree.Clone(parts.Places.RootFs(record.Id), recursive: false);
        using Fd? space = record.Settled.Ids is { } ids ? UserNamespaceHandle.Make(ids) : null;
        return parts.Images.Store.Snapshots.OpenRoot(record.Id, forWriting: true, space);
    }

    private static int UsersOf(ContainerPlaces places, string id) => int.TryParse(KernelFile.TryReadText(places.MountUsers(id)), NumberStyles.None, CultureInfo.InvariantCulture, out int users) ? users : 1;
}
