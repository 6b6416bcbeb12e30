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
    private Alarm? _end;
    private bool _hasEnded;

    /// <summary>Starts the logger and waits until it is ready.</summary>
    /// <exception cref="BerthException">It cannot be executed, or did not get ready.</exception>
    public LoggerProcess(EventLoop loop, Stdio stdio, string id, string space)
    {
        _loop = loop;
        (string program, List<string> arguments) = stdio.Logger;
        (Fd outputRead, Output) = KernelPath.Pipe();
        (Fd errorRead, Error) = KernelPath.Pipe();
        (Fd ready, Fd readyWrite) = KernelPath.Pipe();
        using (outputRead)
        using (errorRead)
        using (ready)
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
                    Output.Dispose();
                    Error.Dispose();
                    throw new BerthException(Fault.NotFound, $"failed to start binary process: {program}: {e.Errno.Sentence()}", null, e);
                }
            }
            loop.OnExit(_pid, _ => Ended());
            AwaitReady(ready, program, strict: stdio.Scheme == "binary-v2");
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

    /// <summary>Asks it to end, and kills it when it does not.</summary>
    public void Dispose()
    {
        CloseOurs();
        if (_hasEnded || _end is not null) return;
        Self.TrySignal(_pid, SIGTERM, out _);
        _end = _loop.After(EndMilliseconds, () => Self.TrySignal(_pid, SIGKILL, out _));
    }

    private void Ended()
    {
        _hasEnded = true;
        _end?.Cancel();
    }

    /// <summary>A byte, or the end of the pipe; the newer contract takes the byte only.</summary>
    private void AwaitReady(Fd ready, string program, bool strict)
    {
        Span<PollEntry> entries = [new() { Fd = ready.Number, Events = 1 }];
        bool came = Poll.Wait(entries, ReadyMilliseconds) > 0;
        Span<byte> one = stackalloc byte[1];
        if (came && (KernelPath.Read(ready, one) > 0 || !strict)) return;
        Self.TrySignal(_pid, SIGKILL, out _);
        CloseOurs();
        throw new BerthException(Fault.Failed, came
            ? "logging binary did not call ready (it may have crashed or exited prematurely)"
            : $"logging binary {program} did not get ready within {ReadyMilliseconds / 1000} s");
    }
}
