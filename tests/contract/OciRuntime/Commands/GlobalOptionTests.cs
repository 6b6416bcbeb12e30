// CLI-01, CLI-02, CLI-15: options before the verb, version, help, unknown words.
using System.Globalization;
using System.Text.Json;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-01")]
public sealed class GlobalOptionTests : ContainerTest
{
    // Engines look for these words to tell "gone" from "broken".
    private static void Tells(string text) => Assert.Contains(Runtime.Kind == RuntimeKind.Crun ? "" : "does not exist", text);

    private static List<JsonElement> Records(string log)
    {
        Utf8JsonReader reader = new(File.ReadAllBytes(log), new JsonReaderOptions { AllowMultipleValues = true });
        List<JsonElement> records = [];
        while (reader.Read()) records.Add(JsonElement.ParseValue(ref reader));
        return records;
    }

    [Fact]
    public void A_failure_is_written_to_the_log_as_text()
    {
        string log = $"{Dock.Folder}/log";
        Call("--log", log, "state", "unknown").Failed();
        Tells(File.ReadAllText(log));
    }

    [Fact]
    public void A_failure_is_written_to_the_log_as_json_in_the_way_shims_read_it()
    {
        string log = $"{Dock.Folder}/log.json";
        Call("--log", log, "--log-format", "json", "state", "unknown").Failed();
        JsonElement last = Records(log)[^1];
        Assert.Equal("error", last.GetProperty("level").GetString());
        Tells(last.GetProperty("msg").GetString()!);
        Assert.True(DateTimeOffset.TryParse(last.GetProperty("time").GetString(), CultureInfo.InvariantCulture, out _));
    }

    [Fact]
    public void A_failure_with_a_log_is_also_on_standard_error() =>
        Tells(Call("--log", $"{Dock.Folder}/log", "state", "unknown").Failed().Error);

    [Fact]
    public void The_log_is_appended_to()
    {
        string log = Dock.NewFile("log", "first\n");
        Call("--log", log, "state", "unknown").Failed();
        Assert.StartsWith("first\n", File.ReadAllText(log));
    }

    [Fact]
    public void Debug_says_more()
    {
        string log = $"{Dock.Folder}/log.json";
        Dock.Write().Call("--debug", "--log", log, "--log-format", "json", "run", "--bundle", Dock.Bundle, Id).Succeeded();
        Assert.Contains("debug", File.ReadAllText(log));
    }

    [Fact]
    public void An_unknown_log_format_is_an_error() => Call("--log-format", "smoke", "list").Failed().Explains("smoke");

    [Fact]
    public void Root_separates_containers()
    {
        Started();
        Dock.Bare("--root", Dock.NewFolder("other-state"), "state", Id).Run().Failed();
        Assert.Equal("", Dock.Bare("--root", Dock.NewFolder("other-state"), "list", "--quiet").Run().Succeeded().Text);
    }

    [Fact]
    public void Root_is_made_when_needed_and_is_nobody_elses_to_read()
    {
        Shell("true");
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Dock.StateRoot) & (UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
    }

    [Fact]
    [Row("CLI-15")]
    public void Version_names_the_program_its_version_and_the_specification()
    {
        string text = Dock.Bare("--version").Run().Succeeded().Output;
        Assert.Matches(@"^\S+ version \d+\.\d+", text);
        Assert.Matches(@"spec: 1\.\d+\.\d+", text);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public void Help_lists_the_verbs(string option)
    {
        string text = Dock.Bare(option).Run().Succeeded().Output;
        foreach (string verb in (string[])["create", "start", "kill", "delete", "state", "run", "exec", "list", "ps", "pause", "resume", "update", "spec", "events"])
        {
            if (verb is "events" && Runtime.Kind == RuntimeKind.Crun) continue;
            Assert.Contains(verb, text);
        }
    }

    [Theory]
    [InlineData("create")]
    [InlineData("run")]
    [InlineData("start")]
    [InlineData("exec")]
    [InlineData("kill")]
    [InlineData("delete")]
    [InlineData("list")]
    [InlineData("update")]
    public void Every_verb_has_help(string verb) => Assert.Contains(verb, Dock.Bare(verb, "--help").Run().Succeeded().Output);

    [Fact]
    public void An_unknown_verb_is_an_error() => Call("no-such-verb").Failed().Explains("no-such-verb");

    [Fact]
    public void An_unknown_global_option_is_an_error() => Dock.Bare("--no-such-option", "list").Run().Failed().Explains("no-such-option");

    [Theory]
    [InlineData("auto")]
    [InlineData("false")]
    public void Rootless_is_accepted_for_root(string value) =>
        Dock.Write(config => config.Shell("echo fine")).Call("--rootless", value, "run", "--bundle", Dock.Bundle, Id).Succeeded().Says("fine");

    [Fact]
    public void Systemd_cgroups_are_refused_where_systemd_is_not()
    {
        Assert.SkipWhen(Directory.Exists("/run/systemd/system"), "systemd runs here");
        Dock.Write(config => config.Set("linux.cgroupsPath", $"system.slice:berth:{Id}")).Call("--systemd-cgroup", "run", "--bundle", Dock.Bundle, Id).Failed().Explains("systemd");
        IsGone();
    }

    [Theory]
    [Row("CLI-02")]
    [InlineData("cgroupfs")]
    [InlineData("disabled")]
    public void The_cgroup_manager_can_be_chosen(string manager) =>
        Dock.Write(config => config.Shell("echo fine").Remove("linux.resources")).Call("--cgroup-manager", manager, "run", "--bundle", Dock.Bundle, Id).Succeeded().Says("fine");

    /// <summary>A failing call in a mount namespace in which the system's log is a socket of the test.</summary>
    private void FailsWithLog(string log, string socket, ServiceManager listener) => Dock.Through(
        ["unshare", "--mount", "sh", "-c", $"mount -t tmpfs tmpfs /{socket.Split('/')[1]} && mkdir -p {Path.GetDirectoryName(socket)} && ln -s {listener.Address} {socket} && exec \"$@\"", "sh"],
        "--log", log, "state", "unknown").Run().Failed();

    [Fact]
    [Row("CLI-02")]
    public void The_log_may_be_the_journal()
    {
        using ServiceManager journal = new(Dock);
        FailsWithLog($"journald:{Id}", "/run/systemd/journal/socket", journal);
        journal.Await($"SYSLOG_IDENTIFIER={Id}");
        journal.Await("PRIORITY=3");
        Assert.Contains(journal.Lines, static line => line.Contains("does not exist", StringComparison.Ordinal));
    }

    [Fact]
    [Row("CLI-02")]
    public void The_log_may_be_that_of_syslog()
    {
        using ServiceManager syslog = new(Dock);
        FailsWithLog($"syslog:{Id}", "/dev/log", syslog);
        Until.True(() => syslog.Lines.Count > 0, "a line");
        Assert.StartsWith($"<11>{Id}: ", syslog.Lines[0], StringComparison.Ordinal);
    }

    [Theory]
    [Row("CLI-02")]
    [InlineData("journald:x", "/run/systemd/journal/socket")]
    [InlineData("syslog:x", "/dev/log")]
    public void A_log_of_the_system_that_is_not_there_is_an_error(string log, string socket)
    {
        Assert.SkipWhen(File.Exists(socket), "it is there");
        Call("--log", log, "list").Failed().Explains(socket);
    }

    [Fact]
    [Row("CLI-20")]
    public void Info_tells_what_the_host_offers()
    {
        Outcome info = Call("info").Succeeded();
        Assert.Contains("kernel", info.Output);
        Assert.Contains(" pid ", info.Output);
        Assert.Contains(Machine.CgroupTrees[0], info.Output);
    }

    [Fact]
    [Row("CLI-02")]
    public void The_log_may_be_named_with_its_kind()
    {
        string log = $"{Dock.Folder}/kind.log";
        Call("--log", $"file:{log}", "state", "unknown").Failed();
        Tells(File.ReadAllText(log));
    }

    [Fact]
    [Row("CLI-02")]
    public void The_log_level_can_be_chosen()
    {
        string log = $"{Dock.Folder}/log.json";
        Dock.Write().Call("--log-level", "debug", "--log", log, "--log-format", "json", "run", "--bundle", Dock.Bundle, Id).Succeeded();
        Call("--log-level", "no-such-level", "list").Failed().Explains("no-such-level");
    }
}
