// The order in which a container comes to be, step by step: what must stand before what, and why.
using Berth.Linux;
using Berth.Oci.Faults;
using static Berth.Runtime.Plan.Base;

namespace Berth.Runtime.Plan;

public sealed class OrderTests
{
    private static readonly byte[] Filter = new byte[8];

    [Fact]
    public void Signals_descriptors_and_the_umask_come_before_anything_else() =>
        InOrder(Steps(), "die with the parent", "reset signals", "clear the umask", "close descriptors", "start a session");

    [Fact]
    public void The_last_step_is_execve() => Assert.Equal("execve", Look(Input(), p => p.Names.Last()));

    [Fact]
    public void Seccomp_comes_last_before_execve_with_no_new_privileges()
    {
        PlanInput input = Input(s => s.Process!.NoNewPrivileges = true) with { SeccompFilter = Filter };
        InOrder(Steps(input), "become user", "no new privileges", "find the program", "wait for the parent to record", "seccomp", "execve");
    }

    [Fact]
    public void Descriptors_are_closed_before_a_filter_may_forbid_it()
    {
        foreach (bool noNewPrivileges in (bool[])[false, true])
        {
            InOrder(Steps(Input(s => s.Process!.NoNewPrivileges = noNewPrivileges) with { SeccompFilter = Filter }), "close descriptors on exec", "seccomp", "execve");
        }
    }

    [Fact]
    public void Seccomp_comes_while_privileged_without_no_new_privileges()
    {
        PlanInput input = Input(s => s.Process!.NoNewPrivileges = false) with { SeccompFilter = Filter };
        List<string> steps = Steps(input);
        InOrder(steps, "seccomp", "drop from the bounding set", "become group", "become user");
        Assert.DoesNotContain("no new privileges", steps);
    }

    [Fact]
    public void Without_a_filter_there_is_no_seccomp() => Assert.DoesNotContain("seccomp", Steps());

    [Fact]
    public void The_user_changes_after_mounts_and_pivot() =>
        InOrder(Steps(), "bind the rootfs on itself", "mount proc on /proc", "pivot the root", "set groups", "become group", "become user");

    [Fact]
    public void The_group_changes_before_the_user() => InOrder(Steps(), "set groups", "become group", "become user", "set capabilities");

    [Fact]
    public void The_bounding_set_is_dropped_before_the_user_changes() => InOrder(Steps(), "drop from the bounding set", "keep capabilities", "become user", "set capabilities");

    [Fact]
    public void Mounts_come_before_devices_and_devices_before_the_pivot() =>
        InOrder(Steps(), "mount tmpfs on /dev", "make device /dev/null", "make links in /dev", "pivot the root");

    [Fact]
    public void Masks_and_the_read_only_root_come_after_the_pivot() =>
        InOrder(Steps(), "pivot the root", "make the root read-only", "make read-only /proc/bus", "prepare masks", "mask /proc/kcore", "become user");

    [Fact]
    public void Sysctls_are_written_before_proc_sys_is_read_only() =>
        InOrder(Steps(s => s.Linux!.Sysctl = new() { ["net.ipv4.ip_forward"] = "1" }), "set sysctl net.ipv4.ip_forward", "make read-only /proc/sys");

    [Fact]
    public void Mounts_keep_the_order_of_the_configuration() =>
        InOrder(Steps(s => { s.Mount("/b", "tmpfs", "tmpfs"); s.Mount("/a", "bind", "/x", "bind"); }), "mount sysfs on /sys", "mount tmpfs on /b", "bind /x on /a");

    [Fact]
    public void A_cgroup_namespace_is_made_after_the_move_into_the_cgroups_and_before_its_mount()
    {
        PlanInput input = Input(s => { s.Namespace("cgroup"); s.Mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro"); });
        input = input with { Actions = new PlanActions { Confine = static _ => { } } };
        InOrder(Steps(input), "wait for the cgroups", "unshare the cgroup namespace", "mount cgroup2 on /sys/fs/cgroup", "pivot the root");
    }

    [Fact]
    public void What_lies_on_the_cgroup_mount_waits_for_it() =>
        InOrder(Steps(s => { s.Mount("/sys/fs/cgroup", "cgroup", "cgroup"); s.Mount("/sys/fs/cgroup/x", "tmpfs", "tmpfs"); s.Mount("/y", "tmpfs", "tmpfs"); }),
            "mount tmpfs on /y", "mount cgroup2 on /sys/fs/cgroup", "mount tmpfs on /sys/fs/cgroup/x");

    [Fact]
    public void Hooks_run_when_all_mounts_are_made_and_the_host_can_still_be_seen()
    {
        PlanInput input = Input(s => s.Mount("/a", "tmpfs", "tmpfs", "ro")) with { Actions = new PlanActions { BeforePivot = static _ => { } } };
        InOrder(Steps(input), "mount tmpfs on /a", "make read-only a", "wait for the hooks", "pivot the root");
    }

    [Fact]
    public void A_new_user_namespace_waits_for_its_maps_before_it_mounts() =>
        InOrder(Steps(s => s.NewUserNamespace()), "wait for the id maps", "become root of the user namespace", "start a session", "bind the rootfs on itself");

    [Fact]
    public void A_user_namespace_binds_devices() => InOrder(Steps(s => s.NewUserNamespace()), "bind device /dev/null", "bind device /dev/tty");

    [Fact]
    public void A_joined_user_namespace_is_entered_after_those_that_we_may_join_from_outside()
    {
        PlanInput input = Input(s => { s.Namespace("user", "/u"); s.Linux!.Namespaces.Find(n => n.Type == "network")!.Path = "/n"; });
        input = input with { Joins = [(Namespaces.User, Open), (Namespaces.Network, Open)] };
        InOrder(Steps(input), "join namespace net", "join namespace user", "become root of the user namespace", "join namespace net", "unshare namespaces");
    }

    [Fact]
    public void A_new_pid_namespace_beside_a_joined_user_namespace_needs_a_second_clone()
    {
        PlanInput input = Input(s => s.Namespace("user", "/u")) with { Joins = [(Namespaces.User, Open)] };
        InOrder(Steps(input), "join namespace user", "unshare namespaces", "clone again", "start a session");
        Assert.Equal(Namespaces.None, InitPlan.Build(input).Clone);
    }

    [Fact]
    public void Without_joins_one_clone_makes_all_namespaces() =>
        Assert.Equal(Namespaces.Pid | Namespaces.Network | Namespaces.Ipc | Namespaces.Uts | Namespaces.Mount, InitPlan.Build(Input()).Clone);

    [Fact]
    public void A_time_namespace_is_unshared_before_its_offsets_are_set() =>
        InOrder(Steps(s => { s.Namespace("time"); s.Linux!.TimeOffsets = new() { ["boottime"] = new() { Secs = 5 } }; }), "unshare the time namespace", "wait for the clock offsets", "start a session");

    [Fact]
    public void A_new_network_namespace_has_its_loopback_before_hooks_look_at_it()
    {
        InOrder(Steps(Input() with { Actions = new PlanActions { BeforePivot = static _ => { } } }), "bring the loopback device up", "wait for the hooks");
        Assert.DoesNotContain("bring the loopback device up", Steps(s => s.Linux!.Namespaces.RemoveAll(static n => n.Type == "network")));
    }

    [Fact]
    public void A_created_container_waits_for_start_after_it_is_recorded()
    {
        PlanInput input = Input() with { StartFifo = Open };
        InOrder(Steps(input), "find the program", "wait for the parent to record", "wait for start", "execve");
    }

    [Fact]
    public void A_terminal_is_opened_before_the_pivot_and_taken_after_it()
    {
        PlanInput input = Input(s => s.Process!.Terminal = true) with { ConsoleSocket = Open };
        InOrder(Steps(input), "mount devpts on /dev/pts", "open a terminal", "bind the console", "pivot the root", "take the terminal", "become user");
    }

    [Fact]
    public void Limits_and_schedulers_are_set_while_privileged() =>
        InOrder(Steps(s => { s.Process!.Rlimits = [new() { Type = "RLIMIT_NOFILE", Soft = 1, Hard = 1 }]; s.Process.Scheduler = new() { Policy = "SCHED_BATCH" }; }), "set the scheduler", "set limit RLIMIT_NOFILE", "become user");

    [Fact]
    public void The_host_name_is_set_before_the_mounts() => InOrder(Steps(), "set the host name berth", "bind the rootfs on itself");

    [Fact]
    public void Without_a_mount_namespace_there_is_only_chroot()
    {
        List<string> steps = Steps(s => { s.Linux!.Namespaces.RemoveAll(n => n.Type == "mount"); s.Linux.MaskedPaths = s.Linux.ReadonlyPaths = null; });
        Assert.Contains("enter the rootfs /bundle/rootfs", steps);
        Assert.DoesNotContain(steps, s => s.StartsWith("pivot", StringComparison.Ordinal) || s.StartsWith("set propagation", StringComparison.Ordinal));
    }

    [Fact]
    public void A_propagation_that_may_leave_mounts_shared_detaches_the_parent_of_the_rootfs()
    {
        const string Step = "make the rootfs's parent mount private /bundle/rootfs";
        Assert.DoesNotContain(Step, Steps());
        Assert.DoesNotContain(Step, Steps(s => s.Linux!.RootfsPropagation = "rprivate"));
        foreach (string word in (string[])["shared", "rshared", "private", "slave"])
        {
            InOrder(Steps(s => s.Linux!.RootfsPropagation = word), "set propagation of /", Step, "bind the rootfs on itself", "pivot the root", "set propagation of the new root");
        }
    }

    [Fact]
    public void No_pivot_hides_the_kernel_mounts_of_the_host_but_not_those_of_the_container()
    {
        PlanInput input = Input() with { NoPivot = true, Host = new HostFacts { KernelMounts = ["/proc", "/sys", "/bundle/rootfs/proc"] } };
        List<string> steps = Steps(input);
        InOrder(steps, "mount proc on /proc", "hide the host's /proc", "hide the host's /sys", "move the rootfs to /");
        Assert.DoesNotContain("hide the host's /bundle/rootfs/proc", steps);
    }

    [Fact]
    public void An_unknown_namespace_is_refused_before_anything_is_done() =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Steps(s => s.Namespace("quantum"))).Kind);

    [Theory]
    [InlineData("", null, "invalid memory policy mode")]
    [InlineData("MPOL_DEFAULT", "0-7", "mode requires 0 nodes but got 8")]
    [InlineData("MPOL_BIND", "", "requires at least one node")]
    [InlineData("MPOL_BIND", "0-9876543210", "invalid memory policy node")]
    public void A_memory_policy_that_the_kernel_would_refuse_is_refused_in_words(string mode, string? nodes, string words) =>
        Assert.Contains(words, Assert.Throws<BerthException>(() => Steps(s => s.Linux!.MemoryPolicy = new() { Mode = mode, Nodes = nodes })).Message);
}
