// CLI-09, CLI-15, FEA-01 to FEA-04, CFG-17: the default configuration, and what the runtime says of itself.
using System.Text.Json.Nodes;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-09")]
public sealed class SpecAndFeaturesTests : ContainerTest
{
    private JsonObject Spec(params string[] options)
    {
        string folder = Dock.NewFolder("spec");
        File.Delete($"{folder}/config.json");
        Dock.Command(["spec", .. options]).In(folder).Run().Succeeded();
        return JsonNode.Parse(File.ReadAllText($"{folder}/config.json"))!.AsObject();
    }

    private static string[] Words(JsonNode? array, string? member = null) => [.. array!.AsArray().Select(item => (string)(member is null ? item! : item![member]!)!)];

    [Fact]
    public void Spec_writes_a_configuration_with_what_everybody_expects()
    {
        JsonObject spec = Spec();
        Assert.Equal(["sh"], Words(spec["process"]!["args"]));
        Assert.True((bool)spec["process"]!["terminal"]!);
        Assert.Equal("/", (string?)spec["process"]!["cwd"]);
        Assert.Equal("rootfs", (string?)spec["root"]!["path"]);
        Assert.True((bool)spec["root"]!["readonly"]!);
        Assert.True((bool)spec["process"]!["noNewPrivileges"]!);
        Assert.Equal(["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"], Words(spec["process"]!["capabilities"]!["bounding"]).Order());
        Assert.Equal(["/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup"], Words(spec["mounts"], "destination"));
        // A cgroup namespace is worth little where version 1 is mounted, and runc leaves it out there.
        Assert.Equal(["ipc", "mount", "network", "pid", "uts"], Words(spec["linux"]!["namespaces"], "type").Where(type => type != "cgroup").Order());
        Assert.Contains("/proc/kcore", Words(spec["linux"]!["maskedPaths"]));
        Assert.Contains("/proc/sys", Words(spec["linux"]!["readonlyPaths"]));
    }

    [Fact]
    public void Spec_has_the_members_that_runc_writes()
    {
        string runc = Machine.NeedsProgram("runc");
        string folder = Dock.NewFolder("runc");
        Dock.Tool(runc, "spec").In(folder).Run().Succeeded();
        // Ambient and inheritable capabilities were given up between versions.
        static IEnumerable<string> Members(JsonNode? spec) => Paths(spec).Where(path => !path.EndsWith(".ambient", StringComparison.Ordinal) && !path.EndsWith(".inheritable", StringComparison.Ordinal)).Order();
        Assert.Equal(Members(JsonNode.Parse(File.ReadAllText($"{folder}/config.json"))), Members(Spec()));
    }

    private static IEnumerable<string> Paths(JsonNode? node, string path = "") => node switch
    {
        JsonObject all => all.SelectMany(member => Paths(member.Value, $"{path}.{member.Key}")),
        JsonArray list => list.Where(item => item is JsonObject).SelectMany(item => Paths(item, path + "[]")).Append(path).Distinct(),
        _ => [path],
    };

    [Fact]
    public void What_spec_writes_runs()
    {
        Dock.Write();
        File.Delete($"{Dock.Bundle}/config.json");
        Dock.Command("spec", "--bundle", Dock.Bundle).Run().Succeeded();
        Config config = new(File.ReadAllText($"{Dock.Bundle}/config.json"));
        File.WriteAllText($"{Dock.Bundle}/config.json", config.Set("process.terminal", false).Shell("echo runs").Set("linux.cgroupsPath", $"/{Id}").ToString());
        Call("run", "--bundle", Dock.Bundle, Id).Succeeded().Says("runs");
    }

    [Fact]
    public void Spec_does_not_overwrite()
    {
        string folder = Dock.NewFolder("spec");
        File.WriteAllText($"{folder}/config.json", "mine");
        Dock.Command("spec").In(folder).Run().Failed().Explains("config.json");
        Assert.Equal("mine", File.ReadAllText($"{folder}/config.json"));
    }

    [Fact]
    public void A_rootless_configuration_maps_the_caller()
    {
        JsonObject spec = Spec("--rootless");
        Assert.Contains("user", Words(spec["linux"]!["namespaces"], "type"));
        Assert.DoesNotContain("network", Words(spec["linux"]!["namespaces"], "type"));
        Assert.Equal(0, (int?)spec["linux"]!["uidMappings"]![0]!["containerID"]);
        Assert.Equal(1, (int?)spec["linux"]!["uidMappings"]![0]!["size"]);
        Assert.Null(spec["linux"]!["resources"]);
    }

    [Fact]
    [Row("CFG-17")]
    public void What_spec_writes_is_valid_for_the_specifications_own_tool()
    {
        string tool = Environment.GetEnvironmentVariable("OCI_RUNTIME_TOOL") ?? Machine.NeedsProgram("oci-runtime-tool");
        Dock.Write();
        File.Delete($"{Dock.Bundle}/config.json");
        Dock.Command("spec", "--bundle", Dock.Bundle).Run().Succeeded();
        Dock.Tool(tool, "validate", "--path", Dock.Bundle).Run().Succeeded();
    }

    private JsonNode Features() => Call("features").Succeeded().Json;

    [Fact]
    [Row("FEA-01", "CLI-15")]
    public void Features_has_versions_hooks_and_annotations()
    {
        JsonNode features = Features();
        Assert.Equal("1.0.0", (string?)features["ociVersionMin"]);
        Assert.Matches(@"^1\.\d+\.\d+", (string)features["ociVersionMax"]!);
        Assert.Equal(["createContainer", "createRuntime", "poststart", "poststop", "prestart", "startContainer"], Words(features["hooks"]).Order(StringComparer.Ordinal));
        Assert.NotNull(features["annotations"]);
    }

    [Fact]
    [Row("FEA-01")]
    public void Features_names_annotations_that_may_be_unsafe() => Assert.NotNull(Features()["potentiallyUnsafeConfigAnnotations"]);

    // Every option of the specification's table, as config.md lists them.
    private const string Options = """
        async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid
        nosymfollow private ratime rbind rdev rdiratime relatime remount rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw
        rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave strictatime suid symfollow sync tmpcopyup unbindable idmap ridmap
        """;

    [Fact]
    [Row("FEA-01", "MNT-01", "MNT-61")]
    public void Features_lists_every_mount_option_of_the_specification()
    {
        string[] listed = Words(Features()["mountOptions"]);
        Assert.Empty(Options.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Except(listed));
    }

    [Fact]
    [Row("FEA-02")]
    public void Features_tells_namespaces_capabilities_and_cgroups()
    {
        JsonNode linux = Features()["linux"]!;
        Assert.Empty(((string[])["cgroup", "ipc", "mount", "network", "pid", "user", "uts"]).Except(Words(linux["namespaces"])));
        Assert.Contains("CAP_SYS_ADMIN", Words(linux["capabilities"]));
        foreach (string key in (string[])["v1", "v2", "systemd"]) Assert.NotNull(linux["cgroup"]![key]);
    }

    [Fact]
    [Row("FEA-02")]
    public void The_capabilities_of_features_are_those_of_the_kernel() =>
        Assert.Equal(int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap")) + 1, Words(Features()["linux"]!["capabilities"]).Length);

    [Fact]
    [Row("FEA-03")]
    public void Features_tells_what_the_filter_compiler_accepts()
    {
        JsonNode seccomp = Features()["linux"]!["seccomp"]!;
        Assert.True((bool)seccomp["enabled"]!);
        Assert.Empty(((string[])["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"])
            .Except(Words(seccomp["actions"])));
        Assert.Equal(["SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"], Words(seccomp["operators"]).Order(StringComparer.Ordinal));
        Assert.Contains("SCMP_ARCH_X86_64", Words(seccomp["archs"]));
    }

    [Fact]
    [Row("FEA-03")]
    public void The_architectures_of_features_that_this_machine_can_run_are_accepted_in_a_filter()
    {
        string[] names = [.. Words(Features()["linux"]!["seccomp"]!["archs"]).Where(name => name is "SCMP_ARCH_X86_64" or "SCMP_ARCH_X86" or "SCMP_ARCH_X32" or "SCMP_ARCH_AARCH64" or "SCMP_ARCH_ARM")];
        Shell("echo fine", config => config.SetJson("linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]}""")
            .SetStrings("linux.seccomp.architectures", names)).Says("fine");
    }

    [Fact]
    [Row("FEA-03")]
    public void Features_tells_the_flags_of_filters()
    {
        JsonNode seccomp = Features()["linux"]!["seccomp"]!;
        Assert.Contains("SECCOMP_FILTER_FLAG_LOG", Words(seccomp["knownFlags"]));
        Assert.Empty(Words(seccomp["supportedFlags"]).Except(Words(seccomp["knownFlags"])));
    }

    [Fact]
    [Row("FEA-04")]
    public void Features_tells_about_labels_and_extensions()
    {
        JsonNode linux = Features()["linux"]!;
        foreach (string key in (string[])["apparmor", "selinux", "intelRdt"]) Assert.NotNull(linux[key]!["enabled"]);
        Assert.True((bool)linux["mountExtensions"]!["idmap"]!["enabled"]!);
    }

    [Fact]
    [Row("FEA-04")]
    public void Features_tells_about_memory_policies_and_network_devices()
    {
        JsonNode linux = Features()["linux"]!;
        Assert.Contains("MPOL_BIND", Words(linux["memoryPolicy"]!["modes"]));
        Assert.NotNull(linux["netDevices"]!["enabled"]);
    }
}
