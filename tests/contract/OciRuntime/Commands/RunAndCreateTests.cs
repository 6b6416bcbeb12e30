// CLI-03, CLI-04: the options of create and run.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-03")]
public sealed class RunAndCreateTests : ContainerTest
{
    [Theory]
    [InlineData("create")]
    [InlineData("run")]
    public void The_pid_file_holds_the_pid_and_nothing_else(string verb)
    {
        string file = $"{Dock.Folder}/pid";
        Dock.Write(config => config.Shell(Obedient));
        Call([verb, .. (verb == "run" ? (string[])["--detach"] : []), "--pid-file", file, "--bundle", Dock.Bundle, Id]).Succeeded();
        Assert.Equal($"{Dock.Pid()}", File.ReadAllText(file));
    }

    [Fact]
    public void A_pid_file_is_written_in_the_current_folder_when_named_relatively()
    {
        Dock.Write(config => config.Shell(Obedient));
        Dock.Command("create", "--pid-file", "here.pid", "--bundle", "bundle", Id).In(Dock.Folder).Run().Succeeded();
        Assert.Equal($"{Dock.Pid()}", File.ReadAllText($"{Dock.Folder}/here.pid"));
    }

    [Fact]
    [Row("CLI-04")]
    public void A_detached_run_returns_while_the_container_runs()
    {
        Started();
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    [Row("CLI-04")]
    public void A_foreground_run_leaves_nothing()
    {
        Shell("exit 0");
        IsGone();
    }

    [Fact]
    [Row("CLI-04")]
    public void A_foreground_run_whose_program_fails_leaves_nothing()
    {
        Run(config => config.Shell("exit 9")).Exited(9);
        IsGone();
    }

    [Fact]
    [Row("CLI-04")]
    public void Keep_leaves_the_stopped_container()
    {
        Dock.Write(config => config.Shell("exit 5")).Call("run", "--keep", "--bundle", Dock.Bundle, Id).Exited(5);
        Assert.Equal("stopped", Dock.Status());
        Call("delete", Id).Succeeded();
    }

    [Fact]
    public void No_pivot_works() => Dock.Write(config => config.Shell("ls /bin/busybox")).Call("run", "--no-pivot", "--bundle", Dock.Bundle, Id).Succeeded().Says("/bin/busybox");

    [Fact]
    [Row("CLI-04")]
    public void No_subreaper_is_accepted() => Dock.Write().Call("run", "--no-subreaper", "--bundle", Dock.Bundle, Id).Succeeded();

    [Fact]
    [Row("CLI-04")]
    public void Without_id_nothing_is_run() => Dock.Write().Call("run", "--bundle", Dock.Bundle).Failed();

    [Fact]
    [Row("CLI-04")]
    public void With_two_ids_nothing_is_run()
    {
        Dock.Write(config => config.Shell("echo ran"));
        Assert.DoesNotContain("ran\n", Call("run", "--bundle", Dock.Bundle, Id, "another").Failed().Output);
    }

    [Theory]
    [Row("CLI-04")]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    [InlineData("HUP", 129)]
    public void A_foreground_run_passes_signals_on(string signal, int code)
    {
        using Live live = Dock.Write(config => config.Shell($"trap 'exit {code}' {signal}; echo ready; while :; do sleep 0.05; done")).Command("run", "--bundle", Dock.Bundle, Id).Start();
        Until.FileHas(live.SoFar.OutputFile, "ready");
        Dock.Tool("kill", $"-{signal}", $"{live.Pid}").Run().Succeeded();
        live.Wait().Exited(code);
    }

    [Fact]
    public void Options_may_be_joined_with_an_equals_sign() =>
        Dock.Write(config => config.Shell("echo joined")).Call("run", $"--bundle={Dock.Bundle}", Id).Succeeded().Says("joined");

    [Fact]
    public void An_unknown_option_is_an_error()
    {
        Dock.Write().Call("run", "--no-such-option", "--bundle", Dock.Bundle, Id).Failed().Explains("no-such-option");
        IsGone();
    }

    [Fact]
    public void The_config_file_may_be_named()
    {
        Dock.Write(config => config.Shell("echo other config"));
        File.Move($"{Dock.Bundle}/config.json", $"{Dock.Folder}/other.json");
        Call("run", "--config", $"{Dock.Folder}/other.json", "--bundle", Dock.Bundle, Id).Succeeded().Says("other config");
    }

    [Fact]
    public void A_pidfd_socket_gets_a_handle_of_the_first_process()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/pidfd.sock");
        Dock.Write(config => config.Shell(Obedient)).Call("create", "--pidfd-socket", socket.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        int descriptor = Assert.Single(socket.Receive().Descriptors);
        Assert.Contains($"Pid:\t{Dock.Pid()}\n", File.ReadAllText($"/proc/self/fdinfo/{descriptor}"));
        Native.Close(descriptor);
    }
}
