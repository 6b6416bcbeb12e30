// RT-07, RT-08: when hooks run, where, what they are told, and what a failing one does.
using System.Text.Json.Nodes;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Lifecycle;

[Row("RT-07")]
public sealed class HookTests : ContainerTest
{
    private static readonly string[] Points = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

    private string Log => $"{Dock.Root}/log";

    // Two of the six run inside the container's mount namespace, startContainer also after pivot_root: so every hook is a small script that
    // is found under the same absolute path on the host and in the container.
    private void WriteHook(string name, string shell)
    {
        Dock.Program(name, shell);
        string inside = $"{Dock.Root}{Dock.Folder}";
        Directory.CreateDirectory(inside);
        File.Copy($"{Dock.Folder}/{name}", $"{inside}/{name}");
    }

    private Config Hook(Config config, string point, string name, params string[] args) => config.Append($"hooks.{point}",
        new JsonObject { ["path"] = $"{Dock.Folder}/{name}", ["args"] = new JsonArray([name, .. args.Select(word => (JsonNode?)word)]) }.ToJsonString());

    [Fact]
    public void Hooks_run_in_the_order_of_the_specification_and_in_the_order_of_their_list()
    {
        Dock.Write();
        WriteHook("hook", $"echo \"$1\" >> {Log} 2>/dev/null || echo \"$1\" >> /log");
        Dock.Create(config =>
        {
            foreach (string point in Points) Hook(Hook(config, point, "hook", point + "-1"), point, "hook", point + "-2");
            config.Shell("echo program >> /log");
        });
        Assert.Equal(["prestart-1", "prestart-2", "createRuntime-1", "createRuntime-2", "createContainer-1", "createContainer-2"], File.ReadAllLines(Log));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Assert.DoesNotContain("poststop-1", File.ReadAllLines(Log));
        Call("delete", Id).Succeeded();
        string[] lines = File.ReadAllLines(Log);
        Assert.Equal(["startContainer-1", "startContainer-2"], lines[6..8]);
        // poststart and the program run at the same time.
        Assert.Equal(["poststart-1", "poststart-2", "program"], lines[8..11].Order());
        Assert.Equal(["poststop-1", "poststop-2"], lines[11..]);
    }

    [Theory]
    [InlineData("prestart", "created", "creating")]
    [InlineData("createRuntime", "created", "creating")]
    [InlineData("createContainer", "created", "creating")]
    [InlineData("poststart", "running", "running")]
    [InlineData("poststop", "stopped", "stopped")]
    public void A_hook_is_told_the_state_on_standard_input(string point, string status, string orStatus)
    {
        Dock.Write();
        WriteHook("hook", $"cat > {Dock.Folder}/told");
        Run(config => Hook(config, point, "hook").Annotate("a.b", "c")).Succeeded();
        JsonNode state = JsonNode.Parse(Until.FileHas($"{Dock.Folder}/told", "}"))!;
        Assert.Equal(Id, (string?)state["id"]);
        Assert.Equal(Dock.Bundle, (string?)state["bundle"]);
        Assert.Equal("c", (string?)state["annotations"]!["a.b"]);
        Assert.Matches(@"^1\.", (string)state["ociVersion"]!);
        Assert.Contains((string?)state["status"], (string[])[status, orStatus]);
        if (point != "poststop") Assert.True((int)state["pid"]! > 0);
    }

    [Fact]
    public void StartContainer_hooks_are_told_the_state_inside_the_container()
    {
        Dock.Write();
        WriteHook("hook", "cat > /told; hostname > /name");
        Run(config => Hook(config, "startContainer", "hook")).Succeeded();
        Assert.Equal(Id, (string?)JsonNode.Parse(File.ReadAllText($"{Dock.Root}/told"))!["id"]);
        Assert.Equal("contract", File.ReadAllText($"{Dock.Root}/name").Trim());
    }

    [Theory]
    [Row("RT-08")]
    [InlineData(false)]
    [InlineData(true)]
    public void StartContainer_hooks_have_no_more_rights_than_the_program(bool noNewPrivileges)
    {
        // Such a hook is found in the image: whoever made that has written it, perhaps.
        const string Rights = "grep -E '^(Uid|Gid|Groups|Cap|Seccomp:|NoNewPrivs)' /proc/self/status; cat /proc/self/cgroup; ulimit -n";
        Dock.Write();
        WriteHook("hook", $"({Rights}) > /out/hook");
        File.SetUnixFileMode(Dock.NewFolder("bundle/rootfs/out"), (UnixFileMode)0x1ff);
        Run(config => Hook(config, "startContainer", "hook").Shell($"({Rights}) > /out/program")
            .Set("process.user.uid", 1000).Set("process.user.gid", 1000).Set("process.noNewPrivileges", noNewPrivileges)
            .SetJson("process.rlimits", """[{"type":"RLIMIT_NOFILE","soft":100,"hard":200}]""")
            .SetJson("linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}""")).Succeeded();
        Assert.Equal(File.ReadAllLines($"{Dock.Root}/out/program"), File.ReadAllLines($"{Dock.Root}/out/hook"));
    }

    [Fact]
    [Row("RT-08")]
    public void A_signal_that_ends_a_hook_is_named()
    {
        Dock.Write();
        WriteHook("bad", "kill -KILL $$");
        Run(config => Hook(config, "startContainer", "bad")).Failed().Explains("hook", "kill");
        IsGone();
    }

    [Theory]
    [InlineData("prestart", false, false)]
    [InlineData("createRuntime", false, false)]
    [InlineData("createContainer", true, true)]
    [InlineData("poststart", false, false)]
    [InlineData("poststop", false, false)]
    public void A_hook_runs_in_the_namespaces_of_its_point(string point, bool containersMounts, bool containersPids)
    {
        Dock.Write();
        const string Where = "for n in mnt pid uts; do readlink /proc/self/ns/$n; done";
        WriteHook("hook", $"({Where}) > {Dock.Folder}/where");
        string program = Run(config => Hook(config, point, "hook").Shell(Where)).Succeeded().Output;
        string[] inside = program.Split('\n'), hook = Until.FileHas($"{Dock.Folder}/where", "uts:").Split('\n');
        Assert.Equal(containersMounts, inside[0] == hook[0]);
        Assert.Equal(containersPids, inside[1] == hook[1]);
    }

    [Fact]
    public void A_hook_gets_its_arguments_and_only_its_environment()
    {
        Dock.Write();
        WriteHook("hook", $"echo \"$0 $#:$1:$2\" > {Dock.Folder}/args; env >> {Dock.Folder}/args");
        Run(config => config.Append("hooks.createRuntime", $$"""{"path":"{{Dock.Folder}}/hook","args":["ignored","a b","c"],"env":["ONLY=this"]}""")).Succeeded();
        string told = File.ReadAllText($"{Dock.Folder}/args");
        Assert.Contains("2:a b:c", told);
        Assert.Contains("ONLY=this", told);
        Assert.DoesNotContain("HOME=", told);
    }

    [Fact]
    public void A_hook_that_takes_longer_than_its_timeout_is_killed_and_fails_the_create()
    {
        Dock.Write();
        WriteHook("hook", $"echo $$ > {Dock.Folder}/pid; exec sleep 1000");
        Run(config => config.Append("hooks.createRuntime", $$"""{"path":"{{Dock.Folder}}/hook","timeout":1}""").Shell("touch /ran")).Failed().Explains("hook");
        IsGone();
        Assert.False(File.Exists($"{Dock.Root}/ran"));
        int pid = int.Parse(File.ReadAllText($"{Dock.Folder}/pid"));
        Until.True(() => !Directory.Exists($"/proc/{pid}"), "the hook is gone");
    }

    [Fact]
    public void A_hook_that_never_stops_talking_is_held_to_its_timeout()
    {
        Dock.Write();
        WriteHook("hook", "exec yes");
        Run(config => config.Append("hooks.createRuntime", $$"""{"path":"{{Dock.Folder}}/hook","timeout":1}""").Shell("touch /ran")).Failed().Explains("timeout");
        Assert.False(File.Exists($"{Dock.Root}/ran"));
    }

    [Fact]
    public void A_hook_may_say_more_than_a_pipe_holds()
    {
        Dock.Write();
        WriteHook("hook", $"yes | head -c 3000000 && echo done > {Dock.Folder}/done");
        Run(config => Hook(config, "createRuntime", "hook")).Succeeded();
        Assert.True(File.Exists($"{Dock.Folder}/done"));
    }

    [Fact]
    public void A_hook_that_ends_in_time_is_not_held_against_it()
    {
        Dock.Write();
        WriteHook("hook", "exit 0");
        Run(config => config.Append("hooks.createRuntime", $$"""{"path":"{{Dock.Folder}}/hook","timeout":20}""")).Succeeded();
    }

    [Fact]
    public void The_network_namespace_is_there_when_createRuntime_runs_and_can_be_entered()
    {
        Dock.Write();
        // The way every network plugin works: the pid from the state, then its namespace.
        WriteHook("hook", $"pid=$(grep -o '\"pid\" *: *[0-9]*' | grep -o '[0-9]*'); readlink /proc/$pid/ns/net > {Dock.Folder}/net");
        string inside = Run(config => Hook(config, "createRuntime", "hook").Shell("readlink /proc/self/ns/net")).Succeeded().Text;
        Assert.Equal(inside, File.ReadAllText($"{Dock.Folder}/net").Trim());
    }

    [Fact]
    public void CreateRuntime_hooks_run_before_the_root_is_changed()
    {
        Dock.Write();
        WriteHook("hook", $"ls {Dock.Bundle}/config.json > {Dock.Folder}/seen");
        Run(config => Hook(config, "createRuntime", "hook")).Succeeded();
        Assert.Contains("config.json", File.ReadAllText($"{Dock.Folder}/seen"));
    }

    [Fact]
    [Row("RT-03")]
    public void While_a_container_is_made_it_has_not_stopped_and_cannot_be_deleted_by_mistake()
    {
        string started = $"{Dock.Folder}/started", go = $"{Dock.Folder}/go";
        Dock.Write();
        WriteHook("hook", $"touch {started}; until [ -e {go} ]; do sleep 0.02; done");
        Dock.Write(config => Hook(config, "createRuntime", "hook"));
        using Live create = Dock.Command("create", "--bundle", Dock.Bundle, Id).Start();
        Until.True(() => File.Exists(started), "the hook runs");
        Outcome state = Call("state", Id), delete = Call("delete", Id);
        File.WriteAllText(go, "");
        Outcome created = create.Wait();
        if (state.ExitCode == 0) Assert.Equal("creating", (string?)state.Json["status"]);
        delete.Failed();
        created.Succeeded();
        Assert.Equal("created", Dock.Status());
    }

    [Theory]
    [Row("RT-08")]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    public void A_failing_hook_of_create_fails_it_and_leaves_nothing(string point)
    {
        Dock.Write();
        WriteHook("bad", "echo the hook is sad >&2; exit 7");
        Dock.Write(config => Hook(config, point, "bad").Shell("touch /ran"));
        Call("create", "--bundle", Dock.Bundle, Id).Failed().Explains("hook", "bad", "7");
        IsGone();
        Assert.False(File.Exists($"{Dock.Root}/ran"));
        Assert.Null(Dock.CgroupFolder("memory"));
    }

    [Fact]
    [Row("RT-08")]
    public void A_failing_startContainer_hook_fails_the_run_and_the_program_never_runs()
    {
        Dock.Write();
        WriteHook("bad", "exit 7");
        Run(config => Hook(config, "startContainer", "bad").Shell("touch /ran")).Failed();
        Assert.False(File.Exists($"{Dock.Root}/ran"));
        IsGone();
    }

    [Fact]
    [Row("RT-08")]
    public void A_failing_poststart_hook_ends_the_container()
    {
        Dock.Write();
        WriteHook("bad", "exit 7");
        Run(config => Hook(config, "poststart", "bad").Shell(Obedient)).Failed();
        IsGone();
    }

    [Fact]
    [Row("RT-08")]
    public void A_failing_poststop_hook_is_a_warning_and_the_following_ones_run()
    {
        Dock.Write();
        WriteHook("bad", "exit 7");
        WriteHook("good", $"touch {Dock.Folder}/good-ran");
        Dock.Create(config => Hook(Hook(config, "poststop", "bad"), "poststop", "good"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Call("delete", Id).Succeeded();
        Assert.True(File.Exists($"{Dock.Folder}/good-ran"));
        IsGone();
    }

    [Fact]
    [Row("RT-08")]
    public void A_hook_that_does_not_exist_fails_the_create_and_is_named()
    {
        Dock.Write(config => config.Append("hooks.createRuntime", """{"path":"/no/such/hook"}"""));
        Call("create", "--bundle", Dock.Bundle, Id).Failed().Explains("/no/such/hook");
        IsGone();
    }

    [Fact]
    [Row("RT-08")]
    public void A_hook_path_that_is_not_absolute_is_refused()
    {
        Dock.Write(config => config.Append("hooks.createRuntime", """{"path":"bin/true"}"""));
        Call("create", "--bundle", Dock.Bundle, Id).Failed().Explains("hook", "absolute");
        IsGone();
    }

    [Fact]
    public void The_poststop_hook_runs_at_a_forced_delete_too()
    {
        Dock.Write();
        WriteHook("hook", $"touch {Dock.Folder}/stopped");
        Started(config => Hook(config, "poststop", "hook"));
        Call("delete", "--force", Id).Succeeded();
        Assert.True(File.Exists($"{Dock.Folder}/stopped"));
    }
}
