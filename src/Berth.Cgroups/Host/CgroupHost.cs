// What this host has of cgroups: the mode, where each controller is mounted, and where this process is.
using Berth.Cgroups.Systemd;
using Berth.Linux.Files;

namespace Berth.Cgroups;

/// <summary>Which versions of cgroup a host has mounted.</summary>
public enum CgroupMode
{
    /// <summary>None.</summary>
    None,

    /// <summary>Version 2 alone.</summary>
    Unified,

    /// <summary>Controllers on version 1, with a version 2 tree beside them.</summary>
    Hybrid,

    /// <summary>Version 1 alone.</summary>
    Legacy,
}

/// <summary>One mounted hierarchy.</summary>
/// <param name="Mount">Where.</param>
/// <param name="Controllers">What lives in it, by the kernel's names; one empty name for v2.</param>
/// <param name="First">Finds a container's directory in it: <see cref="CgroupTree.Directory"/>.</param>
public sealed record MountedHierarchy(string Mount, IReadOnlyList<string> Controllers, Controller First)
{
    /// <summary>Name of the directory it is mounted on, such as <c>cpu,cpuacct</c>.</summary>
    public string Name => Mount[(Mount.LastIndexOf('/') + 1)..];

    /// <summary>Whether it is the v2 hierarchy.</summary>
    public bool IsUnified => First == Controller.Unified;

    /// <summary>Data of mount(2) that mounts the same hierarchy; empty for v2.</summary>
    public string MountData => string.Join(',', Controllers);
}

/// <summary>The cgroup file systems of this host, found with a few cheap calls.</summary>
/// <remarks>
/// The usual layout is recognised by statfs(2) and /proc/self/cgroup alone; /proc/self/mountinfo, which grows with every
/// container, is read only where the layout is unusual or a mount shows a part of the hierarchy.
/// </remarks>
public sealed class CgroupHost
{
    /// <summary>Where cgroups are mounted by convention.</summary>
    public const string UsualRoot = "/sys/fs/cgroup";

    private readonly string _proc;
    private readonly string?[] _mounts = new string?[ControllerNames.Count];
    private readonly string?[] _own = new string?[ControllerNames.Count];
    private string?[]? _mountRoots;
    private bool _ownIsRead;

    private CgroupHost(string proc) => _proc = proc;

    /// <summary>Which versions are mounted.</summary>
    public CgroupMode Mode { get; private set; }

    /// <summary>Where systemd listens.</summary>
    internal SystemdSockets Sockets { get; set; } = new();

    /// <summary>Where the v2 hierarchy is mounted, or null.</summary>
    public string? UnifiedMount => _mounts[(int)Controller.Unified];

    /// <summary>Finds out what is mounted.</summary>
    /// <param name="root">Where cgroups are mounted.</param>
    /// <param name="proc">Where proc is mounted.</param>
    public static CgroupHost Discover(string root = UsualRoot, string proc = "/proc")
    {
        CgroupHost host = new(proc);
        FileSystemType type = KernelDirectory.TypeOf(root);
        if (type == FileSystemType.Cgroup2)
        {
            host._mounts[(int)Controller.Unified] = root;
            host.Mode = CgroupMode.Unified;
        }
        else if (type != FileSystemType.Tmpfs || !host.FindUsualMounts(root))
        {
            host.ReadMountTable();
        }
        return host;
    }

    /// <summary>A host with exactly one v2 hierarchy, for trees that are known otherwise (a record, a recorded tree).</summary>
    public static CgroupHost AtUnified(string mount, string proc = "/proc")
    {
        CgroupHost host = new(proc) { Mode = CgroupMode.Unified };
        host._mounts[(int)Controller.Unified] = mount;
        return host;
    }

    /// <summary>A host as the text of its mountinfo describes it.</summary>
    public static CgroupHost FromMountTable(string mountInfo, string proc = "/proc")
    {
        CgroupHost host = new(proc);
        host.Take(MountTable.Parse(mountInfo));
        return host;
    }

    /// <summary>Where this controller's v1 hierarchy (or the v2 hierarchy) is mounted, or null.</summary>
    public string? Mount(Controller controller) => _mounts[(int)controller];

    /// <summary>The cgroup of this process as the kernel names it, <c>/a/b</c>; null where it is in none of that kind.</summary>
    public string? Own(Controller controller)
    {
        ReadOwn();
        return _own[(int)controller];
    }

    /// <summary>The directory of this process's own cgroup below the mount, or null.</summary>
    public string? OwnDirectory(Controller controller)
    {
        if (_mounts[(int)controller] is not { } mount || Own(controller) is not { } own) return null;
        if (own == "/") return mount;
        string direct = mount + own;
        if (KernelFile.Exists(direct)) return direct;
        // Inside a container without a cgroup namespace the mount shows only a part of the hierarchy, while /proc
        // names the whole path: the mount's root is to be taken off.
        _mountRoots ??= MountTable.Parse(KernelFile.ReadText(_proc + "/self/mountinfo")).Roots();
        string? root = _mountRoots[(int)controller];
        return root is not null && own.StartsWith(root, StringComparison.Ordinal) ? mount + own[root.Length..] : mount;
    }

    /// <summary>All mounted hierarchies, each once: what a container's own cgroup mounts are modelled on.</summary>
    public IReadOnlyList<MountedHierarchy> Hierarchies
    {
        get
        {
            List<MountedHierarchy> hierarchies = [];
            for (int i = 0; i < _mounts.Length; i++)
            {
                if (_mounts[i] is not { } mount || Mode == CgroupMode.Unified && i != (int)Controller.Unified) continue;
                List<string> names = [];
                bool seen = false;
                for (int j = 0; j < _mounts.Length; j++)
                {
                    if (_mounts[j] != mount) continue;
                    seen |= j < i;
                    names.Add(((Controller)j).Name());
                }
                if (!seen) hierarchies.Add(new MountedHierarchy(mount, names, (Controller)i));
            }
            return hierarchies;
        }
    }

    private bool FindUsualMounts(string root)
    {
        ReadOwn();
        bool complete = true, any = false;
        foreach (ReadOnlySpan<char> line in _ownText.AsSpan().EnumerateLines())
        {
            if (!CgroupLine.TryParse(line, out ReadOnlySpan<char> list, out _) || list.IsEmpty) continue;
            ReadOnlySpan<char> name = list.StartsWith("name=") ? list[5..] : list;
            if (list.StartsWith("name=") && ControllerNames.Parse(list) is null) continue;
            string mount = $"{root}/{name}";
            if (KernelDirectory.TypeOf(mount) == FileSystemType.Cgroup) { Place(list, mount); any = true; }
            else complete = false;
        }
        if (!complete || !any) return false;
        string unified = root + "/unified";
        if (KernelDirectory.TypeOf(unified) == FileSystemType.Cgroup2) _mounts[(int)Controller.Unified] = unified;
        Mode = UnifiedMount is null ? CgroupMode.Legacy : CgroupMode.Hybrid;
        return true;
    }

    private void Place(ReadOnlySpan<char> list, string mount)
    {
        foreach (Range part in list.Split(','))
        {
            if (ControllerNames.Parse(list[part]) is { } controller) _mounts[(int)controller] = mount;
        }
    }

    private void ReadMountTable() => Take(MountTable.Parse(KernelFile.TryReadText(_proc + "/self/mountinfo") ?? ""));

    private void Take(MountTable table)
    {
        Array.Clear(_mounts);
        foreach (CgroupMount mount in table.Mounts)
        {
            foreach (Controller controller in mount.Controllers) _mounts[(int)controller] ??= mount.Point;
        }
        _mountRoots = table.Roots();
        bool controllers = false;
        for (int i = 0; i < (int)Controller.NamedSystemd; i++) controllers |= _mounts[i] is not null;
        bool legacy = controllers || _mounts[(int)Controller.NamedSystemd] is not null;
        // A lone name=systemd beside v2 is there for old containers (it has no limits): the host counts as unified.
        Mode = (UnifiedMount, legacy, controllers) switch
        {
            (null, true, _) => CgroupMode.Legacy,
            (not null, _, true) => CgroupMode.Hybrid,
            (not null, _, false) => CgroupMode.Unified,
            _ => CgroupMode.None,
        };
    }

    private string _ownText = "";

    private void ReadOwn()
    {
        if (_ownIsRead) return;
        _ownIsRead = true;
        _ownText = KernelFile.TryReadText(_proc + "/self/cgroup") ?? "";
        foreach (ReadOnlySpan<char> line in _ownText.AsSpan().EnumerateLines())
        {
            if (!CgroupLine.TryParse(line, out ReadOnlySpan<char> list, out ReadOnlySpan<char> path)) continue;
            string own = path.ToString();
            foreach (Range part in list.Split(','))
            {
                if (ControllerNames.Parse(list[part]) is { } controller) _own[(int)controller] = own;
            }
        }
    }
}
