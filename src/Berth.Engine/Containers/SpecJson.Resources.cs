// Limits, mounts and networks of what was asked, as JSON.
using System.Text.Json;
using Berth.Engine.Networks;
using Berth.Oci.Json;

namespace Berth.Engine.Containers;

internal static partial class SpecJson
{
    private static void WriteLimits(JsonWriter json, LimitsSpec limits)
    {
        json.WriteStartObject("limits");
        Maybe(json, "memory", limits.Memory);
        Maybe(json, "memory_reservation", limits.MemoryReservation);
        Maybe(json, "memory_swap", limits.MemorySwap);
        Maybe(json, "memory_swappiness", limits.MemorySwappiness);
        Maybe(json, "kernel_memory", limits.KernelMemory);
        Maybe(json, "nano_cpus", limits.NanoCpus);
        Maybe(json, "cpu_shares", (long?)limits.CpuShares);
        Maybe(json, "cpu_period", (long?)limits.CpuPeriod);
        Maybe(json, "cpu_quota", limits.CpuQuota);
        Maybe(json, "cpu_rt_period", (long?)limits.CpuRealtimePeriod);
        Maybe(json, "cpu_rt_runtime", limits.CpuRealtimeRuntime);
        RecordJson.Text(json, "cpus", limits.Cpus);
        RecordJson.Text(json, "memory_nodes", limits.MemoryNodes);
        Maybe(json, "pids", limits.Pids);
        Maybe(json, "block_weight", limits.BlockWeight);
        WriteNumbers(json, "block_weights", limits.BlockWeights);
        WriteNumbers(json, "read_bytes", limits.ReadBytes);
        WriteNumbers(json, "write_bytes", limits.WriteBytes);
        WriteNumbers(json, "read_operations", limits.ReadOperations);
        WriteNumbers(json, "write_operations", limits.WriteOperations);
        RecordJson.Flag(json, "oom_kill_off", limits.IsOomKillOff);
        Maybe(json, "oom_score", limits.OomScore);
        if (limits.Rlimits.Count > 0)
        {
            json.WriteStartArray("rlimits");
            foreach (Rlimit limit in limits.Rlimits)
            {
                json.WriteStartObject();
                json.WriteString("name", limit.Name);
                json.WriteNumber("soft", limit.Soft);
                json.WriteNumber("hard", limit.Hard);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        RecordJson.Map(json, "sysctls", limits.Sysctls);
        RecordJson.Map(json, "unified", limits.Unified);
        RecordJson.Text(json, "cgroup_parent", limits.CgroupParent);
        RecordJson.Text(json, "cgroups", limits.Cgroups);
        json.WriteEndObject();
    }

    private static LimitsSpec ReadLimits(JsonElement parent)
    {
        JsonElement json = parent.GetProperty("limits");
        return new LimitsSpec
        {
            Memory = NumberOrNull(json, "memory"),
            MemoryReservation = NumberOrNull(json, "memory_reservation"),
            MemorySwap = NumberOrNull(json, "memory_swap"),
            MemorySwappiness = (int?)NumberOrNull(json, "memory_swappiness"),
            KernelMemory = NumberOrNull(json, "kernel_memory"),
            NanoCpus = NumberOrNull(json, "nano_cpus"),
            CpuShares = (ulong?)NumberOrNull(json, "cpu_shares"),
            CpuPeriod = (ulong?)NumberOrNull(json, "cpu_period"),
            CpuQuota = NumberOrNull(json, "cpu_quota"),
            CpuRealtimePeriod = (ulong?)NumberOrNull(json, "cpu_rt_period"),
            CpuRealtimeRuntime = NumberOrNull(json, "cpu_rt_runtime"),
            Cpus = TextOrNull(json, "cpus"),
            MemoryNodes = TextOrNull(json, "memory_nodes"),
            Pids = NumberOrNull(json, "pids"),
            BlockWeight = (int?)NumberOrNull(json, "block_weight"),
            BlockWeights = ReadNumbers(json, "block_weights"),
            ReadBytes = ReadNumbers(json, "read_bytes"),
            WriteBytes = ReadNumbers(json, "write_bytes"),
            ReadOperations = ReadNumbers(json, "read_operations"),
            WriteOperations = ReadNumbers(json, "write_operations"),
            IsOomKillOff = RecordJson.Flag(json, "oom_kill_off"),
            OomScore = (int?)NumberOrNull(json, "oom_score"),
            Rlimits = RecordJson.List(json, "rlimits", static one => new Rlimit(RecordJson.Text(one, "name"), RecordJson.Number(one, "soft"), RecordJson.Number(one, "hard"))),
            Sysctls = RecordJson.Map(json, "sysctls"),
            Unified = RecordJson.Map(json, "unified"),
            CgroupParent = TextOrNull(json, "cgroup_parent"),
            Cgroups = RecordJson.Text(json, "cgroups"),
        };
    }

    private static void WriteNumbers(JsonWriter json, string name, IReadOnlyList<DeviceNumber> numbers)
    {
        if (numbers.Count == 0) return;
        json.WriteStartArray(name);
        foreach (DeviceNumber number in numbers)
        {
            json.WriteStartObject();
            json.WriteString("path", number.Path);
            json.WriteNumber("value", (long)number.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static List<DeviceNumber> ReadNumbers(JsonElement json, string name) => RecordJson.List(json, name, static one => new DeviceNumber(RecordJson.Text(one, "path"), (ulong)RecordJson.Number(one, "value")));

    private static void WriteStorage(JsonWriter json, StorageSpec storage)
    {
        json.WriteStartObject("storage");
        if (storage.Mounts.Count > 0)
        {
            json.WriteStartArray("mounts");
            foreach (MountRequest mount in storage.Mounts)
            {
                json.WriteStartObject();
                WriteMount(json, mount);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        RecordJson.Texts(json, "volumes_from", storage.VolumesFrom);
        RecordJson.Text(json, "volume_driver", storage.VolumeDriver);
        RecordJson.Flag(json, "read_only", storage.IsReadOnly);
        RecordJson.Flag(json, "read_only_tmpfs", storage.HasReadOnlyTmpfs);
        Maybe(json, "shm_bytes", storage.ShmBytes);
        RecordJson.Text(json, "image_volumes", storage.ImageVolumes);
        RecordJson.Map(json, "options", storage.Options);
        json.WriteEndObject();
    }

    private static StorageSpec ReadStorage(JsonElement parent)
    {
        JsonElement json = parent.GetProperty("storage");
        return new StorageSpec
        {
            Mounts = RecordJson.List(json, "mounts", ReadMount),
            VolumesFrom = RecordJson.Texts(json, "volumes_from"),
            VolumeDriver = TextOrNull(json, "volume_driver"),
            IsReadOnly = RecordJson.Flag(json, "read_only"),
            HasReadOnlyTmpfs = RecordJson.Flag(json, "read_only_tmpfs"),
            ShmBytes = NumberOrNull(json, "shm_bytes"),
            ImageVolumes = RecordJson.Text(json, "image_volumes"),
            Options = RecordJson.Map(json, "options"),
        };
    }

    public static void WriteMount(JsonWriter json, MountRequest mount)
    {
        json.WriteString("kind", KindOf(mount.Kind));
        RecordJson.Text(json, "source", mount.Source);
        json.WriteString("destination", mount.Destination);
        RecordJson.Flag(json, "read_only", mount.IsReadOnly);
        RecordJson.Texts(json, "options", mount.Options);
        RecordJson.Text(json, "subpath", mount.Subpath);
        RecordJson.Flag(json, "not_filled", mount.IsNotFilled);
        RecordJson.Flag(json, "makes_source", mount.MakesSource);
        RecordJson.Text(json, "volume_driver", mount.VolumeDriver);
        RecordJson.Map(json, "volume_options", mount.VolumeOptions);
        RecordJson.Map(json, "volume_labels", mount.VolumeLabels);
    }

    public static MountRequest ReadMount(JsonElement json) => new()
    {
        Kind = KindOf(RecordJson.Text(json, "kind")),
        Source = RecordJson.Text(json, "source"),
        Destination = RecordJson.Text(json, "destination"),
        IsReadOnly = RecordJson.Flag(json, "read_only"),
        Options = RecordJson.Texts(json, "options"),
        Subpath = TextOrNull(json, "subpath"),
        IsNotFilled = RecordJson.Flag(json, "not_filled"),
        MakesSource = RecordJson.Flag(json, "makes_source"),
        VolumeDriver = TextOrNull(json, "volume_driver"),
        VolumeOptions = RecordJson.Map(json, "volume_options"),
        VolumeLabels = RecordJson.Map(json, "volume_labels"),
    };

    private static string KindOf(MountKind kind) => kind switch
    {
        MountKind.Bind => "bind",
        MountKind.Volume => "volume",
        MountKind.Tmpfs => "tmpfs",
        MountKind.Image => "image",
        MountKind.Overlay => "overlay",
        _ => "kernel",
    };

    private static MountKind KindOf(string word) => word switch
    {
        "bind" => MountKind.Bind,
        "volume" => MountKind.Volume,
        "tmpfs" => MountKind.Tmpfs,
        "image" => MountKind.Image,
        "overlay" => MountKind.Overlay,
        _ => MountKind.Kernel,
    };

    private static void WriteConnection(JsonWriter json, ConnectionSpec connection)
    {
        json.WriteStartObject("connection");
        if (connection.Networks.Count > 0)
        {
            json.WriteStartArray("networks");
            foreach (NetworkWish wish in connection.Networks)
            {
                json.WriteStartObject();
                json.WriteString("network", wish.Network);
                RecordJson.Texts(json, "addresses", wish.Addresses);
                RecordJson.Text(json, "mac", wish.HardwareAddress);
                RecordJson.Texts(json, "aliases", wish.Aliases);
                RecordJson.Text(json, "interface", wish.InterfaceName);
                RecordJson.Number(json, "priority", wish.GatewayPriority);
                RecordJson.Map(json, "options", wish.Options);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (connection.Ports.Count > 0)
        {
            json.WriteStartArray("ports");
            foreach (PortRequest port in connection.Ports)
            {
                json.WriteStartObject();
                json.WriteNumber("port", port.ContainerPort);
                json.WriteString("protocol", port.Protocol);
                RecordJson.Text(json, "host_address", port.HostAddress?.ToString());
                RecordJson.Number(json, "host_first", port.HostFirst);
                RecordJson.Number(json, "host_last", port.HostLast);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        RecordJson.Texts(json, "exposed", connection.Exposed);
        RecordJson.Flag(json, "publishes_all", connection.PublishesAll);
        RecordJson.Texts(json, "name_servers", connection.NameServers);
        RecordJson.Texts(json, "name_search", connection.NameSearch);
        RecordJson.Texts(json, "name_options", connection.NameOptions);
        RecordJson.Texts(json, "hosts", connection.Hosts);
        RecordJson.Texts(json, "links", connection.Links);
        RecordJson.Flag(json, "leaves_hosts", connection.LeavesHosts);
        RecordJson.Flag(json, "leaves_resolv_conf", connection.LeavesResolvConf);
        RecordJson.Flag(json, "leaves_host_name", connection.LeavesHostName);
        RecordJson.Text(json, "hosts_file", connection.HostsFile);
        json.WriteEndObject();
    }

    private static ConnectionSpec ReadConnection(JsonElement parent)
    {
        JsonElement json = parent.GetProperty("connection");
        return new ConnectionSpec
        {
            Networks = RecordJson.List(json, "networks", static one => new NetworkWish
            {
                Network = RecordJson.Text(one, "network"),
                Addresses = RecordJson.Texts(one, "addresses"),
                HardwareAddress = TextOrNull(one, "mac"),
                Aliases = RecordJson.Texts(one, "aliases"),
                InterfaceName = TextOrNull(one, "interface"),
                GatewayPriority = (int)RecordJson.Number(one, "priority"),
                Options = RecordJson.Map(one, "options"),
            }),
            Ports = RecordJson.List(json, "ports", static one => new PortRequest((ushort)RecordJson.Number(one, "port"), RecordJson.Text(one, "protocol"), RecordJson.Address(one, "host_address"), (ushort)RecordJson.Number(one, "host_first"), (ushort)RecordJson.Number(one, "host_last"))),
            Exposed = RecordJson.Texts(json, "exposed"),
            PublishesAll = RecordJson.Flag(json, "publishes_all"),
            NameServers = RecordJson.Texts(json, "name_servers"),
            NameSearch = RecordJson.Texts(json, "name_search"),
            NameOptions = RecordJson.Texts(json, "name_options"),
            Hosts = RecordJson.Texts(json, "hosts"),
            Links = RecordJson.Texts(json, "links"),
            LeavesHosts = RecordJson.Flag(json, "leaves_hosts"),
            LeavesResolvConf = RecordJson.Flag(json, "leaves_resolv_conf"),
            LeavesHostName = RecordJson.Flag(json, "leaves_host_name"),
            HostsFile = TextOrNull(json, "hosts_file"),
        };
    }
}
