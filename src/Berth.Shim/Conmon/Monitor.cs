// The life of one monitor: make the container, keep its streams, learn its end, tell everybody.
using System.Text;
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Linux.Sockets;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;
using Berth.Shim.Attach;
using Berth.Shim.Launch;
using Berth.Shim.Logs;
using Berth.Shim.Streams;

namespace Berth.Shim.Conmon;

/// <summary>
/// Keeps one container or exec session. Read <see cref="Run"/> from top to bottom.
/// <code>
/// engine                         monitor                          runtime
/// ------                         -------                          -------
/// start pipe: a byte         ->  forks, detaches
///                                sockets and fifos are made
/// attach pipe                &lt;-  {"data": 0}
/// start pipe: a byte         ->  (exec that is attached to)
///                                create, restore or exec      ->  pid file, console socket
/// sync pipe                  &lt;-  {"pid": N}                   &lt;-  exit status
///                                ... streams, resize, OOM ...
/// exit files, sync pipe      &lt;-  exit code                        (the container has ended)
///                                exit command
/// </code>
/// </summary>
internal sealed class Monitor : IDisposable
{
    private const int SIGINT = 2, SIGQUIT = 3, SIGKILL = 9, SIGUSR1 = 10, SIGTERM = 15;
    private const int LongestMessage = 8191;
    // What is read ahead of a runtime that is still at work; one that says more waits.
    private const int MostWords = 1024 * 1024;
    // How long the end waits to be told for a client or a disk that is slow.
    private const long SlowMilliseconds = 10_000;

    private readonly ConmonOptions _options;
    private readonly Reports _reports;
    private readonly ParentPipe? _start;
    private readonly string? _oomScore;
    private readonly EventLoop _loop;
    private readonly OutputHub _output;
    private readonly InputPipe _input;
    private readonly ParentPipe? _sync;
    private List<ILogDriver> _logs = [];
    private NotifyRelay? _notify;
    private ControlFifos? _control;
    private AttachServer? _attach;
    private ConsoleSocket? _console;
    private MemoryWatch? _memory;
    private Fd? _terminal;
    private Fd? _outputPipe;
    private Fd? _errorPipe;
    private Watch? _hearing;
    private readonly List<byte> _words = [];
    private Alarm? _timeout;
    private int _runtime;
    private int _runtimeStatus;
    private int _container;
    private int? _status;
    private bool _timedOut;

    public Monitor(ConmonOptions options, Reports reports, ParentPipe? start, string? oomScore)
    {
        (_options, _reports, _start, _oomScore) = (options, reports, start, oomScore);
        _sync = ParentPipe.Of("_OCI_SYNCPIPE", options.NewApi ? "data" : options.Exec ? "exit_code" : "pid");
        _loop = new EventLoop([SIGTERM, SIGQUIT, SIGINT, SIGUSR1], PassOn) { KeepsUnclaimed = true };
        _output = new OutputHub(_loop);
        _input = new InputPipe(_loop);
    }

    /// <summary>Keeps the container until it has ended.</summary>
    /// <returns>The exit code of this process.</returns>
    public int Run()
    {
        if (_options.NotifySocket is { } host) _notify = new NotifyRelay(_loop, _options.Bundle ?? Environment.CurrentDirectory, host, _reports.Warn);
        using ParentPipe? attachPipe = _options.ExecAttach
            ? ParentPipe.Of("_OCI_ATTACHPIPE", "data") ?? throw new BerthException(Fault.InvalidArgument, "--attach specified but _OCI_ATTACHPIPE was not")
            : null;
        if (!_options.Logs.Passthrough) Daemon.DetachStandardStreams();
        Daemon.NewSession();
        Daemon.SetSubreaper(true);
        int code;
        try
        {
            _logs = _options.Logs.Open(_loop, _output.Resume, _reports.Warn);
            foreach (ILogDriver log in _logs) _output.Add(log);
            OpenDoors();
            attachPipe?.Tell(0);
            if (_options.ExecAttach) AwaitClient();
            code = StartContainer() ?? Stay();
        }
        catch (Exception e) when (e is BerthException or LinuxException or StepFailedException)
        {
            _reports.Error(e.Message);
            _sync?.Tell(-1, e.Message);
            code = 1;
        }
        CloseDoors();
        RunExitCommand();
        Linger();
        return code;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseDoors();
        _attach?.Dispose();
        _notify?.Dispose();
        _memory?.Dispose();
        _output.Dispose();
        _input.Dispose();
        foreach (ILogDriver log in _logs) log.Dispose();
        _sync?.Dispose();
        _start?.Dispose();
        _loop.Dispose();
    }

    private string? AttachPath => _options.SocketDirectory is { } directory ? $"{Link(directory)}/attach" : $"{_options.Bundle}/attach";

    /// <summary>A link as long as a socket's path may be would leave no place for the socket's name: conmon cuts its last letter.</summary>
    private string Link(string directory)
    {
        string link = $"{directory}/{_options.FullId}";
        return Encoding.UTF8.GetByteCount(link) == 107 ? link[..^1] : link;
    }

    private void OpenDoors()
    {
        if (_options.Bundle is not { } bundle || _options.Logs.Passthrough) return;
        if (_options.SocketDirectory is { } directory && _options.FullId is not null)
        {
            KernelPath.Remove(Link(directory));
            KernelPath.MakeLink(bundle, Link(directory));
        }
        KernelPath.Remove(AttachPath!);
        Fd listener = UnixSocket.Bind(SocketKind.Packets, AttachPath!, 0x1C0, backlog: 10);
        _attach = new AttachServer(_loop, listener, _output, _input) { ClosesInput = _options.Stdin && !_options.LeaveStdinOpen };
        _control = new ControlFifos(_loop, bundle, _reports.Warn) { ReopenLogs = ReopenLogs, Resize = Resize };
    }

    private void CloseDoors()
    {
        if (_attach is null || _attach.IsClosed) return;
        _attach.Close();
        _control?.Dispose();
        KernelPath.Remove(AttachPath!);
        if (_options.SocketDirectory is { } directory && _options.FullId is not null) KernelPath.Remove(Link(directory));
    }

    /// <summary>The engine says when its client is there: output before that would have no reader.</summary>
    private void AwaitClient()
    {
        if (_start is null) return;
        Watch watch = _loop.Look(_start.Fd, Readiness.Read, _ =>
        {
            _start.Await();
            _loop.Stop();
        });
        _loop.Run();
        watch.Remove();
    }

    /// <summary>Has the runtime make it.</summary>
    /// <returns>An exit code where that failed, and everybody was told.</returns>
    private int? StartContainer()
    {
        string? tmp = Environment.GetEnvironmentVariable("TMPDIR");
        if (_options.Terminal) _console = new ConsoleSocket(_loop, string.IsNullOrEmpty(tmp) ? "/tmp" : tmp, _reports.Warn) { Received = UseTerminal };
        // Of a runtime that fails without a word, what another has left there would be believed.
        if (KernelPath.Facts(_options.PidFile) is { IsRegular: true }) KernelPath.Remove(_options.PidFile);
        StartRuntime();
        FdIo.SetNonBlocking(_errorPipe!);
        _hearing = _loop.Look(_errorPipe!, Readiness.Read, _ => HearRuntime());
        if (_options.Logs.Passthrough) Daemon.DetachStandardStreams();
        _loop.OnExit(_runtime, status =>
        {
            _runtimeStatus = status;
            _runtime = 0;
            _loop.Stop();
        });
        _loop.Run();
        _hearing.Remove();
        _console?.Accept();
        _console?.Dispose();
        // Of exec, the runtime's status may be the command's: whether there was a command at all is seen by the pid file.
        if ((_runtimeStatus & 0x7F) != 0 && !_options.Exec) TakeAway();
        if (_runtimeStatus != 0 && !_options.Exec) return Fail($"Failed to create container: exit status {WaitStatus.ExitCode(_runtimeStatus)}", RuntimeWords());
        if (_options.Terminal && _terminal is null && (!_options.Exec || _runtimeStatus == 0)) return Fail("Runtime did not set up terminal", "Runtime did not set up terminal");
        byte[]? text = KernelFile.TryRead(_options.PidFile, out Errno errno);
        if (text is null || !int.TryParse(Encoding.ASCII.GetString(text).Trim(), out _container) || _container <= 0)
        {
            string why = $"Failed to read pidfile: {_options.PidFile}: {(text is null ? errno.Sentence() : "no number in it")}";
            return Fail(why, RuntimeWords() ?? why);
        }
        if (_options.NewApi || !_options.Exec) _sync?.Tell(_container);
        return null;
    }

    private void StartRuntime()
    {
        Fd? stdin = null, stdout = null;
        if (!_options.Terminal)
        {
            if (_options.Stdin)
            {
                (stdin, Fd input) = KernelPath.Pipe();
                _input.Open(input);
            }
            // What clients send to a container that reads nothing is not kept.
            else _input.Dispose();
            (_outputPipe, stdout) = KernelPath.Pipe();
        }
        (_errorPipe, Fd stderr) = KernelPath.Pipe();
        using (stdin)
        using (stdout)
        using (stderr)
        using (Fd nothing = KernelPath.Open("/dev/null", 2))
        {
            // Programs that are not the owner open /dev/stdout and the like by name.
            foreach (Fd? end in (Fd?[])[stdin, stdout, stderr])
            {
                if (end is not null) FdIo.TrySetMode(end, 0x1FF);
            }
            bool through = _options.Logs.Passthrough;
            string? listenPid = Environment.GetEnvironmentVariable("LISTEN_PID");
            bool replaces = listenPid is not null && (_options.ReplaceListenPid || listenPid == $"{Self.ProcessId}");
            _runtime = new RuntimeStart
            {
                Program = _options.Runtime,
                Arguments = _options.RuntimeWords(_console?.Path),
                Environment = RuntimeStart.Inherited(replaces ? "LISTEN_PID" : ""),
                PidVariable = replaces ? "LISTEN_PID" : null,
                Input = through ? null : stdin ?? nothing,
                Output = through ? null : stdout ?? nothing,
                Error = through ? null : stderr,
                DiesWithUs = true,
                OomScore = _oomScore,
            }.Start();
        }
    }

    /// <summary>
    /// A runtime that fails takes away what it has made. One that was killed cannot, and the engine, who is told of a failure, thinks
    /// that there is nothing to take away.
    /// </summary>
    private void TakeAway()
    {
        try
        {
            int pid = new RuntimeStart
            {
                Program = _options.Runtime,
                Arguments = _options.DeleteWords(),
                Environment = RuntimeStart.Inherited(),
                ClosesOthers = true,
                DiesWithUs = true,
                OomScore = _oomScore,
            }.Start();
            _loop.OnExit(pid, _ => _loop.Stop());
            if (!_loop.Run(SlowMilliseconds)) Self.TrySignal(pid, SIGKILL, out Errno _);
        }
        catch (Exception e) when (e is LinuxException or StepFailedException)
        {
            _reports.Warn($"Failed to delete what the runtime has made: {e.Message}");
        }
    }

    private void UseTerminal(Fd master)
    {
        _terminal = master.Duplicate();
        _input.Open(master.Duplicate());
        _output.Open(StandardStream.Output, master, ConsoleMode.TryOpenPeer(master));
    }

    /// <summary>What the runtime said before it failed.</summary>
    private string? RuntimeWords()
    {
        while (_words.Count < LongestMessage && HearRuntime()) { }
        if (_words.Count == 0) return null;
        string words = Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_words)[..Math.Min(_words.Count, LongestMessage)]);
        _reports.Warn($"runtime stderr: {words}");
        return words;
    }

    /// <summary>Takes what the runtime says while it is at work: it would wait for ever for somebody who reads a full pipe.</summary>
    private bool HearRuntime()
    {
        Span<byte> buffer = stackalloc byte[8192];
        int n = FdIo.TryRead(_errorPipe!, buffer, out Errno errno);
        if (n > 0) _words.AddRange(buffer[..n]);
        if (n == 0 || (n < 0 && errno != Errno.EAGAIN) || _words.Count >= MostWords) _hearing?.Remove();
        return n > 0;
    }

    private int Fail(string report, string? message)
    {
        _sync?.Tell(-1, message);
        _reports.Error(report);
        return 1;
    }

    /// <summary>From the container's start to its end.</summary>
    private int Stay()
    {
        // From here on a container is in our care: whatever fails, its end is to be told.
        _loop.Failed = Bear;
        WatchMemory();
        if (_words.Count > 0)
        {
            _output.Pass(StandardStream.Error, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_words));
            _words.Clear();
            _words.TrimExcess();
        }
        if (_outputPipe is not null) _output.Open(StandardStream.Output, _outputPipe);
        if (_errorPipe is not null) _output.Open(StandardStream.Error, _errorPipe);
        if (_options.Timeout > 0) _timeout = _loop.After(_options.Timeout * 1000L, TimeOut);
        _loop.OnExit(_container, End);
        _loop.KeepsUnclaimed = false;
        if (_status is null) WatchStranger();
        if (_status is null) _loop.Run();
        _timeout?.Cancel();
        _memory?.LookOnce(SawMemory);
        _notify?.Drain();
        if (!_timedOut)
        {
            _output.Drain();
            _output.Dispose();
            WaitForSlow();
        }
        if (!_options.NoSyncLog)
        {
            foreach (ILogDriver log in _logs) log.Sync();
        }
        bool killed = _timedOut && _status is null;
        if (killed) KillGroup();
        int code = killed ? -1 : WaitStatus.ExitCode(_status ?? 0);
        InheritedDescriptors.Close();
        WriteExitFiles(code);
        if (_options.Exec) _sync?.Tell(code, killed ? "command timed out" : null);
        return code & 0xFF;
    }

    private void End(int status)
    {
        _status = status;
        _loop.Stop();
    }

    private void TimeOut()
    {
        _timedOut = true;
        _loop.Stop();
    }

    /// <summary>A process that is not our child is seen to end, and its exit code is not to be had.</summary>
    private void WatchStranger()
    {
        // -1: no child of ours.
        int ended = Child.TryReap(_container, out int status);
        if (ended > 0) End(status);
        if (ended >= 0) return;
        if (PidFd.TryOpen(_container) is not { } stranger)
        {
            _status = 0;
            return;
        }
        _reports.Info($"Container process {_container} is still alive but not a direct child");
        Watch? watch = null;
        watch = _loop.Look(stranger, Readiness.Read, _ =>
        {
            watch?.Remove();
            stranger.Dispose();
            End(0);
        });
    }

    private bool Bear(Exception e)
    {
        if (e is not (BerthException or LinuxException)) return false;
        _reports.Error(e.Message);
        return true;
    }

    /// <summary>Clients get what is left for them, and a journal or a disk its last lines; but not for ever.</summary>
    private void WaitForSlow()
    {
        if (!_output.IsOwed) return;
        _loop.BeforeSleep = () =>
        {
            if (!_output.IsOwed) _loop.Stop();
        };
        _loop.Run(SlowMilliseconds);
        _loop.BeforeSleep = null;
    }

    /// <summary>Clients that are slower than that get the rest when everybody has been told; a signal ends it.</summary>
    private void Linger()
    {
        if (_attach is not { IsOwed: true } attach) return;
        _loop.BeforeSleep = () =>
        {
            if (!attach.IsOwed) _loop.Stop();
        };
        _loop.Run();
        _loop.BeforeSleep = null;
    }

    private void KillGroup()
    {
        int group = Daemon.ProcessGroupOf(_container);
        // Group 1 would be read as everybody.
        Self.TrySignal(group > 1 ? -group : _container, SIGKILL, out _);
    }

    private void WatchMemory()
    {
        _memory = MemoryWatch.TryOpenOf(_container, out string reason);
        if (_memory is null) _reports.Debug(reason);
        else _memory.LookWith(_loop, SawMemory);
    }

    private void SawMemory(MemoryEvent e)
    {
        if (e != MemoryEvent.OutOfMemory) return;
        _reports.Info("OOM received");
        foreach (string? directory in (string?[])[_options.PersistDirectory, _options.Bundle])
        {
            if (string.IsNullOrEmpty(directory)) continue;
            using Fd? file = KernelPath.TryOpen($"{directory}/oom", OpenFlags.ReadOnly | 0x40, 0x1B6);
            if (file is null) _reports.Warn($"Failed to write oom file to the {directory} path");
        }
    }

    private void WriteExitFiles(int code)
    {
        byte[] text = Encoding.ASCII.GetBytes($"{code}");
        if (_options.PersistDirectory is { } own) WriteExitFile($"{own}/exit", text);
        if (_options.ExitDirectory is { } all) WriteExitFile($"{all}/{_options.Id}", text);
    }

    /// <summary>One that cannot be written is no reason not to write the other, or to be silent on the pipe.</summary>
    private void WriteExitFile(string path, byte[] text)
    {
        try
        {
            KernelPath.WriteAtomically(path, text, 0x1A4);
        }
        catch (LinuxException e)
        {
            _reports.Error($"Failed to write the exit code to {path}: {e.Errno.Sentence()}");
        }
    }

    private void RunExitCommand()
    {
        if (_options.ExitCommand is not { } command || _runtime == 0 && _container == 0 && _errorPipe is null) return;
        // Whom it leaves behind is not ours to wait for.
        Daemon.SetSubreaper(false);
        if (_options.ExitDelay > 0) _loop.Run(_options.ExitDelay * 1000L);
        try
        {
            int pid = new RuntimeStart
            {
                Program = command,
                Arguments = _options.ExitArguments,
                Environment = RuntimeStart.Inherited(),
                ClosesOthers = true,
                OomScore = _oomScore,
            }.Start();
            Child.Reap(pid);
        }
        catch (Exception e) when (e is LinuxException or StepFailedException)
        {
            _reports.Error($"Failed to execute the exit command: {e.Message}");
        }
    }

    private void Resize(ushort rows, ushort columns)
    {
        if (_terminal is not null) Terminal.SetSize(_terminal, rows, columns);
    }

    private void ReopenLogs()
    {
        foreach (ILogDriver log in _logs) log.Reopen();
    }

    private void PassOn(int signal)
    {
        if (signal == SIGUSR1) return;
        // Its number may be another's by now.
        if (_status is not null)
        {
            _loop.Stop();
            return;
        }
        int target = _container > 0 ? _container : _runtime;
        if (target > 0)
        {
            Self.TrySignal(target, signal, out _);
            return;
        }
        CloseDoors();
        Daemon.Exit(1);
    }
}
