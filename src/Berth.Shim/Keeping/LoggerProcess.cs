// A program that logs a container's output (binary:///program?arguments): it reads our pipes by itself, and nothing passes through us.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Shim.Launch;

namespace Berth.Shim.Keeping;

/// <summary>
/// The logger gets the read ends of output and error as descriptors 3 and 4, and says on 5 that it is ready.
/// </summary>
internal sealed class LoggerProcess : IDisposable
{
    private const int SIGTERM = 15, SIGKILL = 9;
    private const int EndMilliseconds = 12_000, ReadyMilliseconds = 10_000;

    private readonly EventLoop _loop;
    private readonly int _pid;
    private readonly string _program;
    private readonly bool _isStrict;
    private Fd? _ready;
    private Watch? _watch;
    private Alarm? _late;
    private Alarm? _end;
    private bool _hasEnded;

    /// <summary>Starts the logger; <see cref="WhenReady"/> tells when it is ready.</summary>
    /// <exception cref="BerthException">It cannot be executed.</exception>
    public LoggerProcess(EventLoop loop, Stdio stdio, string id, string space)
    {
        _loop = loop;
        (string program, List<string> arguments) = stdio.Logger;
        (_program, _isStrict) = (program, stdio.Scheme == "binary-v2");
        (Fd outputRead, Output) = KernelPath.Pipe();
        (Fd errorRead, Error) = KernelPath.Pipe();
        (_ready, Fd readyWrite) = KernelPath.Pipe();
        using (outputRead)
        using (errorRead)
        {
            using (readyWrite)
            using (ChildProgram steps = new())
            {
                steps.Step("prepare", program);
                steps.ResetSignals();
                // Above their places first: one of them may stand where another must go.
                using Fd a = outputRead.DuplicateAbove(10), b = errorRead.DuplicateAbove(10), c = readyWrite.DuplicateAbove(10);
                steps.DuplicateTo(a, 3).DuplicateTo(b, 4).DuplicateTo(c, 5);
                steps.CloseOnExecFrom(6);
                steps.Step("execute", program);
                Slot found = steps.FindProgram([program]);
                steps.Execute(found, [program, .. arguments], [.. RuntimeStart.Inherited("CONTAINER_ID", "CONTAINER_NAMESPACE"), $"CONTAINER_ID={id}", $"CONTAINER_NAMESPACE={space}"]);
                try
                {
                    SpawnedChild child = steps.Spawn(new SpawnOptions());
                    child.PidFd.Dispose();
                    _pid = child.Pid;
                }
                catch (StepFailedException e)
                {
                    CloseOurs();
                    _ready.Dispose();
                    throw new BerthException(Fault.NotFound, $"failed to start binary process: {program}: {e.Errno.Sentence()}", null, e);
                }
            }
            loop.OnExit(_pid, _ => Ended());
        }
    }

    /// <summary>What the container writes its output to.</summary>
    public Fd Output { get; }

    /// <summary>And its errors.</summary>
    public Fd Error { get; }

    /// <summary>The container has its ends: ours are closed, so that the logger sees the end of the streams.</summary>
    public void CloseOurs()
    {
        Output.Dispose();
        Error.Dispose();
    }

    /// <summary>
    /// Tells when it is ready, or why it is not. It is waited for as everything else is: a logger that takes its time must not
    /// hold up the other containers.
    /// </summary>
    public void WhenReady(Action<BerthException?> told)
    {
        if (_ready is not { } ready)
        {
            told(null);
            return;
        }
        _watch = _loop.Look(ready, Readiness.Read, _ =>
        {
            Span<byte> one = stackalloc byte[1];
            // A byte, or the end of the pipe; the newer contract takes the byte only.
            bool isReady = KernelPath.Read(ready, one) > 0 || !_isStrict;
            WaitNoMore();
            if (isReady) told(null);
            else Give("logging binary did not call ready (it may have crashed or exited prematurely)", told);
        });
        _late = _loop.After(ReadyMilliseconds, () =>
        {
            WaitNoMore();
            Give($"logging binary {_program} did not get ready within {ReadyMilliseconds / 1000} s", told);
        });
    }

    /// <summary>Asks it to end, and kills it when it does not.</summary>
    public void Dispose()
    {
        CloseOurs();
        WaitNoMore();
        if (_hasEnded || _end is not null) return;
        Self.TrySignal(_pid, SIGTERM, out _);
        _end = _loop.After(EndMilliseconds, () => Self.TrySignal(_pid, SIGKILL, out _));
    }

    private void Ended()
    {
        _hasEnded = true;
        _end?.Cancel();
    }

    private void WaitNoMore()
    {
        _watch?.Remove();
        _late?.Cancel();
        _ready?.Dispose();
        _ready = null;
    }

    private void Give(string why, Action<BerthException?> told)
    {
        Self.TrySignal(_pid, SIGKILL, out _);
        CloseOurs();
        told(new BerthException(Fault.Failed, why));
    }
}
