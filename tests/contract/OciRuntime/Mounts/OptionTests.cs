// MNT-01 to MNT-61: each mount option is set by the configuration and looked for in the container's own mountinfo.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Mounts;

public sealed class OptionTests : ContainerTest
{
    private MountLine Mounted(params string[] options) => MountLine.At(
        Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "tmpfs", "tmpfs", options)).Succeeded().Output, "/m");

    [Theory]
    [Row("MNT-07", "MNT-10", "MNT-13", "MNT-14", "MNT-15", "MNT-16", "MNT-22", "MNT-23", "MNT-29", "MNT-39", "MNT-57")]
    [InlineData("dirsync")]
    [InlineData("lazytime")]
    [InlineData("noatime")]
    [InlineData("nodev")]
    [InlineData("nodiratime")]
    [InlineData("noexec")]
    [InlineData("nosuid")]
    [InlineData("nosymfollow")]
    [InlineData("relatime")]
    [InlineData("ro")]
    [InlineData("sync")]
    public void An_option_that_sets_a_flag_sets_it(string option)
    {
        MountLine mount = Mounted(option);
        Assert.Contains(option, mount.Options.Concat(mount.Super));
    }

    [Theory]
    [Row("MNT-01", "MNT-02", "MNT-05", "MNT-06", "MNT-08", "MNT-18", "MNT-21", "MNT-50", "MNT-54", "MNT-55", "MNT-56")]
    [InlineData("async", "sync")]
    [InlineData("atime", "noatime")]
    [InlineData("dev", "nodev")]
    [InlineData("diratime", "nodiratime")]
    [InlineData("exec", "noexec")]
    [InlineData("nolazytime", "lazytime")]
    [InlineData("rw", "ro")]
    [InlineData("strictatime", "relatime")]
    [InlineData("suid", "nosuid")]
    [InlineData("symfollow", "nosymfollow")]
    public void An_option_that_clears_a_flag_clears_it(string option, string flag)
    {
        MountLine mount = Mounted(flag, option);
        Assert.DoesNotContain(flag, mount.Options.Concat(mount.Super));
    }

    [Fact]
    [Row("MNT-21")]
    public void Nostrictatime_takes_strictatime_back() => Assert.Contains("relatime", Mounted("strictatime", "nostrictatime").Options);

    // The kernel shows nothing of these; were they handed to tmpfs as data, the mount would fail.
    [Theory]
    [Row("MNT-04", "MNT-09", "MNT-11", "MNT-12", "MNT-17", "MNT-19", "MNT-20", "MNT-52")]
    [InlineData("defaults")]
    [InlineData("iversion")]
    [InlineData("loud")]
    [InlineData("mand")]
    [InlineData("noiversion")]
    [InlineData("nomand")]
    [InlineData("norelatime")]
    [InlineData("silent")]
    public void An_option_without_a_visible_flag_is_understood(string option) => Assert.Equal("tmpfs", Mounted(option).Type);

    [Theory]
    [Row("MNT-24", "MNT-40", "MNT-49", "MNT-51", "MNT-44", "MNT-59")]
    [InlineData("private", "")]
    [InlineData("rprivate", "")]
    [InlineData("shared", "shared")]
    [InlineData("rshared", "shared")]
    [InlineData("unbindable", "unbindable")]
    [InlineData("runbindable", "unbindable")]
    public void Propagation_is_set(string option, string shown) =>
        Assert.Equal(shown, string.Join(' ', Mounted(option).Propagation.Select(word => word.Split(':')[0])));

    [Theory]
    [Row("MNT-45", "MNT-53")]
    [InlineData("slave", "bind")]
    [InlineData("rslave", "rbind")]
    public void A_slave_follows_the_mount_of_the_host(string option, string bind)
    {
        using HostMount host = new(Dock, "shared", "tmpfs", "tmpfs");
        host.Make("shared");
        MountLine mount = MountLine.At(Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "bind", host.Path, bind, option)).Succeeded().Output, "/m");
        Assert.StartsWith("master:", Assert.Single(mount.Propagation));
    }

    [Fact]
    [Row("MNT-45")]
    public void What_the_host_mounts_later_appears_in_a_slave()
    {
        using HostMount host = new(Dock, "shared", "tmpfs", "tmpfs");
        host.Make("shared");
        Started(config => config.Mount("/m", "bind", host.Path, "rbind", "rslave"));
        using HostMount later = new(Dock, "shared/later", "tmpfs", "tmpfs");
        File.WriteAllText($"{later.Path}/new", "");
        ExecShell("ls /m/later").Succeeded().Says("new");
        Call("delete", "--force", Id).Succeeded();
    }

    [Fact]
    [Row("MNT-03")]
    public void Bind_shows_the_folder_of_the_host_without_what_is_mounted_in_it()
    {
        using HostMount sub = new(Dock, "source/sub", "tmpfs", "tmpfs");
        File.WriteAllText($"{Dock.Folder}/source/file", "from host");
        File.WriteAllText($"{sub.Path}/hidden", "");
        Shell("cat /m/file; ls /m/sub", config => config.Mount("/m", "bind", $"{Dock.Folder}/source", "bind")).Says("from host");
    }

    [Fact]
    [Row("MNT-26")]
    public void Rbind_shows_what_is_mounted_in_the_folder_too()
    {
        using HostMount sub = new(Dock, "source/sub", "tmpfs", "tmpfs");
        File.WriteAllText($"{sub.Path}/inner", "");
        Shell("ls /m/sub", config => config.Mount("/m", "bind", $"{Dock.Folder}/source", "rbind")).Says("inner");
    }

    [Fact]
    [Row("MNT-03")]
    public void A_bind_without_type_is_a_bind()
    {
        Dock.NewFile("source/file", "typeless");
        Shell("cat /m/file", config => config.Mount("/m", null, $"{Dock.Folder}/source", "bind")).Says("typeless");
    }

    [Fact]
    [Row("MNT-03", "MNT-39")]
    public void A_bind_can_be_read_only_though_its_source_is_not()
    {
        Dock.NewFile("source/file", "old");
        Run(config => config.Shell("echo new > /m/file").Mount("/m", "bind", $"{Dock.Folder}/source", "bind", "ro")).Failed();
        Assert.Equal("old", File.ReadAllText($"{Dock.Folder}/source/file"));
    }

    [Fact]
    [Row("MNT-39")]
    public void Ro_refuses_writes() => Run(config => config.Shell("touch /m/x").Mount("/m", "tmpfs", "tmpfs", "ro")).Failed();

    [Fact]
    [Row("MNT-30")]
    public void Remount_changes_a_mount_made_before()
    {
        string info = Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "tmpfs", "tmpfs", "rw").Mount("/m", "tmpfs", "tmpfs", "remount", "ro", "nosuid")).Succeeded().Output;
        Assert.Contains("ro", MountLine.At(info, "/m").Options);
        Assert.Single(MountLine.Parse(info), line => line.Point == "/m");
    }

    [Fact]
    [Row("MNT-58")]
    public void Tmpcopyup_keeps_the_files_that_were_there() =>
        Shell("cat /etc/group > /dev/null && echo changed > /etc/group && stat -f -c %T /etc; ls /etc | wc -l", config => config.Mount("/etc", "tmpfs", "tmpfs", "tmpcopyup"))
            .Says("tmpfs\n2");

    [Fact]
    [Row("MNT-58")]
    public void Tmpcopyup_leaves_the_files_below_as_they_were()
    {
        Shell("echo changed > /etc/group", config => config.Mount("/etc", "tmpfs", "tmpfs", "tmpcopyup"));
        Assert.StartsWith("root:", File.ReadAllText($"{Dock.Root}/etc/group"));
    }

    [Theory]
    [Row("MNT-42", "MNT-37", "MNT-33", "MNT-34", "MNT-32", "MNT-38", "MNT-41", "MNT-46", "MNT-27")]
    [InlineData("rro", "ro")]
    [InlineData("rnosuid", "nosuid")]
    [InlineData("rnodev", "nodev")]
    [InlineData("rnoexec", "noexec")]
    [InlineData("rnoatime", "noatime")]
    [InlineData("rnodiratime", "nodiratime")]
    [InlineData("rnosymfollow", "nosymfollow")]
    [InlineData("rrelatime", "relatime")]
    public void A_recursive_option_reaches_what_is_mounted_below(string option, string flag)
    {
        using HostMount sub = new(Dock, "source/sub", "tmpfs", "tmpfs", "strictatime");
        string info = Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "bind", $"{Dock.Folder}/source", "rbind", option)).Succeeded().Output;
        Assert.Contains(flag, MountLine.At(info, "/m").Options);
        Assert.Contains(flag, MountLine.At(info, "/m/sub").Options);
    }

    [Theory]
    [Row("MNT-25", "MNT-27", "MNT-28", "MNT-31", "MNT-35", "MNT-36", "MNT-43", "MNT-46", "MNT-47", "MNT-48")]
    [InlineData("rrw", "ro")]
    [InlineData("rsuid", "nosuid")]
    [InlineData("rdev", "nodev")]
    [InlineData("rexec", "noexec")]
    [InlineData("ratime", "noatime")]
    [InlineData("rdiratime", "nodiratime")]
    [InlineData("rsymfollow", "nosymfollow")]
    [InlineData("rstrictatime", "relatime")]
    [InlineData("rnorelatime", "relatime")]
    public void A_recursive_option_clears_a_flag_below(string option, string flag)
    {
        using HostMount sub = new(Dock, "source/sub", "tmpfs", "tmpfs", flag);
        string info = Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "bind", $"{Dock.Folder}/source", "rbind", option)).Succeeded().Output;
        // norelatime asks for nothing that the kernel could show: relatime is what remains when nothing else is asked for.
        if (option != "rnorelatime") Assert.DoesNotContain(flag, MountLine.At(info, "/m/sub").Options);
    }

    [Fact]
    [Row("MNT-36")]
    public void Rnostrictatime_is_understood()
    {
        using HostMount sub = new(Dock, "source/sub", "tmpfs", "tmpfs", "strictatime");
        Assert.Contains("relatime", MountLine.At(
            Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "bind", $"{Dock.Folder}/source", "rbind", "rnostrictatime")).Succeeded().Output, "/m/sub").Options);
    }

    [Theory]
    [Row("MNT-40", "MNT-44", "MNT-45", "MNT-49")]
    [InlineData("rshared", "shared")]
    [InlineData("runbindable", "unbindable")]
    public void Recursive_propagation_reaches_what_is_mounted_below(string option, string shown)
    {
        using HostMount sub = new(Dock, "source/sub", "tmpfs", "tmpfs");
        string info = Run(config => config.Args("/bin/cat", "/proc/self/mountinfo").Mount("/m", "bind", $"{Dock.Folder}/source", "rbind", option)).Succeeded().Output;
        Assert.StartsWith(shown, Assert.Single(MountLine.At(info, "/m/sub").Propagation));
    }

    private const string Mapping = """{"destination":"/m","type":"bind","source":"%","options":["%%"],"uidMappings":[{"containerID":0,"hostID":5000,"size":1000}],"gidMappings":[{"containerID":0,"hostID":6000,"size":1000}]}""";

    [Theory]
    [Row("MNT-60", "CFG-14")]
    [InlineData("bind\",\"idmap")]
    [InlineData("bind")]
    public void An_id_mapped_mount_shifts_owners_inside_and_leaves_the_host_alone(string options)
    {
        string file = Dock.NewFile("source/file", "");
        Native.Own(file, 7, 8);
        Shell("stat -c %u:%g /m/file", config => config.Append("mounts", Mapping.Replace("%%", options).Replace("%", $"{Dock.Folder}/source"))).Says("5007:6008");
        Dock.Tool("stat", "-c", "%u:%g", file).Run().Says("7:8");
    }

    [Theory]
    [Row("MNT-61", "MNT-60")]
    [InlineData("rbind\",\"ridmap", "5000:6000")]
    [InlineData("rbind\",\"idmap", "0:0")]
    public void Ridmap_maps_what_is_mounted_below_and_idmap_does_not(string options, string below)
    {
        using HostMount sub = new(Dock, "source/sub", "tmpfs", "tmpfs");
        File.WriteAllText($"{sub.Path}/file", "");
        Shell("stat -c %u:%g /m /m/sub/file", config => config.Append("mounts", Mapping.Replace("%%", options).Replace("%", $"{Dock.Folder}/source"))).Says($"5000:6000\n{below}");
    }
}
