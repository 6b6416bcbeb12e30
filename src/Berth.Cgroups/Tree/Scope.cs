// The systemd driver of a tree: the scope is made around the first process, which therefore enters from outside.
using Berth.Cgroups.Systemd;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    private readonly List<string> _warnings = [];
    private string _defaultSlice = SystemSlice;

    private const string SystemSlice = "system.slice", UserSlice = "user.slice";

    /// <summary>What could not be done as asked, in the words of a log; filled by <see cref="Enter"/> and <see cref="Update"/>.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Where systemd is found; tests point it elsewhere.</summary>
    internal SystemdSockets Sockets { get; init; } = new();

    private static CgroupTree CreateForSystemd(CgroupHost host, CgroupRequest request)
    {
        if (!host.Sockets.IsBooted)
        {
            throw new BerthException(Fault.Unavailable, "systemd not running on this host, cannot use systemd cgroups manager",
                "leave the systemd driver off (--systemd-cgroup, native.cgroupdriver)");
        }
        if (request.Rootless && host.Mode != CgroupMode.Unified)
        {
            throw new BerthException(Fault.Unsupported, "cannot use rootless systemd cgroups manager on cgroup v1", "boot the host with cgroup v2 alone");
        }
        SystemdUnit unit = SystemdUnit.Parse(request.CgroupsPath, request.Id, "berth");
        string slice = request.Rootless ? UserSlice : SystemSlice, root = "";
        if (request.Rootless)
        {
            using SystemdClient client = SystemdClient.Open(host.Sockets, ofUser: true);
            root = client.ControlGroup;
        }
        string inner = root + unit.Directory(slice);
        string?[] paths = new string?[ControllerNames.Count];
        for (int i = 0; i < paths.Length; i++)
        {
            bool used = host.Mode != CgroupMode.Unified || i == (int)Controller.Unified;
            if (used && host.Mount((Controller)i) is { } mount) paths[i] = mount + inner;
        }
        CgroupTree tree = new(host.Mode, paths, new Directories(), request, request.Rootless, unit) 
        {
            Sockets = host.Sockets, _defaultSlice = slice, _host = host,
        };
        if (tree.MembersDirectory is { } members && KernelFile.Exists(members)) tree.RequireIdle();
        request.Announce?.Invoke(tree.Record);
        return tree;
    }

    private CgroupHost? _host;

    private void EnterScope(int pid)
    {
        if (_request is not { } request || _unit is null || _host is not { } host) throw new BerthException(Fault.WrongState, "the scope was started before");
        ResourcesSpec resources = request.Resources ?? new ResourcesSpec();
        using SystemdClient client = SystemdClient.Open(Sockets, _rootless);
        bool unified = _mode == CgroupMode.Unified;
        ScopeProperties properties = new ScopeProperties(client.Version, _warnings)
            .AddScope(_unit, $"container {request.Id}", _defaultSlice, pid, unified)
            .AddAnnotated(request.Options.SystemdProperties)
            .AddOomPolicy(request.Resources);
        if (!request.InUserNamespace) properties.AddDevices(DevicePolicy.For(resources.Devices, request.Devices));
        if (unified) properties.AddUnified(ref resources);
        else properties.AddLegacy(ref resources);
        client.Start(_unit.Name, properties.List);
        if (request.Options.Subgroup is { } below) MoveBelow(below);
        if (unified) JoinUnified(host, pid);
        else JoinLegacy(host, pid);
        ApplyDevices();
        WriteLimits(resources);
    }

    private void MoveBelow(string below)
    {
        _unitDirectory = MembersDirectory;
        for (int i = 0; i < _paths.Length; i++)
        {
            if (_paths[i] is { } path) _paths[i] = $"{path}/{below}";
        }
    }

    private void JoinUnified(CgroupHost host, int pid)
    {
        // systemd made the scope; old versions leave it behind with cgroups below it, so it counts as made by us.
        if (_unitDirectory is not null)
        {
            _directories.Adopt(_unitDirectory);
            if (!_directories.TryMake(UnifiedDirectory!, out _, out Errno errno)) throw Refused($"mkdir {UnifiedDirectory}", errno);
            if (!Cgroups.Membership.TryEnter(UnifiedDirectory!, pid, out errno)) throw Refused($"write {pid} to {UnifiedDirectory}/cgroup.procs", errno);
        }
        else
        {
            _directories.Adopt(UnifiedDirectory!);
        }
        EnableControllers(host.UnifiedMount!, UnifiedDirectory!, AvailableControllers(host), Resources);
        HandOver(UnifiedDirectory!);
    }

    /// <summary>systemd joins the controllers it manages; the others, and cpuset's files, are ours.</summary>
    private void JoinLegacy(CgroupHost host, int pid)
    {
        MakeLegacy(host);
        foreach (string directory in DistinctDirectories())
        {
            _directories.Adopt(directory);
            bool managed = directory == _paths[(int)Controller.NamedSystemd] || directory == UnifiedDirectory;
            if (managed && _unitDirectory is null) continue;
            if (!Cgroups.Membership.TryEnter(directory, pid, out Errno errno) && !managed) throw Refused($"write {pid} to {directory}/cgroup.procs", errno);
        }
    }

    private void SetScope(ResourcesSpec resources)
    {
        using SystemdClient client = SystemdClient.Open(Sockets, _rootless);
        ScopeProperties properties = new(client.Version, _warnings);
        if (_mode == CgroupMode.Unified)
        {
            // Asked before systemd is: it would let the kernel kill before we can refuse.
            if (UnifiedDirectory is { } directory) CheckUsage(directory, resources.Memory);
            properties.AddUnified(ref resources);
            client.Set(_unit!.Name, properties.List);
        }
        else
        {
            properties.AddLegacy(ref resources);
            // On v1 systemd writes device rules anew, beginning with "deny all": nobody may run meanwhile.
            bool freeze = Freezer != FreezerState.Frozen && TryFreeze();
            try { client.Set(_unit!.Name, properties.List); }
            finally { if (freeze) TryThaw(); }
        }
        WriteLimits(resources);
    }

    private void StopScope()
    {
        if (_unit is null) return;
        using SystemdClient client = SystemdClient.Open(Sockets, _rootless);
        client.Stop(_unit.Name);
    }
}
