// MON-02, MON-10, SHM-03: how the end of a container is recorded, with nobody there to see it.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Exits;

[Row("MON-02", "MON-10", "SHM-03")]
public sealed class ExitFileTests : MonitorTest
{
    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 42", 42)]
    [InlineData("exit 255", 255)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -15 $$", 143)]
    [InlineData("kill -6 $$", 134)]
    public void The_exit_code_is_in_both_folders(string program, int code)
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: program));
        Assert.Equal(code, monitor.AwaitEnd());
        Assert.Equal($"{code}", File.ReadAllText(monitor.ExitFile));
        Assert.Equal($"{code}", File.ReadAllText($"{monitor.Persist}/exit"));
    }

    [Fact]
    public void A_real_container_leaves_its_exit_code_too() => Assert.Equal(42, Ran("exit 42").AwaitEnd());

    [Fact]
    public void A_container_that_is_killed_leaves_the_signal()
    {
        RunningMonitor monitor = Idle();
        Dock.Call("kill", Id, "KILL").Succeeded();
        Assert.Equal(137, monitor.AwaitEnd());
    }

    [Fact]
    public void A_container_that_is_deleted_before_its_start_leaves_one_too()
    {
        RunningMonitor monitor = Created(config => config.Shell("exit 0"));
        Dock.Call("delete", "--force", Id).Succeeded();
        Assert.Equal(137, monitor.AwaitEnd());
    }

    [Fact]
    public void Files_appear_whole_and_nothing_lies_beside_them()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "exit 3"));
        monitor.AwaitEnd();
        Assert.Equal(Id, Path.GetFileName(Assert.Single(Directory.GetFiles($"{Dock.Folder}/exits"))));
        Assert.Equal("exit", Path.GetFileName(Assert.Single(Directory.GetFiles(monitor.Persist))));
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/tmp"));
    }

    [Fact]
    public void An_exit_file_of_an_earlier_life_is_replaced()
    {
        File.WriteAllText($"{Dock.NewFolder("exits")}/{Id}", "99999");
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "exit 3"));
        Until.FileHas(monitor.ExitFile, "3");
        Assert.Equal(3, monitor.AwaitEnd());
    }

    [Fact]
    public void The_log_is_whole_when_the_exit_file_appears()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "seq 1 20000"));
        Until.True(() => File.Exists(monitor.ExitFile), "the end is recorded");
        Numbers.AreAll(20000, monitor.Logged());
        monitor.AwaitEnd();
    }

    [Fact]
    public void The_monitor_ends_with_the_container_although_others_hold_its_streams()
    {
        FakeRuntime runtime = new(Dock, program: "setsid --fork /bin/sh -c 'echo $$ > \"$1/orphan\"; exec sleep 1000' sh \"$(dirname \"$0\")\"; until [ -s \"$(dirname \"$0\")/orphan\" ]; do sleep 0.001; done; echo said; exit 4");
        RunningMonitor monitor = Played(runtime);
        int orphan = 0;
        try
        {
            Assert.Equal(4, monitor.AwaitEnd());
            Assert.Equal("said\n", monitor.Logged());
            orphan = int.Parse(File.ReadAllText($"{Dock.Folder}/fake/orphan"));
            Assert.True(Kernel.IsAlive(orphan));
        }
        finally
        {
            if (orphan > 0) Kernel.Signal(orphan, 9);
        }
    }

    [Fact]
    public void The_socket_and_its_link_are_gone_afterwards_and_the_fifos_stay()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "exec sleep 1000"));
        Assert.True(Directory.Exists($"{Dock.Folder}/sockets/{Id}"));
        Assert.True(File.Exists(monitor.Socket));
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/sockets"));
        Assert.False(File.Exists(monitor.Socket));
        Assert.True(File.Exists($"{Dock.Bundle}/ctl"));
    }

    [Theory]
    [InlineData(15, "TERM")]
    [InlineData(2, "INT")]
    [InlineData(3, "QUIT")]
    public void A_signal_for_the_monitor_is_one_for_the_container(int signal, string name)
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: $"trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.02; done"));
        monitor.AwaitLog("ready");
        Kernel.Signal(monitor.Pid, signal);
        Assert.Equal(7, monitor.AwaitEnd());
        Assert.Contains($"got {name}", monitor.Logged(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_signal_for_the_monitor_while_the_container_is_made_is_one_for_the_runtime()
    {
        FakeRuntime runtime = new(Dock, "trap 'echo told >&2; exit 1' TERM; : > \"$here/trapped\"; while :; do sleep 0.02; done");
        MonitorCall call = FakeCall(runtime);
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        Until.True(() => File.Exists($"{Dock.Folder}/fake/trapped"), "the runtime is at work");
        Kernel.Signal(int.Parse(File.ReadAllText($"{Dock.Folder}/{Id}.monitor")), 15);
        Assert.Contains("told", (string?)sync.Next()["message"], StringComparison.Ordinal);
        sync.ToEnd();
    }

    [Fact]
    public void A_container_that_is_gone_before_the_monitor_looks_is_no_reason_to_wait_for_ever()
    {
        FakeRuntime runtime = new(Dock, "/bin/sh -c 'echo $$' > \"$pidfile\"");
        Played(runtime).AwaitGone();
        Assert.True(File.Exists($"{Dock.Folder}/exits/{Id}"));
    }

    [Fact]
    public void Other_signals_do_not_end_the_monitor()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo ready; read line < \"$(dirname \"$0\")/go\"; echo done"), call =>
            Kernel.MakeFifo($"{Dock.Folder}/fake/go"));
        monitor.AwaitLog("ready");
        foreach (int signal in (int[])[13, 10, 28, 23]) Kernel.Signal(monitor.Pid, signal); // PIPE, USR1, WINCH, URG
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        Assert.Equal(0, monitor.AwaitEnd());
        Assert.Contains("done", monitor.Logged(), StringComparison.Ordinal);
    }
}
