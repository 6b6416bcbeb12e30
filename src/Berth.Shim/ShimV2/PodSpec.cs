// What a pod asks of its sandbox, from whatever containerd has: CRI's configuration of the pod, or a config.json in the bundle.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Rpc.Protobuf;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.ShimV2;

/// <summary>The namespaces that the containers of a pod share, and what is set in them.</summary>
internal sealed record PodSpec
{
    /// <summary>Made for the pod.</summary>
    public Namespaces Made { get; private set; }

    /// <summary>There already, by path.</summary>
    public List<(Namespaces Kind, string Path)> Joined { get; } = [];

    /// <summary>Whether the pod's user namespace is the one that its network belongs to.</summary>
    public bool UsersOfNetwork { get; private set; }

    /// <summary>Maps of a user namespace that is made: of uids and of gids, as the kernel wants them; or null.</summary>
    public (string Uids, string Gids)? IdMaps { get; private set; }

    /// <summary>Host name, or empty.</summary>
    public string HostName { get; private set; } = "";

    /// <summary>Kernel settings of its namespaces.</summary>
    public Dictionary<string, string> Sysctls { get; private set; } = [];

    /// <summary>CRI's configuration, where the pod is one of CRI: its containers get files in /etc from it.</summary>
    public PodSandboxConfig? Config { get; private set; }

    /// <summary>The cgroup of the pod, or empty.</summary>
    public string Cgroup { get; private set; } = "";

    /// <summary>Reads what a request says.</summary>
    /// <exception cref="BerthException">It asks for what a pod cannot have.</exception>
    public static PodSpec Of(CreateSandboxRequest request)
    {
        PodSpec pod = new();
        if (ConfigOf(request.Options) is { } config)
        {
            pod.Config = config;
            pod.Take(config, request.NetnsPath);
        }
        else if (KernelFile.TryRead($"{request.BundlePath}/config.json", out _) is { } text) pod.Take(SpecReader.Read(text), request.NetnsPath);
        else pod.Take(new PodSandboxConfig(), request.NetnsPath);
        foreach (string name in pod.Sysctls.Keys) pod.CheckSysctl(name);
        return pod;
    }

    /// <summary>The file of a setting below /proc/sys: dots part the names, or slashes where a name has dots in it.</summary>
    public static string SysctlPath(string name)
    {
        int dot = name.IndexOf('.'), slash = name.IndexOf('/');
        return slash >= 0 && (dot < 0 || slash < dot) ? name : name.Replace('/', '\0').Replace('.', '/').Replace('\0', '.');
    }

    private static PodSandboxConfig? ConfigOf(Any? options) =>
        options is not null && options.TypeUrl.EndsWith(PodSandboxConfig.FullName, StringComparison.Ordinal) ? ProtobufReader.Read(options.Value, new PodSandboxConfig()) : null;

    private void Take(PodSandboxConfig config, string network)
    {
        NamespaceOption asked = config.Linux?.SecurityContext?.NamespaceOptions ?? new NamespaceOption();
        if (asked.Network != NamespaceMode.Node)
        {
            Made |= Namespaces.Uts;
            HostName = config.Hostname;
            if (network.Length > 0) Joined.Add((Namespaces.Network, network));
            else Made |= Namespaces.Network;
        }
        if (asked.Ipc != NamespaceMode.Node) Made |= Namespaces.Ipc;
        if (asked.Pid != NamespaceMode.Node) Made |= Namespaces.Pid;
        if (asked.UsernsOptions is { Mode: not NamespaceMode.Node } users)
        {
            if (users.Mode != NamespaceMode.Pod) throw new BerthException(Fault.InvalidArgument, "unsupported user namespace mode: a pod has one of its own, or the host's");
            if (!MapsRoot(users.Uids) || !MapsRoot(users.Gids)) throw new BerthException(Fault.InvalidArgument, "user namespaces enabled, but no mapping found for id 0");
            // Who may change the network is decided by the user namespace that it was made in.
            if (network.Length > 0) UsersOfNetwork = true;
            else IdMaps = (Lines(users.Uids), Lines(users.Gids));
        }
        Sysctls = config.Linux?.Sysctls ?? [];
        Cgroup = config.Linux?.CgroupParent ?? "";
    }

    private void Take(Spec spec, string network)
    {
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? [])
        {
            Namespaces kind = n.Type switch
            {
                "network" => Namespaces.Network,
                "uts" => Namespaces.Uts,
                "ipc" => Namespaces.Ipc,
                "pid" => Namespaces.Pid,
                "user" => Namespaces.User,
                // Mounts and cgroups are each container's own.
                _ => Namespaces.None,
            };
            string path = kind == Namespaces.Network && string.IsNullOrEmpty(n.Path) ? network : n.Path ?? "";
            if (kind == Namespaces.None) continue;
            if (path.Length > 0) Joined.Add((kind, path));
            else if (kind == Namespaces.User) IdMaps = (Lines(spec.Linux!.UidMappings), Lines(spec.Linux.GidMappings));
            else Made |= kind;
        }
        if ((Made & Namespaces.Uts) != 0) HostName = spec.Hostname ?? "";
        Sysctls = spec.Linux?.Sysctl ?? [];
        Cgroup = spec.Linux?.CgroupsPath is { } path2 && path2.StartsWith('/') ? path2 : "";
    }

    /// <summary>A setting of a namespace that the pod shares with the host is one of the host.</summary>
    private void CheckSysctl(string name)
    {
        string path = SysctlPath(name);
        Namespaces of = path.StartsWith("net/", StringComparison.Ordinal) ? Namespaces.Network
            : path.StartsWith("fs/mqueue/", StringComparison.Ordinal) || path is "kernel/msgmax" or "kernel/msgmnb" or "kernel/msgmni" or "kernel/sem" or "kernel/shmall" or "kernel/shmmax" or "kernel/shmmni" or "kernel/shm_rmid_forced" ? Namespaces.Ipc
            : Namespaces.None;
        bool own = (Made & of) != 0;
        foreach ((Namespaces kind, _) in Joined) own |= kind == of;
        if (!own || of == Namespaces.None || path.Contains("..", StringComparison.Ordinal)) throw new BerthException(Fault.InvalidArgument, $"sysctl {name} is not a setting of the pod's own namespaces");
    }

    private static bool MapsRoot(List<IDMapping> maps)
    {
        foreach (IDMapping map in maps)
        {
            if (map.ContainerId == 0 && map.Length > 0) return true;
        }
        return false;
    }

    private static string Lines(List<IDMapping> maps)
    {
        System.Text.StringBuilder lines = new();
        foreach (IDMapping map in maps) lines.Append(map.ContainerId).Append(' ').Append(map.HostId).Append(' ').Append(map.Length).Append('\n');
        return lines.ToString();
    }

    private static string Lines(List<IdMapping>? maps)
    {
        System.Text.StringBuilder lines = new();
        foreach (IdMapping map in maps ?? []) lines.Append(map.ContainerId).Append(' ').Append(map.HostId).Append(' ').Append(map.Size).Append('\n');
        return lines.ToString();
    }
}
