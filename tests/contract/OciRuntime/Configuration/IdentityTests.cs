// CFG-03 to CFG-11: who the program is, what it may do, and how it is scheduled.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Configuration;

[Row("CFG-03")]
public sealed class IdentityTests : ContainerTest
{
    [Fact]
    public void User_and_group_are_set() =>
        Shell("id -u; id -g", config => config.Set("process.user.uid", 1234).Set("process.user.gid", 4321)).Says("1234\n4321");

    [Fact]
    public void Additional_groups_are_set_and_the_hosts_are_dropped() =>
        Shell("id -G", config => config.Set("process.user.gid", 5).SetJson("process.user.additionalGids", "[10, 2000]")).Says("5 10 2000");

    [Fact]
    public void Without_additional_groups_there_are_none() =>
        Dock.Write(config => config.Shell("grep Groups /proc/self/status | tr -s '\\t ' ' '"))
            .Through(["setpriv", "--groups", "3,4"], "run", "--bundle", Dock.Bundle, Id).Run().Succeeded().Says("Groups:");

    [Theory]
    [InlineData(18, "0022")]
    [InlineData(63, "0077")]
    [InlineData(0, "0000")]
    public void The_umask_is_set(int umask, string shown) => Shell("umask", config => config.Set("process.user.umask", umask)).Says(shown);

    [Fact]
    public void The_standard_files_belong_to_the_user_so_that_it_can_open_them_again() =>
        Dock.Write(config => config.Shell("echo again > /dev/stderr").Set("process.user.uid", 1000).SetJson("process.capabilities", "{}"))
            .Command("run", "--bundle", Dock.Bundle, Id).Run().Succeeded();

    [Fact]
    [Row("CFG-04")]
    public void The_five_capability_sets_are_set_one_by_one()
    {
        // KILL is 5, NET_BIND_SERVICE 10, NET_RAW 13, SYS_CHROOT 18, AUDIT_WRITE 29.
        string[] lines = Run(config => config.Args("/bin/grep", "Cap", "/proc/self/status").SetJson("process.capabilities", """
            {"bounding":["CAP_KILL","CAP_NET_RAW","CAP_SYS_CHROOT","CAP_NET_BIND_SERVICE"],"permitted":["CAP_KILL","CAP_NET_RAW"],"effective":["CAP_KILL"],
             "inheritable":["CAP_NET_RAW"],"ambient":["CAP_NET_RAW"]}
            """).Set("process.user.uid", 1000)).Succeeded().Lines;
        Assert.Equal([Cap("Inh", 13), Cap("Prm", 13), Cap("Eff", 13), Cap("Bnd", 5, 10, 13, 18), Cap("Amb", 13)], lines);
    }

    [Fact]
    [Row("CFG-04")]
    public void Root_gets_the_effective_and_permitted_sets_of_the_config() =>
        Assert.Equal([Cap("Inh"), Cap("Prm", 5, 10, 29), Cap("Eff", 5, 10, 29), Cap("Bnd", 5, 10, 29), Cap("Amb")],
            Run(config => config.Args("/bin/grep", "Cap", "/proc/self/status")).Succeeded().Lines);

    [Fact]
    [Row("CFG-04")]
    public void Without_capabilities_there_are_none() =>
        Assert.Equal([Cap("Inh"), Cap("Prm"), Cap("Eff"), Cap("Bnd"), Cap("Amb")],
            Run(config => config.Args("/bin/grep", "Cap", "/proc/self/status").SetJson("process.capabilities", "{}").Set("process.user.uid", 1000)).Succeeded().Lines);

    [Fact]
    [Row("CFG-04")]
    public void Empty_sets_leave_even_root_without_capabilities() =>
        Assert.Equal([Cap("Inh"), Cap("Prm"), Cap("Eff"), Cap("Bnd"), Cap("Amb")],
            Run(config => config.Args("/bin/grep", "Cap", "/proc/self/status").Capabilities()).Succeeded().Lines);

    [Fact]
    [Row("CFG-04", "RT-09")]
    public void A_capability_that_is_not_known_is_a_warning() =>
        Run(config => config.Args("/bin/grep", "CapEff", "/proc/self/status").Capabilities("CAP_KILL", "CAP_OF_THE_FUTURE")).Succeeded().Says(Cap("Eff", 5));

    [Fact]
    [Row("CFG-05")]
    public void Limits_are_set() =>
        Shell("ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc", config => config.SetJson("process.rlimits", """
            [{"type":"RLIMIT_NOFILE","soft":100,"hard":200},{"type":"RLIMIT_CORE","soft":0,"hard":1024}]
            """)).Says("100\n200\n0\n2");

    [Fact]
    [Row("CFG-05")]
    public void A_limit_above_the_hosts_is_refused_or_granted_but_never_silently_lowered()
    {
        Outcome outcome = Run(config => config.Shell("ulimit -n").SetJson("process.rlimits", """[{"type":"RLIMIT_NOFILE","soft":1000000,"hard":1000000}]"""));
        if (outcome.ExitCode == 0 && outcome.Text != "1000000") Assert.Contains("NOFILE", outcome.Error);
    }

    [Fact]
    [Row("CFG-05", "RT-09")]
    public void A_limit_given_twice_is_refused()
    {
        Run(config => config.SetJson("process.rlimits", """
            [{"type":"RLIMIT_NOFILE","soft":100,"hard":200},{"type":"RLIMIT_NOFILE","soft":100,"hard":200}]
            """)).Failed().Explains("RLIMIT_NOFILE");
        IsGone();
    }

    [Theory]
    [Row("CFG-06")]
    [InlineData(true, "1")]
    [InlineData(false, "0")]
    public void No_new_privileges_is_set_when_asked_for(bool wanted, string shown) =>
        Shell("grep NoNewPrivs /proc/self/status | cut -f 2", config => config.Set("process.noNewPrivileges", wanted)).Says(shown);

    [Theory]
    [Row("CFG-07")]
    [InlineData(500)]
    [InlineData(1000)]
    public void The_oom_score_adjustment_is_set(int value) => Shell("cat /proc/self/oom_score_adj", config => config.Set("process.oomScoreAdj", value)).Says($"{value}");

    [Fact]
    [Row("CFG-07")]
    public void Without_an_oom_score_adjustment_that_of_the_caller_stays() =>
        Dock.Write(config => config.Shell("cat /proc/self/oom_score_adj")).Command("run", "--bundle", Dock.Bundle, Id)
            .After("echo 321 > /proc/self/oom_score_adj").Run().Succeeded().Says("321");

    [Fact]
    [Row("CFG-08")]
    public void An_selinux_label_is_an_error_where_the_kernel_has_none()
    {
        Assert.SkipWhen(Directory.Exists("/sys/fs/selinux"), "this kernel has SELinux");
        Run(config => config.Set("process.selinuxLabel", "system_u:system_r:svirt_lxc_net_t:s0:c124,c675")).Failed().Explains("selinux");
        IsGone();
    }

    [Theory]
    [Row("CFG-09")]
    [InlineData("SCHED_OTHER", """ "nice": 7 """, "27 7 0 0")]
    [InlineData("SCHED_BATCH", """ "nice": 3 """, "23 3 0 3")]
    [InlineData("SCHED_IDLE", """ "nice": 0 """, "20 0 0 5")]
    [InlineData("SCHED_FIFO", """ "priority": 10 """, "-11 0 10 1")]
    [InlineData("SCHED_RR", """ "priority": 5 """, "-6 0 5 2")]
    public void The_scheduler_is_set(string policy, string rest, string shown)
    {
        // Fields 18, 19, 40 and 41 of stat: priority, nice, real-time priority, policy.
        Run(config =>
        {
            config.Shell("cut -d ' ' -f 18,19,40,41 /proc/$$/stat").SetJson("process.scheduler", $$"""{"policy":"{{policy}}",{{rest}}}""");
            // With real-time group scheduling (version 1), a group has no real-time budget unless it is given one.
            if (File.Exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us")) config.SetJson("linux.resources.cpu", """{"realtimePeriod":1000000,"realtimeRuntime":10000}""");
        }).Succeeded().Says(shown);
    }

    [Fact]
    [Row("CFG-09")]
    public void Deadline_scheduling_is_set_with_its_times() =>
        Run(config => config.Shell("cut -d ' ' -f 41 /proc/$$/stat").Capabilities("CAP_SYS_NICE").SetJson("process.scheduler", """
            {"policy":"SCHED_DEADLINE","flags":["SCHED_FLAG_RESET_ON_FORK"],"runtime":1000000,"deadline":20000000,"period":20000000}
            """)).Succeeded().Says("6");

    [Fact]
    [Row("CFG-09")]
    public void An_unknown_scheduler_is_refused()
    {
        Run(config => config.SetJson("process.scheduler", """{"policy":"SCHED_NO_SUCH"}""")).Failed().Explains("SCHED_NO_SUCH");
        IsGone();
    }

    [Theory]
    [Row("CFG-10")]
    [InlineData("IOPRIO_CLASS_BE", 5, "best-effort: prio 5")]
    [InlineData("IOPRIO_CLASS_RT", 2, "realtime: prio 2")]
    [InlineData("IOPRIO_CLASS_IDLE", 0, "idle")]
    public void The_io_priority_is_set(string level, int priority, string shown) =>
        Run(config => config.Args("/bin/ionice").SetJson("process.ioPriority", $$"""{"class":"{{level}}","priority":{{priority}}}""")).Succeeded().Says(shown);

    [Fact]
    [Row("CFG-11")]
    public void An_executed_program_is_moved_to_its_final_processors()
    {
        Assert.SkipUnless(Environment.ProcessorCount >= 2, "one processor only");
        Started(config => config.SetJson("process.execCPUAffinity", """{"initial":"0","final":"1"}"""));
        ExecShell("grep Cpus_allowed_list /proc/self/status | cut -f 2").Succeeded().Says("1");
    }

    [Fact]
    public void Keys_of_the_session_are_the_containers_own_unless_told_otherwise()
    {
        Assert.SkipUnless(File.Exists("/proc/key-users"), "this kernel has no keyrings");
        Shell("echo fine").Says("fine");
        Dock.Write().Call("run", "--no-new-keyring", "--bundle", Dock.Bundle, Id).Succeeded();
    }

    private static string Cap(string set, params int[] bits) => $"Cap{set}:\t{bits.Aggregate(0UL, (all, bit) => all | (1UL << bit)):x16}";
}
