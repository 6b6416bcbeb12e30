// A client that is a program: it rests by SIGSTOP, and what it prints lies in a file.
namespace Berth.SystemTests.Crash;

/// <summary>A program that prints what a container prints.</summary>
internal sealed class StoppedProgram(Live program) : IRestingClient
{
    private const long Enough = 1 << 20;

    private bool _isDisposed;

    /// <summary>What it exited with, once all is judged.</summary>
    public int ExitCode { get; private set; } = -1;

    private long Printed => new FileInfo(program.SoFar.OutputFile).Length;

    /// <summary>Whether it prints one more new line at the end, as podman's attach does.</summary>
    public bool EndsWithEmptyLine { get; init; }

    /// <inheritdoc/>
    public void AwaitMore()
    {
        long now = Printed;
        Until.True(() => Printed > now + Enough, () => $"the client gets more than {now} bytes: {program.SoFar.Error}");
    }

    /// <inheritdoc/>
    public void Rest()
    {
        Native.Kill(program.Pid, Processes.Stop);
        Until.True(() => Processes.State(program.Pid) == 'T', "the client rests");
    }

    /// <inheritdoc/>
    public void GoOn() => Native.Kill(program.Pid, Processes.Continue);

    /// <inheritdoc/>
    public void JudgeAll(Counter counter)
    {
        long last = counter.Last;
        ExitCode = program.Wait().ExitCode;
        CountedLog log = new(LogForm.Plain) { BeginsAnywhere = true, EndsWithEmptyLine = EndsWithEmptyLine };
        log.Read(program.SoFar.OutputFile);
        log.EndsWith(last);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDisposed) program.Dispose();
        _isDisposed = true;
    }
}
