// RT-02 to RT-06, RT-11: the verbs, the statuses between them, and what every wrong order does (nothing).
using System.Text.Json.Nodes;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Lifecycle;

[Row("RT-02")]
public sealed class LifecycleTests : ContainerTest
{
    [Fact]
    public void Create_start_exit_delete_pass_through_the_statuses_of_the_specification()
    {
        Outcome created = Dock.Create(config => config.Shell("echo ran; exit 3"));
        Assert.Equal("created", Dock.Status());
        Assert.Equal("", created.Output);
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Assert.Equal("ran", created.Text);
        Call("delete", Id).Succeeded();
        IsGone();
    }

    [Fact]
    public void A_started_container_is_running_and_stopped_after_a_kill()
    {
        Started();
        Assert.Equal("running", Dock.Status());
        Call("kill", Id, "KILL").Succeeded();
        Dock.Await("stopped");
        Call("delete", Id).Succeeded();
    }

    [Fact]
    public void The_first_process_exists_from_create_on_and_stays_the_same()
    {
        Dock.Create(config => config.Shell(Obedient));
        int pid = Dock.Pid();
        Assert.True(Directory.Exists($"/proc/{pid}"));
        Call("start", Id).Succeeded();
        Assert.Equal(pid, Dock.Pid());
    }

    [Fact]
    [Row("RT-03")]
    public void State_has_the_members_of_the_specification()
    {
        Started(config => config.Annotate("org.example.key", "value").Annotate("other", ""));
        JsonNode state = State();
        Assert.Matches(@"^1\.\d+\.\d+", (string)state["ociVersion"]!);
        Assert.Equal(Id, (string?)state["id"]);
        Assert.Equal("running", (string?)state["status"]);
        Assert.Equal(Dock.Bundle, (string?)state["bundle"]);
        Assert.True((int)state["pid"]! > 1);
        Assert.Equal("value", (string?)state["annotations"]!["org.example.key"]);
        Assert.Equal("", (string?)state["annotations"]!["other"]);
    }

    [Fact]
    [Row("RT-03")]
    public void The_pid_is_that_of_the_program()
    {
        Started();
        Assert.Contains("sleep 0.05", File.ReadAllText($"/proc/{Dock.Pid()}/cmdline"));
    }

    [Fact]
    [Row("RT-03")]
    public void A_bundle_given_relatively_is_absolute_in_the_state()
    {
        Dock.Write();
        Dock.Command("create", "--bundle", "bundle", Id).In(Dock.Folder).Run().Succeeded();
        Assert.Equal(Dock.Bundle, (string?)State()["bundle"]);
    }

    [Fact]
    [Row("RT-03")]
    public void A_stopped_container_has_no_pid()
    {
        Dock.Create(config => config.Args("/bin/true"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Assert.Equal(0, (int?)State()["pid"] ?? 0);
    }

    [Fact]
    [Row("RT-04")]
    public void An_id_can_be_used_only_once_and_the_first_container_does_not_notice()
    {
        Started();
        int pid = Dock.Pid();
        Dock.NewBundle().Write(config => config.Shell("echo second"));
        Outcome second = Call("run", "--bundle", Dock.Bundle, Id).Failed().Explains(Id, "exist");
        Assert.DoesNotContain("second", second.Output);
        Assert.Equal("running", Dock.Status());
        Assert.Equal(pid, Dock.Pid());
    }

    [Fact]
    [Row("RT-04")]
    public void Start_twice_is_an_error()
    {
        Started();
        Call("start", Id).Failed().Explains("running");
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    [Row("RT-04")]
    public void Start_of_a_stopped_container_is_an_error()
    {
        Dock.Create(config => config.Shell("exit 0"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Call("start", Id).Failed().Explains("stopped");
    }

    [Fact]
    [Row("RT-04")]
    public void Delete_of_a_running_container_is_an_error_and_leaves_it_running()
    {
        Started();
        Call("delete", Id).Failed().Explains("running");
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    [Row("RT-04", "CLI-05")]
    public void Delete_with_force_ends_a_running_container()
    {
        Started();
        Call("delete", "--force", Id).Succeeded();
        IsGone();
    }

    [Fact]
    [Row("RT-04", "CLI-05")]
    public void Delete_with_force_ends_a_created_container()
    {
        Dock.Create(config => config.Shell(Obedient));
        Call("delete", "-f", Id).Succeeded();
        IsGone();
    }

    [Fact]
    [Row("CLI-05")]
    public void Delete_with_force_of_nothing_is_no_error() => Call("delete", "--force", Id).Succeeded();

    [Theory]
    [Row("RT-04")]
    [InlineData("state")]
    [InlineData("start")]
    [InlineData("kill")]
    [InlineData("delete")]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("ps")]
    public void A_verb_on_an_unknown_container_is_an_error_that_names_it(string verb) =>
        Call(verb, "unknown-" + Id).Failed().Explains("unknown-" + Id, "not exist");

    [Fact]
    [Row("RT-04")]
    public void Exec_in_an_unknown_container_is_an_error() => Call("exec", "unknown-" + Id, "/bin/true").Failed().Explains("unknown-" + Id);

    [Fact]
    [Row("RT-04")]
    public void Exec_in_a_created_container_works_or_is_refused_without_harm()
    {
        // The specification does not know exec; runc allows it before start, because CRI-O's hooks once needed it.
        Dock.Create(config => config.Shell(Obedient));
        Exec("/bin/true");
        Assert.Equal("created", Dock.Status());
    }

    [Fact]
    [Row("RT-04")]
    public void Exec_in_a_stopped_container_is_an_error()
    {
        Dock.Create(config => config.Shell("exit 0"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Exec("/bin/true").Failed().Explains("stopped");
    }

    [Fact]
    [Row("RT-06")]
    public void The_program_does_not_run_before_start()
    {
        Dock.Create(config => config.Shell("touch /ran; " + Obedient));
        Assert.False(File.Exists($"{Dock.Root}/ran"));
        Call("start", Id).Succeeded();
        Until.True(() => File.Exists($"{Dock.Root}/ran"), "the program ran");
    }

    [Fact]
    [Row("RT-06")]
    public void Editing_the_config_after_create_changes_nothing()
    {
        Outcome created = Dock.Create(config => config.Shell("echo old"));
        Dock.Write(config => config.Shell("echo new"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        created.Says("old");
    }

    [Fact]
    [Row("RT-06")]
    public void The_config_may_be_removed_after_create()
    {
        Outcome created = Dock.Create(config => config.Shell("echo still"));
        File.Delete($"{Dock.Bundle}/config.json");
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        created.Says("still");
        Call("delete", Id).Succeeded();
    }

    [Fact]
    [Row("RT-11")]
    public void Delete_leaves_the_bundle_as_it_was()
    {
        Dock.Write(config => config.Shell("exit 0"));
        string[] before = [.. Directory.GetFileSystemEntries(Dock.Bundle, "*", SearchOption.AllDirectories).Order()];
        Call("run", "--bundle", Dock.Bundle, Id).Succeeded();
        Assert.Equal(before, Directory.GetFileSystemEntries(Dock.Bundle, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    [Row("RT-11", "LNX-07")]
    public void Delete_leaves_parent_cgroups_that_were_there_before()
    {
        string[] parents = [.. Machine.CgroupTrees.Select(tree => $"{tree}/{Id}-parent")];
        foreach (string parent in parents) Directory.CreateDirectory(parent);
        try
        {
            Run(config => config.Set("linux.cgroupsPath", $"/{Id}-parent/child")).Succeeded();
            Assert.All(parents, parent => Assert.True(Directory.Exists(parent), $"{parent} is gone"));
            Assert.All(parents, parent => Assert.False(Directory.Exists($"{parent}/child"), $"{parent}/child is left"));
        }
        finally
        {
            foreach (string parent in parents) Native.RemoveFolder(parent);
        }
    }

    [Fact]
    [Row("RT-11")]
    public void A_container_that_was_killed_from_outside_can_be_deleted()
    {
        Started();
        Native.Kill(Dock.Pid(), 9);
        Dock.Await("stopped");
        Call("delete", Id).Succeeded();
        IsGone();
    }

    [Fact]
    [Row("RT-11")]
    public void The_same_id_can_be_used_again_after_delete()
    {
        for (int i = 0; i < 3; i++) Shell($"echo {i}").Says($"{i}");
    }

    [Fact]
    [Row("RT-11")]
    public void Background_processes_of_a_container_end_with_it()
    {
        Dock.Create(config => config.Shell("sleep 1000 & sleep 1001 & exit 0"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Call("delete", Id).Succeeded();
    }
}
