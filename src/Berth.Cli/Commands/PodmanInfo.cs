// info in podman's members: what scripts ask of a host before they run containers on it.
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Linux.Files;
using Berth.Oci.Content;

namespace Berth.Cli.Commands;

/// <summary>Makes it.</summary>
internal static class PodmanInfo
{
    /// <summary>All of it.</summary>
    /// <param name="session">Where.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="states">What its containers do.</param>
    public static Value Of(Session session, Engine.Engine engine, IReadOnlyList<ContainerStatus> states) => Value.Record.Of(
        new Member("host", Host(session)),
        new Member("plugins", Value.Record.Of(
            Member.Of("authorization", []), Member.Of("log", ["k8s-file", "none", "json-file", "journald"]), Member.Of("network", ["bridge", "macvlan", "ipvlan"]), Member.Of("volume", ["local"]))),
        new Member("registries", new Value.Map([new Member("search", Value.Of(engine.Images.SearchRegistries))])),
        new Member("store", Store(session, engine, states)),
        new Member("version", VersionOf()));

    /// <summary>The members of version.</summary>
    public static Value VersionOf() => Value.Record.Of(
        Member.Of("APIVersion", Version.Number),
        Member.Of("Version", Version.Number),
        Member.Of("GoVersion", $".NET {Environment.Version}"),
        Member.Of("GitCommit", ""),
        Member.Of("OsArch", Platform.Host.ToString()),
        Member.Of("Os", Platform.Host.Os));

    private static Value Host(Session session)
    {
        Dictionary<string, string> system = Pairs("/etc/os-release", '='), memory = Pairs("/proc/meminfo", ':');
        bool isUnified = KernelFile.Exists("/sys/fs/cgroup/cgroup.controllers");
        string runtime = session.Globals.Runtime is { } asked && asked is not ("berth" or "berth-runtime") ? asked : "berth-runtime", path = Program(runtime);
        return Value.Record.Of(
            Member.Of("arch", Platform.Host.Architecture),
            Member.Of("buildahVersion", Version.Number),
            Member.Of("cgroupManager", "cgroupfs"),
            Member.Of("cgroupVersion", isUnified ? "v2" : "v1"),
            Member.Hidden("CgroupsVersion", Value.Of(isUnified ? "v2" : "v1")),
            new Member("conmon", Value.Record.Of(Member.Of("package", "berth-shim, as conmon"), Member.Of("path", Program("berth-shim")), Member.Of("version", Version.Number))),
            Member.Of("cpus", Environment.ProcessorCount),
            Member.Of("databaseBackend", "files"),
            new Member("distribution", Value.Record.Of(Member.Of("codename", system.GetValueOrDefault("VERSION_CODENAME", "")), Member.Of("distribution", system.GetValueOrDefault("ID", "unknown")), Member.Of("version", system.GetValueOrDefault("VERSION_ID", "unknown")))),
            Member.Of("eventLogger", "file"),
            Member.Of("hostname", Environment.MachineName),
            Member.Of("kernel", KernelFile.TryReadText("/proc/sys/kernel/osrelease")?.Trim() ?? ""),
            Member.Of("linkmode", "static"),
            Member.Of("logDriver", "json-file"),
            Member.Of("memFree", Bytes(memory, "MemFree")),
            Member.Of("memTotal", Bytes(memory, "MemTotal")),
            Member.Of("networkBackend", "cni"),
            new Member("networkBackendInfo", Value.Record.Of(Member.Of("backend", "cni"), Member.Of("package", "berth-cni"), Member.Of("path", Program("berth-cni")), Member.Of("version", Version.Number),
                new Member("dns", Value.Record.Of(Member.Of("package", "berth-cni"), Member.Of("path", Program("berth-cni")), Member.Of("version", Version.Number))))),
            new Member("ociRuntime", Value.Record.Of(Member.Of("name", runtime[(runtime.LastIndexOf('/') + 1)..]), Member.Of("package", runtime == "berth-runtime" ? "berth" : ""), Member.Of("path", path), Member.Of("version", runtime == "berth-runtime" ? Version.Number : ""))),
            Member.Of("os", Platform.Host.Os),
            Tool("pasta"),
            Member.Of("rootlessNetworkCmd", "pasta"),
            new Member("security", Value.Record.Of(Member.Of("apparmorEnabled", KernelFile.Exists("/sys/kernel/security/apparmor")), Member.Of("rootless", !Engine.Rootless.UserSession.IsRoot), Member.Of("seccompEnabled", true), Member.Of("seccompProfilePath", ""), Member.Of("selinuxEnabled", KernelFile.Exists("/sys/fs/selinux/enforce")))),
            Member.Of("serviceIsRemote", false),
            Tool("slirp4netns"),
            Member.Of("swapFree", Bytes(memory, "SwapFree")),
            Member.Of("swapTotal", Bytes(memory, "SwapTotal")),
            Member.Of("variant", Platform.Host.Variant ?? ""));
    }

    private static Value Store(Session session, Engine.Engine engine, IReadOnlyList<ContainerStatus> states)
    {
        int running = states.Count(static state => state is ContainerStatus.Running or ContainerStatus.Restarting), paused = states.Count(static state => state == ContainerStatus.Paused);
        return Value.Record.Of(
            Member.Of("configFile", "/etc/containers/storage.conf"),
            new Member("containerStore", Value.Record.Of(Member.Of("number", states.Count), Member.Of("paused", paused), Member.Of("running", running), Member.Of("stopped", states.Count - running - paused))),
            Member.Of("graphDriverName", "overlay"),
            new Member("graphOptions", new Value.Map([.. session.Globals.StorageOptions.Where(static text => text.Length > 0).Select(static text => text.Split('=', 2)).Select(static pair => Member.Of(pair[0], pair.Length > 1 ? pair[1] : ""))])),
            Member.Of("graphRoot", engine.Images.Root),
            new Member("graphStatus", new Value.Map([Member.Of("Backing Filesystem", ""), Member.Of("Native Overlay Diff", "true")])),
            new Member("imageStore", Value.Record.Of(Member.Of("number", engine.Images.List().Count))),
            Member.Of("runRoot", engine.RunFolder),
            Member.Of("transientStore", false),
            Member.Of("volumePath", $"{engine.Images.Root}/volumes"));
    }

    private static Member Tool(string name) => new(name, Value.Record.Of(Member.Of("executable", Program(name)), Member.Of("package", Program(name).Length > 0 ? name : ""), Member.Of("version", "")));

    private static string Program(string name) => Engine.Engine.FindProgram(name) ?? "";

    private static long Bytes(Dictionary<string, string> memory, string name) => memory.TryGetValue(name, out string? text) && long.TryParse(text.Replace("kB", "", StringComparison.Ordinal), out long kilobytes) ? kilobytes * 1024 : 0;

    private static Dictionary<string, string> Pairs(string file, char mark) => (KernelFile.TryReadText(file) ?? "").Split('\n').Select(line => line.Split(mark, 2)).Where(static pair => pair.Length == 2)
        .GroupBy(static pair => pair[0]).ToDictionary(static group => group.Key, static group => group.First()[1].Trim().Trim('"'));
}
