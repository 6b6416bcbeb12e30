// A bundle that breaks a rule is told which: one broken bundle for each rule.
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Generate;
using Berth.Runtime.Validate;

namespace Berth.Runtime.Tests.Validate;

public sealed class ValidateTests : IDisposable
{
    private readonly string _bundle = Directory.CreateTempSubdirectory("berth-validate-").FullName;

    public ValidateTests()
    {
        Directory.CreateDirectory(Path.Combine(_bundle, "rootfs/directory"));
        File.WriteAllText(Path.Combine(_bundle, "rootfs/file"), "");
    }

    public void Dispose() => Directory.Delete(_bundle, recursive: true);

    // Rule, path of the member to set ("+" appends, "-" before the path removes it), the JSON to put there, and where the finding is.
    public static readonly TheoryData<string, string, string, string> Breaks = new()
    {
        { "version-semver", "ociVersion", "\"1.0\"", "ociVersion" },
        { "version-semver", "ociVersion", "\"1.0.0-rc.01\"", "ociVersion" },
        { "version-semver", "ociVersion", "\"01.0.0\"", "ociVersion" },
        { "version-known", "ociVersion", "\"2.0.0\"", "ociVersion" },
        { "member-required", "process.rlimits.0", """{"type":"RLIMIT_CORE","hard":1}""", "process.rlimits[0].soft" },
        { "member-required", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"op":"SCMP_CMP_EQ"}]}]}""",
            "linux.seccomp.syscalls[0].args[0].value" },
        { "member-unknown", "process.nonewprivileges", "true", "process.nonewprivileges" },
        { "member-unknown", "mounts.0.opitons", """["ro"]""", "mounts[0].opitons" },
        { "root-present", "-root", "", "root" },
        { "root-conventional", "root.path", "\"rootfs/directory\"", "root.path" },
        { "root-exists", "root.path", "\"nothing\"", "root.path" },
        { "root-exists", "root.path", "\"config.json\"", "root.path" },
        { "root-in-bundle", "root.path", "\"/\"", "root.path" },
        { "annotation-key", "annotations", """{"":"a"}""", "annotations" },
        { "annotation-reserved", "annotations", """{"org.opencontainers.x":"a"}""", "annotations[\"org.opencontainers.x\"]" },
        { "annotation-domain", "annotations", """{"x":"a"}""", "annotations[\"x\"]" },
        { "mount-destination-absolute", "mounts.0.destination", "\"proc\"", "mounts[0].destination" },
        { "mount-hidden", "mounts.+", """{"destination":"/dev","type":"tmpfs"}""", "mounts[2]" },
        { "mount-mappings-paired", "mounts.0.uidMappings", """[{"containerID":0,"hostID":0,"size":1}]""", "mounts[0]" },
        { "mount-mappings-option", "mounts.0.uidMappings", """[{"containerID":0,"hostID":0,"size":1}]""", "mounts[0].options" },
        { "mount-default-filesystems", "mounts", "[]", "mounts" },
        { "mount-type-supported", "mounts.0.type", "\"berthfs\"", "mounts[0].type" },
        { "mount-source-exists", "mounts.+", """{"destination":"/a","source":"nothing","options":["bind"]}""", "mounts[7].source" },
        { "process-present", "-process", "", "process" },
        { "cwd-absolute", "process.cwd", "\"a\"", "process.cwd" },
        { "args-present", "process.args", "[]", "process.args" },
        { "executable", "process.args", """["/file"]""", "process.args[0]" },
        { "executable", "process.args", """["/directory"]""", "process.args[0]" },
        { "env-form", "process.env.+", "\"A\"", "process.env[2]" },
        { "env-name", "process.env.+", "\"1A=1\"", "process.env[2]" },
        { "console-size-used", "process", """{"cwd":"/","args":["a"],"consoleSize":{"height":1,"width":1}}""", "process.consoleSize" },
        { "umask-range", "process.user.umask", "777", "process.user.umask" },
        { "rlimit-known", "process.rlimits.0.type", "\"RLIMIT_X\"", "process.rlimits[0].type" },
        { "rlimit-unique", "process.rlimits.+", """{"type":"RLIMIT_NOFILE","hard":1,"soft":1}""", "process.rlimits[1]" },
        { "rlimit-order", "process.rlimits.0.soft", "2000", "process.rlimits[0]" },
        { "capability-known", "process.capabilities.bounding.+", "\"CAP_X\"", "process.capabilities.bounding[3]" },
        { "capability-effective", "process.capabilities.effective.+", "\"CAP_CHOWN\"", "process.capabilities.effective[3]" },
        { "capability-ambient", "process.capabilities.ambient", """["CAP_KILL"]""", "process.capabilities.ambient[0]" },
        { "oom-score-range", "process.oomScoreAdj", "1001", "process.oomScoreAdj" },
        { "scheduler", "process.scheduler", """{"policy":"SCHED_X"}""", "process.scheduler.policy" },
        { "scheduler", "process.scheduler", """{"policy":"SCHED_FIFO"}""", "process.scheduler.priority" },
        { "scheduler", "process.scheduler", """{"policy":"SCHED_OTHER","nice":20}""", "process.scheduler.nice" },
        { "scheduler", "process.scheduler", """{"policy":"SCHED_OTHER","runtime":1}""", "process.scheduler" },
        { "scheduler", "process.scheduler", """{"policy":"SCHED_OTHER","flags":["X"]}""", "process.scheduler.flags[0]" },
        { "io-priority", "process.ioPriority", """{"class":"IOPRIO_CLASS_BE","priority":8}""", "process.ioPriority.priority" },
        { "cpu-affinity", "process.execCPUAffinity", """{"initial":"3-1"}""", "process.execCPUAffinity.initial" },
        { "selinux-label", "process.selinuxLabel", "\"x\"", "process.selinuxLabel" },
        { "hook-path-absolute", "hooks.createRuntime", """[{"path":"a"}]""", "hooks.createRuntime[0].path" },
        { "hook-timeout", "hooks.poststop", """[{"path":"/bin/sh","timeout":0}]""", "hooks.poststop[0].timeout" },
        { "hook-env-form", "hooks.poststart", """[{"path":"/bin/sh","env":["A"]}]""", "hooks.poststart[0].env[0]" },
        { "hook-prestart", "hooks.prestart", """[{"path":"/bin/sh"}]""", "hooks.prestart" },
        { "hook-executable", "hooks.createContainer", """[{"path":"/etc/passwd"}]""", "hooks.createContainer[0].path" },
        { "hook-executable", "hooks.createContainer", """[{"path":"/nothing"}]""", "hooks.createContainer[0].path" },
        { "namespace-known", "linux.namespaces.+", """{"type":"x"}""", "linux.namespaces[5].type" },
        { "namespace-unique", "linux.namespaces.+", """{"type":"pid"}""", "linux.namespaces[5]" },
        { "namespace-path-absolute", "linux.namespaces.0.path", "\"a\"", "linux.namespaces[0].path" },
        { "namespace-path-exists", "linux.namespaces.0.path", "\"/nothing\"", "linux.namespaces[0].path" },
        { "mapping-needs-user", "linux.uidMappings", """[{"containerID":0,"hostID":0,"size":1}]""", "linux" },
        { "mapping-valid", "linux.uidMappings", """[{"containerID":0,"hostID":0,"size":0}]""", "linux.uidMappings[0].size" },
        { "mapping-valid", "linux.gidMappings", """[{"containerID":0,"hostID":0,"size":9},{"containerID":8,"hostID":20,"size":1}]""", "linux.gidMappings[1]" },
        { "mapping-valid", "linux.gidMappings", """[{"containerID":4294967295,"hostID":0,"size":9}]""", "linux.gidMappings[0]" },
        { "user-needs-mapping", "linux.namespaces.+", """{"type":"user"}""", "linux.uidMappings" },
        { "hostname-needs-uts", "linux.namespaces", """[{"type":"pid"}]""", "hostname" },
        { "time-needs-time", "linux.timeOffsets", """{"boottime":{"secs":1}}""", "linux.timeOffsets" },
        { "time-needs-time", "linux.timeOffsets", """{"realtime":{"secs":1}}""", "linux.timeOffsets.realtime" },
        { "sysctl-namespaced", "linux.sysctl", """{"vm.swappiness":"1"}""", "linux.sysctl[\"vm.swappiness\"]" },
        { "sysctl-namespaced", "linux.sysctl", """{"user/max_user_namespaces":"1"}""", "linux.sysctl[\"user/max_user_namespaces\"]" },
        { "net-device", "linux.netDevices", """{"eth0":{"name":"much-too-long-name"}}""", "linux.netDevices.eth0.name" },
        { "net-device-exists", "linux.netDevices", """{"berth-none":{}}""", "linux.netDevices.berth-none" },
        { "device-type", "linux.devices", """[{"path":"/dev/x","type":"z","major":1,"minor":1}]""", "linux.devices[0].type" },
        { "device-path-absolute", "linux.devices", """[{"path":"x","type":"c","major":1,"minor":1}]""", "linux.devices[0].path" },
        { "device-unique", "linux.devices", """[{"path":"/dev/x","type":"c","major":1,"minor":1},{"path":"/dev/x","type":"c","major":1,"minor":2}]""", "linux.devices[1]" },
        { "device-number", "linux.devices", """[{"path":"/dev/x","type":"c","major":1}]""", "linux.devices[0]" },
        { "device-number", "linux.devices", """[{"path":"/dev/x","type":"p","major":1}]""", "linux.devices[0]" },
        { "device-number-unique", "linux.devices", """[{"path":"/dev/x","type":"c","major":1,"minor":1},{"path":"/dev/y","type":"u","major":1,"minor":1}]""", "linux.devices[1]" },
        { "device-mode", "linux.devices", """[{"path":"/dev/x","type":"c","major":1,"minor":1,"fileMode":666}]""", "linux.devices[0].fileMode" },
        { "device-matches", "linux.devices", """[{"path":"/file","type":"c","major":1,"minor":1}]""", "linux.devices[0]" },
        { "masked-path-absolute", "linux.maskedPaths", """["a"]""", "linux.maskedPaths[0]" },
        { "readonly-path-absolute", "linux.readonlyPaths", """["a"]""", "linux.readonlyPaths[0]" },
        { "rootfs-propagation", "linux.rootfsPropagation", "\"x\"", "linux.rootfsPropagation" },
        { "mount-label", "linux.mountLabel", "\"x\"", "linux.mountLabel" },
        { "personality", "linux.personality", """{"domain":"BSD"}""", "linux.personality.domain" },
        { "memory-policy", "linux.memoryPolicy", """{"mode":"X"}""", "linux.memoryPolicy.mode" },
        { "memory-policy", "linux.memoryPolicy", """{"mode":"MPOL_BIND"}""", "linux.memoryPolicy.nodes" },
        { "memory-policy", "linux.memoryPolicy", """{"mode":"MPOL_LOCAL","nodes":"0"}""", "linux.memoryPolicy.nodes" },
        { "memory-policy", "linux.memoryPolicy", """{"mode":"MPOL_LOCAL","flags":["X"]}""", "linux.memoryPolicy.flags[0]" },
        { "intel-rdt", "linux.intelRdt", """{"memBwSchema":"L3:0"}""", "linux.intelRdt.memBwSchema" },
        { "intel-rdt", "linux.intelRdt", """{"closID":"a/b"}""", "linux.intelRdt.closID" },
        { "intel-rdt-l3", "linux.intelRdt", """{"l3CacheSchema":"MB:0"}""", "linux.intelRdt.l3CacheSchema" },
        { "device-rule", "linux.resources.devices.0.type", "\"u\"", "linux.resources.devices[0].type" },
        { "device-rule", "linux.resources.devices.0.access", "\"x\"", "linux.resources.devices[0].access" },
        { "memory-limits", "linux.resources.memory", """{"limit":10,"swap":5}""", "linux.resources.memory.swap" },
        { "memory-limits", "linux.resources.memory", """{"limit":10,"reservation":15}""", "linux.resources.memory.reservation" },
        { "memory-limits", "linux.resources.memory", """{"swappiness":101}""", "linux.resources.memory.swappiness" },
        { "memory-kernel", "linux.resources.memory", """{"kernel":1}""", "linux.resources.memory.kernel" },
        { "cpu-limits", "linux.resources.cpu", """{"cpus":"a"}""", "linux.resources.cpu.cpus" },
        { "cpu-limits", "linux.resources.cpu", """{"quota":5,"burst":6}""", "linux.resources.cpu.burst" },
        { "cpu-limits", "linux.resources.cpu", """{"idle":2}""", "linux.resources.cpu.idle" },
        { "cpu-limits", "linux.resources.cpu", """{"realtimeRuntime":2,"realtimePeriod":1}""", "linux.resources.cpu.realtimeRuntime" },
        { "block-io-device", "linux.resources.blockIO", """{"weightDevice":[{"major":1,"minor":1}]}""", "linux.resources.blockIO.weightDevice[0]" },
        { "block-io-weight", "linux.resources.blockIO", """{"weight":5}""", "linux.resources.blockIO.weight" },
        { "huge-page-size", "linux.resources.hugepageLimits", """[{"pageSize":"64kB","limit":1}]""", "linux.resources.hugepageLimits[0].pageSize" },
        { "huge-page-unique", "linux.resources.hugepageLimits", """[{"pageSize":"2MB","limit":1},{"pageSize":"2MB","limit":2}]""", "linux.resources.hugepageLimits[1]" },
        { "rdma-limit", "linux.resources.rdma", """{"a":{}}""", "linux.resources.rdma[\"a\"]" },
        { "unified-file", "linux.resources.unified", """{"../memory.max":"1"}""", "linux.resources.unified[\"../memory.max\"]" },
        { "network-interface", "linux.resources.network", """{"priorities":[{"name":"berth-none","priority":1}]}""", "linux.resources.network.priorities[0].name" },
        { "seccomp-action", "linux.seccomp", """{"defaultAction":"X"}""", "linux.seccomp.defaultAction" },
        { "seccomp-names", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[],"action":"SCMP_ACT_LOG"}]}""", "linux.seccomp.syscalls[0].names" },
        { "seccomp-name-form", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["SYS_read"],"action":"SCMP_ACT_LOG"}]}""", "linux.seccomp.syscalls[0].names[0]" },
        { "seccomp-errno", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1}""", "linux.seccomp.defaultErrnoRet" },
        { "seccomp-condition", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}""",
            "linux.seccomp.syscalls[0].args[0].index" },
        { "seccomp-architecture", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","architectures":["amd64"]}""", "linux.seccomp.architectures[0]" },
        { "seccomp-flag", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","flags":["X"]}""", "linux.seccomp.flags[0]" },
        { "seccomp-listener", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","listenerMetadata":"m"}""", "linux.seccomp.listenerMetadata" },
        { "seccomp-listener", "linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_NOTIFY"}]}""", "linux.seccomp.listenerPath" },
    };

    [Theory]
    [MemberData(nameof(Breaks))]
    public void A_broken_rule_is_named_with_its_place(string rule, string member, string json, string path)
    {
        JsonObject config = Base();
        Change(config, member, json);
        Write(config.ToJsonString());
        (_, JsonElement result) = Validate("--host-specific", "--compliance-level", "may");
        Assert.Contains((rule, path), Findings(result));
    }

    [Fact]
    public void Every_rule_that_does_not_depend_on_the_host_is_tried()
    {
        string[] dependent = ["capability-supported", "apparmor-available", "intel-rdt-available"];
        HashSet<string> tried = [.. Breaks.Select(row => row.Data.Item1), .. dependent];
        Assert.DoesNotContain(Rules.All(), rule => !tried.Contains(rule.Id));
    }

    [Fact]
    public void Every_rule_has_an_id_of_its_own()
    {
        string[] ids = [.. Rules.All().Select(rule => rule.Id)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void What_spec_and_generate_write_breaks_nothing()
    {
        Write(Base().ToJsonString());
        Assert.Equal(0, Validate("--compliance-level", "may").Code);
        Assert.Equal(0, GenerateCommand.Run(["--output", Path.Combine(_bundle, "config.json")], TextWriter.Null, TextWriter.Null));
        Assert.Equal(0, Validate("--compliance-level", "may").Code);
    }

    [Theory]
    [InlineData("may", 1)]
    [InlineData("should", 1)]
    [InlineData("must", 0)]
    public void Only_rules_of_the_level_or_above_make_it_fail(string level, int code)
    {
        JsonObject config = Base();
        config["annotations"] = new JsonObject { ["x"] = "y" };
        Write(config.ToJsonString());
        (int found, JsonElement result) = Validate("--compliance-level", level);
        Assert.Equal((code, code == 0), (found, result.GetProperty("valid").GetBoolean()));
        Assert.Single(Findings(result));
    }

    [Fact]
    public void The_host_is_asked_only_on_demand()
    {
        JsonObject config = Base();
        Change(config, "hooks.poststop", """[{"path":"/nothing"}]""");
        Write(config.ToJsonString());
        Assert.Equal((0, 1), (Validate().Code, Validate("--host-specific").Code));
    }

    [Fact]
    public void Text_names_level_rule_place_and_section()
    {
        JsonObject config = Base();
        Change(config, "process.cwd", "\"a\"");
        Write(config.ToJsonString());
        (int code, string output, _) = Run("--path", _bundle);
        Assert.Equal(1, code);
        Assert.Equal(
            ["MUST   cwd-absolute: process.cwd: 'a' is not absolute (config.md#process)", $"{_bundle}: 1 broken of level MUST or above"],
            output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_bundle_without_a_readable_configuration_is_a_finding()
    {
        Assert.Equal([("config-exists", "")], Findings(Validate().Result));
        Write("{\"process\":[]}");
        Assert.Equal([("config-readable", "")], Findings(Validate().Result));
        Write("{\"x\":\"\\ud800\"}");
        Assert.Equal([("config-readable", "")], Findings(Validate().Result));
    }

    [Theory]
    [InlineData("--bogus", "validate: unknown argument '--bogus'; hint: validate --help lists the flags")]
    [InlineData("--path", "validate: --path needs a value")]
    [InlineData("--platform=solaris", "validate: --platform: 'solaris' is not linux, the only platform known")]
    [InlineData("--format=xml", "validate: --format: 'xml' is neither text nor json")]
    [InlineData("--compliance-level=always", "validate: --compliance-level: 'always' is not must, should or may")]
    [InlineData("--host-specific=x", "validate: --host-specific takes no value")]
    public void A_wrong_command_line_is_answered_with_a_sentence_and_one(string argument, string message)
    {
        (int code, string output, string error) = Run(argument);
        Assert.Equal((1, "", message + Environment.NewLine), (code, output, error));
    }

    [Fact]
    public void The_rules_can_be_listed()
    {
        (int code, string output, _) = Run("--rules");
        Assert.Equal(0, code);
        foreach (Rule rule in Rules.All()) Assert.Contains($" {rule.Id} ", output, StringComparison.Ordinal);
    }

    // The default configuration without what depends on the host's cgroup version.
    private static JsonObject Base()
    {
        Spec spec = DefaultSpec.Create(rootless: false);
        spec.Linux!.Namespaces.RemoveAll(ns => ns.Type == "cgroup");
        return JsonNode.Parse(SpecWriter.ToJson(spec, indented: false))!.AsObject();
    }

    private static void Change(JsonObject config, string member, string json)
    {
        if (member[0] == '-')
        {
            config.Remove(member[1..]);
            return;
        }
        string[] steps = member.Split('.');
        JsonNode at = config;
        foreach (string step in steps[..^1])
        {
            at = at is JsonArray array ? array[int.Parse(step)]! : at[step] ??= new JsonObject();
        }
        JsonNode value = JsonNode.Parse(json)!;
        if (at is not JsonArray list) at[steps[^1]] = value;
        else if (steps[^1] == "+") list.Add(value);
        else list[int.Parse(steps[^1])] = value;
    }

    private void Write(string json) => File.WriteAllText(Path.Combine(_bundle, "config.json"), json);

    private (int Code, JsonElement Result) Validate(params string[] args)
    {
        (int code, string output, string error) = Run([.. args, "--format", "json", "--path", _bundle]);
        Assert.Equal("", error);
        return (code, JsonDocument.Parse(output).RootElement);
    }

    private static (string, string)[] Findings(JsonElement result) =>
        [.. result.GetProperty("findings").EnumerateArray().Select(finding => (finding.GetProperty("rule").GetString()!, finding.GetProperty("path").GetString()!))];

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = ValidateCommand.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
