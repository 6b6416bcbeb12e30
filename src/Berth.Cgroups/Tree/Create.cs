// Create: the directories of a container, with what a process needs before it may enter them.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    /// <summary>Makes the container's directories; limits come with <see cref="Apply"/>, members with <see cref="Membership"/>.</summary>
    /// <remarks>Under the systemd driver nothing is made yet: a scope cannot be without a process, so <see cref="Enter"/> makes it.</remarks>
    /// <exception cref="BerthException">
    /// <see cref="Fault.Conflict"/>: the cgroup has processes in it. <see cref="Fault.WrongState"/>: it is frozen.
    /// <see cref="Fault.InvalidArgument"/>: the path or the limits contradict the host's version of cgroup.
    /// <see cref="Fault.Denied"/>, <see cref="Fault.Unavailable"/>: the host refuses, or has no cgroups.
    /// </exception>
    public static CgroupTree Create(CgroupHost host, CgroupRequest request)
    {
        Validate(host, request);
        if (request.Driver == CgroupDriver.Systemd) return CreateForSystemd(host, request);
        if (host.Mode == CgroupMode.None) return WithoutCgroups(request);
        CgroupTree tree = new(host.Mode, CgroupPath.Directories(host, request.CgroupsPath, request.Id), new Directories(), request,
            request.Rootless, unit: null);
        request.Announce?.Invoke(tree.Foresee());
        try
        {
            bool isNew = host.Mode == CgroupMode.Unified ? tree.MakeUnified(host) : tree.MakeLegacy(host);
            if (!isNew) tree.RequireIdle();
            return tree;
        }
        catch
        {
            tree.RemoveCreated();
            throw;
        }
    }

    private static void Validate(CgroupHost host, CgroupRequest request)
    {
        if (request.Resources is not { } resources) return;
        if (host.Mode == CgroupMode.Unified) UnifiedLimits.Validate(resources);
        else if (resources.Unified is { Count: > 0 })
        {
            throw new BerthException(Fault.InvalidArgument, "invalid configuration: cannot use unified on cgroup v1",
                "boot the host with cgroup v2 alone, or set the limit by its own field");
        }
        if (request.Options.Delegate is not null && host.Mode != CgroupMode.Unified)
        {
            throw new BerthException(Fault.Unsupported, "cannot delegate a cgroup: that is safe on cgroup v2 alone");
        }
    }

    private static CgroupTree WithoutCgroups(CgroupRequest request)
    {
        if (request.Rootless && string.IsNullOrEmpty(request.CgroupsPath))
        {
            return new CgroupTree(CgroupMode.None, new string?[ControllerNames.Count], new Directories(), request, rootless: true, unit: null);
        }
        throw new BerthException(Fault.Unavailable, "unable to apply cgroup configuration: no cgroup file system is mounted",
            $"mount -t cgroup2 cgroup2 {CgroupHost.UsualRoot}");
    }

    /// <returns>Whether the directory that counts is new.</returns>
    private bool MakeLegacy(CgroupHost host)
    {
        bool isNew = true;
        string? members = MembersDirectory;
        for (int i = 0; i < _paths.Length; i++)
        {
            if (_paths[i] is not { } path || WasMade(path, i)) continue;
            bool cpuset = i == (int)Controller.Cpuset;
            if (_directories.TryMake(path, out bool made, out Errno errno, cpuset ? InheritCpuset : null))
            {
                if (cpuset) InheritCpuset(path, made, Resources?.Cpu);
                if (path == members || i == (int)Controller.Freezer) isNew &= made;
                continue;
            }
            // Hierarchies without limits are joined for the sake of order, never at the price of the container.
            bool optional = i is (int)Controller.NamedSystemd or (int)Controller.Misc or (int)Controller.Unified;
            if (!optional && !(MayDoWithout && IsPermission(errno))) throw Refused($"mkdir {path}", errno);
            _paths[i] = null;
        }
        if (_paths[(int)Controller.Devices] is null && UnifiedDirectory is null && !MayDoWithout && !_request!.InUserNamespace)
        {
            throw new BerthException(Fault.Unavailable, "unable to apply cgroup configuration: mountpoint for devices not found");
        }
        if (host.Mode == CgroupMode.Hybrid) EnableMissing(host);
        return isNew;
    }

    /// <summary>Controllers without a v1 hierarchy whose limits are asked for may live on the v2 tree of a hybrid host.</summary>
    private void EnableMissing(CgroupHost host)
    {
        if (Resources is not { } resources || UnifiedDirectory is not { } path) return;
        string? available = null;
        string asked = "";
        foreach (LimitWrite write in LegacyLimits.Plan(resources))
        {
            if (_paths[(int)write.Controller] is not null) continue;
            string name = UnifiedLimits.NameOf(write.Controller);
            available ??= AvailableControllers(host);
            if (UnifiedLimits.Lists(available, name) && !UnifiedLimits.Lists(asked, name)) asked = asked.Length == 0 ? name : $"{asked} {name}";
        }
        if (asked.Length > 0) EnableControllers(host.UnifiedMount!, path, asked, resources);
    }

    private bool MakeUnified(CgroupHost host)
    {
        string path = UnifiedDirectory!;
        if (!_directories.TryMake(path, out bool made, out Errno errno))
        {
            if (!_rootless || !IsPermission(errno) || !string.IsNullOrEmpty(_request!.CgroupsPath)) throw Refused($"mkdir {path}", errno);
            if (UnifiedLimits.NeedsController(Resources, AvailableControllers(host)))
            {
                throw new BerthException(Fault.Denied, "unable to apply cgroup configuration: rootless needs no limits + no cgrouppath "
                    + $"when no permission is granted for cgroups: mkdir {path}: {errno.Sentence()}",
                    "let systemd delegate the controllers to the user, or drop the limits");
            }
            _paths[(int)Controller.Unified] = null;
            return true;
        }
        EnableControllers(host.UnifiedMount!, path, AvailableControllers(host), Resources);
        HandOver(path);
        return made;
    }

    /// <summary>Whether a refusal for lack of privileges is borne: nothing was asked for by name.</summary>
    private bool MayDoWithout => _rootless && string.IsNullOrEmpty(_request?.CgroupsPath);

    private bool WasMade(string path, int before)
    {
        for (int i = 0; i < before; i++)
        {
            if (_paths[i] == path) return true;
        }
        return false;
    }

    private static string AvailableControllers(CgroupHost host) => KernelFile.TryReadText(host.UnifiedMount + "/cgroup.controllers") ?? "";

    /// <summary>A directory that was there before must have no processes in it and must not be frozen.</summary>
    private void RequireIdle()
    {
        int members = Pids(recursive: true).Count;
        if (members > 0) throw new BerthException(Fault.Conflict, $"container's cgroup is not empty: {members} process(es) found");
        if (Freezer == FreezerState.Frozen) throw new BerthException(Fault.WrongState, "container's cgroup unexpectedly frozen");
    }

    /// <summary>The record as it will be when all succeeds.</summary>
    private CgroupRecord Foresee()
    {
        // Hierarchies look alike: what is missing in one is missing in all. Where it was not, an empty cgroup goes with the rest.
        List<string> paths = DistinctDirectories();
        int levels = paths.Count == 0 ? 0 : Directories.MissingLevels(paths[0]);
        Directories missing = new();
        foreach (string path in paths) missing.Foresee(path, levels);
        return Record with { Created = missing.Created };
    }

    private void RemoveCreated() => _directories.RemoveAll(static _ => false);

    /// <summary>Gives the v2 directory and the files the kernel names as delegable to the payload's root.</summary>
    private void HandOver(string path)
    {
        if (_request?.Owner is not { } owner) return;
        Own(path, mustExist: true);
        string files = KernelFile.TryReadText("/sys/kernel/cgroup/delegate") ?? "cgroup.procs\ncgroup.subtree_control\ncgroup.threads";
        foreach (ReadOnlySpan<char> file in files.AsSpan().EnumerateLines())
        {
            if (!file.IsEmpty) Own($"{path}/{file}", mustExist: false);
        }

        void Own(string what, bool mustExist)
        {
            if (KernelDirectory.TryOwn(what, owner.Uid, owner.Gid, out Errno errno)) return;
            if (mustExist || errno != Errno.ENOENT) throw Refused($"chown {what} to {owner.Uid}", errno);
        }
    }

    /// <summary>Makes every controller of the mount available in a v2 directory.</summary>
    /// <remarks>
    /// A directory made below parents that hand everything down already has all controllers, which one read tells. Only
    /// otherwise the way down is walked: enabling needs a parent without processes, and one without permission is left
    /// as it is, so that the limit that misses its file says so.
    /// </remarks>
    private static void EnableControllers(string mount, string path, string wanted, ResourcesSpec? resources)
    {
        string present = KernelFile.TryReadText(path + "/cgroup.controllers") ?? "";
        if (present == wanted && HasDomainController(wanted)) return;
        RequireUsable(path, resources);
        if (wanted.Length == 0) return;
        string enable = "+" + wanted.Replace(" ", " +", StringComparison.Ordinal);
        for (int slash = mount.Length; slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            string level = path[..slash];
            if (slash > mount.Length) RequireUsable(level, resources);
            if (KernelFile.TryWrite(level + "/cgroup.subtree_control", enable, out _)) continue;
            foreach (string one in enable.Split(' ')) KernelFile.TryWrite(level + "/cgroup.subtree_control", one, out _);
        }
    }

    private static bool HasDomainController(string controllers) =>
        UnifiedLimits.Lists(controllers, "memory") || UnifiedLimits.Lists(controllers, "io") || UnifiedLimits.Lists(controllers, "hugetlb");

    /// <summary>Below a threaded cgroup only threads can be controlled: limits of whole processes are impossible there.</summary>
    private static void RequireUsable(string path, ResourcesSpec? resources)
    {
        string? type = KernelFile.TryReadText(path + "/cgroup.type");
        if (type is null or "domain") return;
        if (!UnifiedLimits.NeedsDomain(resources))
        {
            if (type == "domain invalid") KernelFile.TryWrite(path + "/cgroup.type", "threaded", out _);
            return;
        }
        string why = type == "domain invalid" ? "it is in an invalid state" : $"it is in {type} mode";
        throw new BerthException(Fault.WrongState, $"cannot enter cgroupv2 \"{path}\" with domain controllers -- {why}");
    }

    private static void InheritCpuset(string directory) => InheritCpuset(directory, isNew: true, null);

    /// <summary>A v1 cpuset without processors and memory nodes admits no process: what is not set comes from the parent.</summary>
    private static void InheritCpuset(string directory, bool isNew, CpuSpec? cpu)
    {
        bool needCpus = string.IsNullOrEmpty(cpu?.Cpus), needMems = string.IsNullOrEmpty(cpu?.Mems);
        if (!needCpus && !needMems) return;
        // Android mounts cpuset without the prefix of its files.
        string prefix = KernelFile.Exists(directory + "/cpuset.cpus") ? "/cpuset." : "/";
        string parent = directory[..directory.LastIndexOf('/')];
        if (needCpus) Inherit(parent, directory, prefix + "cpus", isNew);
        if (needMems) Inherit(parent, directory, prefix + "mems", isNew);
    }

    private static void Inherit(string parent, string directory, string file, bool isNew)
    {
        if (!isNew && KernelFile.TryReadText(directory + file) is { Length: > 0 }) return;
        if (Inheritable(parent, file) is not { } value) return;
        if (!KernelFile.TryWrite(directory + file, value, out Errno errno)) throw Refused($"write '{value}' to {directory}{file}", errno);
    }

    private static string? Inheritable(string directory, string file)
    {
        string? value = KernelFile.TryReadText(directory + file);
        if (value is not "") return value;
        // A parent that was made by hand and left empty is filled from above as well.
        Inherit(directory[..directory.LastIndexOf('/')], directory, file, isNew: true);
        return KernelFile.TryReadText(directory + file);
    }
}
