// One process that is kept: its streams while it runs, its exit code afterwards.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Terminals;
using Berth.Shim.Streams;

namespace Berth.Shim.Keeping;

/// <summary>Where a process is in its life.</summary>
internal enum ProcessStatus
{
    /// <summary>Made, and not started.</summary>
    Created,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Frozen with its container.</summary>
    Paused,

    /// <summary>Ended.</summary>
    Stopped,
}

/// <summary>A container's first process, or one that was executed in it.</summary>
internal sealed partial class KeptProcess : IDisposable
{
    private const int DrainMilliseconds = 10_000;
    // Engines give a deletion two seconds (moby, daemon/monitor.go), and a reader may have stalled for good.
    private const int UnreadMilliseconds = 1_500, MostPause = 16;

    private readonly EventLoop _loop;
    private readonly OutputHub _output;
    private readonly InputPipe _input;
    private readonly List<FileSink> _sinks = [];
    private readonly List<(Action Ended, Func<bool>? IsAsked)> _waiting = [];
    private ConsoleSocket? _console;
    private LoggerProcess? _logger;
    private FifoInput? _fifo;
    private Fd? _terminal;
    private Fd? _outputRead;
    private Fd? _errorRead;
    private Action? _drained;
    private Action? _read;
    private Alarm? _look;

    /// <summary>A process that is not there yet.</summary>
    public KeptProcess(EventLoop loop, string id, Stdio stdio)
    {
        (_loop, Id, Stdio) = (loop, id, stdio);
        _output = new OutputHub(loop) { StreamEnded = StreamEnded };
        _input = new InputPipe(loop);
    }

    /// <summary>Its id within the container; empty for the first one.</summary>
    public string Id { get; }

    /// <summary>Where its streams lead.</summary>
    public Stdio Stdio { get; }

    /// <summary>Where its output goes, where streams are kept.</summary>
    public OutputHub Output => _output;

    /// <summary>The way to its input, where streams are kept.</summary>
    public InputPipe Input => _input;

    /// <summary>Its pid, or 0.</summary>
    public int Pid { get; private set; }

    /// <summary>Where it is in its life.</summary>
    public ProcessStatus Status { get; set; } = ProcessStatus.Created;

    /// <summary>Exit code; 128 and the number of the signal that ended it.</summary>
    public int ExitStatus { get; private set; }

    /// <summary>When it was started: nanoseconds since 1970, or 0.</summary>
    public long StartedAt { get; private set; }

    /// <summary>When it ended: nanoseconds since 1970, or 0.</summary>
    public long ExitedAt { get; private set; }

    /// <summary>Whether a call that starts it is under way: its end is not told before its beginning.</summary>
    public bool IsStarting { get; set; }

    /// <summary>Whether nobody may ever ask for its end.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Others who asked to have it deleted while it is; null while it is not.</summary>
    public List<Action<Oci.Faults.BerthException?>>? Deleting { get; set; }

    /// <summary>Set when it ended while it was started.</summary>
    public int? HeldStatus { get; set; }

    /// <summary>The terminal's socket for the runtime, if it is to have one.</summary>
    public string? ConsolePath => _console?.Path;

    /// <summary>Makes pipes, or whatever its streams ask for.</summary>
    /// <param name="container">Whose, for a logger.</param>
    /// <param name="space">The engine's namespace, likewise.</param>
    /// <param name="owner">User and group who own the pipes.</param>
    /// <returns>What the runtime is to be given; to be disposed of when it has them.</returns>
    /// <exception cref="Oci.Faults.BerthException">What is asked for cannot be had.</exception>
    public ProcessEnds Prepare(string container, string space, (uint Uid, uint Gid) owner)
    {
        Stdio.Check();
        if (!Stdio.IsKept && Stdio.Scheme.StartsWith("binary", StringComparison.Ordinal)) _logger = new LoggerProcess(_loop, Stdio, Id.Length > 0 ? Id : container, space);
        if (Stdio.Terminal)
        {
            string? directory = System.Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? own : "/tmp";
            _console = new ConsoleSocket(_loop, directory, static _ => { }) { Received = UseTerminal };
            return new ProcessEnds(null, null, null);
        }
        if (Stdio.IsNull) return new ProcessEnds(null, null, null);
        if (_logger is not null) return new ProcessEnds(null, _logger.Output, _logger.Error);
        Fd? stdin = null, stdout = null, stderr = null;
        if (Stdio.Input.Length > 0 || Stdio.HasInput)
        {
            (stdin, Fd write) = KernelPath.Pipe();
            _input.Open(write);
        }
        if (Stdio.Output.Length > 0 || Stdio.IsKept) (_outputRead, stdout) = KernelPath.Pipe();
        if (Stdio.Error.Length > 0 || Stdio.IsKept) (_errorRead, stderr) = KernelPath.Pipe();
        foreach (Fd? end in (Fd?[])[stdin, stdout, stderr])
        {
            if (end is not null && owner != (0, 0)) FdIo.TrySetOwner(end, owner.Uid, owner.Gid);
        }
        return new ProcessEnds(stdin, stdout, stderr);
    }

    /// <summary>Tells when a runtime may be called: whoever logs is ready, or will never be.</summary>
    public void WhenReady(Action<Oci.Faults.BerthException?> told)
    {
        if (_logger is null) told(null);
        else _logger.WhenReady(told);
    }

    /// <summary>The runtime is done: from now on bytes flow.</summary>
    /// <exception cref="LinuxException">A fifo is not there.</exception>
    public void Connect()
    {
        _console?.Accept();
        if (Stdio.Terminal && _terminal is null) throw new Oci.Faults.BerthException(Oci.Faults.Fault.Failed, "failed to retrieve console master: the runtime sent none");
        if (Stdio.Input.Length > 0) _fifo = new FifoInput(_loop, Stdio.Input, _input);
        if (_logger is not null && !Stdio.Terminal)
        {
            _logger.CloseOurs();
            return;
        }
        if (Stdio.IsKept)
        {
            // The sinks are there already.
        }
        else if (_logger is not null)
        {
            // A terminal cannot be handed over: it is copied.
            AddSink(new FileSink(_loop, _logger.Output.Duplicate(), null));
            _logger.CloseOurs();
        }
        else if (Stdio.Scheme == "file")
        {
            AddSink(new FileSink(_loop, OpenLog(Stdio.OutputPath), null));
        }
        else
        {
            if (Stdio.Output.Length > 0) AddSink(FileSink.Open(_loop, Stdio.Output, Stdio.Terminal ? null : StandardStream.Output));
            if (Stdio.Error.Length > 0 && !Stdio.Terminal) AddSink(FileSink.Open(_loop, Stdio.Error, StandardStream.Error));
        }
        if (_outputRead is not null) _output.Open(StandardStream.Output, _outputRead);
        if (_errorRead is not null) _output.Open(StandardStream.Error, _errorRead);
        if (_terminal is not null) _output.Open(StandardStream.Output, _terminal.Duplicate(), ConsoleMode.TryOpenPeer(_terminal));
    }

    /// <summary>It runs.</summary>
    public void Begin()
    {
        Status = ProcessStatus.Running;
        StartedAt = Self.RealTime;
    }

    /// <summary>Its pid is known.</summary>
    public void Adopt(int pid) => Pid = pid;

    /// <summary>It has ended: what it wrote is taken, and who waits is told.</summary>
    public void End(int status)
    {
        ExitStatus = WaitStatus.ExitCode(status);
        ExitedAt = Self.RealTime;
        Status = ProcessStatus.Stopped;
        // Others may hold the streams still; what they write belongs to it too, as long as it is kept.
        if (Stdio.Terminal || Stdio.IsKept) Finish();
        _input.Dispose();
        _fifo?.Dispose();
        List<(Action Ended, Func<bool>? IsAsked)> waiting = [.. _waiting];
        _waiting.Clear();
        foreach ((Action ended, _) in waiting) ended();
    }

    /// <summary>Tells its end, at once if it has ended.</summary>
    /// <param name="ended">Called once.</param>
    /// <param name="isAsked">Whether somebody still wants to know: engines come and go while a container runs for months.</param>
    public void OnEnd(Action ended, Func<bool>? isAsked = null)
    {
        if (Status == ProcessStatus.Stopped)
        {
            ended();
            return;
        }
        _waiting.RemoveAll(static waiting => waiting.IsAsked?.Invoke() == false);
        _waiting.Add((ended, isAsked));
    }

    /// <summary>The input ends after what was written to it.</summary>
    public void CloseInput()
    {
        if (_fifo is not null) _fifo.End();
        else _input.Close();
    }

    /// <summary>Sets the terminal's size.</summary>
    public void Resize(ushort rows, ushort columns)
    {
        if (_terminal is not null) Terminal.SetSize(_terminal, rows, columns);
    }

    /// <summary>Calls back when all output is passed on and read, or so much time is over that nobody seems to want it.</summary>
    public void WhenDrained(Action drained)
    {
        if (!_output.IsOpen && AllClosed())
        {
            WhenRead(drained);
            return;
        }
        Alarm alarm = _loop.After(DrainMilliseconds, () =>
        {
            _drained = null;
            Finish();
            drained();
        });
        _drained = () =>
        {
            alarm.Cancel();
            WhenRead(drained);
        };
    }

    /// <summary>
    /// An engine opens its fifos in threads of their own, and lets go of those that are not open when it hears that the process is deleted (containerd's
    /// cio). Here they look open as soon as the kernel has the call, long before the thread runs again on a busy machine: what is read tells more.
    /// </summary>
    private void WhenRead(Action read)
    {
        _read = read;
        LookIfRead(Self.Monotonic + (UnreadMilliseconds * 1_000_000L), 1);
    }

    private void LookIfRead(long giveUp, int pause)
    {
        if (AnyUnread() && Self.Monotonic < giveUp) _look = _loop.After(pause, () => LookIfRead(giveUp, Math.Min(2 * pause, MostPause)));
        else TellRead();
    }

    private void TellRead()
    {
        _look?.Cancel();
        if (_read is not { } read) return;
        _read = null;
        read();
    }

    private bool AnyUnread()
    {
        foreach (FileSink sink in _sinks)
        {
            if (sink.IsUnread) return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _output.Dispose();
        _input.Dispose();
        _fifo?.Dispose();
        foreach (FileSink sink in (FileSink[])[.. _sinks]) sink.Dispose();
        TellRead();
        _logger?.Dispose();
        _console?.Dispose();
        _terminal?.Dispose();
        _outputRead?.Dispose();
        _errorRead?.Dispose();
    }

    private void UseTerminal(Fd master)
    {
        _terminal = master;
        _input.Open(master.Duplicate());
    }

    private void AddSink(FileSink sink)
    {
        sink.Drained = _output.Resume;
        sink.Closed = TellIfDrained;
        _sinks.Add(sink);
        _output.Add(sink);
    }

    /// <summary>Of one stream the reader sees the end when the last writer has closed it, not before.</summary>
    private void StreamEnded(StandardStream stream)
    {
        foreach (FileSink sink in (FileSink[])[.. _sinks])
        {
            if (sink.Only is not null || !_output.IsOpen) sink.Complete(stream);
        }
        TellIfDrained();
    }

    private void TellIfDrained()
    {
        if (_output.IsOpen || !AllClosed() || _drained is not { } drained) return;
        _drained = null;
        drained();
    }

    private void Finish()
    {
        _output.Drain();
        _output.Dispose();
    }

    private bool AllClosed()
    {
        foreach (FileSink sink in _sinks)
        {
            if (!sink.IsClosed) return false;
        }
        return true;
    }

    private static Fd OpenLog(string path)
    {
        int slash = path.LastIndexOf('/');
        if (slash > 0) KernelPath.MakeDirectories(path[..slash], 0x1ED);
        return KernelPath.Open(path, 0x1 | 0x40 | 0x400, 0x1A4);
    }
}

/// <summary>The ends of pipes that a process gets; null leads nowhere.</summary>
internal sealed record ProcessEnds(Fd? Input, Fd? Output, Fd? Error) : IDisposable
{
    /// <summary>As the runtime's own streams.</summary>
    public RuntimeStreams Streams => new(Input, Output, Error);

    /// <inheritdoc/>
    public void Dispose()
    {
        Input?.Dispose();
        Output?.Dispose();
        Error?.Dispose();
    }
}
