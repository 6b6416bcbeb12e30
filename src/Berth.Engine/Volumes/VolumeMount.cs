// What a volume of the local driver has in place of a folder: type, device and o, as mount(8) takes them.
using Berth.Linux;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Volumes;

/// <summary>Mounts it.</summary>
internal static class VolumeMount
{
    /// <exception cref="BerthException">Failed: the kernel refuses it.</exception>
    public static void Attach(VolumeRecord volume, string type, string device, string options)
    {
        MountFlags flags = 0;
        List<string> data = [];
        foreach (string option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (FlagOf(option) is { } flag) flags |= flag;
            else if (option is not ("defaults" or "rw")) data.Add(option);
        }
        if (type is "none" or "bind") flags |= MountFlags.Bind;
        try
        {
            HostMount.Mount(device.Length > 0 ? device : type, volume.Path, type is "none" or "bind" ? null : type, flags, data.Count > 0 ? string.Join(',', data) : null);
            // A bind mount takes its further flags only when it is mounted anew.
            MountFlags further = flags & ~(MountFlags.Bind | MountFlags.Recursive);
            if (flags.HasFlag(MountFlags.Bind) && further != 0) HostMount.Mount(null, volume.Path, null, MountFlags.Bind | MountFlags.Remount | further);
        }
        catch (LinuxException e)
        {
            HostMount.Detach(volume.Path);
            throw new BerthException(Fault.Failed, $"cannot mount volume {volume.Name} (type={type}, device={device}, o={options}): {e.Message}", "its options are those of mount(8): berth volume inspect shows them", e);
        }
    }

    private static MountFlags? FlagOf(string option) => option switch
    {
        "ro" => MountFlags.ReadOnly,
        "nosuid" => MountFlags.NoSuid,
        "nodev" => MountFlags.NoDev,
        "noexec" => MountFlags.NoExec,
        "sync" => MountFlags.Synchronous,
        "noatime" => MountFlags.NoAccessTime,
        "bind" => MountFlags.Bind,
        "rbind" => MountFlags.Bind | MountFlags.Recursive,
        _ => null,
    };
}
