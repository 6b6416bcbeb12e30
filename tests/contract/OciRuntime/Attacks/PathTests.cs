// HRD-02, HRD-03: links in an image that lead the runtime out of the root file system.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Attacks;

public sealed class PathTests : ContainerTest
{
    // A setting of the host that harms nobody when an attack succeeds on a runtime that has the hole.
    private const string Setting = "/proc/sys/kernel/printk_ratelimit_burst";

    private readonly string _setting = File.ReadAllText(Setting);
    private HostTrap? _trap;

    private HostTrap Trap => _trap ??= new HostTrap(Dock);

    private void SettingIsUntouched() => Assert.Equal(_setting, File.ReadAllText(Setting));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (File.ReadAllText(Setting) != _setting) File.WriteAllText(Setting, _setting);
        base.Dispose(disposing);
    }

    // The image's own folder gives way to a link.
    private void Plant(string path, string target)
    {
        Dock.Write();
        string full = Dock.Root + path;
        if (Directory.Exists(full) && new DirectoryInfo(full).LinkTarget is null) Directory.Delete(full, recursive: true);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.CreateSymbolicLink(full, target);
    }

    // Whether it runs inside, or is refused: the host must not notice.
    private void TryRun(Action<Config> edit)
    {
        Run(edit);
        Trap.IsUntouched();
    }

    [Theory]
    [Row("HRD-03")]
    [InlineData("absolute")]
    [InlineData("relative")]
    public void A_dev_that_is_a_link_is_not_followed_to_the_host(string kind)
    {
        Plant("/dev", kind == "absolute" ? Trap.Folder : "../../host");
        TryRun(config => config.Unmount("/dev/mqueue").Unmount("/dev/shm").Unmount("/dev/pts"));
        // And without a mount on /dev, when the nodes are made in the image's own folder.
        TryRun(config => config.Unmount("/dev/mqueue").Unmount("/dev/shm").Unmount("/dev/pts").Unmount("/dev"));
    }

    [Theory]
    [Row("HRD-03")]
    [InlineData("/proc")]
    [InlineData("/sys")]
    [InlineData("/dev/pts")]
    [InlineData("/dev/shm")]
    [InlineData("/dev/mqueue")]
    public void A_mount_point_that_is_a_link_is_not_followed_to_the_host(string point)
    {
        Plant(point, Trap.Folder);
        TryRun(config => config.Remove("linux.maskedPaths").Remove("linux.readonlyPaths"));
    }

    [Theory]
    [Row("HRD-03")]
    [InlineData("/proc", "/sys")]
    [InlineData("/proc", "/etc")]
    public void Proc_is_not_mounted_through_a_link_somewhere_else(string point, string target)
    {
        Plant(point, target);
        Run(config => config.Remove("linux.maskedPaths").Remove("linux.readonlyPaths")).Failed();
        IsGone();
    }

    [Theory]
    [Row("HRD-03")]
    [InlineData("/link/inner")]
    [InlineData("/link")]
    [InlineData("/link/../other")]
    [InlineData("/link/a/b/c")]
    public void A_destination_through_a_link_stays_in_the_root(string destination)
    {
        Plant("/link", Trap.Folder);
        TryRun(config => config.Mount(destination, "tmpfs", "tmpfs").Shell("true"));
        TryRun(config => config.Mount(destination, "bind", Dock.NewFolder("source"), "bind").Shell("true"));
    }

    [Theory]
    [Row("HRD-03")]
    [InlineData("/../../../../host/escaped")]
    [InlineData("../../host/escaped")]
    [InlineData("/x/../../../host/escaped")]
    public void A_destination_with_dots_stays_in_the_root(string destination)
    {
        Trap.IsUntouched();
        TryRun(config => config.Mount(destination, "tmpfs", "tmpfs").Shell("true"));
        Assert.False(Path.Exists($"{Trap.Folder}/escaped"));
    }

    [Fact]
    [Row("HRD-03")]
    public void A_file_is_not_bound_through_a_link_onto_the_hosts_file()
    {
        Plant("/etc/target", Trap.Secret);
        string source = Dock.NewFile("source", "from config");
        TryRun(config => config.Mount("/etc/target", "bind", source, "bind").Shell("cat /etc/target"));
    }

    [Fact]
    [Row("HRD-03")]
    public void A_mount_over_the_root_itself_does_not_reach_the_host()
    {
        Trap.IsUntouched();
        TryRun(config => config.Mount("/", "tmpfs", "tmpfs").Shell("true"));
    }

    [Fact]
    [Row("HRD-03")]
    public void A_device_is_not_made_through_a_link()
    {
        Plant("/devices", Trap.Folder);
        TryRun(config => config.Append("linux.devices", """{"path":"/devices/null","type":"c","major":1,"minor":3}"""));
        TryRun(config => config.Append("linux.devices", """{"path":"/dev/../devices/zero","type":"c","major":1,"minor":5}"""));
    }

    [Fact]
    [Row("HRD-03")]
    public void A_link_where_a_device_belongs_is_not_followed()
    {
        Dock.Write();
        File.CreateSymbolicLink($"{Dock.Root}/dev/null", Trap.Secret);
        TryRun(config => config.Unmount("/dev/mqueue").Unmount("/dev/shm").Unmount("/dev/pts").Unmount("/dev"));
    }

    [Fact]
    [Row("HRD-03")]
    public void A_working_directory_is_not_made_through_a_link_on_the_host()
    {
        Plant("/link", Trap.Folder);
        TryRun(config => config.Set("process.cwd", "/link/made"));
    }

    [Theory]
    [Row("HRD-02")]
    [InlineData("/dev/console")]
    [InlineData("/dev/ptmx")]
    public void A_terminal_is_not_bound_through_a_link(string path)
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Root}/dev/pts");
        File.CreateSymbolicLink(Dock.Root + path, Trap.Secret);
        Dock.Write(config => config.Set("process.terminal", true).Unmount("/dev/mqueue").Unmount("/dev/shm").Unmount("/dev").Shell("echo written > /dev/console"));
        if (Call("create", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).ExitCode == 0)
        {
            using Pty pty = socket.ReceivePty();
            Call("start", Id);
        }
        Trap.IsUntouched();
    }

    [Fact]
    [Row("HRD-02")]
    public void A_console_that_is_a_link_into_proc_does_not_open_proc_for_writing()
    {
        // CVE-2025-52565: the terminal bound onto what /dev/console leads to would land before the masks of /proc are there.
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write();
        File.CreateSymbolicLink($"{Dock.Root}/dev/console", Setting);
        Dock.Write(config => config.Set("process.terminal", true).Unmount("/dev/mqueue").Unmount("/dev/shm").Unmount("/dev").Shell($"echo 4711 > {Setting}; echo 4711 > /dev/console; true"));
        if (Call("create", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).ExitCode == 0)
        {
            using Pty pty = socket.ReceivePty();
            Call("start", Id);
            Dock.Await("stopped");
        }
        SettingIsUntouched();
    }

    [Theory]
    [Row("HRD-02")]
    [InlineData("/proc/kcore")]
    [InlineData("/etc/passwd")]
    [InlineData("/tmp")]
    public void A_masked_path_is_masked_although_the_image_has_links(string masked)
    {
        Plant("/tmp/link", "/proc");
        Run(config => config.SetStrings("linux.maskedPaths", "/tmp/link/kcore", masked).Shell($"echo 4711 > {Setting}"));
        SettingIsUntouched();
    }

    [Fact]
    [Row("HRD-02")]
    public void A_null_device_that_is_a_link_does_not_turn_masks_into_holes()
    {
        // CVE-2025-31133: masking binds /dev/null over a file; a link there would bind what it leads to, writable, over the file.
        Dock.Write();
        File.CreateSymbolicLink($"{Dock.Root}/dev/null", Setting);
        Run(config => config.Unmount("/dev/mqueue").Unmount("/dev/shm").Unmount("/dev/pts").Unmount("/dev").SetStrings("linux.maskedPaths", "/etc/passwd", "/proc/kcore")
            .Shell("echo 4711 > /etc/passwd; echo 4711 > /proc/kcore; echo 4711 > /dev/null; true"));
        SettingIsUntouched();
        IsGone();
    }

    [Fact]
    [Row("HRD-02")]
    public void A_masked_path_that_is_a_link_does_not_touch_the_host()
    {
        Plant("/masked", Trap.Secret);
        Plant("/readonly", Trap.Folder);
        TryRun(config => config.SetStrings("linux.maskedPaths", "/masked").SetStrings("linux.readonlyPaths", "/readonly"));
        Assert.Equal("host's own", File.ReadAllText(Trap.Secret));
        File.WriteAllText($"{Trap.Folder}/still-writable", "");
    }

    [Theory]
    [Row("HRD-02")]
    [InlineData("../../host/secret")]
    [InlineData("/../../host/secret")]
    public void A_masked_path_with_dots_stays_in_the_root(string path)
    {
        Trap.IsUntouched();
        TryRun(config => config.SetStrings("linux.maskedPaths", path).SetStrings("linux.readonlyPaths", path));
    }

    [Fact]
    [Row("HRD-02")]
    public void A_label_is_not_written_through_a_false_proc()
    {
        // CVE-2025-52881: with /proc made of the image's files, writes meant for the kernel land in files, or elsewhere in proc.
        Dock.Write();
        Directory.CreateDirectory($"{Dock.Root}/proc/self/attr");
        File.CreateSymbolicLink($"{Dock.Root}/proc/self/attr/exec", Trap.Secret);
        TryRun(config => config.Unmount("/proc").Remove("linux.maskedPaths").Remove("linux.readonlyPaths").Set("process.selinuxLabel", "a:b:c:s0").SetJson("linux.sysctl", """{"net.ipv4.ip_forward":"1"}"""));
    }

    [Fact]
    [Row("HRD-02")]
    public void A_sysctl_does_not_follow_a_bind_over_proc_sys()
    {
        string forward = File.ReadAllText("/proc/sys/net/ipv4/ip_forward");
        Trap.IsUntouched();
        TryRun(config => config.Mount("/proc/sys/net", "bind", Trap.Folder, "bind").SetJson("linux.sysctl", """{"net.ipv4.ip_forward":"1"}"""));
        Assert.Equal(forward, File.ReadAllText("/proc/sys/net/ipv4/ip_forward"));
    }

    [Theory]
    [Row("HRD-03")]
    [InlineData("/proc/self/root")]
    [InlineData("/proc/1/root")]
    [InlineData("/proc/self/cwd")]
    public void A_root_that_leads_through_proc_is_no_way_out(string target)
    {
        Plant("/away", target);
        TryRun(config => config.Mount($"/away{Trap.Folder}", "tmpfs", "tmpfs").Shell("true"));
    }

    [Fact]
    [Row("HRD-02")]
    public void A_racing_container_that_shares_a_volume_cannot_redirect_mounts()
    {
        // Two containers share a folder: one swaps a folder and a link as fast as it can, the other is started with mounts below it.
        string shared = Dock.NewFolder("shared");
        Directory.CreateDirectory($"{shared}/a");
        Directory.CreateDirectory($"{shared}/b");
        Trap.IsUntouched();
        Started(config => config.Mount("/shared", "bind", shared, "bind")
            .Shell($"cd /shared; ln -s {Trap.Folder} link; echo ready; while :; do mv a x 2>/dev/null; mv link a 2>/dev/null; mv a link 2>/dev/null; mv x a 2>/dev/null; done"));
        Dock.NewBundle();
        for (int i = 0; i < 15; i++)
        {
            Dock.Write(config => config.Mount("/shared", "bind", shared, "bind").Mount("/shared/a/inner", "tmpfs", "tmpfs").Shell("true"));
            Call("run", "--bundle", Dock.Bundle, $"{Id}-{i}");
            Trap.IsUntouched();
        }
    }
}
