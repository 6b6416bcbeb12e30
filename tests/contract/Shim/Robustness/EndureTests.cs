// SHM-01 to SHM-05, SHM-09: whoever dies, sleeps or floods, the container goes on and its log is whole.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Robustness;

[Row("SHM-01", "SHM-02")]
public sealed class EndureTests : MonitorTest
{
    [Fact]
    public void An_engine_that_is_killed_takes_nothing_along()
    {
        // The engine is a shell with the monitor's pipes, in a group of its own; it is killed with everything that stayed in it.
        FakeRuntime runtime = new(Dock, program: "seq 1 5000; read line < \"$(dirname \"$0\")/go\"; seq 5001 10000; exit 42");
        Kernel.MakeFifo($"{Dock.Folder}/fake/go");
        MonitorCall call = FakeCall(runtime).Through("/usr/bin/setsid", "/bin/sh", "-c", "\"$@\"; : > $TMPDIR/../begun; exec sleep 1000", "engine");
        ReportPipe sync = Hold(call.Reports());
        using Live engine = call.Start();
        Until.True(() => File.Exists($"{Dock.Folder}/begun"), "the container is made");
        RunningMonitor monitor = new(Dock, Id, Dock.Bundle, sync);
        monitor.AwaitLog("\n5000\n");
        sync.Dispose();
        Kernel.SignalGroup(engine.Pid, 9);
        engine.Wait();
        Assert.True(monitor.IsAlive);
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        Assert.Equal(42, monitor.AwaitEnd());
        Numbers.AreAll(10000, monitor.Logged());
    }

    [Fact]
    public void A_hangup_of_the_engines_terminal_takes_nothing_along()
    {
        FakeRuntime runtime = new(Dock, program: "read line < \"$(dirname \"$0\")/go\"; exit 42");
        Kernel.MakeFifo($"{Dock.Folder}/fake/go");
        Pty terminal = Pty.Open();
        MonitorCall call = FakeCall(runtime).Through("/bin/sh", "-c", $"exec setsid --ctty --wait /bin/sh -c '\"$@\"; exec sleep 1000' engine \"$@\" <>'{terminal.Path}' >&0 2>&0", "sh");
        ReportPipe sync = Hold(call.Reports());
        using Live engine = call.Start();
        sync.Next();
        RunningMonitor monitor = new(Dock, Id, Dock.Bundle, sync);
        terminal.Dispose();
        engine.Wait();
        Assert.True(monitor.IsAlive);
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        Assert.Equal(42, monitor.AwaitEnd());
    }

    [Fact]
    [Row("SHM-03")]
    public void The_end_of_an_exec_session_whose_engine_is_gone_is_recorded()
    {
        FakeRuntime runtime = new(Dock, program: "read line < \"$(dirname \"$0\")/go\"; exit 42");
        Kernel.MakeFifo($"{Dock.Folder}/fake/go");
        MonitorCall call = ExecCall("session", "true").Without("--runtime-arg").Instead("--runtime", runtime.Path);
        RunningMonitor session = Begun(call, "session", $"{Dock.Folder}/session");
        session.Sync.Dispose();
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        session.AwaitGone();
        Assert.Equal("42", File.ReadAllText($"{Dock.Folder}/exec-exits/{Id}"));
    }

    [Fact]
    [Row("SHM-04")]
    public void An_engine_that_does_not_wait_for_the_pid_hinders_nobody()
    {
        FakeRuntime runtime = new(Dock, "read line < \"$here/go\"\n" + FakeRuntime.Creates, "echo said; exit 42");
        Kernel.MakeFifo($"{Dock.Folder}/fake/go");
        MonitorCall call = FakeCall(runtime);
        ReportPipe sync = call.Reports();
        call.Run().Succeeded();
        sync.Dispose();
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        Until.True(() => File.Exists($"{Dock.Folder}/exits/{Id}"), "the end is recorded");
        RunningMonitor monitor = new(Dock, Id, Dock.Bundle, sync);
        Assert.Equal(42, monitor.AwaitEnd());
        Assert.Equal("said\n", monitor.Logged());
    }

    [Fact]
    public void Megabytes_at_full_speed_are_logged_without_a_gap()
    {
        // Lines of a hundred bytes: thirty megabytes.
        RunningMonitor monitor = Started(config => config.Shell($"yes {new string('x', 90)} | head -n 300000 | cat -n"), call => call.With("--no-sync-log"));
        Assert.Equal(0, monitor.AwaitEnd());
        string[] lines = monitor.Logged().Split('\n');
        Assert.Equal(300001, lines.Length);
        for (int i = 0; i < 300000; i++) Assert.Equal($"{i + 1,6}\t{new string('x', 90)}", lines[i]);
    }

    [Fact]
    [Row("SHM-05")]
    public void A_reader_that_is_killed_in_the_middle_harms_nobody()
    {
        RunningMonitor monitor = Created(config => config.Shell("seq 1 200000"));
        using AttachClient stays = monitor.Attach();
        string ready = $"{Dock.Folder}/ready";
        string script = $"import socket,time; s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET); s.connect('{Dock.Folder}/sockets/{Id}/attach'); open('{ready}','w').close(); s.recv(10); time.sleep(1000)";
        using Live reader = Dock.Tool(Machine.NeedsProgram("python3"), "-c", script).Start();
        Until.True(() => File.Exists(ready), "the reader is attached");
        monitor.Start();
        stays.Await("\n20\n");
        reader.Kill();
        reader.Wait();
        Numbers.AreAll(200000, stays.ToEnd());
        Assert.Equal(0, monitor.AwaitEnd());
        Numbers.AreAll(200000, monitor.Logged());
    }

    [Fact]
    [Row("SHM-05")]
    public void Nothing_is_lost_to_others_by_a_client_that_does_not_read_for_a_while()
    {
        RunningMonitor monitor = Created(config => config.Shell("seq 1 200000"));
        using AttachClient lazy = monitor.Attach(), eager = monitor.Attach();
        monitor.Start();
        // By now the lazy one's connection is full, whoever waits for it.
        eager.Await("\n20000\n");
        lazy.Dispose();
        Numbers.AreAll(200000, eager.ToEnd());
        Assert.Equal(0, monitor.AwaitEnd());
        Numbers.AreAll(200000, monitor.Logged());
    }

    [Fact]
    [Row("SHM-05")]
    public void A_client_that_never_reads_does_not_keep_the_engine_from_its_work()
    {
        RunningMonitor monitor = Created(config => config.Shell("seq 1 200000; sleep 1000"));
        using AttachClient never = monitor.Attach(), eager = monitor.Attach();
        monitor.Start();
        // By now the connection of the one that does not read is full; whether the container waits for it is the monitor's choice.
        eager.Await("\n20000\n");
        File.Move(monitor.LogPath, $"{monitor.LogPath}-moved");
        monitor.Control("2 0 0\n");
        Until.True(() => File.Exists(monitor.LogPath), "the log is made anew");
        Dock.Call("kill", Id, "KILL").Succeeded();
        // Told is the end to everybody else; the monitor may stay for the one who has not heard it all.
        Until.FileHas(monitor.ExitFile, "137");
        never.Dispose();
        // This one has read no further either.
        eager.Dispose();
        Assert.Equal(137, monitor.AwaitEnd());
    }

    [Fact]
    public void A_monitor_that_was_stopped_for_a_while_loses_nothing()
    {
        RunningMonitor monitor = Started(config => config.Shell("echo ready; seq 1 100000"));
        Kernel.Signal(monitor.Pid, 19);
        // The pipe is full, and the program waits in its write.
        Until.True(() => Kernel.Stat(monitor.Pid) is { } fields && fields[0] == "T", "the monitor is stopped");
        Kernel.Signal(monitor.Pid, 18);
        Assert.Equal(0, monitor.AwaitEnd());
        Numbers.AreAll(100000, monitor.Logged()["ready\n".Length..]);
    }

    [Fact]
    public void A_full_disk_loses_nothing_once_there_is_room_again()
    {
        using HostMount disk = new(Dock, "small", "tmpfs", "tmpfs", "size=8m");
        string log = $"{disk.Path}/log", ballast = $"{disk.Path}/ballast";
        using (FileStream file = File.Create(ballast)) file.Write(new byte[(8 << 20) - (512 << 10)]);
        RunningMonitor monitor = Started(config => config.Shell("seq 1 50000; exit 42"), call => call.Instead("--log-path", $"k8s-file:{log}"));
        Until.True(() => new DriveInfo(disk.Path).AvailableFreeSpace == 0, "the disk is full");
        Assert.True(monitor.IsAlive);
        File.Delete(ballast);
        Assert.Equal(42, monitor.AwaitEnd());
        Numbers.AreAll(50000, LogLine.Joined(LogLine.Read(log), "stdout"));
    }

    [Fact]
    public void A_full_disk_does_not_keep_the_end_from_being_recorded()
    {
        using HostMount disk = new(Dock, "small", "tmpfs", "tmpfs", "size=256k");
        RunningMonitor monitor = Started(config => config.Shell("seq 1 50000; sleep 1000"), call => call.Instead("--log-path", $"k8s-file:{disk.Path}/log"));
        Until.True(() => new DriveInfo(disk.Path).AvailableFreeSpace == 0, "the disk is full");
        Dock.Call("kill", Id, "KILL").Succeeded();
        Assert.Equal(137, monitor.AwaitEnd());
    }

    [Fact]
    [Row("SHM-09")]
    public void A_monitor_that_is_killed_leaves_the_container_running()
    {
        RunningMonitor monitor = Idle();
        Kernel.Signal(monitor.Pid, 9);
        monitor.AwaitGone();
        Assert.Equal("running", Dock.Status());
        Dock.Call("delete", "--force", Id).Succeeded();
    }

    [Fact]
    public void A_thousand_short_sessions_leave_nothing()
    {
        // A runtime that writes nothing down, and a shell that calls twenty at a time: a thousand calls take their time.
        string runtime = Dock.Program("quick", """
            while [ "$1" != --pid-file ]; do shift; done
            : > "$2"
            (/bin/sh -c 'echo $$ > "$1"; exit 5' sh "$2" &)
            until [ -s "$2" ]; do :; done
            """);
        string caller = Dock.Program("caller", $$"""
            sessions() {
              n=0
              while [ $n -lt 500 ]; do
                "$2" --sync --exec --api-version -c {{Id}} -u {{Id}}s$1 -b {{Dock.Folder}}/home$1 --socket-dir-path {{Dock.Folder}}/sockets \
                  --exec-process-spec {{Dock.Folder}}/caller -r "$3" -p {{Dock.Folder}}/pids/$1 -l none
                status=$?
                [ $status = 5 ] || echo "session $n of $1 ended with $status"
                n=$((n + 1))
              done
            }
            sessions 1 "$@" &
            sessions 2 "$@" &
            wait
            """);
        Dock.NewFolder("home1");
        Dock.NewFolder("home2");
        Dock.NewFolder("sockets");
        Dock.NewFolder("pids");
        Outcome outcome = Dock.Tool(caller, MonitorUnderTest.Current.Path, runtime).Env("TMPDIR", Dock.NewFolder("tmp")).Run().Succeeded();
        Assert.Empty(outcome.Output);
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/tmp"));
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/sockets"));
    }
}
