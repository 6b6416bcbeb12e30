// A container whose shim sleeps: what is written down before, and read by who wakes.
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Keeping;
using Berth.Shim.Logs;
using Berth.Shim.Streams;

namespace Berth.Shim.Server;

internal sealed partial class Ward
{
    // As podman keeps exit codes of what was executed.
    private const long Remembered = 300_000_000_000;

    /// <summary>One that another program has kept up to now, in the same process.</summary>
    public Ward(EventLoop loop, EventBook events, AsleepWard state, string? oomScore)
    {
        (_loop, _events, _request, _oomScore) = (loop, events, state.Request!, oomScore);
        (Policy, Restarts, OomKilled, IsForGood, _pause) = (state.Policy ?? new RestartPolicy(), state.Restarts, state.OomKilled, state.IsForGood, (long)state.PauseMs);
        (_hasRun, IsMade) = (true, true);
        for (int i = 0; i < _request.Logs.Count; i++) _logs.Add(OpenLog(_request.Logs[i], SleepingDescriptors.Take(state.Logs[i])));
        _container = NewContainer();
        foreach (OutputChunk chunk in state.Replay) _replays[""].Write((StandardStream)chunk.Stream, chunk.Bytes);
        Health = _request.Health is { } check ? new HealthWatch(loop, this, check) : null;
        if (state.OverNs > 0) EndAfter(Math.Max(0, ((long)state.OverNs - Self.Monotonic) / 1_000_000));
        _container.WakeUp(state);
        foreach (Process exec in state.Execs)
        {
            KeptProcess ended = _container.AddEnded(exec);
            ended.IsForgotten = state.Forgotten.Contains(exec.ExecId);
            if (ended.IsForgotten) ForgetLater(ended);
        }
        if (state.Health is not null) Health?.WakeUp(state.Health);
    }

    /// <summary>Whether it runs, and nothing is under way.</summary>
    public bool IsStill => IsMade && _hasRun && !IsRestarting && !_restartAnyway && _exitCommand is null && !_isUnwanted && _replays.ContainsKey("")
        && _container.IsStill && Health?.IsStill != false && _logs.TrueForAll(static log => log.IsStill);

    private void ForgetLater(KeptProcess process)
    {
        KeptContainer container = _container;
        long left = (process.ExitedAt + Remembered - Self.RealTime) / 1_000_000;
        _loop.After(Math.Max(0, left), () =>
        {
            if (container == _container && container.Execs.Contains(process)) Delete(process.Id, static _ => { });
        });
    }

    /// <summary>Its state; the descriptors that it names stay open through execve from now on.</summary>
    public AsleepWard FallAsleep(SleepingDescriptors descriptors)
    {
        AsleepWard state = new()
        {
            Request = _request,
            Policy = Policy,
            Restarts = Restarts,
            OomKilled = OomKilled,
            IsForGood = IsForGood,
            PauseMs = (ulong)_pause,
            OverNs = (ulong)_overAt,
            Health = Health?.FallAsleep(),
        };
        foreach (ILogDriver log in _logs) state.Logs.Add(descriptors.Pass(log.Descriptor));
        Collector replay = new(state.Replay);
        _replays[""].PlayTo(replay);
        _container.FallAsleep(state, descriptors);
        return state;
    }

    private sealed class Collector(List<OutputChunk> chunks) : IOutputSink
    {
        public bool IsFull => false;

        public bool IsOwed => false;

        public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
        {
            if (!bytes.IsEmpty) chunks.Add(new OutputChunk { Stream = (uint)stream, Bytes = bytes.ToArray() });
        }

        public void Complete(StandardStream stream) { }
    }
}
