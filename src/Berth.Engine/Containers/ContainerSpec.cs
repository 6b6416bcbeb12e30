// What a user asked for when a container was made: it never changes, except by `update` and `rename`.
using Berth.Engine.Networks;

namespace Berth.Engine.Containers;

/// <summary>A container as it was asked for. What is left out comes from its image, or is what everybody has.</summary>
public sealed record ContainerSpec
{
    /// <summary>Name; null: one is made up.</summary>
    public string? Name { get; init; }

    /// <summary>Image, by name or id, as it was said; empty with <see cref="RootFolder"/>.</summary>
    public string Image { get; init; } = "";

    /// <summary>A folder that is used as root file system, in place of an image.</summary>
    public string? RootFolder { get; init; }

    /// <summary>Whether the root file system of <see cref="RootFolder"/> is left as it is: what is written goes into a layer above it.</summary>
    public bool IsRootFolderKept { get; init; }

    /// <summary>Words before the command; null: the image's; empty: none, and no command of the image either.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>The command; empty: the image's.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>KEY=VALUE, over those of the image.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Keys that are taken away from the image's; <c>*</c>: all.</summary>
    public IReadOnlyList<string> EnvironmentRemoved { get; init; } = [];

    /// <summary>Whether http_proxy and its like are handed on from whoever starts it; those of the image and of the wish win.</summary>
    public bool TakesProxyVariables { get; init; }

    /// <summary>Working folder; null: the image's.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary><c>user[:group]</c>, by name or number; null: the image's.</summary>
    public string? User { get; init; }

    /// <summary>Groups besides, by name or number; <c>keep-groups</c>: those of whoever runs it.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>umask(2); null: 0022.</summary>
    public uint? Umask { get; init; }

    /// <summary>Whether it has a terminal (<c>-t</c>).</summary>
    public bool HasTerminal { get; init; }

    /// <summary>Whether it has an input (<c>-i</c>).</summary>
    public bool HasInput { get; init; }

    /// <summary>Whether the input ends with the first client that was attached.</summary>
    public bool IsInputOnce { get; init; }

    /// <summary>Host name; null: the first twelve digits of the id.</summary>
    public string? HostName { get; init; }

    /// <summary>NIS domain name.</summary>
    public string? DomainName { get; init; }

    /// <summary>Whether an init runs as first process, which reaps and hands on signals.</summary>
    public bool HasInit { get; init; }

    /// <summary>The init program; null: ours.</summary>
    public string? InitPath { get; init; }

    /// <summary>Signal by which it is stopped; null: the image's, or SIGTERM.</summary>
    public string? StopSignal { get; init; }

    /// <summary>Seconds after which it is killed when it is stopped; null: 10; -1: never.</summary>
    public int? StopTimeout { get; init; }

    /// <summary>Seconds after which it is stopped by itself; 0: never.</summary>
    public int Timeout { get; init; }

    /// <summary>
    /// Whether it is killed when the engine that started it is disposed, or its process ends, however that happens: nothing has to run, and
    /// nobody has to clear up, for the containers of a test to end with it. With <see cref="IsRemovedAtEnd"/> it is removed as well.
    /// </summary>
    public bool EndsWithEngine { get; init; }

    /// <summary>Time zone: a name below /usr/share/zoneinfo, or <c>local</c>.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Labels, over those of the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Nothing.Texts;

    /// <summary>Annotations of the runtime's specification.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = Nothing.Texts;

    /// <summary>Whether it is removed when it has ended.</summary>
    public bool IsRemovedAtEnd { get; init; }

    /// <summary>Whether its image is removed with it, unless other containers were made of that.</summary>
    public bool RemovesImage { get; init; }

    /// <summary>When it is started again.</summary>
    public RestartRule Restart { get; init; } = RestartRule.Never;

    /// <summary>How it is seen whether it is well; null: as the image says.</summary>
    public HealthSpec? Health { get; init; }

    /// <summary>Where its output is kept.</summary>
    public LogSpec Log { get; init; } = new();

    /// <summary>Limits.</summary>
    public LimitsSpec Limits { get; init; } = new();

    /// <summary>What it may do.</summary>
    public SecuritySpec Security { get; init; } = new();

    /// <summary>Namespaces that it has for itself or shares.</summary>
    public NamespacesSpec Namespaces { get; init; } = new();

    /// <summary>What is mounted.</summary>
    public StorageSpec Storage { get; init; } = new();

    /// <summary>How it is connected.</summary>
    public ConnectionSpec Connection { get; init; } = new();

    /// <summary>Devices of the host: <c>/dev/x[:/dev/y][:rwm]</c>, a folder of them, or a CDI name <c>vendor/class=name</c>.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>Rules for devices: <c>c 1:3 rwm</c>.</summary>
    public IReadOnlyList<string> DeviceRules { get; init; } = [];

    /// <summary>Secrets that it is given.</summary>
    public IReadOnlyList<SecretWish> Secrets { get; init; } = [];

    /// <summary>Execution domain of personality(2): <c>LINUX</c> or <c>LINUX32</c>; null: the host's.</summary>
    public string? Personality { get; init; }

    /// <summary>OCI runtime, by name or path; null: ours.</summary>
    public string? Runtime { get; init; }

    /// <summary>Id of its pod.</summary>
    public string? Pod { get; init; }

    /// <summary>Containers that are to run before it: names or ids.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>What it is there to look at; null: it is a container of its own right.</summary>
    public DebugTarget? Debugs { get; init; }

    /// <summary>The command line that made it, for those who look at it later.</summary>
    public IReadOnlyList<string> CreateCommand { get; init; } = [];
}

/// <summary>What a debugger looks at: a container or an image.</summary>
/// <param name="Container">Id of the container; null: it is an image.</param>
/// <param name="HasHostTools">Whether its tools are the host's busybox, not those of an image.</param>
public sealed record DebugTarget(string? Container, bool HasHostTools)
{
    /// <summary>The process that made it and is to start it.</summary>
    public int Owner { get; init; }

    /// <summary>When that process began, in ticks since the host's start.</summary>
    public ulong OwnerStart { get; init; }

    /// <summary>The label of debuggers; its value is what they look at. Lists show those alone that are asked for by it.</summary>
    public const string Label = "berth.debug";
}

/// <summary>A secret of a container.</summary>
/// <param name="Name">Its name.</param>
public sealed record SecretWish(string Name)
{
    /// <summary>Whether it is a variable, not a file.</summary>
    public bool IsVariable { get; init; }

    /// <summary>Path of the file, below /run/secrets where it is not absolute, or the variable's name; null: the secret's name.</summary>
    public string? Target { get; init; }

    /// <summary>Owner of the file.</summary>
    public uint Uid { get; init; }

    /// <summary>Group of the file.</summary>
    public uint Gid { get; init; }

    /// <summary>Permission bits of the file.</summary>
    public uint Mode { get; init; } = 0x124; // 0444
}

/// <summary>Where a container's root file system and files come from.</summary>
public sealed record StorageSpec
{
    /// <summary>Mounts, in the order in which they were said.</summary>
    public IReadOnlyList<MountRequest> Mounts { get; init; } = [];

    /// <summary>Containers whose volumes it has too: <c>container[:ro|rw]</c>.</summary>
    public IReadOnlyList<string> VolumesFrom { get; init; } = [];

    /// <summary>Driver of volumes that are made for it.</summary>
    public string? VolumeDriver { get; init; }

    /// <summary>Whether its root is read-only.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether, with a read-only root, /dev/shm, /run, /tmp and /var/tmp can be written all the same.</summary>
    public bool HasReadOnlyTmpfs { get; init; }

    /// <summary>Bytes of /dev/shm; null: 64 MiB.</summary>
    public long? ShmBytes { get; init; }

    /// <summary>What becomes of volumes that the image names: <c>anonymous</c>, <c>tmpfs</c> or <c>ignore</c>.</summary>
    public string ImageVolumes { get; init; } = "anonymous";

    /// <summary>--storage-opt.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = Nothing.Texts;
}

/// <summary>What kind of mount it is.</summary>
public enum MountKind
{
    /// <summary>A path of the host.</summary>
    Bind,

    /// <summary>A volume, by name; one without a name is made for this container and goes with it.</summary>
    Volume,

    /// <summary>A file system in memory.</summary>
    Tmpfs,

    /// <summary>The files of another image.</summary>
    Image,

    /// <summary>A file system of the kernel: devpts, mqueue, ...</summary>
    Kernel,

    /// <summary>A path of the host below a layer that takes what is written (<c>:O</c>).</summary>
    Overlay,
}

/// <summary>One mount.</summary>
public sealed record MountRequest
{
    /// <summary>Kind.</summary>
    public required MountKind Kind { get; init; }

    /// <summary>Path of the host, name of a volume, image, or type of a kernel's file system; empty: a volume without a name.</summary>
    public string Source { get; init; } = "";

    /// <summary>Path in the container, absolute.</summary>
    public required string Destination { get; init; }

    /// <summary>Whether it is read-only.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Further options: propagation, <c>nosuid</c>, <c>size=…</c>, <c>mode=…</c>, <c>z</c>, <c>Z</c>, <c>U</c>, <c>idmap</c>, ...</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Folder of the volume or image that is mounted; null: all.</summary>
    public string? Subpath { get; init; }

    /// <summary>Whether an empty volume does not get what the image has at this place.</summary>
    public bool IsNotFilled { get; init; }

    /// <summary>Whether a missing path of the host is made.</summary>
    public bool MakesSource { get; init; }

    /// <summary>Driver and its options, of a volume that is made.</summary>
    public string? VolumeDriver { get; init; }

    /// <summary>Options of the driver.</summary>
    public IReadOnlyDictionary<string, string> VolumeOptions { get; init; } = Nothing.Texts;

    /// <summary>Labels of a volume that is made.</summary>
    public IReadOnlyDictionary<string, string> VolumeLabels { get; init; } = Nothing.Texts;
}

/// <summary>How a container is connected.</summary>
public sealed record ConnectionSpec
{
    /// <summary>Networks; one that is called <c>none</c>, <c>host</c>, <c>private</c>, <c>container:ID</c> or <c>ns:PATH</c> stands alone. Empty: the usual bridge.</summary>
    public IReadOnlyList<NetworkWish> Networks { get; init; } = [];

    /// <summary>Ports to publish.</summary>
    public IReadOnlyList<PortRequest> Ports { get; init; } = [];

    /// <summary>Ports that are said to be open, <c>80/tcp</c>, besides the image's.</summary>
    public IReadOnlyList<string> Exposed { get; init; } = [];

    /// <summary>Whether all exposed ports are published at ports of the host that are free.</summary>
    public bool PublishesAll { get; init; }

    /// <summary>--dns.</summary>
    public IReadOnlyList<string> NameServers { get; init; } = [];

    /// <summary>--dns-search.</summary>
    public IReadOnlyList<string> NameSearch { get; init; } = [];

    /// <summary>--dns-option.</summary>
    public IReadOnlyList<string> NameOptions { get; init; } = [];

    /// <summary>--add-host: <c>name:address</c>.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>--link: <c>container[:alias]</c>.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];

    /// <summary>Whether /etc/hosts is the image's.</summary>
    public bool LeavesHosts { get; init; }

    /// <summary>Whether /etc/resolv.conf is the image's.</summary>
    public bool LeavesResolvConf { get; init; }

    /// <summary>Whether /etc/hostname is the image's.</summary>
    public bool LeavesHostName { get; init; }

    /// <summary>The file that /etc/hosts begins with: a path, <c>none</c> or <c>image</c>; null: ours.</summary>
    public string? HostsFile { get; init; }
}

/// <summary>One network of a container.</summary>
public sealed record NetworkWish
{
    /// <summary>Name or id.</summary>
    public required string Network { get; init; }

    /// <summary>Addresses; those left out are chosen.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>MAC address.</summary>
    public string? HardwareAddress { get; init; }

    /// <summary>Other names of the container in this network.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Name of the interface in the container.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>The highest has the default route.</summary>
    public int GatewayPriority { get; init; }

    /// <summary>Options of the network's driver.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = Nothing.Texts;
}

/// <summary>Namespaces, each <c>""</c> (what is usual), <c>private</c>, <c>host</c>, <c>container:ID</c>, <c>pod</c> or <c>ns:PATH</c>.</summary>
public sealed record NamespacesSpec
{
    /// <summary>Processes.</summary>
    public string Pid { get; init; } = "";

    /// <summary>System V and POSIX queues; also <c>shareable</c> and <c>none</c>.</summary>
    public string Ipc { get; init; } = "";

    /// <summary>Host name.</summary>
    public string Uts { get; init; } = "";

    /// <summary>View of the cgroup tree.</summary>
    public string Cgroup { get; init; } = "";

    /// <summary>Users; also <c>auto[:size=…]</c>, <c>keep-id[:uid=…,gid=…]</c>, <c>nomap</c>.</summary>
    public string User { get; init; } = "";

    /// <summary>Clocks.</summary>
    public string Time { get; init; } = "";

    /// <summary>Maps of user ids: <c>inside:outside:count</c>.</summary>
    public IReadOnlyList<string> UidMaps { get; init; } = [];

    /// <summary>Maps of group ids.</summary>
    public IReadOnlyList<string> GidMaps { get; init; } = [];

    /// <summary>Whose ranges of /etc/subuid and /etc/subgid are used.</summary>
    public string? SubordinateUser { get; init; }
}

/// <summary>What a container may do.</summary>
public sealed record SecuritySpec
{
    /// <summary>Whether nothing is kept from it but what namespaces do.</summary>
    public bool IsPrivileged { get; init; }

    /// <summary>Capabilities besides the usual ones; <c>ALL</c>.</summary>
    public IReadOnlyList<string> CapabilitiesAdded { get; init; } = [];

    /// <summary>Capabilities that are taken away; <c>ALL</c>.</summary>
    public IReadOnlyList<string> CapabilitiesDropped { get; init; } = [];

    /// <summary>Whether nobody in it gets more privileges by executing a program.</summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary>File of a seccomp profile, or <c>unconfined</c>; null: ours.</summary>
    public string? Seccomp { get; init; }

    /// <summary>AppArmor profile.</summary>
    public string? AppArmor { get; init; }

    /// <summary>Labels of SELinux: <c>user:…</c>, <c>type:…</c>, <c>disable</c>, ...</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Paths that are hidden besides the usual ones.</summary>
    public IReadOnlyList<string> Masked { get; init; } = [];

    /// <summary>Paths that are not hidden and not read-only; <c>ALL</c>.</summary>
    public IReadOnlyList<string> Unmasked { get; init; } = [];

    /// <summary>Whether it may make and limit cgroups below its own.</summary>
    public bool HasWritableCgroups { get; init; }

    /// <summary>Options of /proc: <c>hidepid=2</c>.</summary>
    public IReadOnlyList<string> ProcOptions { get; init; } = [];
}

/// <summary>When a container is started again.</summary>
/// <param name="When">Kind.</param>
/// <param name="Most">With <see cref="RestartKind.OnFailure"/>: how often at most; 0: without limit.</param>
public sealed record RestartRule(RestartKind When, int Most = 0)
{
    /// <summary>It is not.</summary>
    public static RestartRule Never { get; } = new(RestartKind.Never);
}

/// <summary>Kinds of restart policies.</summary>
public enum RestartKind
{
    /// <summary>Never.</summary>
    Never,

    /// <summary>When it ends with another exit code than 0.</summary>
    OnFailure,

    /// <summary>Whenever it ends, and when the host starts.</summary>
    Always,

    /// <summary>The same, but for one that was stopped.</summary>
    UnlessStopped,
}

/// <summary>How it is seen whether a container is well. Null and zero: the image's, or what is usual.</summary>
public sealed record HealthSpec
{
    /// <summary>Whether nothing is looked at, whatever the image says.</summary>
    public bool IsOff { get; init; }

    /// <summary>Docker's form: <c>CMD</c>, words, or <c>CMD-SHELL</c>, line; empty: the image's.</summary>
    public IReadOnlyList<string> Test { get; init; } = [];

    /// <summary>How often; usual: 30 s; <see cref="TimeSpan.MaxValue"/>: only when somebody asks.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>How long it may take; usual: 30 s.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long after the start failures do not count.</summary>
    public TimeSpan? StartPeriod { get; init; }

    /// <summary>How often in that time; usual: 5 s.</summary>
    public TimeSpan? StartInterval { get; init; }

    /// <summary>Failures before it is unhealthy; usual: 3.</summary>
    public int? Retries { get; init; }

    /// <summary>What is done then: <c>none</c>, <c>kill</c>, <c>restart</c> or <c>stop</c>.</summary>
    public string OnFailure { get; init; } = "none";
}

/// <summary>Where output is kept.</summary>
public sealed record LogSpec
{
    /// <summary><c>json-file</c>, <c>k8s-file</c>, <c>journald</c> or <c>none</c>.</summary>
    public string Driver { get; init; } = "json-file";

    /// <summary>Options of the driver: <c>max-size</c>, <c>max-file</c>, <c>tag</c>, <c>path</c>, <c>labels</c>, <c>env</c>.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = Nothing.Texts;
}

/// <summary>A limit of getrlimit(2).</summary>
/// <param name="Name"><c>nofile</c>.</param>
/// <param name="Soft">In force; -1: none.</param>
/// <param name="Hard">Ceiling; -1: none.</param>
public sealed record Rlimit(string Name, long Soft, long Hard);

/// <summary>A number for a device of the host.</summary>
/// <param name="Path">Path of the device.</param>
/// <param name="Value">Bytes or operations in a second, or a weight.</param>
public sealed record DeviceNumber(string Path, ulong Value);

/// <summary>Limits. Null: none, or the kernel's.</summary>
public sealed record LimitsSpec
{
    /// <summary>Bytes of memory.</summary>
    public long? Memory { get; init; }

    /// <summary>Bytes of memory that it gets back to when others need it.</summary>
    public long? MemoryReservation { get; init; }

    /// <summary>Bytes of memory and swap together; -1: without limit.</summary>
    public long? MemorySwap { get; init; }

    /// <summary>0 to 100.</summary>
    public int? MemorySwappiness { get; init; }

    /// <summary>Bytes of the kernel's memory (cgroup v1).</summary>
    public long? KernelMemory { get; init; }

    /// <summary>Billionths of a CPU.</summary>
    public long? NanoCpus { get; init; }

    /// <summary>Weight; 1024 is usual.</summary>
    public ulong? CpuShares { get; init; }

    /// <summary>Microseconds.</summary>
    public ulong? CpuPeriod { get; init; }

    /// <summary>Microseconds of a period.</summary>
    public long? CpuQuota { get; init; }

    /// <summary>Microseconds.</summary>
    public ulong? CpuRealtimePeriod { get; init; }

    /// <summary>Microseconds of a period.</summary>
    public long? CpuRealtimeRuntime { get; init; }

    /// <summary>CPUs: <c>0-2,4</c>.</summary>
    public string? Cpus { get; init; }

    /// <summary>Nodes of memory.</summary>
    public string? MemoryNodes { get; init; }

    /// <summary>Processes; -1 and 0: without limit; null: 2048.</summary>
    public long? Pids { get; init; }

    /// <summary>10 to 1000.</summary>
    public int? BlockWeight { get; init; }

    /// <summary>Weights of single devices.</summary>
    public IReadOnlyList<DeviceNumber> BlockWeights { get; init; } = [];

    /// <summary>Bytes read in a second.</summary>
    public IReadOnlyList<DeviceNumber> ReadBytes { get; init; } = [];

    /// <summary>Bytes written in a second.</summary>
    public IReadOnlyList<DeviceNumber> WriteBytes { get; init; } = [];

    /// <summary>Reads in a second.</summary>
    public IReadOnlyList<DeviceNumber> ReadOperations { get; init; } = [];

    /// <summary>Writes in a second.</summary>
    public IReadOnlyList<DeviceNumber> WriteOperations { get; init; } = [];

    /// <summary>Whether it is not killed for lack of memory (cgroup v1).</summary>
    public bool IsOomKillOff { get; init; }

    /// <summary>-1000 to 1000.</summary>
    public int? OomScore { get; init; }

    /// <summary>Limits of processes.</summary>
    public IReadOnlyList<Rlimit> Rlimits { get; init; } = [];

    /// <summary>Parameters of the kernel.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = Nothing.Texts;

    /// <summary>Files of cgroup v2 and what is written there.</summary>
    public IReadOnlyDictionary<string, string> Unified { get; init; } = Nothing.Texts;

    /// <summary>The cgroup above; null: <c>/berth</c>.</summary>
    public string? CgroupParent { get; init; }

    /// <summary>What becomes of cgroups: <c>enabled</c>, <c>no-conmon</c>, <c>disabled</c>.</summary>
    public string Cgroups { get; init; } = "enabled";
}

/// <summary>Empty collections that are shared.</summary>
internal static class Nothing
{
    public static readonly IReadOnlyDictionary<string, string> Texts = new Dictionary<string, string>();
}
