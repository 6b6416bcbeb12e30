// `mounts`: each entry becomes a step. File systems go through fsopen, binds through open_tree; a target is always an open
// descriptor found below the root with openat2, so no link inside the rootfs can lead a mount elsewhere.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal sealed class MountList(ChildProgram program, PlanInput input, Slot root, NamespacePlan namespaces)
{
    private readonly List<MountSpec> _late = [];
    private readonly List<string> _readOnlyLater = [];
    private bool _seenCgroup;

    /// <summary>All mounts up to those that need the container's cgroup, which are kept for <see cref="AddCgroups"/>.</summary>
    public void AddEarly()
    {
        for (int i = 0; i < input.Spec.Mounts.Count; i++)
        {
            MountSpec mount = input.Spec.Mounts[i];
            if (mount.Type is "cgroup" or "cgroup2" && !MountOptions.Parse(mount).IsBind)
            {
                _late.Add(mount);
                _seenCgroup = true;
            }
            else if (_seenCgroup && IsBelowLate(mount.Destination))
            {
                _late.Add(mount);
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
        foreach (MountSpec mount in _late)
        {
            if (mount.Type is "cgroup" or "cgroup2") AddCgroup(mount);
            else Add(mount, input.Spec.Mounts.IndexOf(mount));
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
            Slot target = program.OpenAt2(root, Inside(destination), OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
            program.SetAttributes(target, MountAttributes.ReadOnly, 0, recursive: false).Close(target);
            program.ReleaseSlots(mark);
        }
    }

    private bool IsBelowLate(string destination)
    {
        foreach (MountSpec late in _late)
        {
            if (destination.StartsWith(late.Destination, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private void Add(MountSpec mount, int index)
    {
        MountOptions options = MountOptions.Parse(mount);
        Slot mark = program.MarkSlots();
        string subject = Subject(mount);
        if (mount.Type == "bind" || options.IsBind) AddBind(mount, options, index, subject);
        else if (options.Has(MountExtra.Remount)) AddRemount(mount, options, subject);
        else AddFileSystem(mount, options, subject);
        program.ReleaseSlots(mark);
    }

    private static string Subject(MountSpec mount) => mount.Type == "bind" || string.IsNullOrEmpty(mount.Type)
        ? $"{mount.Source} on {mount.Destination}"
        : $"{mount.Type} on {mount.Destination}";

    private void AddBind(MountSpec mount, MountOptions options, int index, string subject)
    {
        program.Step("bind", subject, "in the order of the configuration");
        Slot tree;
        if (input.PreparedTrees.TryGetValue(index, out Fd? prepared))
        {
            tree = program.NewSlot();
            program.Load(tree, prepared.Number);
        }
        else
        {
            tree = program.CloneTree(ProgramFd.Cwd, SourcePath(mount), options.IsRecursiveBind, options.Has(MountExtra.SourceNoFollow));
        }
        if (input.MappedByParent.Contains(index))
        {
            program.Step("wait for the id mapping of", subject, "only the owner of the file system's user namespace may map it, and only we can reach the source");
            program.Publish(tree).Meet(child => input.Actions.MapMount(child, index));
        }
        Slot target = Target(mount, options, tree);
        SetBindAttributes(tree, options, subject);
        program.Attach(tree, target);
        SetPropagation(tree, options, subject);
        program.Close(tree).Close(target);
    }

    /// <summary>Where flags cannot be cleared, they are locked by the namespace that the mount came from, and stay.</summary>
    private void SetBindAttributes(Slot tree, MountOptions options, string subject)
    {
        if (options.Set != 0 || options.Clear != 0)
        {
            Label locked = program.NewLabel(), done = program.NewLabel();
            program.Step("set flags of", subject, "before the mount can be seen");
            program.SetAttributes(tree, options.Set, options.Clear, recursive: false);
            if (options.Clear != 0)
            {
                program.OnError(locked, Errno.EPERM);
                program.GoTo(done);
                program.Mark(locked);
                program.SetAttributes(tree, options.Set, 0, recursive: false);
                program.Mark(done);
            }
        }
        if (options.RecursiveSet != 0 || options.RecursiveClear != 0)
        {
            program.Step("set flags of all below", subject, "the r- options");
            program.SetAttributes(tree, options.RecursiveSet, options.RecursiveClear, recursive: true);
        }
    }

    private void SetPropagation(Slot tree, MountOptions options, string subject)
    {
        foreach (MountFlags propagation in options.Propagation)
        {
            program.Step("set propagation of", subject, "after it is attached: a detached mount has nobody to propagate to");
            program.SetAttributes(tree, 0, 0, (propagation & MountFlags.Recursive) != 0, propagation & ~MountFlags.Recursive);
        }
    }

    private void AddRemount(MountSpec mount, MountOptions options, string subject)
    {
        program.Step("remount", subject, "changes an existing mount");
        Slot target = program.OpenAt2(root, mount.Destination, OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
        program.SetAttributes(target, options.Set, options.Clear, recursive: false);
        program.Close(target);
    }

    private void AddFileSystem(MountSpec mount, MountOptions options, string subject)
    {
        string type = mount.Type ?? throw new BerthException(Fault.InvalidArgument, $"mount {mount.Destination}: neither a type nor a bind option");
        if (options.Has(MountExtra.OldCallOnly) || HasLongValue(options) || type.StartsWith("fuse", StringComparison.Ordinal))
        {
            AddByOldCall(mount, options, subject, type);
            return;
        }
        program.Step("mount", subject, "in the order of the configuration");
        MountAttributes attributes = options.Set;
        if ((attributes & MountAttributes.ReadOnly) != 0 && (type == "tmpfs" || Inside(mount.Destination) == "dev"))
        {
            attributes &= ~MountAttributes.ReadOnly;
            _readOnlyLater.Add(mount.Destination);
        }
        Label fallback = program.NewLabel(), attached = program.NewLabel();
        Slot target = Target(mount, options, null);
        Slot context = program.FileSystemOpen(type);
        if (!string.IsNullOrEmpty(mount.Source)) program.FileSystemSet(context, "source", mount.Source);
        foreach (string flag in options.SuperblockFlags) program.FileSystemSet(context, flag, (string?)null);
        if ((options.Set & MountAttributes.ReadOnly) != 0 && !IsVirtual(type)) program.FileSystemSet(context, "ro", (string?)null);
        foreach ((string key, string? value) in options.Data) program.FileSystemSet(context, key, value);
        if (type == "tmpfs" && !options.Data.Exists(static d => d.Key == "mode")) program.FileSystemSet(context, "mode", ModeBelow(mount.Destination));
        if (!string.IsNullOrEmpty(input.Spec.Linux?.MountLabel) && type is "tmpfs" or "devpts" or "mqueue") SetLabel(context, options);
        program.FileSystemCreate(context);
        if (type is "sysfs" && namespaces.HasUser) program.OnError(fallback, Errno.EPERM);
        Slot mounted = program.FileSystemMount(context, attributes);
        if (type is "sysfs" && namespaces.HasUser) program.OnError(fallback, Errno.EPERM);
        program.Close(context);
        if (options.Has(MountExtra.CopyUp))
        {
            program.Step("copy up into", subject, "tmpcopyup: what the image has there stays visible");
            program.CopyTree(target, mounted);
        }
        program.Attach(mounted, target);
        if (type is "sysfs" && namespaces.HasUser)
        {
            program.GoTo(attached);
            program.Mark(fallback);
            program.Step("bind", "/sys on /sys", "the kernel lets only the owner of the network namespace mount sysfs: the host's is shown instead");
            Slot host = program.CloneTree(ProgramFd.Cwd, "/sys", recursive: true);
            program.SetAttributes(host, options.Set, 0, recursive: false).Attach(host, target);
            program.Mark(attached);
        }
        if (options.RecursiveSet != 0 || options.RecursiveClear != 0)
        {
            program.Step("set flags of all below", subject, "the r- options");
            program.SetAttributes(mounted, options.RecursiveSet, options.RecursiveClear, recursive: true);
        }
        SetPropagation(mounted, options, subject);
        program.Close(mounted).Close(target);
    }

    /// <summary>A tmpfs without a mode takes that of the directory it covers; 755 is what a missing one would be made with.</summary>
    private string ModeBelow(string destination)
    {
        using Fd? directory = Linux.Files.RootedFile.TryOpen(input.Rootfs, Inside(destination), OpenFlags.Path);
        uint mode = directory is null ? 0x1ED : Linux.Files.KernelPath.Facts(directory).Mode & 0xFFF;
        return Convert.ToString(mode, 8);
    }

    private void SetLabel(Slot context, MountOptions options)
    {
        foreach ((string key, _) in options.Data)
        {
            if (key is "context" or "fscontext" or "defcontext" or "rootcontext") return;
        }
        string kind = input.Spec.Annotations.GetValueOrDefault("run.oci.mount_context_type") ?? "context";
        program.FileSystemSet(context, kind, input.Spec.Linux!.MountLabel!);
    }

    /// <summary>fsconfig takes values of up to 255 bytes; overlay's lowerdir is often longer.</summary>
    private void AddByOldCall(MountSpec mount, MountOptions options, string subject, string type)
    {
        program.Step("mount", subject, "by mount(2): options that the newer calls cannot carry");
        Slot target = Target(mount, options, null);
        List<string> data = [];
        foreach ((string key, string? value) in options.Data) data.Add(value is null ? key : $"{key}={value}");
        program.MountOnto(mount.Source, target, type, (MountFlags)((ulong)options.Set & 0xF) | options.OldFlags, data.Count == 0 ? null : string.Join(',', data));
        Slot mounted = program.OpenAt2(root, mount.Destination, OpenFlags.Path, Resolve.InRoot | Resolve.NoMagicLinks);
        if (options.Set != 0) program.SetAttributes(mounted, options.Set, 0, recursive: false);
        SetPropagation(mounted, options, subject);
        program.Close(mounted).Close(target);
        program.ChangeDirectory("/");
    }

    private void AddCgroup(MountSpec mount)
    {
        MountOptions options = MountOptions.Parse(mount);
        CgroupView? view = input.Cgroups;
        if (view is null) return;
        Slot mark = program.MarkSlots();
        if (view.Unified || mount.Type == "cgroup2") AddCgroup2(mount, options, view);
        else AddCgroup1(mount, options, view);
        program.ReleaseSlots(mark);
    }

    private void AddCgroup2(MountSpec mount, MountOptions options, CgroupView view)
    {
        program.Step("mount", $"cgroup2 on {mount.Destination}", "inside the container's cgroup, which is its root");
        Slot target = Target(mount, options, null);
        if (namespaces.Creates(Namespaces.Cgroup) || namespaces.Joins(Namespaces.Cgroup))
        {
            Label bind = program.NewLabel(), done = program.NewLabel();
            Slot context = program.FileSystemOpen("cgroup2");
            program.FileSystemSet(context, "source", "cgroup");
            program.FileSystemCreate(context);
            program.OnError(bind, Errno.EPERM, Errno.EBUSY);
            Slot mounted = program.FileSystemMount(context, options.Set);
            program.OnError(bind, Errno.EPERM, Errno.EBUSY);
            program.Attach(mounted, target).Close(context).Close(mounted);
            program.GoTo(done);
            program.Mark(bind);
            BindCgroup(view.UnifiedPath ?? "/sys/fs/cgroup", target, options);
            program.Mark(done);
        }
        else
        {
            BindCgroup(view.UnifiedPath ?? "/sys/fs/cgroup", target, options);
        }
        program.Close(target);
    }

    private void BindCgroup(string path, Slot target, MountOptions options)
    {
        Slot tree = program.CloneTree(ProgramFd.Cwd, path, recursive: false);
        program.SetAttributes(tree, options.Set, options.Clear, recursive: false).Attach(tree, target).Close(tree);
    }

    private void AddCgroup1(MountSpec mount, MountOptions options, CgroupView view)
    {
        program.Step("mount", $"tmpfs on {mount.Destination}", "holds one directory a v1 hierarchy");
        Slot target = Target(mount, options, null);
        Slot context = program.FileSystemOpen("tmpfs");
        program.FileSystemSet(context, "source", "tmpfs").FileSystemSet(context, "mode", "755").FileSystemCreate(context);
        Slot tmpfs = program.FileSystemMount(context, options.Set & ~MountAttributes.ReadOnly);
        program.Attach(tmpfs, target).Close(context).Close(target);
        bool namespaced = namespaces.Creates(Namespaces.Cgroup);
        foreach (CgroupHierarchy h in view.Hierarchies)
        {
            Slot mark = program.MarkSlots();
            program.Step("mount cgroup", h.Name, "the container's own part of this hierarchy");
            program.MakeDirectory(tmpfs, h.Name, 0x1ED);
            Slot at = program.OpenAt2(tmpfs, h.Name, OpenFlags.Path | OpenFlags.Directory, Resolve.Beneath | Resolve.NoSymlinks);
            if (namespaced && !h.Version2)
            {
                // v1 takes its options as one string of data.
                program.MountOnto("cgroup", at, "cgroup", (MountFlags)((ulong)options.Set & 0xF), h.MountData);
                program.ChangeDirectory("/");
            }
            else if (namespaced)
            {
                Slot fs = program.FileSystemOpen("cgroup2");
                program.FileSystemCreate(fs);
                Slot mounted = program.FileSystemMount(fs, options.Set);
                program.Attach(mounted, at).Close(fs).Close(mounted);
            }
            else
            {
                BindCgroup(h.HostPath, at, options);
            }
            program.Close(at);
            foreach (string link in h.Links) program.MakeLink(h.Name, tmpfs, link).Tolerate(Errno.EEXIST);
            program.ReleaseSlots(mark);
        }
        if ((options.Set & MountAttributes.ReadOnly) != 0)
        {
            program.Step("set flags of", mount.Destination, "read-only once its directories are made");
            program.SetAttributes(tmpfs, MountAttributes.ReadOnly, 0, recursive: false);
        }
        program.Close(tmpfs);
    }

    private Slot Target(MountSpec mount, MountOptions options, Slot? like)
    {
        string destination = Inside(mount.Destination);
        // A link in the place of /proc or /sys would let the image choose what later writes to procfs hit (CVE-2019-19921).
        if (mount.Type is "proc" or "sysfs") return TargetWithoutLinks(destination);
        if (options.Has(MountExtra.DestinationNoFollow))
        {
            return program.OpenAt2(root, destination, OpenFlags.Path | OpenFlags.NoFollow, Resolve.InRoot | Resolve.NoMagicLinks);
        }
        return like is { } slot
            ? program.OpenTarget(root, destination, slot, 0x1ED)
            : program.OpenTarget(root, destination, TargetKind.Directory, 0x1ED);
    }

    private Slot TargetWithoutLinks(string destination)
    {
        Label make = program.NewLabel(), done = program.NewLabel();
        Slot target = program.OpenAt2(root, destination, OpenFlags.Path | OpenFlags.Directory, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks);
        program.OnError(make, Errno.ENOENT);
        program.GoTo(done);
        program.Mark(make);
        Slot made = program.OpenTarget(root, destination, TargetKind.Directory, 0x1ED);
        program.Close(made);
        program.OpenAt2(root, destination, OpenFlags.Path | OpenFlags.Directory, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks, target);
        program.Mark(done);
        return target;
    }

    private string SourcePath(MountSpec mount) => AbsoluteSource(mount, input.Bundle);

    internal static string AbsoluteSource(MountSpec mount, string bundle)
    {
        string source = mount.Source ?? "";
        return source.StartsWith('/') ? source : $"{bundle}/{source}";
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

    private static bool HasLongValue(MountOptions options)
    {
        foreach ((_, string? value) in options.Data)
        {
            if (value is { Length: > 85 }) return true;
        }
        return false;
    }

    private static bool IsVirtual(string type) => type is "proc" or "sysfs" or "tmpfs" or "mqueue" or "devpts" or "cgroup" or "cgroup2";
}
