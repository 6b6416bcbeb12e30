// All mounts of a container: what everybody has, what was asked for, and small files of ours.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Fills <c>mounts</c>.</summary>
internal static class ContainerMounts
{
    private const long UsualShm = 64 * 1024 * 1024;

    /// <summary>Adds mounts in the order in which they are made: what lies above before what lies below it.</summary>
    /// <exception cref="BerthException">NotFound, InvalidArgument.</exception>
    public static void Fill(Spec spec, ContainerRecord record, BundleFacts facts, Account account)
    {
        List<MountSpec> usual = Usual(record, facts);
        List<MountSpec> asked = RequestedMounts.Build(record, facts, account);
        asked.AddRange(facts.FurtherMounts);
        AddWritable(asked, record);
        AddFiles(asked, record, facts);
        SortByDepth(asked);
        foreach (MountSpec mount in usual)
        {
            if (!IsReplaced(mount.Destination, asked)) spec.Mounts.Add(mount);
        }
        spec.Mounts.AddRange(asked);
        AddInit(spec, record, facts);
        if (SecurityLabels.Files(record, facts) is { } label) spec.Linux!.MountLabel = label;
    }

    private static List<MountSpec> Usual(ContainerRecord record, BundleFacts facts)
    {
        bool ownUsers = SpecBuilder.HasOwnUsers(record, facts), isPrivileged = record.Spec.Security.IsPrivileged;
        List<MountSpec> mounts = [Proc(record, facts, ownUsers)];
        mounts.Add(new MountSpec { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] });
        MountSpec terminals = new() { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] };
        // Group 5 is tty: it must be one that the namespace has.
        if (HasGroup(record.Settled.Ids, 5)) terminals.Options.Add("gid=5");
        mounts.Add(terminals);
        mounts.Add(Sys(record, facts, ownUsers));
        mounts.Add(new MountSpec { Destination = "/sys/fs/cgroup", Type = "cgroup", Source = "cgroup", Options = ["nosuid", "noexec", "nodev", "relatime", isPrivileged || record.Spec.Security.HasWritableCgroups ? "rw" : "ro"] });
        AddQueues(mounts, record, facts);
        return mounts;
    }

    private static MountSpec Proc(ContainerRecord record, BundleFacts facts, bool ownUsers)
    {
        string pid = record.Spec.Namespaces.Pid;
        bool isJoined = facts.Joined.Pid is not null || pid.StartsWith("ns:", StringComparison.Ordinal);
        // The kernel mounts proc only for whoever owns the pid namespace: a debugger, who has joined the users of the same container, does.
        bool isOwner = record.Spec.Debugs is not null && facts.Joined.User is not null;
        if ((ownUsers && (pid == "host" || (isJoined && !isOwner))) || (facts.IsRootless && pid == "host")) return Bound("/proc", "/proc", "rbind", "nosuid", "noexec", "nodev");
        MountSpec proc = new() { Destination = "/proc", Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] };
        proc.Options.AddRange(record.Spec.Security.ProcOptions);
        return proc;
    }

    private static MountSpec Sys(ContainerRecord record, BundleFacts facts, bool ownUsers)
    {
        string access = record.Spec.Security.IsPrivileged ? "rw" : "ro";
        bool isHost = SpecBuilder.HasHostNetwork(record);
        // And sysfs only for whoever owns the network namespace.
        if ((ownUsers && (isHost || facts.NetworkNamespace is not null)) || (facts.IsRootless && isHost)) return Bound("/sys", "/sys", "rbind", "nosuid", "noexec", "nodev", access, "rslave");
        return new MountSpec { Destination = "/sys", Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", access] };
    }

    private static void AddQueues(List<MountSpec> mounts, ContainerRecord record, BundleFacts facts)
    {
        string ipc = record.Spec.Namespaces.Ipc;
        if (ipc == "host")
        {
            // Not every host has mounted it, and only root can mount the host's.
            if (KernelFile.Exists("/dev/mqueue")) mounts.Add(Bound("/dev/mqueue", "/dev/mqueue", "bind", "nosuid", "noexec", "nodev"));
        }
        else mounts.Add(new MountSpec { Destination = "/dev/mqueue", Type = "mqueue", Source = "mqueue", Options = ["nosuid", "noexec", "nodev"] });
        if (ipc == "none") return;
        if (ipc == "host" || facts.ShmPath is not null) mounts.Add(Bound("/dev/shm", facts.ShmPath ?? "/dev/shm", "bind", "nosuid", "noexec", "nodev"));
        else mounts.Add(new MountSpec { Destination = "/dev/shm", Type = "tmpfs", Source = "shm", Options = ["nosuid", "noexec", "nodev", "mode=1777", "size=" + ProcessBuilder.Text(record.Spec.Storage.ShmBytes ?? UsualShm)] });
    }

    private static void AddWritable(List<MountSpec> asked, ContainerRecord record)
    {
        if (!record.Spec.Storage.IsReadOnly || !record.Spec.Storage.HasReadOnlyTmpfs) return;
        foreach (string place in (ReadOnlySpan<string>)["/run", "/tmp", "/var/tmp"])
        {
            if (!Has(asked, place)) asked.Add(new MountSpec { Destination = place, Type = "tmpfs", Source = "tmpfs", Options = ["rw", "rprivate", "nosuid", "nodev", "tmpcopyup", place == "/run" ? "mode=755" : "mode=1777"] });
        }
    }

    private static void AddFiles(List<MountSpec> asked, ContainerRecord record, BundleFacts facts)
    {
        string access = record.Spec.Storage.IsReadOnly ? "ro" : "rw";
        AddFile(asked, "/etc/hosts", facts.HostsFile, access);
        AddFile(asked, "/etc/resolv.conf", facts.ResolvConfFile, access);
        AddFile(asked, "/etc/hostname", facts.HostNameFile, access);
        if (record.Spec.TimeZone is not { Length: > 0 } zone || Has(asked, "/etc/localtime")) return;
        string file = zone == "local" ? "/etc/localtime" : $"{facts.ZoneFolder}/{zone}";
        if (ContainerPath.Clean(file) != file || KernelPath.Facts(file) is not { IsRegular: true }) throw new BerthException(Fault.InvalidArgument, $"there is no time zone '{zone}' on this host", "write a name below /usr/share/zoneinfo such as Europe/Berlin, or local");
        AddFile(asked, "/etc/localtime", KernelPath.Resolve(file) ?? file, "ro");
    }

    private static void AddFile(List<MountSpec> asked, string place, string? file, string access)
    {
        if (file is not null && !Has(asked, place)) asked.Add(Bound(place, file, "bind", "rprivate", access));
    }

    // Last: a tmpfs on /run would hide it.
    private static void AddInit(Spec spec, ContainerRecord record, BundleFacts facts)
    {
        if (!record.Spec.HasInit) return;
        string program = record.Spec.InitPath ?? facts.InitProgram ?? throw new BerthException(Fault.Unavailable, "cannot give the container an init: none is installed", "install berth-init beside berth, or name one with --init-path");
        if (!KernelFile.IsExecutable(program, out Errno errno)) throw new BerthException(Fault.NotFound, $"cannot use {program} as init: {ErrnoText.Sentence(errno)}");
        spec.Mounts.Add(Bound(SpecBuilder.InitPlace, program, "bind", "rprivate", "ro", "nosuid", "nodev"));
    }

    /// <summary>A bind mount.</summary>
    public static MountSpec Bound(string place, string source, params ReadOnlySpan<string> options) => new() { Destination = place, Type = "bind", Source = source, Options = [.. options] };

    private static bool HasGroup(IdMaps? ids, uint gid)
    {
        if (ids is null) return true;
        foreach (IdRange range in ids.Gids)
        {
            if (gid >= range.Inside && gid - range.Inside < range.Count) return true;
        }
        return false;
    }

    private static bool Has(List<MountSpec> mounts, string place)
    {
        foreach (MountSpec mount in mounts)
        {
            if (mount.Destination == place) return true;
        }
        return false;
    }

    // Whoever mounts at /dev has all of it: nothing of ours goes in there.
    private static bool IsReplaced(string place, List<MountSpec> asked)
    {
        foreach (MountSpec mount in asked)
        {
            if (mount.Destination == place || (mount.Destination is "/dev" or "/sys" or "/proc" && ContainerPath.IsBelow(place, mount.Destination))) return true;
        }
        return false;
    }

    // Mounts of the same depth stay in the order in which they were said.
    private static void SortByDepth(List<MountSpec> mounts)
    {
        for (int i = 1; i < mounts.Count; i++)
        {
            MountSpec mount = mounts[i];
            int depth = ContainerPath.Depth(mount.Destination), at = i;
            for (; at > 0 && ContainerPath.Depth(mounts[at - 1].Destination) > depth; at--) mounts[at] = mounts[at - 1];
            mounts[at] = mount;
        }
    }
}
