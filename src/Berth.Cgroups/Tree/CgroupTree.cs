// The cgroups of one container: one directory on v2, one in each hierarchy on v1, both on a hybrid host.
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

/// <summary>The cgroups of one container. Every verb has a file of its own beside this one.</summary>
/// <remarks>
/// <code>
/// runtime                              first process
/// Create   directories, cpusets
/// Apply    limits, device rules
/// clone3(CLONE_INTO_CGROUP) ─────────► born inside the v2 cgroup
///                                      writes 0 into each Membership.TaskFiles (v1)
///                                      unshares its cgroup namespace
/// Enter    only where the clone could not do it, and for systemd, which moves the process itself
/// </code>
/// </remarks>
public sealed partial class CgroupTree
{
    private readonly string?[] _paths;
    private readonly Directories _directories;
    private readonly CgroupMode _mode;
    private readonly CgroupRequest? _request;
    private readonly bool _rootless;
    private readonly SystemdUnit? _unit;
    private string? _unitDirectory;

    private CgroupTree(CgroupMode mode, string?[] paths, Directories directories, CgroupRequest? request, bool rootless, SystemdUnit? unit)
    {
        _mode = mode;
        _paths = paths;
        _directories = directories;
        _request = request;
        _rootless = rootless;
        _unit = unit;
    }

    /// <summary>The cgroups a record tells of; nothing is looked up on the host.</summary>
    public static CgroupTree Open(CgroupRecord record)
    {
        string?[] paths = new string?[ControllerNames.Count];
        foreach ((Controller controller, string path) in record.Paths) paths[(int)controller] = path;
        return new CgroupTree(record.Mode, paths, new Directories(record.Created), null, record.Rootless, record.Unit)
        {
            _unitDirectory = record.UnitDirectory,
        };
    }

    /// <summary>The cgroups that a process is in now, to read and to watch; none of them is ours to remove.</summary>
    /// <returns>Null where the process is gone.</returns>
    public static CgroupTree? TryOpenOf(int pid)
    {
        CgroupHost host = CgroupHost.Discover();
        string?[] paths = new string?[ControllerNames.Count];
        bool any = false;
        foreach (ReadOnlySpan<char> line in (Linux.Files.KernelFile.TryReadText($"/proc/{pid}/cgroup") ?? "").AsSpan().EnumerateLines())
        {
            if (!CgroupLine.TryParse(line, out ReadOnlySpan<char> controllers, out ReadOnlySpan<char> path)) continue;
            any = true;
            foreach (Range part in controllers.Split(','))
            {
                Controller? controller = controllers.IsEmpty ? Controller.Unified : ControllerNames.Parse(controllers[part]);
                if (controller is { } known && host.Mount(known) is { } mount) paths[(int)known] = mount + path.ToString();
            }
        }
        return any ? new CgroupTree(host.Mode, paths, new Directories([]), null, rootless: false, unit: null) : null;
    }

    /// <summary>What to store so that <see cref="Open"/> finds these cgroups again.</summary>
    public CgroupRecord Record
    {
        get
        {
            List<KeyValuePair<Controller, string>> paths = [];
            for (int i = 0; i < _paths.Length; i++)
            {
                if (_paths[i] is { } path) paths.Add(new((Controller)i, path));
            }
            return new CgroupRecord
            {
                Mode = _mode,
                Driver = _unit is null ? CgroupDriver.Cgroupfs : CgroupDriver.Systemd,
                Rootless = _rootless,
                Paths = paths,
                Created = _directories.Created,
                Unit = _unit,
                UnitDirectory = _unitDirectory,
            };
        }
    }

    /// <summary>Mode of the host at creation.</summary>
    public CgroupMode Mode => _mode;

    /// <summary>Whether there is any cgroup: a rootless container may have none.</summary>
    public bool HasCgroup => MembersDirectory is not null;

    /// <summary>The v2 directory, alone or beside v1, or null.</summary>
    public string? UnifiedDirectory => _paths[(int)Controller.Unified];

    /// <summary>Directory of a v1 controller, or of <see cref="Controller.Unified"/>, or null.</summary>
    public string? Directory(Controller controller) => _paths[(int)controller];

    /// <summary>Whether the container's cgroup is still there.</summary>
    public bool Exists => MembersDirectory is { } path && KernelFile.Exists(path);

    /// <summary>The tree whose members count as the container's: devices on v1, which nothing but a runtime uses.</summary>
    private string? MembersDirectory => _mode == CgroupMode.Unified
        ? UnifiedDirectory
        : _paths[(int)Controller.Devices] ?? _paths[(int)Controller.Pids] ?? _paths[(int)Controller.Freezer] ?? UnifiedDirectory;

    private ResourcesSpec? Resources => _request?.Resources;

    /// <summary>Each directory once, although controllers share hierarchies.</summary>
    private List<string> DistinctDirectories(bool legacy = true, bool unified = true)
    {
        List<string> distinct = [];
        for (int i = 0; i < _paths.Length; i++)
        {
            if (i == (int)Controller.Unified ? !unified : !legacy) continue;
            if (_paths[i] is { } path && !distinct.Contains(path)) distinct.Add(path);
        }
        return distinct;
    }

    private static BerthException Refused(string what, Linux.Errno errno, string? hint = null) =>
        new(FaultOf(errno), $"unable to apply cgroup configuration: {what}: {Linux.ErrnoText.Sentence(errno)}", hint);

    internal static Fault FaultOf(Linux.Errno errno) => errno switch
    {
        Linux.Errno.EPERM or Linux.Errno.EACCES or Linux.Errno.EROFS => Fault.Denied,
        Linux.Errno.ENOENT or Linux.Errno.ENODEV => Fault.NotFound,
        Linux.Errno.EINVAL or Linux.Errno.ERANGE => Fault.InvalidArgument,
        Linux.Errno.ENOSPC or Linux.Errno.EAGAIN => Fault.Exhausted,
        _ => Fault.Failed,
    };

    private static bool IsPermission(Linux.Errno errno) => errno is Linux.Errno.EPERM or Linux.Errno.EACCES or Linux.Errno.EROFS;
}
