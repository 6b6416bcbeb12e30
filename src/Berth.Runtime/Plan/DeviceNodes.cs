// /dev: nodes, links, and the ones every container has.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal static class DeviceNodes
{
    private const uint CharacterDevice = 0x2000, BlockDevice = 0x6000, Fifo = 0x1000;

    /// <summary>The devices of config-linux.md, "default devices".</summary>
    public static readonly (string Path, uint Major, uint Minor)[] Defaults =
    [
        ("/dev/null", 1, 3), ("/dev/zero", 1, 5), ("/dev/full", 1, 7), ("/dev/random", 1, 8), ("/dev/urandom", 1, 9), ("/dev/tty", 5, 0),
    ];

    private static readonly (string Target, string Name)[] Links =
    [
        ("/proc/self/fd", "fd"), ("/proc/self/fd/0", "stdin"), ("/proc/self/fd/1", "stdout"), ("/proc/self/fd/2", "stderr"),
    ];

    public static void Add(ChildProgram program, PlanInput input, MountCalls calls, Slot root, NamespacePlan namespaces)
    {
        if (HasOwnDev(input.Spec))
        {
            // Somebody prepared /dev outside and bound it: it is theirs.
            return;
        }
        List<DeviceSpec> devices = Merge(input.Spec.Linux?.Devices);
        Slot mark = program.MarkSlots();
        (string Path, Slot Directory)? parent = null;
        foreach (DeviceSpec device in devices)
        {
            if (namespaces.HasUser && device.Type is not ("p" or "")) BindNode(program, calls, root, device.Path);
            else AddNode(program, calls, root, device, ref parent);
        }
        if (parent is { } last) program.Close(last.Directory);
        program.ReleaseSlots(mark);
        AddLinks(program, root);
    }

    private static bool HasOwnDev(Spec spec)
    {
        foreach (MountSpec mount in spec.Mounts)
        {
            if (MountList.Inside(mount.Destination) == "dev" && (mount.Type == "bind" || MountOptions.Parse(mount).IsBind)) return true;
        }
        return false;
    }

    private static List<DeviceSpec> Merge(List<DeviceSpec>? configured)
    {
        List<DeviceSpec> result = [];
        foreach ((string path, uint major, uint minor) in Defaults)
        {
            if (configured is not null && configured.Exists(d => d.Path == path)) continue;
            result.Add(new DeviceSpec { Path = path, Type = "c", Major = major, Minor = minor, FileMode = 0x1B6 });
        }
        foreach (DeviceSpec device in configured ?? [])
        {
            // The pty multiplexer belongs to the container's own devpts instance.
            if (device.Path != "/dev/ptmx") result.Add(device);
        }
        return result;
    }

    // The parent is the directory that the device before this one lies in: it stays open for those that follow.
    private static void AddNode(ChildProgram program, MountCalls calls, Slot root, DeviceSpec device, ref (string Path, Slot Directory)? parent)
    {
        string path = MountList.Inside(device.Path);
        int slash = path.LastIndexOf('/');
        string name = path[(slash + 1)..];
        string parentPath = slash < 0 ? "." : path[..slash];
        uint mode = (device.FileMode ?? 0x1B6) & 0xFFF;
        uint type = TypeOf(device);
        ulong number = Number((uint)device.Major, (uint)device.Minor);
        program.Step("make device", device.Path, "with the mode and owner of the configuration");
        if (parent?.Path != parentPath)
        {
            if (parent is { } former) program.Close(former.Directory);
            parent = (parentPath, program.OpenTarget(root, parentPath, TargetKind.Directory, 0x1ED));
        }
        Slot directory = parent!.Value.Directory;
        Slot mark = program.MarkSlots();
        Label exists = program.NewLabel(), refused = program.NewLabel(), done = program.NewLabel();
        program.MakeNode(directory, name, type | mode, number).OnError(exists, Errno.EEXIST, Errno.EPERM);
        if (device.Uid is not null || device.Gid is not null) program.ChangeOwner(directory, name, device.Uid ?? 0, device.Gid ?? 0);
        program.GoTo(done);
        program.Mark(exists);
        // What is there must be that very device, not something the image put in its place.
        Slot existing = program.OpenAt2(directory, name, OpenFlags.Path | OpenFlags.NoFollow, Resolve.Beneath | Resolve.NoSymlinks);
        program.OnError(refused, Errno.ENOENT);
        program.RequireDevice(existing, number, Errno.EEXIST, type);
        program.Close(existing);
        program.GoTo(done);
        program.Mark(refused);
        // Nothing is there, so it was EPERM: we have no CAP_MKNOD.
        BindNode(program, calls, root, device.Path);
        program.Mark(done);
        program.ReleaseSlots(mark);
    }

    private static void BindNode(ChildProgram program, MountCalls calls, Slot root, string devicePath)
    {
        string path = MountList.Inside(devicePath);
        program.Step("bind device", devicePath, "where we may not make device nodes, as in a user namespace, the host's is bound");
        BindSource host = calls.Source(ProgramFd.Cwd, devicePath, recursive: false);
        Slot file = program.OpenTarget(root, path, TargetKind.File, 0x1A4);
        program.Close(calls.Bind(host, new MountPoint(file, root, path))).Close(file);
    }

    private static uint TypeOf(DeviceSpec device) => device.Type switch
    {
        "c" or "u" => CharacterDevice,
        "b" => BlockDevice,
        "p" => Fifo,
        _ => throw new BerthException(Fault.InvalidArgument, $"linux.devices: {device.Path}: unknown device type \"{device.Type}\"", "use c, u, b or p"),
    };

    /// <summary>makedev(3).</summary>
    public static ulong Number(uint major, uint minor) =>
        (minor & 0xFFu) | ((major & 0xFFFu) << 8) | ((ulong)(minor & ~0xFFu) << 12) | ((ulong)(major & ~0xFFFu) << 32);

    private static void AddLinks(ChildProgram program, Slot root)
    {
        Slot mark = program.MarkSlots();
        program.Step("make links in /dev", "fd stdin stdout stderr ptmx", "config-linux.md, \"/dev symbolic links\"");
        Slot dev = program.OpenTarget(root, "dev", TargetKind.Directory, 0x1ED);
        foreach ((string target, string name) in Links) program.MakeLink(target, dev, name).Tolerate(Errno.EEXIST, Errno.EROFS);
        // The old static node or file of an image is replaced; EISDIR and the like are left to the image.
        program.Unlink(dev, "ptmx").TolerateAll();
        program.MakeLink("pts/ptmx", dev, "ptmx").Tolerate(Errno.EEXIST, Errno.EROFS);
        program.Close(dev);
        program.ReleaseSlots(mark);
    }
}
