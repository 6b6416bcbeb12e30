// LNX-02 to LNX-04, LNX-06: namespaces made, kept and joined; user mappings; time; network devices.
using System.Globalization;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.LinuxSection;

[Row("LNX-02")]
public sealed class NamespaceTests : ContainerTest
{
    private static string File(string type) => type switch { "mount" => "mnt", "network" => "net", _ => type };

    private static string Host(string type) => new FileInfo($"/proc/self/ns/{File(type)}").LinkTarget!;

    [Theory]
    [InlineData("mount")]
    [InlineData("pid")]
    [InlineData("network")]
    [InlineData("ipc")]
    [InlineData("uts")]
    [InlineData("cgroup")]
    [InlineData("user")]
    [InlineData("time")]
    public void A_namespace_that_is_asked_for_is_new(string type)
    {
        Outcome outcome = Shell($"readlink /proc/self/ns/{File(type)}", config =>
        {
            if (type == "user") config.UserNamespace();
            else config.Namespace(type);
        });
        Assert.StartsWith(File(type) + ":[", outcome.Text);
        Assert.NotEqual(Host(type), outcome.Text);
    }

    [Theory]
    [InlineData("network")]
    [InlineData("ipc")]
    [InlineData("uts")]
    [InlineData("cgroup")]
    [InlineData("user")]
    [InlineData("time")]
    public void A_namespace_that_is_not_asked_for_is_that_of_the_caller(string type) => Shell($"readlink /proc/self/ns/{File(type)}", config =>
        {
            config.NoNamespace(type);
            if (type == "uts") config.Remove("hostname");
            if (type == "ipc") config.Unmount("/dev/mqueue");
        }).Says(Host(type));

    [Theory]
    [InlineData("pid")]
    [InlineData("network")]
    [InlineData("ipc")]
    [InlineData("uts")]
    [InlineData("cgroup")]
    [InlineData("time")]
    public void A_namespace_can_be_joined_by_its_path(string type)
    {
        Started(config => config.Namespace(type));
        string first = new FileInfo($"/proc/{Dock.Pid()}/ns/{File(type)}").LinkTarget!;
        string path = $"/proc/{Dock.Pid()}/ns/{File(type)}";
        Dock.NewBundle().Write(config =>
        {
            config.Namespace(type, path).Shell($"readlink /proc/self/ns/{File(type)}");
            if (type == "uts") config.Remove("hostname");
        });
        Call("run", "--bundle", Dock.Bundle, Id + "-2").Succeeded().Says(first);
    }

    [Fact]
    public void A_user_namespace_can_be_joined_by_its_path()
    {
        Started(config => config.UserNamespace());
        string path = $"/proc/{Dock.Pid()}/ns/user";
        string first = new FileInfo(path).LinkTarget!;
        Dock.NewBundle().Write(config => config.Namespace("user", path).Shell("readlink /proc/self/ns/user; cat /proc/self/uid_map | tr -s ' '"));
        Call("run", "--bundle", Dock.Bundle, Id + "-2").Succeeded().Says($"{first}\n 0 100000 65536");
    }

    [Fact]
    public void A_process_in_a_joined_pid_namespace_sees_its_neighbours()
    {
        Started();
        string path = $"/proc/{Dock.Pid()}/ns/pid";
        Dock.NewBundle().Write(config => config.Namespace("pid", path).Shell("cat /proc/1/cmdline | tr '\\0' ' '"));
        Assert.Contains("sleep 0.05", Call("run", "--bundle", Dock.Bundle, Id + "-2").Succeeded().Output);
    }

    [Theory]
    [Row("LNX-12")]
    [InlineData("pid")]
    [InlineData("user")]
    public void A_limit_of_one_process_suffices_to_join(string type)
    {
        Machine.NeedsController("pids");
        Started(config => config.UserNamespace());
        string path = $"/proc/{Dock.Pid()}/ns";
        Dock.NewBundle().Write(config =>
        {
            config.Namespace("user", $"{path}/user").Args("/bin/cat", "/proc/self/cgroup").Set("linux.resources.pids.limit", 1).NoNamespace("cgroup");
            if (type == "pid") config.Namespace("pid", $"{path}/pid");
        });
        Assert.Contains(Path.GetFileName(Dock.Bundle), Call("run", "--bundle", Dock.Bundle, Id + "-2").Succeeded().Output);
    }

    [Fact]
    public void A_pinned_network_namespace_can_be_joined_and_stays()
    {
        string pinned = Dock.NewFile("netns", "");
        Dock.Tool("unshare", $"--net={pinned}", "true").Run().Succeeded();
        try
        {
            string inside = Shell("readlink /proc/self/ns/net; ip link show lo > /dev/null", config => config.Namespace("network", pinned)).Text;
            Assert.NotEqual(Host("network"), inside);
            Assert.Equal(inside, Shell("readlink /proc/self/ns/net", config => config.Namespace("network", pinned)).Text);
        }
        finally { Native.Detach(pinned); }
    }

    [Theory]
    [InlineData("/no/such/namespace")]
    [InlineData("/etc/passwd")]
    public void A_path_that_is_no_namespace_is_an_error_that_names_it(string path)
    {
        Run(config => config.Namespace("network", path)).Failed().Explains(path);
        IsGone();
    }

    [Fact]
    public void A_path_to_a_namespace_of_another_type_is_an_error()
    {
        Run(config => config.Namespace("network", "/proc/self/ns/uts")).Failed();
        IsGone();
    }

    [Fact]
    [Row("LNX-01")]
    public void The_loopback_device_of_a_new_network_is_up() => Shell("cat /sys/class/net/lo/flags").Says("0x9");

    [Fact]
    [Row("LNX-04")]
    public void Mappings_are_written() =>
        Shell("tr -s ' ' < /proc/self/uid_map; tr -s ' ' < /proc/self/gid_map; id -u", config => config.Namespace("user")
            .SetJson("linux.uidMappings", """[{"containerID":0,"hostID":100000,"size":1000},{"containerID":1000,"hostID":300000,"size":5}]""")
            .SetJson("linux.gidMappings", """[{"containerID":0,"hostID":200000,"size":65536}]""")).Says("0 100000 1000\n 1000 300000 5\n 0 200000 65536\n0");

    [Fact]
    [Row("LNX-04")]
    public void Roots_files_belong_to_the_mapped_user_on_the_host()
    {
        Dock.Write();
        Native.Own(Dock.Root, 100000, 100000);
        Shell("touch /file", config => config.UserNamespace());
        Dock.Tool("stat", "-c", "%u:%g", $"{Dock.Root}/file").Run().Says("100000:100000");
    }

    [Fact]
    [Row("LNX-04")]
    public void A_user_that_is_not_mapped_is_refused()
    {
        Run(config => config.UserNamespace(100000, 10).Set("process.user.uid", 5000)).Failed().Explains("5000");
        IsGone();
    }

    [Fact]
    [Row("LNX-04")]
    public void A_user_namespace_without_mappings_is_refused()
    {
        Run(config => config.Namespace("user")).Failed().Explains("mapping");
        IsGone();
    }

    [Fact]
    [Row("LNX-04")]
    public void Exec_enters_the_user_namespace()
    {
        Started(config => config.UserNamespace());
        ExecShell("id -u; readlink /proc/self/ns/user").Succeeded().Says($"0\n{new FileInfo($"/proc/{Dock.Pid()}/ns/user").LinkTarget}");
    }

    [Fact]
    [Row("LNX-03")]
    public void Time_offsets_shift_the_clocks()
    {
        double host = double.Parse(System.IO.File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        Outcome outcome = Shell("cut -d ' ' -f 1 /proc/uptime; cat /proc/self/timens_offsets | tr -s ' '", config => config.Namespace("time")
            .SetJson("linux.timeOffsets", """{"monotonic":{"secs":172800,"nanosecs":5},"boottime":{"secs":604800}}"""));
        Assert.InRange(double.Parse(outcome.Lines[0], CultureInfo.InvariantCulture) - host, 604790, 604900);
        Assert.Contains("172800 5", outcome.Output);
    }

    [Fact]
    [Row("LNX-03")]
    public void Time_offsets_without_a_time_namespace_are_refused()
    {
        Run(config => config.SetJson("linux.timeOffsets", """{"boottime":{"secs":604800}}""")).Failed().Explains("time");
        IsGone();
    }

    [Fact]
    [Row("LNX-29")]
    public void Personality_is_set() => Shell("uname -m", config => config.SetJson("linux.personality", """{"domain":"LINUX32"}""")).Says("i686");

    [Fact]
    [Row("LNX-20")]
    public void Sysctls_of_the_namespaces_are_set() =>
        Shell("for k in net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range kernel/shmmax kernel/msgmax fs/mqueue/msg_max; do cat /proc/sys/$k | tr '\\t' ' '; done", config => config
            .SetJson("linux.sysctl", """{"net.ipv4.ip_unprivileged_port_start":"80","net/ipv4/ping_group_range":"5 6","kernel.shmmax":"123456","kernel.msgmax":"4096","fs.mqueue.msg_max":"7"}"""))
            .Says("80\n5 6\n123456\n4096\n7");

    [Theory]
    [Row("LNX-20")]
    [InlineData("kernel.panic", "7")]
    [InlineData("vm.swappiness", "7")]
    [InlineData("kernel.core_pattern", "/tmp/x")]
    [InlineData("fs.file-max", "7")]
    public void Sysctls_of_the_host_are_refused(string key, string value)
    {
        string path = "/proc/sys/" + key.Replace('.', '/');
        string before = System.IO.File.ReadAllText(path);
        Run(config => config.SetJson("linux.sysctl", $$"""{"{{key}}":"{{value}}"}""")).Failed().Explains(key);
        Assert.Equal(before, System.IO.File.ReadAllText(path));
        IsGone();
    }

    [Theory]
    [Row("LNX-20")]
    [InlineData("network", "net.ipv4.ip_forward", "1")]
    [InlineData("ipc", "kernel.shmmax", "4711")]
    public void Sysctls_of_a_namespace_that_is_the_hosts_are_refused(string type, string key, string value)
    {
        string path = "/proc/sys/" + key.Replace('.', '/');
        string before = System.IO.File.ReadAllText(path);
        Run(config => config.NoNamespace(type).Unmount("/dev/mqueue").SetJson("linux.sysctl", $$"""{"{{key}}":"{{value}}"}""")).Failed().Explains(key);
        Assert.Equal(before, System.IO.File.ReadAllText(path));
        IsGone();
    }

    [Fact]
    [Row("LNX-20")]
    public void A_sysctl_that_does_not_exist_is_an_error_that_names_it()
    {
        Run(config => config.SetJson("linux.sysctl", """{"net.no.such.key":"1"}""")).Failed().Explains("net.no.such.key");
        IsGone();
    }

    [Fact]
    [Row("LNX-19")]
    public void A_memory_policy_is_set()
    {
        Machine.NeedsPath("/proc/self/numa_maps", "this kernel has no NUMA policies");
        Assert.Contains("bind", Shell("cat /proc/self/numa_maps | head -n 5", config => config.SetJson("linux.memoryPolicy", """{"mode":"MPOL_BIND","nodes":"0"}""")).Output);
    }

    [Fact]
    [Row("LNX-18")]
    public void Intel_rdt_is_refused_where_the_host_has_none()
    {
        Assert.SkipWhen(Directory.Exists("/sys/fs/resctrl/info"), "this host has resctrl");
        Run(config => config.SetJson("linux.intelRdt", """{"closID":"berth","l3CacheSchema":"L3:0=f"}""")).Failed().Explains("rdt");
        IsGone();
    }
}
