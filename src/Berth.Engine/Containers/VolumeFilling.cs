// A volume that is empty gets what the image has at its place.
using Berth.Engine.Volumes;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Store.Snapshots;

namespace Berth.Engine.Containers;

/// <summary>Docker's copy-up.</summary>
internal static class VolumeFilling
{
    /// <summary>Copies, if the volume is empty and the image has a folder there.</summary>
    public static void Fill(VolumeRecord volume, string root, string destination)
    {
        if (volume.Spec.Options.GetValueOrDefault("o")?.Split(',').Contains("nocopy") == true) return;
        if (KernelPath.List(volume.Path).Count > 0) return;
        // The image says where its links lead; none leads out of it.
        using Fd? from = RootedFile.TryOpen(root, destination, OpenFlags.Directory);
        if (from is null) return;
        SnapshotStore.CopyFolder($"/proc/self/fd/{from.Number}", volume.Path);
    }
}
