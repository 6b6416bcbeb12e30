// MON-01, MON-03: how the runtime is called, word by word, and in which surroundings.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.CommandLine;

[Row("MON-01", "MON-03")]
public sealed class RuntimeWordsTests : MonitorTest
{
    private string PidFile => $"{Dock.Folder}/{Id}.pid";

    [Fact]
    public void Create_names_bundle_pid_file_and_id()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime).AwaitEnd();
        Assert.Equal(["create", "--bundle", Dock.Bundle, "--pid-file", PidFile, Id], runtime.Arguments);
    }

    [Fact]
    public void What_is_meant_for_the_runtime_itself_stands_before_the_verb_and_options_of_the_verb_after_it()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.With("--runtime-arg", "--log").With("--runtime-arg", "a file").With("--systemd-cgroup").With("--no-pivot").With("--no-new-keyring")
            .With("--runtime-opt", "--preserve-fds").With("--runtime-opt", "2")).AwaitEnd();
        Assert.Equal(
            ["--systemd-cgroup", "--log", "a file", "create", "--bundle", Dock.Bundle, "--pid-file", PidFile, "--no-pivot", "--no-new-keyring", "--preserve-fds", "2", Id],
            runtime.Arguments);
    }

    [Fact]
    public void Restore_is_detached_and_names_the_image_and_where_to_work()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.With("--restore", "/images/one").With("--no-pivot").With("--runtime-opt", "--tcp-established")).AwaitEnd();
        Assert.Equal(
            ["restore", "--bundle", Dock.Bundle, "--pid-file", PidFile, "--no-pivot", "--detach", "--image-path", "/images/one", "--work-path", Dock.Bundle, "--tcp-established", Id],
            runtime.Arguments);
    }

    [Fact]
    public void A_terminal_is_asked_for_by_a_socket_and_the_id_stays_last()
    {
        FakeRuntime runtime = new(Dock, "echo no >&2; exit 1");
        Fails(FakeCall(runtime).With("--terminal").With("--runtime-opt", "--extra"));
        string[] words = runtime.Arguments;
        Assert.Equal(["--extra", "--console-socket", Id], [words[^4], words[^3], words[^1]]);
        Assert.StartsWith("/", words[^2], StringComparison.Ordinal);
    }

    [Fact]
    [Row("MON-09")]
    public void The_console_socket_is_removed_when_the_runtime_fails()
    {
        FakeRuntime runtime = new(Dock, "echo no >&2; exit 1");
        Fails(FakeCall(runtime).With("--terminal"));
        Assert.False(File.Exists(runtime.Arguments[^2]));
    }

    [Fact]
    public void Exec_names_pid_file_and_process_and_is_detached()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = ExecCall("session", "true").Without("--runtime-arg").Instead("--runtime", runtime.Path).With("--runtime-arg", "--debug").With("--runtime-opt", "--preserve-fds").With("--runtime-opt", "1");
        Begun(call, "session", $"{Dock.Folder}/session").AwaitGone();
        Assert.Equal(["--debug", "exec", "--pid-file", $"{Dock.Folder}/session.pid", "--process", $"{Dock.Folder}/session/process.json", "--detach", "--preserve-fds", "1", Id], runtime.Arguments);
    }

    [Fact]
    public void Exec_is_not_told_of_systemd_pivots_and_keyrings()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = ExecCall("session", "true").Without("--runtime-arg").Instead("--runtime", runtime.Path).With("--systemd-cgroup").With("--no-pivot").With("--no-new-keyring");
        Begun(call, "session", $"{Dock.Folder}/session").AwaitGone();
        Assert.DoesNotContain(runtime.Arguments, word => word is "--systemd-cgroup" or "--no-pivot" or "--no-new-keyring");
    }

    [Fact]
    public void Without_a_bundle_the_current_folder_is_one()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = FakeCall(runtime).Without("--bundle").After($"cd {Dock.Bundle}");
        Begun(call, Id, Dock.Bundle).AwaitEnd();
        Assert.Equal(Dock.Bundle, runtime.Arguments[2]);
    }

    [Fact]
    [Row("MON-02")]
    public void Without_a_pid_file_there_is_one_in_the_current_folder()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = FakeCall(runtime).Without("--container-pidfile").After($"cd {Dock.NewFolder("here")}");
        Begun(call, Id, Dock.Bundle).AwaitEnd();
        Assert.Equal($"{Dock.Folder}/here/pidfile-{Id}", runtime.Arguments[4]);
    }

    [Fact]
    public void The_runtime_has_the_environment_of_the_engine()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.Env("BEARER", "of tales")).AwaitEnd();
        Assert.Contains("BEARER=of tales", runtime.Variables);
    }

    [Fact]
    public void Standard_input_is_the_null_device_unless_it_is_asked_for()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime).AwaitEnd();
        Assert.Contains(runtime.Open, line => line.EndsWith(" 0 -> /dev/null", StringComparison.Ordinal));
        Assert.Contains(runtime.Open, line => line.Contains(" 1 -> pipe:", StringComparison.Ordinal));
        Assert.Contains(runtime.Open, line => line.Contains(" 2 -> pipe:", StringComparison.Ordinal));
    }

    [Fact]
    public void Standard_input_that_is_asked_for_is_a_pipe()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.With("--stdin")).AwaitEnd();
        Assert.Contains(runtime.Open, line => line.Contains(" 0 -> pipe:", StringComparison.Ordinal));
    }

    [Fact]
    public void With_a_terminal_only_standard_error_is_heard()
    {
        FakeRuntime runtime = new(Dock, "echo no >&2; exit 1");
        Fails(FakeCall(runtime).With("--terminal").With("--stdin"));
        Assert.Contains(runtime.Open, line => line.EndsWith(" 0 -> /dev/null", StringComparison.Ordinal));
        Assert.Contains(runtime.Open, line => line.EndsWith(" 1 -> /dev/null", StringComparison.Ordinal));
        Assert.Contains(runtime.Open, line => line.Contains(" 2 -> pipe:", StringComparison.Ordinal));
    }

    [Fact]
    public void Descriptors_of_the_engine_reach_the_runtime_and_those_of_the_monitor_do_not()
    {
        FakeRuntime runtime = new(Dock);
        string file = Dock.NewFile("handed", "");
        Played(runtime, call => call.After($"exec 7<'{file}'")).AwaitEnd();
        // A shell has its script open, and whoever runs the tests may have handed us something, too.
        HashSet<string> inherited = [.. Kernel.Open(Environment.ProcessId).Values];
        string[] others = [.. runtime.Open.Where(line => line.Contains(" -> ", StringComparison.Ordinal)).Select(line => line[(line.LastIndexOf(" -> ", StringComparison.Ordinal) + 4)..])
            .Where(target => target != runtime.Path && target != "/dev/null" && !inherited.Contains(target))];
        Assert.True(others.Length == 3, string.Join('\n', runtime.Open));
        Assert.Contains(file, others);
        Assert.Equal(2, others.Count(target => target.StartsWith("pipe:", StringComparison.Ordinal)));
    }

    [Fact]
    [Row("MON-10")]
    public void A_listen_pid_of_the_engines_call_becomes_the_runtimes()
    {
        FakeRuntime runtime = new(Dock);
        // The shell before the monitor has the pid of the process that is called; with --sync it is the monitor.
        MonitorCall call = FakeCall(runtime).With("--sync").After("export LISTEN_PID=$$ LISTEN_FDS=1");
        using (Live live = call.Start()) live.Wait().Exited(0);
        Assert.Contains($"LISTEN_PID={runtime.Pid}", runtime.Variables);
        Assert.Contains("LISTEN_FDS=1", runtime.Variables);
    }

    [Fact]
    [Row("MON-10")]
    public void A_listen_pid_of_somebody_else_is_left_alone()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.Env("LISTEN_PID", "4711")).AwaitEnd();
        Assert.Contains("LISTEN_PID=4711", runtime.Variables);
    }

    [Fact]
    [Row("MON-10")]
    public void A_listen_pid_is_replaced_on_demand()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.Env("LISTEN_PID", "4711").With("--replace-listen-pid")).AwaitEnd();
        Assert.Contains($"LISTEN_PID={runtime.Pid}", runtime.Variables);
    }

    private void Fails(MonitorCall call)
    {
        using ReportPipe sync = call.Reports();
        call.Run().Succeeded();
        Assert.Equal(-1, (int)sync.Next()["pid"]!);
        sync.ToEnd();
    }
}
