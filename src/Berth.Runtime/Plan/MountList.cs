// `mounts`: each entry becomes a step. A target is always an open descriptor found below the root with openat2, so no link
// inside the rootfs can lead a mount elsewhere.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal sealed class MountList(ChildProgram program, PlanInput input, MountCalls calls, Slot root, NamespacePlan namespaces)
{
    private const long ProcMagic = 0x9FA0;

    private readonly List<int> _late = [];
    private readonly List<string> _readOnlyLater = [];
    private bool _seenCgroup;

    /// <summary>All mounts up to those that need the container's cgroup, which are kept for <see cref="AddCgroups"/>.</summary>
    public void AddEarly()
    {
        for (int i = 0; i < input.Spec.Mounts.Count; i++)
        {
            MountSpec mount = input.Spec.Mounts[i];
            if (IsCgroup(mount))
            {
                _late.Add(i);
                _seenCgroup = true;
            }
            else if (_seenCgroup && IsBelowLate(mount))
            {
                _late.Add(i);
            }
            else
            {
                Add(mount, i);
            }
        }
    }

    /// <summary>Mounts of type cgroup, and what lies on top of them.</summary>
    public void AddCgroups()
    {
        foreach (int i in _late)
        {
            MountSpec mount = input.Spec.Mounts[i];
            if (IsCgroup(mount)) new CgroupMounts(program, input, calls, namespaces).Add(mount, root, Destination(mount));
            else Add(mount, i);
        }
    }

    /// <summary>A working directory that the image lacks is made, as runc does; where that fails, entering it will say why.</summary>
    public void AddWorkingDirectory()
    {
        string cwd = Inside(input.Spec.Process!.Cwd);
        if (cwd == ".") return;
        Slot mark = program.MarkSlots();
        Label failed = program.NewLabel();
        program.Step("make the working directory", input.Spec.Process.Cwd, "if it is missing, while the root can be written to");
        Slot made = program.OpenTarget(root, cwd, TargetKind.Directory, 0x1ED);
        program.OnError(failed);
        program.Close(made);
        program.Mark(failed);
        program.ReleaseSlots(mark);
    }

    /// <summary>tmpfs mounts and /dev become read-only when everything in them is made.</summary>
    public void AddReadOnly()
    {
        foreach (string destination in _readOnlyLater)
        {
            Slot mark = program.MarkSlots();
            program.Step("make read-only", destination, "after the mounts and devices inside it");
            Slot target = program.OpenAt2(root, destination, OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
            calls.SetFlags(target, FlagChange.Add(MountFlags.ReadOnly));
            program.Close(target);
            program.ReleaseSlots(mark);
        }
    }

    private bool IsCgroup(MountSpec mount) => (mount.Type is "cgroup" or "cgroup2" && !MountOptions.Parse(mount).IsBind)
        || (input.Cgroups?.NamedSystemdAt is { } forced && mount.Destination == forced);

    private bool IsBelowLate(MountSpec mount)
    {
        string destination = Destination(mount);
        foreach (int late in _late)
        {
            string above = Destination(input.Spec.Mounts[late]);
            if (destination == above || destination.StartsWith(above + "/", StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private void Add(MountSpec mount, int index)
    {
        MountOptions options = MountOptions.Parse(mount);
        bool bind = mount.Type == "bind" || options.IsBind;
        Slot mark = program.MarkSlots();
        string subject = Subject(mount);
        if (options.Has(MountExtra.Remount)) AddRemount(mount, options, bind, subject);
        else if (Destination(mount) == ".") throw new BerthException(Fault.InvalidArgument, $"error mounting: mountpoint \"{mount.Destination}\" is on the top of rootfs \"{input.Rootfs}\"", "what is to be the root belongs into root.path");
        else if (bind && options.Has(MountExtra.CopySymlink) && Linux.Files.KernelPath.ReadLink(AbsoluteSource(mount, input.Bundle)) is { } link) AddLink(mount, link);
        else if (bind) AddBind(mount, options, index, subject);
        else AddFileSystem(mount, options, subject);
        program.ReleaseSlots(mark);
    }

    private static string Subject(MountSpec mount) => mount.Type == "bind" || string.IsNullOrEmpty(mount.Type)
        ? $"{mount.Source} on {mount.Destination}"
        : $"{mount.Type} on {mount.Destination}";

    private void AddBind(MountSpec mount, MountOptions options, int index, string subject)
    {
        program.Step("bind", subject, "in the order of the configuration");
        BindSource source = Source(mount, options, index);
        MountPoint point = new(Target(mount, options, source.Fd), root, Destination(mount), NoFollow: options.Has(MountExtra.DestinationNoFollow | MountExtra.SourceNoFollow));
        GuardProc(point, source.Fd);
        if (options.MapsIds(mount))
        {
            Require(calls.HasTreeAttributes, mount, "id mappings");
            program.Step("wait for the id mapping of", subject, "only the owner of the file system's user namespace may map it, and only we see what is mounted here");
            program.Publish(source.Fd).Meet(child => input.Actions.MapMount(child, index));
            program.Step("attach", subject, "ids can be mapped only before");
        }
        Slot mounted = calls.Bind(source, point, subject, options.NamesFlags ? FlagChange.To(options.Flags, options.Cleared) : null);
        if (options.NamesTree)
        {
            Require(calls.HasTreeAttributes, mount, "the options that begin with r");
            program.Step("set flags of all below", subject, "the r- options");
            calls.SetTreeAttributes(mounted, options.TreeSet, options.TreeClear);
        }
        SetPropagation(mounted, options, subject);
        program.Close(mounted).Close(point.Fd);
    }

    /// <summary>In a user namespace a directory on the way may be closed to us: then the parent walks it, in our mount namespace.</summary>
    private BindSource Source(MountSpec mount, MountOptions options, int index)
    {
        BindSource source = calls.Source(ProgramFd.Cwd, AbsoluteSource(mount, input.Bundle), options.IsRecursiveBind, options.Has(MountExtra.SourceNoFollow));
        if (!namespaces.HasUser || !input.Host.IsRoot) return source;
        Label refused = program.NewLabel(), opened = program.NewLabel();
        program.OnError(refused, Errno.EACCES);
        program.GoTo(opened);
        program.Mark(refused);
        Slot given = program.Ask(child => input.Actions.OpenSource(child, index));
        calls.SourceInstead(given, source);
        program.Close(given);
        program.Mark(opened);
        return source;
    }

    private static void Require(bool available, MountSpec mount, string what)
    {
        if (!available) throw new BerthException(Fault.Unsupported, $"mount {mount.Destination}: {what} need mount_setattr(2)", "it is there from Linux 5.12 on; a sandbox may forbid it");
    }

    /// <summary>Over a file of procfs a mount would fool programs, and the runtime's own writes (CVE-2019-16884, CVE-2023-27561).</summary>
    private void GuardProc(MountPoint point, Slot? source)
    {
        if (point.Path != "proc")
        {
            // A link in the image may have led here.
            if (Array.IndexOf(MountableBelowProc, point.Path) < 0) program.RefuseFileSystem(point.Fd, ProcMagic, InsideProc);
            return;
        }
        if (source is not { } other) throw new BerthException(Fault.InvalidArgument, "error mounting: \"/proc\" cannot be mounted because it is not of type proc");
        program.RequireFileSystem(other, ProcMagic, NoProc);
    }

    /// <summary>Errors of ours, which no call made for a mount gives.</summary>
    internal const Errno InsideProc = Errno.EXDEV, NoProc = Errno.EDOM;

    /// <summary>Files of procfs that lxcfs and the like may cover, below the root.</summary>
    internal static readonly string[] MountableBelowProc =
    [
        "proc/cpuinfo", "proc/diskstats", "proc/meminfo", "proc/stat", "proc/swaps", "proc/uptime", "proc/loadavg", "proc/slabinfo",
        "proc/sys/kernel/ns_last_pid", "proc/sys/crypto/fips_enabled",
    ];

    private void SetPropagation(Slot mounted, MountOptions options, string subject)
    {
        foreach (MountFlags propagation in options.Propagation)
        {
            program.Step("set propagation of", subject, "after it is attached: a detached mount has nobody to propagate to");
            calls.SetPropagation(mounted, propagation);
        }
    }

    private void AddRemount(MountSpec mount, MountOptions options, bool bind, string subject)
    {
        program.Step("remount", subject, bind ? "changes the flags of an existing mount" : "changes an existing file system");
        Slot target = program.OpenAt2(root, Destination(mount), OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
        if (bind) calls.SetFlags(target, FlagChange.To(options.Flags, options.Cleared));
        else InPlace().Remake(FileSystem(mount, options), target);
        program.Close(target);
    }

    /// <summary>crun's copy-symlink: the link itself, not what it leads to.</summary>
    private void AddLink(MountSpec mount, string link)
    {
        string path = Destination(mount);
        int slash = path.LastIndexOf('/');
        program.Step("copy link", $"{mount.Source} to {mount.Destination}", "the option copy-symlink");
        Slot parent = program.OpenTarget(root, slash < 0 ? "." : path[..slash], TargetKind.Directory, 0x1ED);
        string name = path[(slash + 1)..];
        Label made = program.NewLabel(), there = program.NewLabel();
        program.MakeLink(link, parent, name).OnError(there, Errno.EEXIST);
        program.GoTo(made);
        program.Mark(there);
        program.RequireLink(parent, name, link);
        program.Mark(made);
        program.Close(parent);
    }

    private MountsInPlace InPlace() => calls as MountsInPlace ?? new MountsInPlace(program, input.Proc);

    private void AddFileSystem(MountSpec mount, MountOptions options, string subject)
    {
        if (options.MapsIds(mount)) throw new BerthException(Fault.InvalidArgument, $"mount {mount.Destination}: id-mapped mounts are only supported for bind-mounts", "add the option bind or rbind");
        NewFileSystem fileSystem = FileSystem(mount, options);
        MountCalls how = OnlyInPlace(fileSystem) ? InPlace() : calls;
        program.Step("mount", subject, "in the order of the configuration");
        Slot existing = program.NewSlot();
        MountPoint point = new(TargetOf(mount, options, fileSystem, existing), root, Destination(mount));
        if (fileSystem.CoversExisting is not null) fileSystem = fileSystem with { CoversExisting = existing };
        if (mount.Type != "proc" || point.Path != "proc") GuardProc(point, null);
        Label refused = program.NewLabel(), attached = program.NewLabel();
        bool mayBeRefused = mount.Type == "sysfs" && namespaces.HasUser;
        Slot mounted = how.Make(fileSystem, point, mayBeRefused ? refused : null);
        if (mayBeRefused)
        {
            program.GoTo(attached);
            program.Mark(refused);
            program.Step("bind", "/sys on /sys", "the kernel lets only the owner of the network namespace mount sysfs: the host's is shown instead");
            Slot host = calls.Bind(calls.Source(ProgramFd.Cwd, "/sys", recursive: true), point);
            calls.SetFlags(host, FlagChange.Add(options.Flags));
            program.CopySlot(host, mounted);
            program.Mark(attached);
        }
        if (mount.Type == "mqueue" && input.Spec.Linux?.MountLabel is { Length: > 0 } label)
        {
            program.Step("label", subject, "linux.mountLabel: mqueue takes no such option");
            program.SetLabel(mounted, input.Proc, label);
        }
        SetPropagation(mounted, options, subject);
        program.Close(mounted).Close(point.Fd);
    }

    private NewFileSystem FileSystem(MountSpec mount, MountOptions options)
    {
        string type = mount.Type ?? throw new BerthException(Fault.InvalidArgument, $"mount {mount.Destination}: neither a type nor a bind option");
        MountFlags flags = options.Flags;
        string destination = Destination(mount);
        if ((flags & MountFlags.ReadOnly) != 0 && (type == "tmpfs" || destination == "dev"))
        {
            flags &= ~MountFlags.ReadOnly;
            _readOnlyLater.Add(destination);
        }
        List<(string Key, string? Value)> data = options.Data;
        if (!string.IsNullOrEmpty(input.Spec.Linux?.MountLabel) && type is not ("proc" or "sysfs" or "mqueue")) AddLabel(data, input.Spec.Linux.MountLabel);
        bool inherits = type == "tmpfs" && !options.Has(MountExtra.Remount) && !data.Exists(static d => d.Key == "mode");
        return new NewFileSystem
        {
            Type = type,
            Source = mount.Source,
            Flags = flags,
            Data = data,
            CoversExisting = inherits ? default(Slot) : null,
            CopyUp = type == "tmpfs" && options.Has(MountExtra.CopyUp) ? Subject(mount) : null,
        };
    }

    private void AddLabel(List<(string Key, string? Value)> data, string label)
    {
        foreach ((string key, _) in data)
        {
            if (key is "context" or "fscontext" or "defcontext" or "rootcontext") return;
        }
        data.Add((input.Spec.Annotations.GetValueOrDefault("run.oci.mount_context_type") ?? "context", label));
    }

    /// <summary>fsconfig takes values of up to 255 bytes, and overlay's lowerdir is often longer; of flags, it lacks iversion.</summary>
    private static bool OnlyInPlace(NewFileSystem fileSystem)
    {
        foreach ((_, string? value) in fileSystem.Data)
        {
            if (value is { Length: > 85 }) return true;
        }
        return (fileSystem.Flags & MountFlags.InodeVersion) != 0 || fileSystem.Type.StartsWith("fuse", StringComparison.Ordinal);
    }

    private Slot TargetOf(MountSpec mount, MountOptions options, NewFileSystem fileSystem, Slot existing)
    {
        if (fileSystem.CoversExisting is null) return Target(mount, options, null);
        Label missing = program.NewLabel(), done = program.NewLabel();
        program.Load(existing, 1);
        Slot target = program.OpenAt2(root, Destination(mount), OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
        program.OnError(missing, Errno.ENOENT);
        program.GoTo(done);
        program.Mark(missing);
        program.Load(existing, 0);
        program.OpenTarget(root, Destination(mount), TargetKind.Directory, 0x1ED, target);
        program.Mark(done);
        return target;
    }

    private Slot Target(MountSpec mount, MountOptions options, Slot? like)
    {
        string destination = Destination(mount);
        // A link in the place of /proc or /sys would let the image choose what later writes to procfs hit (CVE-2019-19921).
        if (mount.Type is "proc" or "sysfs" && like is null) return TargetWithout(destination, OpenFlags.Path | OpenFlags.Directory, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks, like);
        if (options.Has(MountExtra.DestinationNoFollow)) return TargetWithout(destination, OpenFlags.Path | OpenFlags.NoFollow, Resolve.InRoot | Resolve.NoMagicLinks, like);
        return Make(destination, like);
    }

    private Slot Make(string destination, Slot? like) => like is { } slot
        ? program.OpenTarget(root, destination, slot)
        : program.OpenTarget(root, destination, TargetKind.Directory, 0x1ED);

    /// <summary>A target that is looked up more strictly than it is made.</summary>
    private Slot TargetWithout(string destination, int flags, Resolve how, Slot? like)
    {
        Label make = program.NewLabel(), done = program.NewLabel();
        Slot target = program.OpenAt2(root, destination, flags, how);
        program.OnError(make, Errno.ENOENT);
        program.GoTo(done);
        program.Mark(make);
        program.Close(Make(destination, like));
        program.OpenAt2(root, destination, flags, how, target);
        program.Mark(done);
        return target;
    }

    internal static string AbsoluteSource(MountSpec mount, string bundle)
    {
        string source = mount.Source ?? "";
        return source.StartsWith('/') ? source : $"{bundle}/{source}";
    }

    /// <summary>Where the mount goes, below the root. A path that names the root as the host sees it means the same place.</summary>
    private string Destination(MountSpec mount)
    {
        string rootfs = input.Rootfs, destination = mount.Destination;
        if (rootfs.Length > 1 && destination.StartsWith(rootfs, StringComparison.Ordinal) && (destination.Length == rootfs.Length || destination[rootfs.Length] == '/'))
        {
            destination = destination[rootfs.Length..];
        }
        return Inside(destination);
    }

    /// <summary>Lexically clean, below the root: what openat2 does not need, and steps are easier to read with.</summary>
    internal static string Inside(string destination)
    {
        List<string> parts = [];
        foreach (string part in destination.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".") continue;
            if (part == "..")
            {
                if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
                continue;
            }
            parts.Add(part);
        }
        return parts.Count == 0 ? "." : string.Join('/', parts);
    }
}
