// LNX-05, LNX-09: device nodes, and who may use which device.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.LinuxSection;

[Row("LNX-05")]
public sealed class DeviceTests : ContainerTest
{
    [Theory]
    [InlineData("null", "1:3")]
    [InlineData("zero", "1:5")]
    [InlineData("full", "1:7")]
    [InlineData("random", "1:8")]
    [InlineData("urandom", "1:9")]
    [InlineData("tty", "5:0")]
    public void The_default_devices_are_there_for_everybody(string name, string numbers) =>
        Shell($"stat -c '%F %t:%T %a %u:%g' /dev/{name}").Says($"character special file {numbers} 666 0:0");

    [Fact]
    public void The_default_devices_work() =>
        Shell("echo x > /dev/null; head -c 4 /dev/zero | od -An -tx1 | tr -d ' '; head -c 3 /dev/urandom | wc -c; echo x > /dev/full || echo full").Says("00000000\n3\nfull");

    [Fact]
    public void Ptmx_leads_into_devpts() => Shell("readlink /dev/ptmx; ls /dev/pts").Says("pts/ptmx\nptmx");

    [Fact]
    public void A_device_is_made_with_its_mode_and_owner() =>
        Shell("stat -c '%F %t:%T %a %u:%g' /dev/own /dev/deep/er", config => config
            .Append("linux.devices", """{"path":"/dev/own","type":"c","major":10,"minor":229,"fileMode":416,"uid":7,"gid":8}""")
            .Append("linux.devices", """{"path":"/dev/deep/er","type":"b","major":7,"minor":0,"fileMode":384,"uid":0,"gid":0}"""))
            .Says("character special file a:e5 640 7:8\nblock special file 7:0 600 0:0");

    [Fact]
    public void The_mode_of_a_device_does_not_depend_on_the_umask()
    {
        Dock.Write(config => config.Shell("stat -c %a /dev/own").Append("linux.devices", """{"path":"/dev/own","type":"c","major":1,"minor":3,"fileMode":438}"""));
        Dock.Command("run", "--bundle", Dock.Bundle, Id).After("umask 077").Run().Succeeded().Says("666");
    }

    [Fact]
    public void A_pipe_can_be_a_device() =>
        Shell("stat -c '%F %a' /dev/pipe", config => config.Append("linux.devices", """{"path":"/dev/pipe","type":"p","fileMode":384}""")).Says("fifo 600");

    [Fact]
    public void In_a_user_namespace_the_devices_are_those_of_the_host()
    {
        Shell("echo x > /dev/null && head -c 3 /dev/zero | wc -c", config => config.UserNamespace()).Says("3");
    }

    [Fact]
    public void A_device_type_that_is_not_known_is_refused()
    {
        Run(config => config.Append("linux.devices", """{"path":"/dev/x","type":"q","major":1,"minor":3}""")).Failed().Explains("device");
        IsGone();
    }

    // FUSE: no runtime allows it by itself, and opening it needs no more than the node.
    private const string Make = "mknod /dev/x c 10 229; ";
    private const string Nodes = """{"allow":false,"access":"rwm"},{"allow":true,"type":"c","access":"m"}""";

    private Outcome Try(string script, string devices)
    {
        Machine.NeedsPath("/dev/fuse", "this kernel has no FUSE");
        return Run(config => config.Shell(Make + script).Capabilities("CAP_MKNOD").SetJson("linux.resources.devices", $"[{devices}]"));
    }

    [Fact]
    [Row("LNX-09")]
    public void A_device_that_is_not_allowed_cannot_be_opened_though_it_is_there() =>
        Assert.Contains("not permitted", Try("head -c 0 /dev/x", Nodes).Failed().Error);

    [Fact]
    [Row("LNX-09")]
    public void A_device_that_is_allowed_can_be_opened() =>
        Try("head -c 0 /dev/x && : > /dev/x && echo opened", Nodes + """,{"allow":true,"type":"c","major":10,"minor":229,"access":"rw"}""").Succeeded().Says("opened");

    [Fact]
    [Row("LNX-09")]
    public void A_device_that_is_allowed_for_reading_cannot_be_written()
    {
        Outcome outcome = Try("head -c 0 /dev/x && echo read; : > /dev/x", Nodes + """,{"allow":true,"type":"c","major":10,"minor":229,"access":"r"}""").Failed();
        Assert.Equal("read", outcome.Text);
        Assert.Contains("not permitted", outcome.Error);
    }

    [Theory]
    [Row("LNX-09")]
    [InlineData("""{"allow":true,"access":"rwm"}""")]
    [InlineData("""{"allow":true,"type":"a","access":"rwm"}""")]
    [InlineData("""{"allow":false,"access":"rwm"},{"allow":true,"type":"c","access":"rwm"}""")]
    [InlineData("""{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"access":"rwm"}""")]
    [InlineData("""{"allow":false,"access":"rwm"},{"allow":true,"type":"c","minor":229,"access":"rwm"}""")]
    public void What_a_rule_leaves_out_stands_for_all(string devices) => Try("head -c 0 /dev/x && echo opened", devices).Succeeded().Says("opened");

    [Fact]
    [Row("LNX-09")]
    public void A_later_rule_takes_back_what_an_earlier_allowed() =>
        Try("head -c 0 /dev/x", """{"allow":false,"access":"rwm"},{"allow":true,"type":"c","access":"rwm"},{"allow":false,"type":"c","major":10,"minor":229,"access":"rw"}""").Failed();

    [Fact]
    [Row("LNX-09")]
    public void The_rules_hold_for_exec_too()
    {
        Started(config => config.Capabilities("CAP_MKNOD").SetJson("linux.resources.devices", $"[{Nodes}]"));
        ExecShell(Make + "head -c 0 /dev/x").Failed();
    }
}
