// What of a container's mounts is not part of its image: binds from the host, cgroups of version 1, masks, bound devices.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.Plan;
using Berth.Runtime.State;

namespace Berth.Runtime.Checkpoint;

/// <summary>
/// CRIU's words: for a dump `mnt[PLACE]:NAME` says that the mount at PLACE is not dumped and is called NAME; for a restore
/// `mnt[NAME]:SOURCE` says what is bound there. The places themselves are the names.
/// </summary>
internal static class ExternalMounts
{
    private const string Mask = "/dev/null";

    /// <summary>For a dump of a running container.</summary>
    public static void AddForDump(List<string> external, Spec spec, ContainerRecord record, CgroupTree? cgroups)
    {
        string root = $"/proc/{record.Pid}/root";
        foreach ((string place, _) in Binds(spec, record.Bundle, root, cgroups)) external.Add($"mnt[{place}]:{place}");
        foreach (string path in spec.Linux?.MaskedPaths ?? [])
        {
            using Fd? masked = RootedFile.TryOpen(root, path, OpenFlags.Path);
            if (masked is not null && !KernelPath.Facts(masked).IsDirectory) external.Add($"mnt[{PlaceOf(root, path)}]:{Mask}");
        }
    }

    /// <summary>For a restore; the places are there already.</summary>
    public static void AddForRestore(List<string> external, Spec spec, ContainerRecord record, CgroupTree? cgroups)
    {
        foreach ((string place, string source) in Binds(spec, record.Bundle, record.Rootfs, cgroups)) external.Add($"mnt[{place}]:{source}");
        if (spec.Linux?.MaskedPaths is { Count: > 0 }) external.Add($"mnt[{Mask}]:{Mask}");
    }

    private static List<(string Place, string Source)> Binds(Spec spec, string bundle, string root, CgroupTree? cgroups)
    {
        List<(string, string)> binds = [];
        foreach (MountSpec mount in spec.Mounts)
        {
            if (IsBind(mount)) binds.Add((PlaceOf(root, mount.Destination), MountList.AbsoluteSource(mount, bundle)));
            else if (mount.Type == "cgroup" && cgroups is not null) AddCgroups(binds, mount, spec, cgroups);
        }
        if (!IdMaps.HasUserNamespace(spec)) return binds;
        // Only there are devices bound instead of made.
        foreach ((string path, _, _) in DeviceNodes.Defaults) binds.Add((path, path));
        foreach (DeviceSpec device in spec.Linux?.Devices ?? [])
        {
            if (!binds.Exists(b => b.Item1 == device.Path)) binds.Add((device.Path, device.Path));
        }
        return binds;
    }

    /// <summary>Without a cgroup namespace a mount of version 1 is a tmpfs with one bind for each hierarchy.</summary>
    private static void AddCgroups(List<(string, string)> binds, MountSpec mount, Spec spec, CgroupTree cgroups)
    {
        if (HasNamespace(spec, "cgroup") || CgroupViews.Of(cgroups, CgroupHost.Discover()) is not { Unified: false } view) return;
        foreach (CgroupHierarchy h in view.Hierarchies) binds.Add(($"{mount.Destination.TrimEnd('/')}/{h.Name}", h.HostPath));
    }

    public static bool HasNamespace(Spec spec, string type)
    {
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? [])
        {
            if (n.Type == type) return true;
        }
        return false;
    }

    public static bool IsBind(MountSpec mount) => mount.Type == "bind" || MountOptions.Parse(mount).IsBind;

    /// <summary>A destination as the kernel names it: links resolved inside the root.</summary>
    private static string PlaceOf(string root, string destination)
    {
        string lexical = "/" + MountList.Inside(destination);
        using Fd? file = RootedFile.TryOpen(root, destination, OpenFlags.Path);
        if (file is null || KernelPath.ReadLink(file.ProcPath) is not { } path) return lexical;
        if (KernelPath.Resolve(root) is not { } top || top == "/") return path;
        return path.StartsWith(top + "/", StringComparison.Ordinal) ? path[top.Length..] : lexical;
    }

    /// <exception cref="BerthException"><see cref="Fault.Unsupported"/>: CRIU would restore it as something else.</exception>
    public static void Check(Spec spec)
    {
        foreach (MountSpec mount in spec.Mounts)
        {
            MountOptions options = MountOptions.Parse(mount);
            if (mount.UidMappings is { Count: > 0 } || options.Has(MountExtra.IdMap) || options.Has(MountExtra.RecursiveIdMap))
            {
                throw new BerthException(Fault.Unsupported, $"cannot checkpoint or restore the id-mapped mount {mount.Destination}", "CRIU does not know id-mapped mounts");
            }
        }
    }
}
