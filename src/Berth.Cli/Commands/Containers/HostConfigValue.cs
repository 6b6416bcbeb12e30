// docker's HostConfig of a container: what was asked of the host.
using System.Globalization;
using Berth.Cli.Output;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;

namespace Berth.Cli.Commands.Containers;

/// <summary>Translates.</summary>
internal static class HostConfigValue
{
    /// <summary>The members.</summary>
    public static Value Of(Session session, Container container)
    {
        ContainerRecord record = container.Record;
        // podman spells them as setrlimit(2) does.
        Func<string, string> names = session.Role == Role.Podman ? static name => "RLIMIT_" + name.ToUpperInvariant() : static name => name;
        ContainerSpec spec = record.Spec;
        LimitsSpec limits = spec.Limits;
        return Value.Record.Of(
            Member.Of("Binds", record.Settled.Mounts.Where(static mount => mount.Request.Kind is MountKind.Bind or MountKind.Volume).Select(Bind)),
            Member.Of("ContainerIDFile", ""),
            new Member("LogConfig", Value.Record.Of(Member.Of("Type", spec.Log.Driver), Member.Of("Config", spec.Log.Options),
                Member.Of("Path", spec.Log.Driver is "none" or "journald" ? "" : container.LogPath), Member.Of("Size", spec.Log.Options.GetValueOrDefault("max-size") is { } most ? Words.Size(Quantities.Size(most, "log-opt")) : "0B"), Member.Of("Tag", spec.Log.Options.GetValueOrDefault("tag", "")))),
            Member.Of("NetworkMode", spec.Connection.Networks.Count > 0 ? spec.Connection.Networks[0].Network : "bridge"),
            new Member("PortBindings", Ports(spec)),
            new Member("RestartPolicy", Value.Record.Of(Member.Of("Name", Restart(spec.Restart.When)), Member.Of("MaximumRetryCount", spec.Restart.Most))),
            Member.Of("AutoRemove", spec.IsRemovedAtEnd),
            Member.Of("AutoRemoveImage", spec.RemovesImage),
            Member.Of("VolumeDriver", spec.Storage.VolumeDriver ?? ""),
            Member.Of("VolumesFrom", spec.Storage.VolumesFrom),
            Member.Of("CapAdd", spec.Security.CapabilitiesAdded),
            Member.Of("CapDrop", spec.Security.CapabilitiesDropped),
            Member.Of("CgroupnsMode", spec.Namespaces.Cgroup.Length > 0 ? spec.Namespaces.Cgroup : "private"),
            Member.Of("Dns", spec.Connection.NameServers),
            Member.Of("DnsOptions", spec.Connection.NameOptions),
            Member.Of("DnsSearch", spec.Connection.NameSearch),
            Member.Of("ExtraHosts", spec.Connection.Hosts),
            Member.Of("GroupAdd", spec.Groups),
            Member.Of("IpcMode", spec.Namespaces.Ipc.Length > 0 ? spec.Namespaces.Ipc : "private"),
            Member.Of("Cgroup", ""),
            Member.Of("Links", spec.Connection.Links),
            Member.Of("OomScoreAdj", limits.OomScore ?? 0),
            Member.Of("PidMode", spec.Namespaces.Pid),
            Member.Of("Privileged", spec.Security.IsPrivileged),
            Member.Of("PublishAllPorts", spec.Connection.PublishesAll),
            Member.Of("ReadonlyRootfs", spec.Storage.IsReadOnly),
            Member.Of("SecurityOpt", SecurityOptions(spec.Security)),
            Member.Of("StorageOpt", spec.Storage.Options),
            Member.Of("Tmpfs", record.Settled.Mounts.Where(static mount => mount.Request.Kind == MountKind.Tmpfs).ToDictionary(static mount => mount.Request.Destination, static mount => string.Join(',', mount.Request.Options))),
            Member.Of("UTSMode", spec.Namespaces.Uts),
            Member.Of("UsernsMode", spec.Namespaces.User),
            Member.Of("ShmSize", spec.Storage.ShmBytes ?? 64L << 20),
            Member.Of("Sysctls", limits.Sysctls),
            Member.Of("Runtime", spec.Runtime ?? "berth"),
            Member.Of("Isolation", ""),
            Member.Of("CpuShares", (long)(limits.CpuShares ?? 0)),
            Member.Of("Memory", limits.Memory ?? 0),
            Member.Of("NanoCpus", limits.NanoCpus ?? 0),
            Member.Of("CgroupParent", limits.CgroupParent ?? ""),
            Member.Of("BlkioWeight", limits.BlockWeight ?? 0),
            new Member("BlkioDeviceReadBps", Numbers(limits.ReadBytes)),
            new Member("BlkioDeviceWriteBps", Numbers(limits.WriteBytes)),
            new Member("BlkioDeviceReadIOps", Numbers(limits.ReadOperations)),
            new Member("BlkioDeviceWriteIOps", Numbers(limits.WriteOperations)),
            Member.Of("CpuPeriod", (long)(limits.CpuPeriod ?? 0)),
            Member.Of("CpuQuota", limits.CpuQuota ?? 0),
            Member.Of("CpuRealtimePeriod", (long)(limits.CpuRealtimePeriod ?? 0)),
            Member.Of("CpuRealtimeRuntime", limits.CpuRealtimeRuntime ?? 0),
            Member.Of("CpusetCpus", limits.Cpus ?? ""),
            Member.Of("CpusetMems", limits.MemoryNodes ?? ""),
            Member.Of("Devices", spec.Devices),
            Member.Of("DeviceCgroupRules", spec.DeviceRules),
            Member.Of("MemoryReservation", limits.MemoryReservation ?? 0),
            Member.Of("MemorySwap", limits.MemorySwap ?? 0),
            limits.MemorySwappiness is { } swappiness ? Member.Of("MemorySwappiness", swappiness) : new Member("MemorySwappiness", Value.None),
            Member.Of("OomKillDisable", limits.IsOomKillOff),
            limits.Pids is { } pids ? Member.Of("PidsLimit", pids) : Member.Of("PidsLimit", 2048),
            new Member("Ulimits", new Value.List([.. limits.Rlimits.Select(limit => (Value)Value.Record.Of(Member.Of("Name", names(limit.Name)), Member.Of("Hard", limit.Hard), Member.Of("Soft", limit.Soft)))])),
            Member.Of("Init", spec.HasInit),
            Member.Of("MaskedPaths", spec.Security.Masked));
    }

    private static string Bind(SettledMount mount)
    {
        string source = mount.Volume ?? mount.Request.Source;
        return mount.Request.IsReadOnly ? $"{source}:{mount.Request.Destination}:ro" : $"{source}:{mount.Request.Destination}";
    }

    /// <summary>The word for a restart policy.</summary>
    public static string Restart(RestartKind when) => when switch
    {
        RestartKind.Always => "always",
        RestartKind.OnFailure => "on-failure",
        RestartKind.UnlessStopped => "unless-stopped",
        _ => "no",
    };

    private static IEnumerable<string> SecurityOptions(SecuritySpec security)
    {
        if (security.NoNewPrivileges) yield return "no-new-privileges";
        if (security.Seccomp is { } seccomp) yield return $"seccomp={seccomp}";
        if (security.AppArmor is { } profile) yield return $"apparmor={profile}";
        foreach (string label in security.Labels) yield return $"label={label}";
        foreach (string path in security.Unmasked) yield return $"unmask={path}";
    }

    private static Value Numbers(IReadOnlyList<DeviceNumber> numbers) =>
        numbers.Count == 0 ? Value.NoList : new Value.List([.. numbers.Select(static number => (Value)Value.Record.Of(Member.Of("Path", number.Path), Member.Of("Rate", (long)number.Value)))]);

    private static Value Ports(ContainerSpec spec) => new Value.Map([.. spec.Connection.Ports.GroupBy(static port => $"{port.ContainerPort}/{port.Protocol}").Select(static group => new Member(group.Key, new Value.List([.. group.Select(static port => (Value)Value.Record.Of(
        Member.Of("HostIp", port.HostAddress?.ToString() ?? ""),
        Member.Of("HostPort", port.HostFirst == 0 ? "" : port.HostFirst.ToString(CultureInfo.InvariantCulture))))])))]);
}
