// RT-05: signals by name and number, to whom they go, and when they are refused.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Lifecycle;

[Row("RT-05", "CLI-05")]
public sealed class KillTests : ContainerTest
{
    private const string Teller = "for s in HUP INT TERM USR1 USR2 WINCH; do trap \"echo got $s\" $s; done; echo ready; while :; do sleep 0.05; done";

    [Fact]
    public void Delete_removes_cgroups_that_were_made_below_the_containers_in_one_hierarchy_only()
    {
        Assert.SkipWhen(Machine.Cgroups == CgroupLayout.Unified, "there is one hierarchy only");
        string cgroup = $"/sys/fs/cgroup/memory/{Id}/inner";
        Started(config => config.Set("linux.cgroupsPath", $"/{Id}/inner"));
        Directory.CreateDirectory($"{cgroup}/below");
        Call("delete", "--force", Id).Succeeded();
        Assert.False(Directory.Exists(cgroup));
        IsGone();
    }

    [Fact]
    public void The_default_signal_is_term()
    {
        Outcome outcome = Started(config => config.Shell(Teller));
        Call("kill", Id).Succeeded();
        Until.FileHas(outcome.OutputFile, "got TERM");
    }

    [Theory]
    [InlineData("HUP", "HUP")]
    [InlineData("SIGHUP", "HUP")]
    [InlineData("1", "HUP")]
    [InlineData("usr1", "USR1")]
    [InlineData("sigusr2", "USR2")]
    [InlineData("12", "USR2")]
    [InlineData("SIGWINCH", "WINCH")]
    public void A_signal_is_named_or_numbered(string signal, string got)
    {
        Outcome outcome = Started(config => config.Shell(Teller));
        Call("kill", Id, signal).Succeeded();
        Until.FileHas(outcome.OutputFile, $"got {got}");
    }

    [Theory]
    [InlineData("NOSUCH")]
    [InlineData("SIGNOSUCH")]
    [InlineData("4711")]
    public void An_unknown_signal_is_refused(string signal)
    {
        Outcome outcome = Started(config => config.Shell(Teller));
        Call("kill", Id, signal).Failed().Explains("signal");
        Assert.Equal("running", Dock.Status());
        Assert.DoesNotContain("got", outcome.Output);
    }

    [Fact]
    public void Kill_of_a_stopped_container_is_an_error()
    {
        Dock.Create(config => config.Shell("exit 0"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Call("kill", Id, "KILL").Failed().Explains("not running");
    }

    [Fact]
    public void A_created_container_can_be_killed()
    {
        Dock.Create(config => config.Shell(Obedient));
        Call("kill", Id, "KILL").Succeeded();
        Dock.Await("stopped");
    }

    [Fact]
    public void A_foreground_run_that_is_killed_exits_with_137()
    {
        using Live live = Dock.Write(config => config.Shell(Obedient)).Command("run", "--bundle", Dock.Bundle, Id).Start();
        Until.FileHas(live.SoFar.OutputFile, "ready");
        Call("kill", Id, "KILL").Succeeded();
        live.Wait().Exited(137);
        IsGone();
    }

    [Fact]
    public void Kill_all_reaches_every_process()
    {
        Outcome outcome = Started(config => config.Shell("(trap 'echo child' USR1; while :; do sleep 0.05; done) & trap 'echo parent' USR1; echo ready; while :; do sleep 0.05; done"));
        // The child's trap must stand before the signal comes: its loop has started once its first sleep runs.
        Until.True(() => Call("ps", "--format", "json", Id).Succeeded().Json.AsArray().Count >= 4, "both loops sleep");
        Call("kill", "--all", Id, "USR1").Succeeded();
        Until.FileHas(outcome.OutputFile, "parent");
        Until.FileHas(outcome.OutputFile, "child");
    }

    [Fact]
    public void Kill_reaches_every_process_when_the_pid_namespace_is_shared()
    {
        Started(config => config.NoNamespace("pid").Unmount("/proc").Mount("/proc", "bind", "/proc", "rbind").Remove("linux.maskedPaths").Remove("linux.readonlyPaths")
            .Shell("sleep 1000 & echo ready; while :; do sleep 0.05; done"));
        Call("kill", Id, "KILL").Succeeded();
        Dock.Await("stopped");
        Call("delete", Id).Succeeded();
    }

    [Fact]
    public void Delete_ends_who_is_left_in_cgroups_that_were_there_before()
    {
        string[] groups = [.. Machine.CgroupTrees.Select(tree => $"{tree}/{Id}-before")];
        foreach (string group in groups) Directory.CreateDirectory(group);
        try
        {
            Dock.Create(config => config.Set("linux.cgroupsPath", $"/{Id}-before").NoNamespace("pid").Unmount("/proc").Mount("/proc", "bind", "/proc", "rbind")
                .Remove("linux.maskedPaths").Remove("linux.readonlyPaths").Shell("sleep 1000 & exit 0"));
            Call("start", Id).Succeeded();
            Dock.Await("stopped");
            Call("delete", Id).Succeeded();
            Until.True(() => groups.Where(Directory.Exists).All(group => File.ReadAllText($"{group}/cgroup.procs").Length == 0), "nobody is left");
        }
        finally
        {
            foreach (string group in groups) Native.RemoveFolder(group);
        }
    }

    [Fact]
    public void A_paused_container_can_be_killed()
    {
        Started();
        Call("pause", Id).Succeeded();
        Call("kill", Id, "KILL").Succeeded();
        Dock.Await("stopped");
    }

    [Fact]
    public void Delete_with_force_ends_a_paused_container()
    {
        Started();
        Call("pause", Id).Succeeded();
        Call("delete", "--force", Id).Succeeded();
        IsGone();
    }
}
