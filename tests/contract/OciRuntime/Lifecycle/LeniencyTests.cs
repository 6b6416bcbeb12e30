// RT-02, CFG-08, LNX-28: what runc refuses and crun bears: ours bears it and says so, and refuses it when it is called runc.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Lifecycle;

public sealed class LeniencyTests : ContainerTest
{
    private const string Profile = "no-such-profile", Label = "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811";

    [Fact]
    [Row("RT-02")]
    public void A_container_without_a_process_can_be_created_and_executes_nothing()
    {
        Dock.Create(config => config.Remove("process"));
        Assert.Equal("created", Dock.Status());
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Call("delete", Id).Succeeded();
        IsGone();
    }

    [Fact]
    [Row("RT-02")]
    public void A_start_that_has_nothing_to_execute_says_so()
    {
        Dock.Create(config => config.Remove("process"));
        Assert.Contains("no process", Call("start", Id).Error);
    }

    [Fact]
    [Row("CFG-08")]
    public void An_apparmor_profile_is_left_out_and_named_where_the_kernel_has_no_apparmor()
    {
        Assert.SkipWhen(Directory.Exists("/sys/kernel/security/apparmor"), "this kernel has AppArmor");
        Assert.Contains(Profile, Run(config => config.Set("process.apparmorProfile", Profile)).Succeeded().Error);
    }

    [Fact]
    [Row("CFG-08")]
    public void An_apparmor_profile_of_exec_is_left_out_and_named_where_the_kernel_has_no_apparmor()
    {
        Assert.SkipWhen(Directory.Exists("/sys/kernel/security/apparmor"), "this kernel has AppArmor");
        Started();
        Assert.Contains(Profile, Call("exec", "--apparmor", Profile, Id, "true").Succeeded().Error);
    }

    [Fact]
    [Row("LNX-28")]
    public void A_mount_label_is_left_out_and_named_where_the_kernel_has_no_selinux()
    {
        Assert.SkipWhen(Directory.Exists("/sys/fs/selinux"), "this kernel has SELinux");
        Assert.Contains(Label, Run(config => config.Set("linux.mountLabel", Label)).Succeeded().Error);
    }

    [Theory]
    [InlineData("process.apparmorProfile", Profile, "AppArmor")]
    [InlineData("linux.mountLabel", Label, "mount")]
    [InlineData("process", null, "process")]
    public void Under_the_name_runc_it_is_an_error(string path, string? value, string named)
    {
        Assert.SkipUnless(Runtime.IsOurs, "the others do not look at their name");
        Assert.SkipWhen(Directory.Exists("/sys/kernel/security/apparmor") || Directory.Exists("/sys/fs/selinux"), "this kernel has a security module");
        Dock.Binary = $"{Dock.Folder}/runc";
        File.CreateSymbolicLink(Dock.Binary, Runtime.Path);
        Run(config => _ = value is null ? config.Remove(path) : config.Set(path, value)).Failed().Explains(named);
        IsGone();
    }
}
