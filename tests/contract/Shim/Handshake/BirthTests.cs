// MON-02, MON-08, MON-11: how a monitor leaves its engine: the start pipe, the pid file, the background, its kin and its streams.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Handshake;

[Row("MON-02", "MON-11")]
public sealed class BirthTests : MonitorTest
{
    [Fact]
    public void The_called_process_returns_and_the_monitor_is_in_a_session_of_its_own()
    {
        FakeRuntime runtime = new(Dock, program: "exec sleep 1000");
        MonitorCall call = FakeCall(runtime);
        ReportPipe sync = Hold(call.Reports());
        using Live live = call.Start();
        live.Wait().Succeeded();
        int container = (int)sync.Next()["pid"]!;
        RunningMonitor monitor = new(Dock, Id, Dock.Bundle, sync);
        Assert.NotEqual(live.Pid, monitor.Pid);
        Assert.Equal(monitor.Pid, Kernel.Kin(monitor.Pid).Session);
        Assert.Equal(monitor.Pid, Kernel.Kin(monitor.Pid).Group);
        // Its engine does not wait for it, and it waits for the container.
        Assert.NotEqual(Environment.ProcessId, Kernel.Kin(monitor.Pid).Parent);
        Assert.Equal(monitor.Pid, Kernel.Kin(container).Parent);
        Kernel.Signal(container, 9);
        Assert.Equal(137, monitor.AwaitEnd());
    }

    [Fact]
    public void With_sync_the_called_process_is_the_monitor_and_ends_like_the_container()
    {
        FakeRuntime runtime = new(Dock, program: "exit 42");
        using Live live = FakeCall(runtime).With("--sync").Start();
        live.Wait().Exited(42);
        Assert.Equal("42", File.ReadAllText($"{Dock.Folder}/exits/{Id}"));
    }

    [Fact]
    public void Nothing_is_said_where_all_is_well()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = FakeCall(runtime);
        ReportPipe sync = Hold(call.Reports());
        Outcome outcome = call.Run().Succeeded();
        sync.Next();
        sync.ToEnd();
        Assert.Equal("", outcome.Output + outcome.Error);
    }

    [Fact]
    public void The_monitor_holds_none_of_the_engines_streams()
    {
        FakeRuntime runtime = new(Dock, program: "exec sleep 1000");
        RunningMonitor monitor = Played(runtime);
        Dictionary<int, string> open = Kernel.Open(monitor.Pid);
        Assert.Equal(["/dev/null", "/dev/null", "/dev/null"], [open[0], open[1], open[2]]);
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
    }

    [Fact]
    public void Nothing_is_done_before_the_engine_lets_it()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = FakeCall(runtime);
        ReportPipe sync = Hold(call.Reports());
        using StartPipe start = call.Waits();
        using Live live = call.Start();
        // The log is made before the wait: once it is there, the monitor would have gone on.
        Until.True(() => File.Exists($"{Dock.Folder}/{Id}.log"), "the monitor has come to the wait");
        Assert.True(sync.IsSilent);
        Assert.False(live.HasExited);
        Assert.False(File.Exists($"{Dock.Folder}/fake/argv"));
        start.Go();
        live.Wait().Succeeded();
        sync.Next();
        sync.ToEnd();
    }

    [Fact]
    public void An_engine_that_goes_away_lets_it_too()
    {
        FakeRuntime runtime = new(Dock);
        MonitorCall call = FakeCall(runtime);
        ReportPipe sync = Hold(call.Reports());
        StartPipe start = call.Waits();
        using Live live = call.Start();
        Until.True(() => File.Exists($"{Dock.Folder}/{Id}.log"), "the monitor has come to the wait");
        start.Dispose();
        live.Wait().Succeeded();
        sync.Next();
        sync.ToEnd();
    }

    [Fact]
    public void The_runtime_is_in_the_cgroup_the_engine_chose_before_it_let_go()
    {
        string group = $"{Machine.CgroupTrees.First(tree => !tree.EndsWith("cpuset", StringComparison.Ordinal))}/{Id}-engine";
        Directory.CreateDirectory(group);
        try
        {
            FakeRuntime runtime = new(Dock, "cat /proc/self/cgroup > \"$here/groups\"\n" + FakeRuntime.Creates);
            MonitorCall call = FakeCall(runtime);
            ReportPipe sync = Hold(call.Reports());
            using StartPipe start = call.Waits();
            using Live live = call.Start();
            Until.True(() => File.Exists($"{Dock.Folder}/{Id}.log"), "the monitor has come to the wait");
            File.WriteAllText($"{group}/cgroup.procs", $"{live.Pid}");
            start.Go();
            live.Wait().Succeeded();
            sync.Next();
            sync.ToEnd();
            Assert.Contains($"{Id}-engine", File.ReadAllText($"{Dock.Folder}/fake/groups"), StringComparison.Ordinal);
        }
        finally
        {
            Until.True(() => Native.RemoveFolder(group), $"{group} is empty");
        }
    }

    [Fact]
    public void Orphans_of_the_runtime_become_the_monitors()
    {
        FakeRuntime runtime = new(Dock, "setsid --fork /bin/sh -c 'echo $$ > \"$1/orphan\"; exec sleep 1000' sh \"$here\"\n" + FakeRuntime.Creates, "exec sleep 1000");
        RunningMonitor monitor = Played(runtime);
        Until.FileHas($"{Dock.Folder}/fake/orphan", "\n");
        int orphan = int.Parse(File.ReadAllText($"{Dock.Folder}/fake/orphan"));
        Until.True(() => Kernel.Kin(orphan).Parent == monitor.Pid, "the orphan is adopted");
        Kernel.Signal(orphan, 9);
        // Waited for: not even a dead one is left.
        Until.True(() => Kernel.Stat(orphan) is null, "the orphan is reaped");
        Assert.True(monitor.IsAlive);
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
    }

    [Fact]
    public void The_runtime_dies_with_the_monitor()
    {
        FakeRuntime runtime = new(Dock, "exec sleep 1000");
        FakeCall(runtime).Run().Succeeded();
        int pid = int.Parse(runtime.Pid);
        Kernel.Signal(int.Parse(File.ReadAllText($"{Dock.Folder}/{Id}.monitor")), 9);
        Until.True(() => !Kernel.IsAlive(pid), "the runtime is gone");
    }

    [Fact]
    public void Signals_are_not_blocked_in_the_runtime_and_none_is_ignored_but_the_broken_pipe()
    {
        FakeRuntime runtime = new(Dock, "(exec cat /proc/self/status > \"$here/status\")\n" + FakeRuntime.Creates);
        Played(runtime).AwaitEnd();
        string[] status = File.ReadAllLines($"{Dock.Folder}/fake/status");
        Assert.Contains("SigBlk:\t0000000000000000", status);
        // Bit 12 is SIGPIPE.
        // What these tests were started with ignored (a C library's own signals are out of reach of sigaction(3)) is nobody's doing.
        Assert.Equal(0UL, Ignored(status) & ~Ignored(File.ReadAllLines("/proc/self/status")) & ~(1UL << 12));

        static ulong Ignored(string[] status) =>
            Convert.ToUInt64(status.Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)).Split('\t')[1], 16);
    }

    [Fact]
    [Row("SHM-09")]
    public void The_monitor_is_spared_when_memory_runs_out_and_the_runtime_is_not()
    {
        FakeRuntime runtime = new(Dock, "cat /proc/self/oom_score_adj > \"$here/score\"\n" + FakeRuntime.Creates, "exec sleep 1000");
        RunningMonitor monitor = Played(runtime, call => call.After("echo 500 > /proc/$$/oom_score_adj"));
        Assert.Equal("500\n", File.ReadAllText($"{Dock.Folder}/fake/score"));
        bool may = (Convert.ToUInt64(File.ReadLines("/proc/self/status").Single(line => line.StartsWith("CapEff", StringComparison.Ordinal)).Split('\t')[1], 16) & (1UL << 24)) != 0;
        string own = File.ReadAllText($"/proc/{monitor.Pid}/oom_score_adj").Trim();
        if (may) Assert.Equal("-1000", own);
        else Assert.True(int.Parse(own) <= 500);
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
    }

    [Fact]
    public void What_the_engine_holds_open_by_the_monitor_is_let_go_before_the_end_is_told()
    {
        string file = Dock.NewFile("port", "");
        FakeRuntime runtime = new(Dock, program: "exec sleep 1000");
        string teller = Dock.Program("teller", $"ls -l /proc/$$/fd /proc/$PPID/fd > {Dock.Folder}/told.new; mv {Dock.Folder}/told.new {Dock.Folder}/told");
        RunningMonitor monitor = Played(runtime, call => call.After($"exec 7<'{file}'").With("--exit-command", teller));
        Assert.Contains(file, Kernel.Open(monitor.Pid).Values);
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
        Assert.DoesNotContain($" {file}\n", File.ReadAllText($"{Dock.Folder}/told"), StringComparison.Ordinal);
    }
}
