// MON-01 to MON-06: the options, how they may be written, and what is said about those that are wrong.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.CommandLine;

[Row("MON-01")]
public sealed class OptionTests : MonitorTest
{
    [Fact]
    public void Version_is_told_the_way_engines_read_it()
    {
        Outcome outcome = Words("--version").Run().Succeeded();
        Assert.Matches(@"^conmon version \d+\.\d+\.\d+\S*\ncommit: .*\n$", outcome.Output);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public void Version_goes_before_everything_else() =>
        Assert.StartsWith("conmon version", Words("--log-max-files", "-1", "--version").Run().Succeeded().Output, StringComparison.Ordinal);

    [Theory]
    [InlineData("--api-version")]
    [InlineData("--bundle")]
    [InlineData("--cid")]
    [InlineData("--conmon-pidfile")]
    [InlineData("--container-pidfile")]
    [InlineData("--cuuid")]
    [InlineData("--exec")]
    [InlineData("--exec-attach")]
    [InlineData("--exec-process-spec")]
    [InlineData("--exit-command")]
    [InlineData("--exit-command-arg")]
    [InlineData("--exit-delay")]
    [InlineData("--exit-dir")]
    [InlineData("--full-attach")]
    [InlineData("--leave-stdin-open")]
    [InlineData("--log-allowlist-dir")]
    [InlineData("--log-global-size-max")]
    [InlineData("--log-label")]
    [InlineData("--log-level")]
    [InlineData("--log-max-files")]
    [InlineData("--log-path")]
    [InlineData("--log-rotate")]
    [InlineData("--log-size-max")]
    [InlineData("--log-tag")]
    [InlineData("--name")]
    [InlineData("--no-container-partial-message")]
    [InlineData("--no-new-keyring")]
    [InlineData("--no-pivot")]
    [InlineData("--no-sync-log")]
    [InlineData("--persist-dir")]
    [InlineData("--replace-listen-pid")]
    [InlineData("--restore")]
    [InlineData("--runtime")]
    [InlineData("--runtime-arg")]
    [InlineData("--runtime-opt")]
    [InlineData("--sdnotify-socket")]
    [InlineData("--socket-dir-path")]
    [InlineData("--stdin")]
    [InlineData("--sync")]
    [InlineData("--syslog")]
    [InlineData("--systemd-cgroup")]
    [InlineData("--terminal")]
    [InlineData("--timeout")]
    [InlineData("--version")]
    public void Help_lists_it(string option) => Assert.Contains(option, Words("--help").Run().Succeeded().Output, StringComparison.Ordinal);

    [Theory]
    [InlineData("--no-such-option")]
    [InlineData("-Z")]
    public void An_option_that_is_not_known_is_refused(string option) => Refused("option parsing failed", option);

    [Theory]
    [InlineData("--cid")]
    [InlineData("-l")]
    [InlineData("--exit-command-arg")]
    public void An_option_without_its_value_is_refused(string option) => Refused("option parsing failed", option);

    [Theory]
    [InlineData("--timeout", "soon")]
    [InlineData("--exit-delay", "1s")]
    [InlineData("--log-size-max", "10k")]
    [InlineData("--log-max-files", "2147483648")]
    [InlineData("--log-size-max", "9223372036854775808")]
    public void A_number_that_is_none_is_refused(string option, string value) => Refused("option parsing failed", option, value);

    [Fact]
    public void The_value_of_a_flag_is_ignored() => Refused("Container UUID not provided. Use --cuuid", "--cid", Id, "--exec=yes", "--api-version=1", "--runtime", "/bin/true");

    [Fact]
    public void Words_that_are_no_options_are_ignored()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.With("--api-version", "1").With("word")).AwaitEnd();
        Assert.DoesNotContain("word", runtime.Arguments);
    }

    [Fact]
    public void Without_a_container_id_nothing_is_done() => Refused("Container ID not provided. Use --cid");

    [Fact]
    public void A_container_has_a_uuid() => Refused("Container UUID not provided. Use --cuuid", "--cid", Id);

    [Fact]
    public void An_exec_of_the_old_kind_has_no_uuid() =>
        Refused("Exec process spec path not provided. Use --exec-process-spec", "--cid", Id, "--exec", "--runtime", "/bin/true", "--log-path", "none");

    [Fact]
    public void An_exec_of_the_new_kind_has_one() => Refused("Container UUID not provided. Use --cuuid", "--cid", Id, "--exec", "--api-version", "--runtime", "/bin/true");

    [Fact]
    public void A_runtime_is_named() => Refused("Runtime path not provided. Use --runtime", "--cid", Id, "--cuuid", Id);

    [Fact]
    public void A_runtime_that_is_not_there_is_refused() => Refused("Runtime path /no/such/runtime is not valid", "--cid", Id, "--cuuid", Id, "--runtime", "/no/such/runtime");

    [Fact]
    public void A_runtime_that_cannot_be_executed_is_refused()
    {
        string path = Dock.NewFile("plain", "");
        Refused($"Runtime path {path} is not valid", "--cid", Id, "--cuuid", Id, "--runtime", path);
    }

    [Fact]
    public void Exec_and_restore_exclude_each_other() =>
        Refused("Cannot use 'exec' and 'restore' at the same time", "--cid", Id, "--cuuid", Id, "--runtime", "/bin/true", "--exec", "--restore", "/tmp");

    [Fact]
    public void Only_exec_sessions_are_attached_to_at_birth() =>
        Refused("Attach can only be specified with exec", "--cid", Id, "--cuuid", Id, "--runtime", "/bin/true", "--api-version", "--exec-attach");

    [Fact]
    public void Old_exec_sessions_are_not_attached_to_at_birth() =>
        Refused("Attach can only be specified for a non-legacy exec session", "--cid", Id, "--cuuid", Id, "--runtime", "/bin/true", "--exec", "--exec-attach");

    [Fact]
    public void An_exec_has_a_process() =>
        Refused("Exec process spec path not provided. Use --exec-process-spec", "--cid", Id, "--cuuid", Id, "--runtime", "/bin/true", "--exec", "--log-path", "none");

    [Fact]
    [Row("MON-02")]
    public void A_delay_is_not_negative() =>
        Refused("Delay before invoking exit command must be greater than or equal to 0", "--cid", Id, "--cuuid", Id, "--runtime", "/bin/true", "--exit-delay", "-1", "--log-path", "none");

    [Fact]
    [Row("MON-10")]
    public void Plugins_for_seccomp_are_refused() =>
        Words(Enough).With("--log-path", "none", "--seccomp-notify-socket", $"{Dock.Folder}/seccomp", "--seccomp-notify-plugins", "plugin.so").Run().Exited(1);

    [Fact]
    [Row("MON-10")]
    public void Plugins_for_seccomp_without_a_socket_mean_nothing() => Words(Enough).With("--log-path", "none", "--seccomp-notify-plugins", "plugin.so").Run().Succeeded();

    [Theory]
    [Row("MON-04")]
    [InlineData("error")]
    [InlineData("fatal")]
    [InlineData("panic")]
    [InlineData("warn")]
    [InlineData("WARNING")]
    [InlineData("Info")]
    [InlineData("debug")]
    [InlineData("trace")]
    public void A_log_level_is_known(string level) => Words(Enough).With("--syslog", "--log-level", level, "--log-path", "none").Run().Succeeded();

    [Fact]
    [Row("MON-04")]
    public void A_log_level_that_is_not_known_is_refused() => Refused("No such log level chatty", [.. Enough, "--log-level", "chatty", "--log-path", "none"]);

    [Fact]
    [Row("MON-06")]
    public void A_number_of_files_is_not_negative() => Refused("log-max-files must be non-negative", [.. Enough, "--log-rotate", "--log-max-files", "-1", "--log-path", "none"]);

    [Fact]
    [Row("MON-06")]
    public void Rotation_keeps_at_least_one_file() => Refused("log-max-files must be at least 1 when log-rotate is enabled", [.. Enough, "--log-rotate", "--log-max-files", "0", "--log-path", "none"]);

    [Fact]
    [Row("MON-07")]
    public void An_option_of_the_journal_without_a_journal_is_a_warning()
    {
        Outcome outcome = Words(Enough).With("--no-container-partial-message", "--log-path", "none").Run().Succeeded();
        Assert.Contains("no effect without journald log driver", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Short_forms_are_the_long_ones()
    {
        FakeRuntime runtime = new(Dock);
        Dock.NewFolder("bundle");
        MonitorCall call = Words("-c", Id, "-u", Id, "-n", "name", "-b", Dock.Bundle, "-r", runtime.Path, "-s", "-i")
            .With("-p", $"{Dock.Folder}/{Id}.pid", "-P", $"{Dock.Folder}/{Id}.monitor", "-0", Dock.NewFolder($"{Id}.persist"), "-l", $"{Dock.Folder}/{Id}.log", "-T", "60")
            .With("--socket-dir-path", Dock.NewFolder("sockets"), "--exit-dir", Dock.NewFolder("exits"));
        Assert.Equal(0, Begun(call, Id, Dock.Bundle).AwaitEnd());
        Assert.Equal(["--systemd-cgroup", "create", "--bundle", Dock.Bundle, "--pid-file", $"{Dock.Folder}/{Id}.pid", Id], runtime.Arguments);
        Assert.True(File.Exists($"{Dock.Folder}/{Id}.persist/exit"));
        Assert.True(File.Exists($"{Dock.Folder}/{Id}.log"));
    }

    [Fact]
    public void A_value_may_follow_an_equals_sign()
    {
        FakeRuntime runtime = new(Dock);
        Dock.NewFolder("bundle");
        MonitorCall call = Words($"--cid={Id}", $"--cuuid={Id}", $"--bundle={Dock.Bundle}", $"--runtime={runtime.Path}", "--runtime-arg=--debug", "--runtime-arg=", $"--container-pidfile={Dock.Folder}/{Id}.pid")
            .With($"--conmon-pidfile={Dock.Folder}/{Id}.monitor", $"--log-path={Dock.Folder}/{Id}.log", $"--socket-dir-path={Dock.NewFolder("sockets")}", $"--exit-dir={Dock.NewFolder("exits")}");
        Assert.Equal(0, Begun(call, Id, Dock.Bundle).AwaitEnd());
        Assert.Equal(["--debug", "", "create"], runtime.Arguments[..3]);
    }

    [Fact]
    public void Short_forms_may_stand_together_and_the_last_may_have_a_value()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.Without("--cid").With("-sic", Id)).AwaitEnd();
        Assert.Equal("--systemd-cgroup", runtime.Arguments[0]);
        Assert.Equal(Id, runtime.Arguments[^1]);
    }

    [Fact]
    public void The_old_names_of_options_are_still_understood()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = FakeCall(runtime).Without("--container-pidfile").With("--pidfile", $"{Dock.Folder}/{Id}.pid").With("--restore-arg", "--extra");
        Begun(call, Id, Dock.Bundle).AwaitEnd();
        Assert.Equal("--extra", runtime.Arguments[^2]);
    }

    [Fact]
    public void The_last_of_a_single_option_holds()
    {
        FakeRuntime runtime = new(Dock);
        Played(runtime, call => call.With("--cid", $"{Id}-other").With("--cid", Id)).AwaitEnd();
        Assert.Equal(Id, runtime.Arguments[^1]);
    }

    // All that a container needs, with a runtime that is found too late to be none.
    private string[] Enough => ["--cid", Id, "--cuuid", Id, "--runtime", Dock.Folder, "--bundle", Dock.NewFolder("bundle"), "--socket-dir-path", Dock.NewFolder("sockets"), "--container-pidfile", $"{Dock.Folder}/pid"];

    private void Refused(string because, params string[] words)
    {
        // conmon before 2.2 complains of options on standard output; engines keep both.
        Outcome outcome = Words(words).Run().Exited(1);
        Assert.Contains(because, MonitorUnderTest.Current.IsOurs ? outcome.Error : outcome.Error + outcome.Output, StringComparison.Ordinal);
    }
}
