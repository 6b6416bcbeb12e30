// A container's root file system as its engine describes it: mounts of overlay, bind and others, made one after another.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Shim.Keeping;

/// <summary>One mount.</summary>
/// <param name="Type">File system, or bind.</param>
/// <param name="Source">What is mounted.</param>
/// <param name="Target">Path below the root file system; empty for itself.</param>
/// <param name="Options">As of mount(8).</param>
internal sealed record RootfsMount(string Type, string Source, string Target, IReadOnlyList<string> Options);

/// <summary>Makes and unmakes them.</summary>
internal static class RootfsMounts
{
    // One page of options is all that mount(2) takes.
    private const int MostData = 4095;

    /// <summary>Mounts all of them, or none.</summary>
    /// <param name="mounts">In order.</param>
    /// <param name="rootfs">Where.</param>
    /// <exception cref="BerthException">One of them cannot be made.</exception>
    public static void Make(IReadOnlyList<RootfsMount> mounts, string rootfs)
    {
        for (int i = 0; i < mounts.Count; i++)
        {
            try
            {
                Make(mounts[i], Within(rootfs, mounts[i].Target));
            }
            catch (Exception e) when (e is LinuxException or BerthException)
            {
                HostMount.DetachAll(rootfs);
                string reason = e is LinuxException linux ? $"{linux.Subject}: {linux.Errno.Sentence()}" : e.Message;
                throw new BerthException(Fault.Failed, $"failed to mount rootfs component: {reason}", null, e);
            }
        }
    }

    private static void Make(RootfsMount mount, string target)
    {
        MountFlags flags = MountFlags.None, propagation = MountFlags.None;
        List<string> data = [];
        foreach (string option in mount.Options)
        {
            if (option is "defaults" or "") continue;
            if (PropagationOf(option) is { } kind) propagation |= kind;
            else if (FlagOf(option) is { } flag) flags = flag.Set ? flags | flag.Flag : flags & ~flag.Flag;
            else data.Add(option);
        }
        string type = mount.Type;
        using Fd? users = IdMaps.Take(data);
        // An overlay has no ids of its own to map: its layers have.
        if (users is not null && type == "overlay") IdMaps.MapLayers(data, target, users);
        bool isBind = type is "bind" or "rbind" or "none" || (flags & MountFlags.Bind) != 0;
        // An image file; newer kernels mount one as it is.
        bool isImage = data.Remove("loop");
        if (isBind)
        {
            HostMount.Mount(mount.Source, target, null, MountFlags.Bind | (flags & MountFlags.Recursive) | (type == "rbind" ? MountFlags.Recursive : MountFlags.None));
            // The first call of a bind mount looks at no other flag.
            MountFlags rest = flags & ~(MountFlags.Bind | MountFlags.Recursive);
            if (rest != MountFlags.None) HostMount.Mount(null, target, null, MountFlags.Bind | MountFlags.Remount | rest);
        }
        else
        {
            string text = string.Join(',', data);
            if (text.Length > MostData) MountLong(mount, target, flags, data);
            else Mount(mount.Source, target, type, flags, text, isImage);
        }
        if (users is not null && type != "overlay") IdMaps.MapInPlace(target, users);
        if (propagation != MountFlags.None) HostMount.Mount(null, target, null, propagation);
    }

    private static void Mount(string source, string target, string type, MountFlags flags, string data, bool isImage)
    {
        try
        {
            HostMount.Mount(source, target, type, flags, data.Length == 0 ? null : data);
        }
        catch (LinuxException e) when (isImage && e.Errno == Errno.ENOTBLK)
        {
            throw new BerthException(Fault.Unsupported, $"mount {type} {source} on {target}: this kernel mounts no image files of that type without a loop device", "Linux 6.12 does for erofs", e);
        }
    }

    /// <summary>An overlay of many layers: named one by one, which the newer mount API takes (Linux 6.5).</summary>
    private static void MountLong(RootfsMount mount, string target, MountFlags flags, List<string> options)
    {
        if (mount.Type != "overlay") throw new BerthException(Fault.InvalidArgument, $"mount {mount.Source}: the options are longer than a page");
        NewMount overlay = NewMount.Open("overlay");
        using (overlay)
        {
            foreach (string option in options)
            {
                int equals = option.IndexOf('=');
                if (equals < 0) overlay.Set(option);
                else if (option.StartsWith("lowerdir=", StringComparison.Ordinal))
                {
                    foreach (string layer in option[9..].Split(':')) overlay.Set("lowerdir+", layer);
                }
                else overlay.Set(option[..equals], option[(equals + 1)..]);
            }
            overlay.Attach(target, flags);
        }
    }

    /// <summary>The path within the root, whatever links lie on the way.</summary>
    private static string Within(string rootfs, string target)
    {
        if (target.Length == 0) return rootfs;
        using Fd? inside = RootedFile.TryOpen(rootfs, target, OpenFlags.Path);
        return inside is null ? throw new BerthException(Fault.NotFound, $"{target} is not in {rootfs}") : KernelPath.ReadLink(inside.ProcPath) ?? rootfs;
    }

    private static MountFlags? PropagationOf(string option) => option switch
    {
        "private" => MountFlags.Private,
        "rprivate" => MountFlags.Private | MountFlags.Recursive,
        "shared" => MountFlags.Shared,
        "rshared" => MountFlags.Shared | MountFlags.Recursive,
        "slave" => MountFlags.Slave,
        "rslave" => MountFlags.Slave | MountFlags.Recursive,
        "unbindable" => MountFlags.Unbindable,
        "runbindable" => MountFlags.Unbindable | MountFlags.Recursive,
        _ => null,
    };

    private static (bool Set, MountFlags Flag)? FlagOf(string option) => option switch
    {
        "ro" => (true, MountFlags.ReadOnly),
        "rw" => (false, MountFlags.ReadOnly),
        "bind" => (true, MountFlags.Bind),
        "rbind" => (true, MountFlags.Bind | MountFlags.Recursive),
        "nosuid" => (true, MountFlags.NoSuid),
        "suid" => (false, MountFlags.NoSuid),
        "nodev" => (true, MountFlags.NoDev),
        "dev" => (false, MountFlags.NoDev),
        "noexec" => (true, MountFlags.NoExec),
        "exec" => (false, MountFlags.NoExec),
        "sync" => (true, MountFlags.Synchronous),
        "async" => (false, MountFlags.Synchronous),
        "dirsync" => (true, MountFlags.DirSync),
        "remount" => (true, MountFlags.Remount),
        "noatime" => (true, MountFlags.NoAccessTime),
        "atime" => (false, MountFlags.NoAccessTime),
        "nodiratime" => (true, MountFlags.NoDirectoryAccessTime),
        "diratime" => (false, MountFlags.NoDirectoryAccessTime),
        "relatime" => (true, MountFlags.RelativeAccessTime),
        "norelatime" => (false, MountFlags.RelativeAccessTime),
        "strictatime" => (true, MountFlags.StrictAccessTime),
        "nostrictatime" => (false, MountFlags.StrictAccessTime),
        _ => null,
    };
}
