// CLI-18, CFG-02: a terminal for run and exec, in the foreground and by a console socket; and none.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-18", "CFG-02")]
public sealed class TerminalTests : ContainerTest
{
    // Some runtimes tell the size after the start, and this stty succeeds without a word while there is none.
    private const string Size = "until size=$(stty size 2>/dev/null); [ -n \"$size\" ]; do :; done; echo $size";

    [Fact]
    public void A_detached_container_sends_its_terminal_over_the_console_socket()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write(config => config.Set("process.terminal", true).Shell("tty; read line; echo got $line"));
        Call("run", "--detach", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using Pty pty = socket.ReceivePty();
        pty.Type("typed\n");
        Assert.Contains("/dev/", pty.Await("got typed"));
    }

    [Fact]
    public void Create_sends_the_terminal_before_start()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write(config => config.Set("process.terminal", true).Shell("echo started"));
        Call("create", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using Pty pty = socket.ReceivePty();
        Call("start", Id).Succeeded();
        pty.Await("started");
    }

    [Fact]
    public void The_terminal_has_the_size_of_the_config()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write(config => config.Set("process.terminal", true).SetJson("process.consoleSize", """{"height":33,"width":77}""").Shell("stty size"));
        Call("run", "--detach", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using Pty pty = socket.ReceivePty();
        pty.Await("33 77");
    }

    [Fact]
    public void The_terminal_is_the_controlling_one_and_control_c_reaches_the_program()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write(config => config.Set("process.terminal", true).Shell("trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 0.05; done"));
        Call("run", "--detach", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using Pty pty = socket.ReceivePty();
        pty.Await("ready");
        pty.Type("\u0003");
        pty.Await("interrupted");
    }

    [Fact]
    public void Dev_console_is_the_terminal()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write(config => config.Set("process.terminal", true).Shell("echo to the console > /dev/console; stat -L -c %F /dev/console"));
        Call("run", "--detach", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using Pty pty = socket.ReceivePty();
        Assert.Contains("to the console", pty.Await("character special file"));
    }

    [Fact]
    public void The_terminal_belongs_to_the_user()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write(config => config.Set("process.terminal", true).Set("process.user.uid", 1000).SetJson("process.capabilities", "{}").Shell("echo again > $(tty); stat -c 'owner %u' $(tty)"));
        Call("run", "--detach", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using Pty pty = socket.ReceivePty();
        Assert.Contains("again", pty.Await("owner 1000"));
    }

    [Fact]
    public void A_foreground_run_joins_the_callers_terminal_with_a_new_one()
    {
        using Pty pty = Pty.Open();
        Dock.Write(config => config.Set("process.terminal", true).Shell("tty; read line; echo got $line; exit 4"));
        using Live live = Dock.Command("run", "--bundle", Dock.Bundle, Id).On(pty).Start();
        pty.Await("/dev/");
        pty.Type("typed\n");
        pty.Await("got typed");
        live.Wait().Exited(4);
        IsGone();
    }

    [Fact]
    public void A_foreground_terminal_has_the_callers_size_and_follows_it()
    {
        using Pty pty = Pty.Open(31, 97);
        Dock.Write(config => config.Set("process.terminal", true).Shell($"trap 'stty size' WINCH; {Size}; while :; do sleep 0.05; done"));
        using Live live = Dock.Command("run", "--bundle", Dock.Bundle, Id).On(pty).Start();
        pty.Await("31 97");
        pty.Resize(41, 101);
        // A change reaches nobody by itself: the master's side here is ours, so the runtime must be told as a shell would tell it.
        Dock.Tool("kill", "-WINCH", $"{live.Pid}").Run().Succeeded();
        pty.Await("41 101");
        Call("kill", Id, "KILL").Succeeded();
        live.Wait();
    }

    [Fact]
    public void Control_c_reaches_a_foreground_program_as_a_signal()
    {
        using Pty pty = Pty.Open();
        Dock.Write(config => config.Set("process.terminal", true).Shell("trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.05; done"));
        using Live live = Dock.Command("run", "--bundle", Dock.Bundle, Id).On(pty).Start();
        pty.Await("ready");
        pty.Type("\u0003");
        pty.Await("interrupted");
        live.Wait().Exited(3);
    }

    [Fact]
    public void Without_a_terminal_the_callers_streams_are_passed_through()
    {
        // runc copies through pipes in the foreground, crun hands the terminal over: the program is heard either way.
        using Pty pty = Pty.Open();
        Dock.Write(config => config.Shell("read line; echo got $line"));
        using Live live = Dock.Command("run", "--bundle", Dock.Bundle, Id).On(pty).Start();
        pty.Type("typed\n");
        pty.Await("got typed");
        live.Wait().Exited(0);
    }

    [Fact]
    public void A_detached_terminal_without_a_console_socket_is_an_error()
    {
        Dock.Write(config => config.Set("process.terminal", true).Shell("true"));
        Call("create", "--bundle", Dock.Bundle, Id).Failed().Explains("console-socket");
        IsGone();
    }

    [Fact]
    public void A_console_socket_without_a_terminal_is_an_error()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write(config => config.Shell("true"));
        Call("create", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).Failed().Explains("terminal");
        IsGone();
    }

    [Fact]
    public void A_console_socket_that_is_not_there_is_an_error_that_names_it()
    {
        Dock.Write(config => config.Set("process.terminal", true).Shell("true"));
        Call("create", "--console-socket", $"{Dock.Folder}/nobody", "--bundle", Dock.Bundle, Id).Failed().Explains("nobody");
        IsGone();
    }

    [Fact]
    [Row("CLI-07")]
    public void Exec_takes_a_terminal_by_a_console_socket()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Started();
        Call("exec", "--tty", "--detach", "--console-socket", socket.Path, Id, "/bin/sh", "-c", "tty; read line; echo got $line").Succeeded();
        using Pty pty = socket.ReceivePty();
        pty.Type("typed\n");
        Assert.Contains("/dev/", pty.Await("got typed"));
    }

    [Fact]
    [Row("CLI-07")]
    public void Exec_takes_a_terminal_in_the_foreground()
    {
        Started();
        using Pty pty = Pty.Open(30, 90);
        using Live live = Dock.Command("exec", "-t", Id, "/bin/sh", "-c", $"tty; {Size}; read line; echo got $line; exit 6").On(pty).Start();
        pty.Await("30 90");
        pty.Type("typed\n");
        pty.Await("got typed");
        live.Wait().Exited(6);
    }

    [Fact]
    public void A_terminal_in_a_user_namespace_works()
    {
        using DescriptorSocket socket = new($"{Dock.Folder}/console");
        Dock.Write(config => config.UserNamespace().Set("process.terminal", true).Shell("echo again > $(tty); tty"));
        Call("run", "--detach", "--console-socket", socket.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using Pty pty = socket.ReceivePty();
        Assert.Contains("again", pty.Await("/dev/"));
    }
}
