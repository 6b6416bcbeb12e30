// CLI-16: a program that tells its service manager that it is ready, through the border of the container.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Lifecycle;

[Row("CLI-16")]
public sealed class NotifyTests : ContainerTest
{
    private readonly string _perl = Machine.NeedsProgram("perl");

    /// <summary>Says words on the socket of the environment; perl is the host's.</summary>
    private static string Say(string words) =>
        $$"""/usr/bin/perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0); send(S, "{{words}}", 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or die "send: $!"'""";

    private void WithPerl(Config config)
    {
        Assert.StartsWith("/usr/", _perl);
        foreach (string name in (string[])["lib", "lib64"])
        {
            if (!Path.Exists($"{Dock.Root}/{name}")) File.CreateSymbolicLink($"{Dock.Root}/{name}", $"usr/{name}");
        }
        // A mapped root may not make the mount point.
        Directory.CreateDirectory($"{Dock.Root}/usr");
        config.Mount("/usr", "bind", "/usr", "rbind", "ro");
    }

    private void Service(string script) => Dock.Write(config =>
    {
        WithPerl(config);
        config.Shell(script);
    });

    [Fact]
    public void A_detached_run_returns_when_the_program_is_ready()
    {
        using ServiceManager manager = new(Dock);
        Service($"sleep 0.2; echo ready > /ready; {Say(@"READY=1\n")}; while :; do sleep 0.05; done");
        manager.Serve(Dock.Command("run", "--detach", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Start()).Succeeded();
        Assert.True(File.Exists($"{Dock.Root}/ready"));
        manager.Await("READY=1");
        manager.Await($"MAINPID={Dock.Pid()}");
    }

    [Fact]
    public void Start_returns_when_the_program_is_ready()
    {
        using ServiceManager manager = new(Dock);
        Service($"sleep 0.2; echo ready > /ready; {Say(@"READY=1\n")}; while :; do sleep 0.05; done");
        Dock.Command("create", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Run().Succeeded();
        Assert.Empty(manager.Lines);
        manager.Serve(Dock.Command("start", Id).Env("NOTIFY_SOCKET", manager.Address).Start()).Succeeded();
        Assert.True(File.Exists($"{Dock.Root}/ready"));
        manager.Await($"MAINPID={Dock.Pid()}");
    }

    [Fact]
    public void Start_returns_when_the_program_ends_without_a_word()
    {
        using ServiceManager manager = new(Dock);
        Service("exit 3");
        Dock.Command("create", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Run().Succeeded();
        manager.Serve(Dock.Command("start", Id).Env("NOTIFY_SOCKET", manager.Address).Start()).Succeeded();
        Assert.Empty(manager.Lines);
    }

    [Fact]
    public void In_the_foreground_the_runtime_stays_the_main_process()
    {
        using ServiceManager manager = new(Dock);
        Service($"{Say(@"READY=1\n")}; until [ -e /end ]; do sleep 0.05; done; exit 7");
        using Live live = Dock.Command("run", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Start();
        manager.Await("READY=1");
        Assert.DoesNotContain($"MAINPID={Dock.Pid()}", manager.Lines);
        File.WriteAllText($"{Dock.Root}/end", "");
        manager.Serve(live).Exited(7);
    }

    [Fact]
    public void In_the_foreground_signals_are_forwarded_before_the_program_is_ready()
    {
        using ServiceManager manager = new(Dock);
        Service("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done");
        using Live live = Dock.Command("run", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Start();
        Until.FileHas(live.SoFar.OutputFile, "ready");
        Native.Kill(live.Pid, 15);
        manager.Serve(live).Exited(5);
    }

    [Fact]
    public void Later_messages_pass_too_in_the_foreground()
    {
        using ServiceManager manager = new(Dock);
        Service($"{Say(@"READY=1\n")}; {Say(@"STATUS=busy\n")}; {Say(@"STOPPING=1\n")}; sleep 0.2");
        manager.Serve(Dock.Command("run", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Start()).Succeeded();
        manager.Await("STATUS=busy");
        manager.Await("STOPPING=1");
    }

    [Fact]
    public void What_names_processes_of_the_container_does_not_pass()
    {
        using ServiceManager manager = new(Dock);
        Service($"{Say(@"MAINPID=1\nREADY=1\n")}; while :; do sleep 0.05; done");
        manager.Serve(Dock.Command("run", "--detach", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Start()).Succeeded();
        manager.Await("READY=1");
        Assert.DoesNotContain("MAINPID=1", manager.Lines);
    }

    [Fact]
    public void The_manager_may_listen_on_an_abstract_address()
    {
        using ServiceManager manager = new(Dock, isAbstract: true);
        Service($"{Say(@"READY=1\n")}; while :; do sleep 0.05; done");
        manager.Serve(Dock.Command("run", "--detach", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Start()).Succeeded();
        manager.Await("READY=1");
    }

    [Fact]
    public void The_socket_of_the_host_is_not_named_inside()
    {
        using ServiceManager manager = new(Dock);
        Service("echo $NOTIFY_SOCKET; exec 1>&-; exit 0");
        Outcome outcome = manager.Serve(Dock.Command("run", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Start()).Succeeded();
        Assert.StartsWith("/run/notify", outcome.Text);
    }

    [Fact]
    public void A_user_namespace_does_not_hinder_it()
    {
        using ServiceManager manager = new(Dock);
        Dock.Write(config =>
        {
            WithPerl(config);
            config.UserNamespace().Mount("/run", "tmpfs", "tmpfs").Set("process.user.uid", 1000).Shell($"{Say(@"READY=1\n")}; while :; do sleep 0.05; done");
        });
        manager.Serve(Dock.Command("run", "--detach", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Start()).Succeeded();
        manager.Await("READY=1");
    }

    [Fact]
    public void A_manager_that_is_not_there_is_an_error_before_anything_is_made()
    {
        Service("true");
        Dock.Command("run", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", $"{Dock.Folder}/nobody").Run().Failed().Explains("NOTIFY_SOCKET");
        IsGone();
    }
}
