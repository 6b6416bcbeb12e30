// Mounts of type cgroup: one tree for version 2; a tmpfs with one directory a hierarchy for version 1.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal sealed class CgroupMounts(ChildProgram program, PlanInput input, MountCalls calls, NamespacePlan namespaces)
{
    public void Add(MountSpec mount, Slot root, string destination)
    {
        if (input.Cgroups is not { } view) return;
        MountOptions options = MountOptions.Parse(mount);
        if (mount.Destination == view.NamedSystemdAt)
        {
            AddNamedSystemd(mount, root, destination, options);
            return;
        }
        Slot mark = program.MarkSlots();
        bool single = view.Unified || mount.Type == "cgroup2";
        program.Step("mount", $"{(single ? "cgroup2" : "tmpfs")} on {mount.Destination}", single ? "inside the container's cgroup, which is its root" : "holds one directory a v1 hierarchy");
        MountPoint point = new(program.OpenTarget(root, destination, TargetKind.Directory, 0x1ED), root, destination);
        if (single) AddUnified(point, options, view);
        else AddHierarchies(mount, point, options, view);
        program.Close(point.Fd);
        program.ReleaseSlots(mark);
    }

    private void AddUnified(MountPoint point, MountOptions options, CgroupView view)
    {
        // As the file system would show it: a cgroup namespace has the container's cgroup as its root, and the host's has the whole tree.
        bool own = namespaces.Creates(Namespaces.Cgroup) || namespaces.Joins(Namespaces.Cgroup);
        string path = own && view.UnifiedPath is { } container ? container : view.UnifiedMount;
        Label refused = program.NewLabel(), done = program.NewLabel();
        program.Close(calls.Make(new NewFileSystem { Type = "cgroup2", Source = "cgroup", Flags = options.Flags }, point, refused));
        program.GoTo(done);
        program.Mark(refused);
        Bind(path, point, options);
        program.Mark(done);
    }

    private void Bind(string path, MountPoint point, MountOptions options)
    {
        Slot mounted = calls.Bind(calls.Source(ProgramFd.Cwd, path, recursive: false), point, $"{path} on {point.Path}", options.NamesFlags ? FlagChange.To(options.Flags, 0) : null);
        program.Close(mounted);
    }

    private void AddHierarchies(MountSpec mount, MountPoint point, MountOptions options, CgroupView view)
    {
        Slot tmpfs = calls.Make(new NewFileSystem { Type = "tmpfs", Source = "tmpfs", Flags = options.Flags & ~MountFlags.ReadOnly, Data = [("mode", "755")] }, point);
        foreach (CgroupHierarchy h in view.Hierarchies)
        {
            Slot mark = program.MarkSlots();
            program.Step("mount cgroup", h.Name, "the container's own part of this hierarchy");
            program.MakeDirectory(tmpfs, h.Name, 0x1ED);
            const Resolve Within = Resolve.Beneath | Resolve.NoSymlinks;
            MountPoint at = new(program.OpenAt2(tmpfs, h.Name, OpenFlags.Path | OpenFlags.Directory, Within), tmpfs, h.Name, Within);
            if (namespaces.Creates(Namespaces.Cgroup)) AddNamespaced(h, at, options);
            else Bind(h.HostPath, at, options);
            program.Close(at.Fd);
            foreach (string link in h.Links) program.MakeLink(h.Name, tmpfs, link).Tolerate(Errno.EEXIST);
            program.ReleaseSlots(mark);
        }
        if ((options.Flags & MountFlags.ReadOnly) != 0)
        {
            program.Step("set flags of", mount.Destination, "read-only once its directories are made");
            calls.SetFlags(tmpfs, FlagChange.Add(MountFlags.ReadOnly));
        }
        program.Close(tmpfs);
    }

    /// <summary>crun's run.oci.systemd.force_cgroup_v1, for containers whose systemd knows no cgroup v2.</summary>
    private void AddNamedSystemd(MountSpec mount, Slot root, string destination, MountOptions options)
    {
        Slot mark = program.MarkSlots();
        program.Step("mount", $"name=systemd on {mount.Destination}", "the annotation run.oci.systemd.force_cgroup_v1");
        MountPoint point = new(program.OpenTarget(root, destination, TargetKind.Directory, 0x1ED), root, destination);
        MountFlags flags = options.Flags & (BindFlags.Own & ~MountFlags.NoSymFollow);
        Slot tmpfs = calls.Make(new NewFileSystem { Type = "tmpfs", Source = "tmpfs", Flags = flags & ~MountFlags.ReadOnly, Data = [("mode", "755"), ("size", "1024k")] }, point);
        program.MakeDirectory(tmpfs, "systemd", 0x1ED);
        Slot at = program.OpenAt2(tmpfs, "systemd", OpenFlags.Path | OpenFlags.Directory, Resolve.Beneath | Resolve.NoSymlinks);
        program.MountOnto("cgroup", at, "cgroup", flags, "none,name=systemd,xattr");
        program.ChangeDirectory("/").Close(at).Close(tmpfs).Close(point.Fd);
        program.ReleaseSlots(mark);
    }

    private void AddNamespaced(CgroupHierarchy h, MountPoint at, MountOptions options)
    {
        if (h.Version2)
        {
            program.Close(calls.Make(new NewFileSystem { Type = "cgroup2", Source = "cgroup", Flags = options.Flags }, at));
            return;
        }
        // Version 1 takes its options as one string of data, which only mount(2) carries.
        program.MountOnto("cgroup", at.Fd, "cgroup", options.Flags & (BindFlags.Own & ~MountFlags.NoSymFollow), h.MountData);
        program.ChangeDirectory("/");
    }
}
