// Which mounts a container has: the user's, those of other containers, those that its image names.
using Berth.Engine.Networks;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Containers;

/// <summary>Settles mounts.</summary>
internal static class MountSettling
{
    /// <summary>All mounts: what the user asked for wins over what comes from elsewhere, and he asks for a place once.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static List<SettledMount> Of(ContainerSpec spec, ContainerConfig? image, IReadOnlyList<SettledMount> inherited)
    {
        List<SettledMount> mounts = new(spec.Storage.Mounts.Count + inherited.Count);
        foreach (MountRequest request in spec.Storage.Mounts)
        {
            MountRequest mount = request with { Destination = Destination(request.Destination) };
            // The same thing said twice is no contradiction.
            if (mounts.Find(other => other.Request.Destination == mount.Destination) is { } there)
            {
                if (IsSame(there.Request, mount)) continue;
                throw new BerthException(Fault.InvalidArgument, $"duplicate mount point: {mount.Destination}", "mount one thing at a place") { Code = FaultCode.MountTargetInvalid, Subjects = [mount.Destination] };
            }
            mounts.Add(Named(mount, spec.Storage.VolumeDriver));
        }
        foreach (SettledMount mount in inherited)
        {
            if (!Has(mounts, mount.Request.Destination)) mounts.Add(mount);
        }
        if (image?.Volumes is { } volumes) AddOfImage(mounts, spec.Storage, volumes.Keys);
        return mounts;
    }

    private static void AddOfImage(List<SettledMount> mounts, StorageSpec storage, IEnumerable<string> folders)
    {
        if (storage.ImageVolumes == "ignore") return;
        foreach (string folder in folders)
        {
            if (!folder.StartsWith('/') || ContainerPath.Clean(folder) is "/" or { Length: 0 }) continue;
            string place = ContainerPath.Clean(folder);
            if (Has(mounts, place)) continue;
            if (storage.ImageVolumes == "tmpfs") mounts.Add(new SettledMount(new MountRequest { Kind = MountKind.Tmpfs, Destination = place, Options = ["exec", "tmpcopyup"] }));
            else mounts.Add(Named(new MountRequest { Kind = MountKind.Volume, Destination = place }, storage.VolumeDriver));
        }
    }

    private static SettledMount Named(MountRequest request, string? driver)
    {
        if (request.Kind != MountKind.Volume) return new SettledMount(request);
        MountRequest mount = request.VolumeDriver is null && driver is not null ? request with { VolumeDriver = driver } : request;
        return mount.Source.Length > 0 ? new SettledMount(mount, mount.Source) : new SettledMount(mount, ObjectId.New(), IsAnonymous: true);
    }

    private static string Destination(string destination)
    {
        if (!destination.StartsWith('/')) throw new BerthException(Fault.InvalidArgument, $"cannot mount at '{destination}': the place in the container is not absolute", "write it from / on") { Code = FaultCode.MountTargetInvalid };
        string clean = ContainerPath.Clean(destination);
        return clean != "/" ? clean : throw new BerthException(Fault.InvalidArgument, "cannot mount at /: it is the container's root", "mount below it, or give a root folder with --rootfs") { Code = FaultCode.MountTargetInvalid };
    }

    private static bool IsSame(MountRequest one, MountRequest other) =>
        one.Options.SequenceEqual(other.Options) && one with { Options = [], VolumeDriver = null } == other with { Options = [], VolumeDriver = null } && (one.Kind != MountKind.Volume || one.Source.Length > 0);

    private static bool Has(List<SettledMount> mounts, string destination)
    {
        foreach (SettledMount mount in mounts)
        {
            if (mount.Request.Destination == destination) return true;
        }
        return false;
    }
}
