// A process that is kept by a shim that sleeps: what passes on to who wakes.
using Berth.Linux.Terminals;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Streams;

namespace Berth.Shim.Keeping;

internal sealed partial class KeptProcess
{
    /// <summary>Whether it runs, and nothing is under way: all that was read and sent is passed on.</summary>
    public bool IsStill => Status is ProcessStatus.Running or ProcessStatus.Paused && !IsStarting && HeldStatus is null && Deleting is null && Stdio.IsKept
        && _logger is null && _fifo is null && _sinks.Count == 0 && _drained is null && _read is null && _input.IsStill && _output.IsStill;

    /// <summary>Its state; the descriptors that it names stay open through execve from now on.</summary>
    public void FallAsleep(AsleepWard state, SleepingDescriptors descriptors)
    {
        state.First = new Process { Pid = (uint)Pid, Status = Status == ProcessStatus.Paused ? Contract.Protos.Status.Paused : Contract.Protos.Status.Running, StartedAt = StartedAt };
        state.IsInputClosed = _input.IsClosed;
        if (_terminal is not null)
        {
            state.Terminal = descriptors.Pass(_terminal);
            return;
        }
        state.Output = descriptors.Pass(_output.DescriptorOf(StandardStream.Output));
        state.Error = descriptors.Pass(_output.DescriptorOf(StandardStream.Error));
        state.Input = descriptors.Pass(_input.Descriptor);
    }

    /// <summary>One that has ended already.</summary>
    public void WakeUpEnded(Process state) =>
        (Pid, StartedAt, ExitedAt, ExitStatus, Status) = ((int)state.Pid, state.StartedAt, state.ExitedAt, (int)state.ExitStatus, ProcessStatus.Stopped);

    /// <summary>Goes on where another program has left it.</summary>
    public void WakeUp(AsleepWard state)
    {
        Process first = state.First!;
        (Pid, StartedAt, Status) = ((int)first.Pid, first.StartedAt, first.Status == Contract.Protos.Status.Paused ? ProcessStatus.Paused : ProcessStatus.Running);
        _terminal = SleepingDescriptors.Take(state.Terminal);
        _outputRead = SleepingDescriptors.Take(state.Output);
        _errorRead = SleepingDescriptors.Take(state.Error);
        if (state.IsInputClosed) _input.Dispose();
        else if (_terminal is not null) _input.Open(_terminal.Duplicate());
        else if (SleepingDescriptors.Take(state.Input) is { } input) _input.Open(input);
        if (_outputRead is not null) _output.Open(StandardStream.Output, _outputRead);
        if (_errorRead is not null) _output.Open(StandardStream.Error, _errorRead);
        if (_terminal is not null) _output.Open(StandardStream.Output, _terminal.Duplicate(), ConsoleMode.TryOpenPeer(_terminal));
    }
}
