// CLI-06, CLI-08: list, ps, pause and resume.
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-06")]
public sealed class ListAndPsTests : ContainerTest
{
    [Fact]
    public void An_empty_list_is_a_header_an_empty_array_or_nothing()
    {
        Directory.CreateDirectory(Dock.StateRoot);
        Assert.StartsWith("ID", Call("list").Succeeded().Text.Replace("NAME", "ID", StringComparison.Ordinal));
        Assert.Empty(JsonNode.Parse(Call("list", "--format", "json").Succeeded().Output)?.AsArray() ?? []);
        Assert.Equal("", Call("list", "--quiet").Succeeded().Text);
    }

    [Fact]
    public void The_table_has_a_line_for_each_container()
    {
        Started();
        Dock.NewBundle().Write(config => config.Args("/bin/true")).Call("create", "--bundle", Dock.Bundle, Id + "-2").Succeeded();
        string[] lines = Call("list").Succeeded().Lines;
        Assert.Contains("PID", lines[0]);
        Assert.Contains("STATUS", lines[0]);
        Assert.Matches($@"^{Id} +\d+ +running ", Assert.Single(lines, line => line.StartsWith(Id + " ", StringComparison.Ordinal)));
        Assert.Matches($@"^{Id}-2 +\d+ +created ", Assert.Single(lines, line => line.StartsWith(Id + "-2", StringComparison.Ordinal)));
        Assert.Equal([Id, Id + "-2"], Call("list", "-q").Succeeded().Lines.Order());
    }

    [Fact]
    public void The_json_has_what_engines_read()
    {
        Started(config => config.Annotate("a", "b"));
        JsonNode entry = Assert.Single(Call("list", "-f", "json").Succeeded().Json.AsArray())!;
        Assert.Equal(Id, (string?)entry["id"]);
        Assert.Equal(Dock.Pid(), (int?)entry["pid"]);
        Assert.Equal("running", (string?)entry["status"]);
        Assert.Equal(Dock.Bundle, (string?)entry["bundle"]);
        DateTimeOffset created = DateTimeOffset.Parse((string)entry["created"]!, CultureInfo.InvariantCulture);
        Assert.InRange(DateTimeOffset.UtcNow - created, TimeSpan.FromSeconds(-2), TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void A_stopped_container_is_listed_until_it_is_deleted()
    {
        Dock.Create(config => config.Shell("exit 0"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Assert.Contains("stopped", Call("list").Succeeded().Output);
        Call("delete", Id).Succeeded();
        Assert.DoesNotContain(Id, Call("list").Succeeded().Output);
    }

    [Fact]
    [Row("CLI-08")]
    public void Ps_lists_the_pids_of_the_host()
    {
        Started(config => config.Shell("sleep 1000 & echo ready; wait"));
        // "ready" may come before the fork of sleep.
        Until.True(() => Call("ps", "--format", "json", Id).Succeeded().Json.AsArray().Count == 2, "both processes are listed");
        int[] pids = [.. Call("ps", "-f", "json", Id).Succeeded().Json.AsArray().Select(pid => (int)pid!)];
        Assert.Contains(Dock.Pid(), pids);
        Assert.All(pids, pid => Assert.True(Directory.Exists($"/proc/{pid}")));
    }

    [Fact]
    [Row("CLI-08")]
    public void Ps_prints_a_table()
    {
        Started(config => config.Shell("sleep 1000 & echo ready; wait"));
        Until.True(() => Call("ps", Id).Succeeded().Lines.Length == 3, "header and two processes");
        Outcome outcome = Call("ps", Id).Succeeded();
        Assert.Contains("PID", outcome.Lines[0]);
        Assert.Contains($"{Dock.Pid()}", outcome.Output);
    }

    [Fact]
    [Row("CLI-08")]
    public void Ps_passes_options_to_the_hosts_ps()
    {
        Machine.NeedsProgram("ps");
        Started();
        Assert.Contains("CMD", Call("ps", Id, "-e", "-o", "pid,ppid,cmd").Succeeded().Lines[0]);
    }

    [Fact]
    [Row("CLI-08")]
    public void A_paused_container_does_not_advance_and_a_resumed_one_does()
    {
        Started(config => config.Shell("echo ready; i=0; while :; do i=$((i+1)); echo $i > /count; usleep 2000; done"));
        string count = $"{Dock.Root}/count";
        Until.True(() => File.Exists(count), "it counts");
        Call("pause", Id).Succeeded();
        Assert.Equal("paused", Dock.Status());
        string before = File.ReadAllText(count);
        // Nothing to wait for here: the fact is that nothing happens, so give it the time of a hundred rounds.
        Thread.Sleep(200);
        Assert.Equal(before, File.ReadAllText(count));
        Call("resume", Id).Succeeded();
        Assert.Equal("running", Dock.Status());
        Until.True(() => File.ReadAllText(count) is { Length: > 0 } now && now != before, "it counts on");
    }

    [Fact]
    [Row("CLI-08")]
    public void Pause_of_a_created_container_is_allowed_or_refused_without_harm()
    {
        Dock.Create(config => config.Shell(Obedient));
        if (Call("pause", Id).ExitCode == 0) Call("resume", Id).Succeeded();
        Assert.Equal("created", Dock.Status());
    }

    [Fact]
    [Row("CLI-08")]
    public void Resume_of_a_running_container_is_an_error_or_does_nothing()
    {
        Started();
        Call("resume", Id);
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    [Row("CLI-08")]
    public void Pause_of_a_stopped_container_is_an_error()
    {
        Dock.Create(config => config.Shell("exit 0"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Call("pause", Id).Failed().Explains("not running");
    }

    [Fact]
    [Row("CLI-05")]
    public void Delete_takes_a_pattern()
    {
        foreach (string suffix in (string[])["-a1", "-a2", "-b1"])
        {
            Dock.Write(config => config.Set("linux.cgroupsPath", $"/{Id}{suffix}")).Call("create", "--bundle", Dock.Bundle, Id + suffix).Succeeded();
        }
        Call("delete", "--force", "--regex", $"^{Id}-a").Succeeded();
        Assert.Equal([Id + "-b1"], Call("list", "-q").Succeeded().Lines);
    }
}
