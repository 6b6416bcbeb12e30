// CFG-01, CFG-13, CFG-15, LNX-01, LNX-25, LNX-26, LNX-27: the root, the list of mounts, and what is hidden or made read-only.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Configuration;

[Row("CFG-01")]
public sealed class RootTests : ContainerTest
{
    [Fact]
    public void A_read_only_root_refuses_writes()
    {
        Run(config => config.Shell("touch /file").Set("root.readonly", true)).Failed();
        Assert.False(File.Exists($"{Dock.Root}/file"));
    }

    [Fact]
    public void A_read_only_root_has_writable_mounts() => Shell("touch /dev/shm/file && echo fine", config => config.Set("root.readonly", true)).Says("fine");

    [Fact]
    public void A_read_only_root_gets_its_mount_points_first()
    {
        Dock.NewFile("source/file", "seen");
        Shell("cat /made/on/the/way/file", config => config.Set("root.readonly", true).Mount("/made/on/the/way", "bind", $"{Dock.Folder}/source", "bind")).Says("seen");
    }

    [Fact]
    public void A_writable_root_is_written_through()
    {
        Shell("echo text > /file");
        Assert.Equal("text\n", File.ReadAllText($"{Dock.Root}/file"));
    }

    [Fact]
    public void Nothing_of_the_host_is_mounted_in_the_container() =>
        Assert.DoesNotContain("/tmp/berth-contract", Run(config => config.Shell("cut -d ' ' -f 5 /proc/self/mountinfo")).Succeeded().Output);

    [Fact]
    [Row("CFG-13")]
    public void Mounts_are_made_in_the_order_of_their_list()
    {
        Dock.NewFile("one/file", "one");
        Dock.NewFile("two/file", "two");
        Shell("cat /m/file", config => config.Mount("/m", "bind", $"{Dock.Folder}/one", "bind").Mount("/m", "bind", $"{Dock.Folder}/two", "bind")).Says("two");
        Shell("cat /m/file", config => config.Mount("/m", "bind", $"{Dock.Folder}/two", "bind").Mount("/m", "bind", $"{Dock.Folder}/one", "bind")).Says("one");
    }

    [Fact]
    [Row("CFG-13")]
    public void A_mount_may_lie_in_another() =>
        Shell("ls /m; touch /m/inner/x && ls /m/inner", config => config.Mount("/m", "tmpfs", "tmpfs").Mount("/m/inner", "tmpfs", "tmpfs")).Says("inner\nx");

    [Fact]
    [Row("CFG-13")]
    public void A_relative_destination_is_taken_from_the_root() =>
        Shell("grep -c ' /rel/ative ' /proc/self/mountinfo", config => config.Mount("rel/ative", "tmpfs", "tmpfs")).Says("1");

    [Fact]
    [Row("CFG-13")]
    public void A_relative_source_is_taken_from_the_bundle()
    {
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Bundle}/data");
        File.WriteAllText($"{Dock.Bundle}/data/file", "of the bundle");
        Shell("cat /m/file", config => config.Mount("/m", "bind", "data", "bind")).Says("of the bundle");
    }

    [Fact]
    [Row("CFG-13")]
    public void A_single_file_can_be_bound() =>
        Shell("cat /etc/resolv.conf", config => config.Mount("/etc/resolv.conf", "bind", Dock.NewFile("resolv", "nameserver 192.0.2.1\n"), "bind")).Says("nameserver 192.0.2.1");

    [Fact]
    [Row("CFG-13")]
    public void A_source_that_does_not_exist_is_an_error_that_names_it()
    {
        Run(config => config.Mount("/m", "bind", "/no/such/source", "bind")).Failed().Explains("/no/such/source");
        IsGone();
    }

    [Fact]
    [Row("CFG-13")]
    public void An_unknown_file_system_is_an_error_that_names_it()
    {
        Run(config => config.Mount("/m", "nosuchfs", "none")).Failed().Explains("nosuchfs", "/m");
        IsGone();
    }

    [Fact]
    [Row("CFG-15")]
    public void Options_that_are_no_flags_go_to_the_file_system()
    {
        string[] super = MountLine.At(Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "tmpfs", "tmpfs", "size=1m", "nr_inodes=10", "mode=700")).Succeeded().Output, "/m").Super;
        Assert.Contains("size=1024k", super);
        Assert.Contains("nr_inodes=10", super);
        Assert.Contains("mode=700", super);
    }

    [Fact]
    [Row("CFG-15")]
    public void Data_that_the_file_system_refuses_is_an_error()
    {
        Run(config => config.Mount("/m", "tmpfs", "tmpfs", "no_such_data=1")).Failed().Explains("/m", "no_such_data");
        IsGone();
    }

    [Theory]
    [Row("LNX-01")]
    [InlineData("/proc", "proc")]
    [InlineData("/sys", "sysfs")]
    [InlineData("/dev", "tmpfs")]
    [InlineData("/dev/pts", "devpts")]
    [InlineData("/dev/shm", "tmpfs")]
    [InlineData("/dev/mqueue", "mqueue")]
    public void The_usual_file_systems_are_mounted(string point, string type) =>
        Assert.Equal(type, MountLine.At(Run(config => config.Args("/bin/cat", "/proc/self/mountinfo")).Succeeded().Output, point).Type);

    [Fact]
    [Row("LNX-01")]
    public void The_processes_in_proc_are_those_of_the_container() => Shell("set -- /proc/[0-9]*; echo \"$*\"").Says("/proc/1");

    [Fact]
    [Row("LNX-01")]
    public void The_cgroup_file_system_can_be_mounted()
    {
        Shell("ls /sys/fs/cgroup > /dev/null && grep -q ' /sys/fs/cgroup' /proc/self/mountinfo && echo mounted",
            config => config.Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro")).Says("mounted");
    }

    [Fact]
    [Row("LNX-01")]
    public void The_cgroups_that_are_mounted_show_only_the_containers_own() =>
        Shell("find /sys/fs/cgroup -maxdepth 2 -name 'bc*' | wc -l", config => config.Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro")).Says("0");

    [Theory]
    [Row("LNX-25")]
    [InlineData("shared", "shared")]
    [InlineData("private", "")]
    [InlineData("rprivate", "")]
    [InlineData("unbindable", "unbindable")]
    public void The_propagation_of_the_root_is_set(string propagation, string shown)
    {
        string info = Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Set("linux.rootfsPropagation", propagation)).Succeeded().Output;
        Assert.Equal(shown, string.Join(' ', MountLine.At(info, "/").Propagation.Select(word => word.Split(':')[0])));
    }

    [Fact]
    [Row("LNX-25")]
    public void A_slave_root_sends_nothing_to_the_host()
    {
        Shell("mkdir -p /new && mount -t tmpfs tmpfs /new", config => config.Set("linux.rootfsPropagation", "slave").Capabilities("CAP_SYS_ADMIN"));
        Assert.DoesNotContain("/new ", File.ReadAllText("/proc/self/mountinfo"));
    }

    [Fact]
    [Row("LNX-26")]
    public void A_masked_file_is_empty()
    {
        Shell("cat /etc/passwd | wc -c; cat /proc/version | wc -c", config => config.SetStrings("linux.maskedPaths", "/etc/passwd", "/proc/version")).Says("0\n0");
        Assert.NotEmpty(File.ReadAllText($"{Dock.Root}/etc/passwd"));
    }

    [Fact]
    [Row("LNX-26")]
    public void A_masked_folder_is_empty_and_read_only() =>
        Shell("ls /etc | wc -l; touch /etc/x 2>/dev/null || echo refused", config => config.SetStrings("linux.maskedPaths", "/etc")).Says("0\nrefused");

    [Fact]
    [Row("LNX-26")]
    public void A_path_to_mask_that_is_not_there_is_no_error() => Shell("echo fine", config => config.SetStrings("linux.maskedPaths", "/not/there")).Says("fine");

    [Fact]
    [Row("LNX-26")]
    public void A_masked_path_stays_masked_for_exec()
    {
        Started(config => config.SetStrings("linux.maskedPaths", "/etc/passwd"));
        ExecShell("wc -c < /etc/passwd").Succeeded().Says("0");
    }

    [Fact]
    [Row("LNX-26")]
    public void A_read_only_path_refuses_writes_and_can_be_read() =>
        Shell("cat /proc/sys/kernel/hostname; echo x > /proc/sys/kernel/hostname || echo x > /etc/file || echo refused",
            config => config.SetStrings("linux.readonlyPaths", "/proc/sys", "/etc").Capabilities("CAP_SYS_ADMIN")).Says("contract\nrefused");

    [Fact]
    [Row("LNX-26")]
    public void A_read_only_path_keeps_its_other_flags()
    {
        string info = Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "tmpfs", "tmpfs", "nosuid", "nodev", "noexec").SetStrings("linux.readonlyPaths", "/m")).Succeeded().Output;
        foreach (string flag in (string[])["ro", "nosuid", "nodev", "noexec"]) Assert.Contains(flag, MountLine.At(info, "/m").Options);
    }

    [Fact]
    [Row("LNX-27")]
    public void Masked_folders_share_one_file_system()
    {
        Dock.Write();
        string[] masked = [.. Enumerable.Range(0, 20).Select(i => $"/masked/{i}")];
        foreach (string path in masked) Directory.CreateDirectory($"{Dock.Root}{path}");
        string info = Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").SetStrings("linux.maskedPaths", masked)).Succeeded().Output;
        string[] devices = [.. info.Split('\n').Where(line => line.Contains(" /masked/", StringComparison.Ordinal)).Select(line => line.Split(' ')[2])];
        Assert.Equal(20, devices.Length);
        Assert.Single(devices.Distinct());
    }

    [Fact]
    [Row("CFG-18")]
    public void Sections_for_other_systems_are_no_obstacle() =>
        Shell("echo fine", config => config
            .SetJson("windows", """{"layerFolders":["C:\\Layers\\layer1"],"hyperv":{}}""")
            .SetJson("solaris", """{"milestone":"svc:/milestone/container:default"}""")
            .SetJson("vm", """{"kernel":{"path":"/path/to/vmlinuz"}}""")
            .SetJson("zos", """{"namespaces":[]}""")
            .SetJson("freebsd", """{"jail":{"parent":"x"}}""")).Says("fine");
}
