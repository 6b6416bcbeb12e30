// The directory in which layers are unpacked: told to the file system as what it is, a room for trees that do not belong together.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Store.Layers;

/// <summary>Prepares it.</summary>
internal static class LayerRoom
{
    /// <summary>
    /// ext4 does not give out an inode again for minutes after it was deleted, and skips such inodes one by one. Unpacking where a
    /// layer was just removed took twenty times as long for that. Each layer gets a region of its own with this. The region is
    /// found from the new directory's name, so layers are unpacked under a name that was not there before, and renamed.
    /// </summary>
    /// <returns>False where the file system takes no such hint; nothing is lost then.</returns>
    public static bool Prepare(string directory)
    {
        using Fd? room = KernelPath.TryOpen(directory, OpenFlags.Directory);
        return room is not null && InodeFlags.SetTopDirectory(room) == Errno.None;
    }
}
