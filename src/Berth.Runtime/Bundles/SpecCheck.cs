// What a specification must say before anything is made: values that contradict each other or are unknown are refused here.
using Berth.Linux.Security;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Bundles;

internal static class SpecCheck
{
    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/> names the field.</exception>
    /// <param name="spec">What was read.</param>
    /// <param name="strict">Refuse a specification without a process now, not at start.</param>
    public static void Check(Spec spec, bool strict = false)
    {
        CheckVersion(spec.OciVersion);
        if (spec.Annotations.GetValueOrDefault("run.oci.handler") is { Length: > 0 } handler)
        {
            throw new BerthException(Fault.Unsupported, $"annotation run.oci.handler: there is no handler \"{handler}\"", "leave the annotation out: the program itself is executed");
        }
        if (spec.Process is { } process) CheckProcess(process);
        else if (strict) throw Bad("process", "is missing");
        if (spec.Linux is null) throw Bad("linux", "is missing: this runtime makes Linux containers");
        if (spec.Process?.Scheduler is { Policy.Length: > 0 } && !string.IsNullOrEmpty(spec.Linux.Resources?.Cpu?.Cpus)) throw Bad("process.scheduler", "process scheduler can't be used together with AllowedCPUs");
        CheckNamespaces(spec);
        CheckMounts(spec);
        CheckSysctls(spec);
        CheckPaths(spec.Linux);
        CheckTime(spec);
        CheckHooks(spec.Hooks);
        NetDevices.Check(spec);
    }

    public static void CheckProcess(ProcessSpec process)
    {
        if (process.Args is not { Count: > 0 }) throw new BerthException(Fault.InvalidArgument, "process.args: args must not be empty");
        if (process.Cwd.Length == 0) throw new BerthException(Fault.InvalidArgument, "process.cwd: Cwd property must not be empty");
        if (process.Cwd[0] != '/') throw new BerthException(Fault.InvalidArgument, "process.cwd: Cwd must be an absolute path");
        foreach (string variable in process.Env ?? [])
        {
            if (variable.IndexOf('=') <= 0) throw Bad("process.env", $"\"{variable}\" is not NAME=VALUE");
        }
        HashSet<string> limits = [];
        foreach (RlimitSpec limit in process.Rlimits ?? [])
        {
            Identity.LimitNumber(limit);
            if (!limits.Add(limit.Type)) throw Bad("process.rlimits", $"{limit.Type} is given twice");
        }
        if (process.IoPriority is { Priority: < 0 or > 7 } io) throw Bad("process.ioPriority", $"invalid ioPriority.Priority: {io.Priority}");
        if (process.OomScoreAdj is < -1000 or > 1000) throw Bad("process.oomScoreAdj", $"{process.OomScoreAdj} is not between -1000 and 1000");
        if (process.Scheduler is { } s) CheckScheduler(s);
        _ = Capabilities.Names;
    }

    private static void CheckScheduler(SchedulerSpec s)
    {
        if (s.Nice is < -20 or > 19) throw Bad("process.scheduler", $"invalid scheduler.nice: {s.Nice}");
        if (s.Priority != 0 && s.Policy is not ("SCHED_FIFO" or "SCHED_RR")) throw Bad("process.scheduler", "scheduler.priority can only be specified for SchedFIFO or SchedRR policy");
        if ((s.Runtime | s.Deadline | s.Period) != 0 && s.Policy != "SCHED_DEADLINE") throw Bad("process.scheduler", "scheduler runtime/deadline/period can only be specified for SchedDeadline policy");
    }

    private static void CheckVersion(string version)
    {
        if (version.Length == 0) throw Bad("ociVersion", "is missing");
        int dot = version.IndexOf('.');
        if (dot <= 0 || !int.TryParse(version.AsSpan(0, dot), out int major)) throw Bad("ociVersion", $"\"{version}\" is no semantic version");
        if (major != 1) throw new BerthException(Fault.Unsupported, $"config.json: ociVersion: unsupported version \"{version}\"", "this runtime follows 1.x");
    }

    private static void CheckNamespaces(Spec spec)
    {
        HashSet<string> seen = [];
        bool user = false, uts = false;
        foreach (NamespaceSpec n in spec.Linux!.Namespaces)
        {
            NamespacePlan.KindOf(n.Type);
            if (!seen.Add(n.Type)) throw Bad("linux.namespaces", $"malformed spec file: duplicated ns \"{n.Type}\"");
            if (n.Path is { Length: > 0 } path && path[0] != '/') throw Bad("linux.namespaces", $"the path of {n.Type} is not absolute: {path}");
            user |= n.Type == "user";
            uts |= n.Type == "uts";
        }
        bool maps = spec.Linux.UidMappings is { Count: > 0 } || spec.Linux.GidMappings is { Count: > 0 };
        if (maps && !user) throw Bad("linux.uidMappings", "user namespace mappings specified, but user namespace isn't enabled in the config");
        if (user && !maps && NamespacePlan.PathOf(spec, "user") is null) throw Bad("linux.namespaces", "a new user namespace needs uidMappings and gidMappings");
        if (!uts && !string.IsNullOrEmpty(spec.Hostname)) throw Bad("hostname", "unable to set hostname without a private UTS namespace");
        if (!uts && !string.IsNullOrEmpty(spec.Domainname)) throw Bad("domainname", "unable to set domainname without a private UTS namespace");
        bool mount = seen.Contains("mount");
        if (!mount && (spec.Linux.MaskedPaths is { Count: > 0 } || spec.Linux.ReadonlyPaths is { Count: > 0 }))
        {
            throw Bad("linux.maskedPaths", "unable to restrict sys entries without a private MNT namespace");
        }
    }

    private static void CheckMounts(Spec spec)
    {
        MountOptions.RootPropagation(spec.Linux!.RootfsPropagation);
        foreach (MountSpec mount in spec.Mounts)
        {
            if (mount.Destination.Length == 0) throw Bad("mounts", "a destination is missing");
            string inside = MountList.Inside(mount.Destination);
            // Nothing made later would reach the root it covers, but what is mounted: of a bind, the host's directory.
            if (inside == ".") throw Bad("mounts", $"\"{mount.Destination}\" is the root itself, which cannot be mounted over");
            bool bind = mount.Type == "bind" || MountOptions.Parse(mount).IsBind;
            if (!bind && string.IsNullOrEmpty(mount.Type) && !MountOptions.Parse(mount).Has(MountExtra.Remount))
            {
                throw Bad("mounts", $"{mount.Destination}: neither a type nor the option bind");
            }
            // A file of the container's making over a file of procfs would fool programs, and the runtime's own writes.
            if (inside.StartsWith("proc/", StringComparison.Ordinal) && mount.Type != "proc" && Array.IndexOf(MountList.MountableBelowProc, inside) < 0)
            {
                throw Bad("mounts", $"\"{mount.Destination}\" cannot be mounted because it is inside /proc");
            }
        }
    }

    private static void CheckSysctls(Spec spec)
    {
        foreach ((string key, string value) in spec.Linux!.Sysctl ?? [])
        {
            string path = Restrictions.PathOf(key);
            if (path.Contains("..", StringComparison.Ordinal) || path.StartsWith('/')) throw Bad("linux.sysctl", $"\"{key}\" is no key");
            string? needed = path switch
            {
                _ when path.StartsWith("net/", StringComparison.Ordinal) => "network",
                _ when path.StartsWith("fs/mqueue/", StringComparison.Ordinal) => "ipc",
                _ when path.StartsWith("user/", StringComparison.Ordinal) => "user",
                "kernel/msgmax" or "kernel/msgmnb" or "kernel/msgmni" or "kernel/sem" or "kernel/shmall" or "kernel/shmmax" or "kernel/shmmni" or "kernel/shm_rmid_forced" => "ipc",
                "kernel/domainname" when !string.IsNullOrEmpty(spec.Domainname) && value != spec.Domainname =>
                    throw Bad("linux.sysctl", $"sysctl \"{key}\" is not allowed as it conflicts with the OCI \"domainname\" field"),
                "kernel/domainname" => "uts",
                "kernel/hostname" => throw Bad("linux.sysctl", $"sysctl \"{key}\" is not allowed as it conflicts with the OCI \"hostname\" field"),
                _ => throw Bad("linux.sysctl", $"sysctl \"{key}\" is not in a separate kernel namespace"),
            };
            bool has = false;
            foreach (NamespaceSpec n in spec.Linux.Namespaces) has |= n.Type == needed;
            if (!has) throw Bad("linux.sysctl", $"sysctl \"{key}\" is not allowed in the hosts {needed} namespace");
        }
    }

    private static void CheckPaths(LinuxSpec linux)
    {
        foreach (DeviceSpec device in linux.Devices ?? [])
        {
            if (device.Path.Length == 0 || device.Path[0] != '/') throw Bad("linux.devices", $"\"{device.Path}\" is not absolute");
        }
        foreach (string path in linux.MaskedPaths ?? [])
        {
            if (path.Length == 0 || path[0] != '/') throw Bad("linux.maskedPaths", $"\"{path}\" is not absolute");
        }
        foreach (string path in linux.ReadonlyPaths ?? [])
        {
            if (path.Length == 0 || path[0] != '/') throw Bad("linux.readonlyPaths", $"\"{path}\" is not absolute");
        }
    }

    private static void CheckTime(Spec spec)
    {
        if (spec.Linux!.TimeOffsets is not { Count: > 0 } offsets) return;
        bool has = false;
        foreach (NamespaceSpec n in spec.Linux.Namespaces) has |= n.Type == "time";
        if (!has) throw Bad("linux.timeOffsets", "time namespace offsets specified, but time namespace isn't enabled in the config");
        foreach (string clock in offsets.Keys)
        {
            if (clock is not ("monotonic" or "boottime")) throw Bad("linux.timeOffsets", $"unknown clock \"{clock}\"");
        }
    }

    private static void CheckHooks(HooksSpec? hooks)
    {
        if (hooks is null) return;
        foreach (List<HookSpec>? list in new[] { hooks.Prestart, hooks.CreateRuntime, hooks.CreateContainer, hooks.StartContainer, hooks.Poststart, hooks.Poststop })
        {
            foreach (HookSpec hook in list ?? [])
            {
                if (hook.Path.Length == 0 || hook.Path[0] != '/') throw Bad("hooks", $"the path of a hook is not absolute: \"{hook.Path}\"");
            }
        }
    }

    private static BerthException Bad(string field, string why) => new(Fault.InvalidArgument, $"config.json: {field}: {why}");
}
