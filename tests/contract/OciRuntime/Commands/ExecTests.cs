// CLI-07: exec and each of its options.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-07")]
public sealed class ExecTests : ContainerTest
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(255)]
    public void The_exit_code_is_that_of_the_command(int code)
    {
        Started();
        ExecShell($"exit {code}").Exited(code);
    }

    [Fact]
    public void A_command_killed_by_a_signal_gives_128_and_the_signal()
    {
        Started();
        ExecShell("kill -KILL $$").Exited(137);
    }

    [Fact]
    public void The_command_is_in_every_namespace_of_the_container()
    {
        Started();
        string[] kinds = ["mnt", "pid", "net", "ipc", "uts", "cgroup"];
        string[] inside = [.. kinds.Select(kind => new FileInfo($"/proc/{Dock.Pid()}/ns/{kind}").LinkTarget!)];
        Assert.Equal(inside, ExecShell("for n in mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done").Succeeded().Lines);
    }

    [Fact]
    public void The_command_is_in_the_cgroups_of_the_container()
    {
        Started();
        Assert.Equal(ExecShell("cat /proc/1/cgroup").Succeeded().Output, ExecShell("cat /proc/self/cgroup").Succeeded().Output);
    }

    [Fact]
    public void The_command_has_the_root_of_the_container()
    {
        Started();
        Exec("/bin/ls", "/bin/busybox").Succeeded().Says("/bin/busybox");
    }

    [Fact]
    public void Standard_streams_are_those_of_the_caller()
    {
        Started();
        Outcome outcome = Dock.Command("exec", Id, "/bin/sh", "-c", "tr a-z A-Z; echo err >&2").Input("words").Run().Succeeded();
        Assert.Equal("WORDS", outcome.Text);
        Assert.Equal("err\n", outcome.Error);
    }

    [Fact]
    public void Cwd_sets_the_working_directory()
    {
        Started();
        Call("exec", "--cwd", "/var", Id, "/bin/pwd").Succeeded().Says("/var");
    }

    [Fact]
    public void Env_adds_to_the_environment_of_the_container()
    {
        Started(config => config.Env("BASE", "there").Env("BOTH", "config"));
        Call("exec", "--env", "NEW=1", "--env", "BOTH=exec", Id, "/bin/sh", "-c", "echo $BASE $NEW $BOTH").Succeeded().Says("there 1 exec");
        Call("exec", "-e", "NEW=short", Id, "/bin/sh", "-c", "echo $NEW").Succeeded().Says("short");
    }

    [Theory]
    [InlineData("1000", "1000 0")]
    [InlineData("1000:2000", "1000 2000")]
    [InlineData("0:5", "0 5")]
    public void User_sets_uid_and_gid(string user, string shown)
    {
        Started();
        Call("exec", "--user", user, Id, "/bin/sh", "-c", "echo $(id -u) $(id -g)").Succeeded().Says(shown);
    }

    [Fact]
    public void Additional_gids_are_set()
    {
        Started();
        Call("exec", "--user", "1000:1000", "--additional-gids", "100", "--additional-gids", "65534", Id, "/bin/id", "-G").Succeeded().Says("1000 100 65534");
    }

    [Fact]
    public void Without_user_the_command_is_the_user_of_the_container()
    {
        Started(config => config.Set("process.user.uid", 1000).Set("process.user.gid", 1001));
        ExecShell("echo $(id -u) $(id -g)").Succeeded().Says("1000 1001");
    }

    [Fact]
    public void Cap_adds_capabilities()
    {
        Started();
        // NET_RAW is bit 13.
        ulong before = Convert.ToUInt64(ExecShell("grep CapEff /proc/self/status | cut -f 2").Succeeded().Text, 16);
        ulong after = Convert.ToUInt64(Call("exec", "--cap", "CAP_NET_RAW", Id, "/bin/sh", "-c", "grep CapEff /proc/self/status | cut -f 2").Succeeded().Text, 16);
        Assert.Equal(before | (1UL << 13), after);
    }

    [Fact]
    public void No_new_privs_is_set()
    {
        Started(config => config.Set("process.noNewPrivileges", false));
        const string Shown = "grep NoNewPrivs /proc/self/status | cut -f 2";
        ExecShell(Shown).Succeeded().Says("0");
        Call("exec", "--no-new-privs", Id, "/bin/sh", "-c", Shown).Succeeded().Says("1");
    }

    [Fact]
    public void A_process_file_describes_the_command()
    {
        Started();
        string file = Dock.NewFile("process.json", """
            {"terminal":false,"user":{"uid":1000,"gid":1000,"additionalGids":[7]},"args":["/bin/sh","-c","echo $A $(pwd) $(id -u) $(id -G); umask"],
             "env":["PATH=/bin","A=from-file"],"cwd":"/tmp","noNewPrivileges":true}
            """);
        Call("exec", "--process", file, Id).Succeeded().Says("from-file /tmp 1000 1000 7\n0022");
    }

    [Fact]
    public void A_process_file_may_be_a_pipe()
    {
        Started();
        string json = """{"user":{"uid":0,"gid":0},"args":["/bin/echo","piped"],"env":["PATH=/bin"],"cwd":"/"}""";
        Dock.Command("exec", "--process", "/proc/self/fd/9", Id).After($"exec 9<<'END'\n{json}\nEND").Run().Succeeded().Says("piped");
    }

    [Fact]
    public void A_process_file_of_its_own_limits_is_honoured()
    {
        Started();
        string file = Dock.NewFile("process.json", """
            {"user":{"uid":0,"gid":0},"args":["/bin/sh","-c","ulimit -Sn; ulimit -Hn"],"env":["PATH=/bin"],"cwd":"/",
             "rlimits":[{"type":"RLIMIT_NOFILE","soft":77,"hard":88}]}
            """);
        Call("exec", "--process", file, Id).Succeeded().Says("77\n88");
    }

    [Fact]
    public void A_detached_exec_returns_while_the_command_runs()
    {
        Started();
        string pid = $"{Dock.Folder}/exec.pid";
        Outcome outcome = Call("exec", "--detach", "--pid-file", pid, Id, "/bin/sh", "-c", "echo begun; sleep 1000").Succeeded();
        Until.FileHas(outcome.OutputFile, "begun");
        Assert.Contains("sleep", File.ReadAllText($"/proc/{File.ReadAllText(pid)}/cmdline"));
        Assert.Contains(File.ReadAllText(pid), Call("ps", "-f", "json", Id).Succeeded().Output);
    }

    [Fact]
    public void Ignore_paused_lets_exec_wait_for_the_resume()
    {
        Started();
        Call("pause", Id).Succeeded();
        ExecShell("echo never").Failed().Explains("paused");
        using Live live = Dock.Command("exec", "--ignore-paused", Id, "/bin/echo", "thawed").Start();
        Call("resume", Id).Succeeded();
        live.Wait().Succeeded().Says("thawed");
    }

    [Fact]
    public void Cgroup_puts_the_command_into_a_group_below_the_containers()
    {
        Assert.SkipUnless(Directory.Exists("/sys/fs/cgroup/memory") || Machine.Cgroups == CgroupLayout.Unified, "no memory controller");
        Started();
        bool unified = Machine.Cgroups == CgroupLayout.Unified;
        Directory.CreateDirectory($"{Dock.CgroupFolder("memory")}/below");
        Call("exec", "--cgroup", unified ? "below" : "memory:below", Id, "/bin/sh", "-c", "grep -E ':memory:|^0:' /proc/self/cgroup | head -n 1 | cut -d : -f 3").Succeeded();
        Call(["exec", "--cgroup", unified ? "no-such" : "memory:no-such", Id, "/bin/true"]).Failed();
        Native.RemoveFolder($"{Dock.CgroupFolder("memory")}/below");
    }

    [Fact]
    public void Options_after_the_command_belong_to_the_command()
    {
        Started();
        Exec("/bin/echo", "--user", "-e", "--cwd=/x").Succeeded().Says("--user -e --cwd=/x");
    }

    [Fact]
    public void A_double_dash_ends_the_options()
    {
        Started();
        Call("exec", "--", Id, "/bin/echo", "fine").Succeeded().Says("fine");
    }

    [Fact]
    public void Exec_without_a_command_is_an_error()
    {
        Started();
        Call("exec", Id).Failed();
    }

    [Fact]
    [Row("CLI-17")]
    public void A_command_that_is_not_there_is_named()
    {
        Started();
        Exec("/no/such/command").Failed().Explains("/no/such/command", "no such file");
    }

    [Fact]
    public void The_path_of_the_container_finds_the_command()
    {
        Started();
        Exec("echo", "found").Succeeded().Says("found");
    }

    [Fact]
    public void Many_at_once_work()
    {
        Started();
        Live[] all = [.. Enumerable.Range(0, 8).Select(i => Dock.Command("exec", Id, "/bin/sh", "-c", $"exit {i}").Start())];
        for (int i = 0; i < all.Length; i++) all[i].Wait().Exited(i);
        foreach (Live live in all) live.Dispose();
    }

    [Fact]
    public void The_limits_of_the_container_hold_for_the_command()
    {
        Started(config => config.SetJson("process.rlimits", """[{"type":"RLIMIT_NOFILE","soft":123,"hard":456}]"""));
        ExecShell("ulimit -Sn; ulimit -Hn").Succeeded().Says("123\n456");
    }

    [Fact]
    public void The_seccomp_filter_of_the_container_holds_for_the_command()
    {
        Started(config => config.SetJson("linux.seccomp", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}"""));
        ExecShell("mkdir /x").Failed();
        Assert.False(Directory.Exists($"{Dock.Root}/x"));
    }

    [Fact]
    public void A_label_where_the_kernel_has_no_selinux_does_not_break_the_container()
    {
        Started();
        Call("exec", "--process-label", "system_u:system_r:container_t:s0", Id, "/bin/true");
        Assert.Equal("running", Dock.Status());
    }
}
