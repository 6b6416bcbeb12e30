// Probes a container by executing a command in it, again and again (Docker's HEALTHCHECK).
using System.Text;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Keeping;
using Berth.Shim.Streams;

namespace Berth.Shim.Server;

/// <summary>The probes of one container, and what they say of it.</summary>
internal sealed class HealthWatch(EventLoop loop, Ward ward, HealthCheck check)
{
    private const int MostProbes = 5, MostOutput = 4096, NeverRan = -1;
    private const long UsualInterval = 30_000, UsualTimeout = 30_000, UsualStartInterval = 5_000;

    private readonly Queue<Probe> _log = new();
    private Alarm? _next;
    private long _startedAt;
    private int _number;
    private bool _runs;
    private bool _wasFrozen;
    private bool _isFreezing;
    private long _due;

    /// <summary>What the probes say.</summary>
    public HealthStatus Status { get; private set; } = HealthStatus.Starting;

    /// <summary>How many have failed since the last that succeeded.</summary>
    public uint FailingStreak { get; private set; }

    /// <summary>The latest ones.</summary>
    public IEnumerable<Probe> Log => _log;

    /// <summary>The container has started.</summary>
    public void Start()
    {
        _runs = true;
        _isFreezing = false;
        _startedAt = Self.Monotonic;
        FailingStreak = 0;
        Status = HealthStatus.Starting;
        Schedule();
    }

    /// <summary>It has ended.</summary>
    public void Stop()
    {
        _runs = false;
        _next?.Cancel();
        _next = null;
    }

    /// <summary>What passes on to who wakes.</summary>
    public AsleepHealth FallAsleep()
    {
        AsleepHealth state = new() { State = new Health { Status = Status, FailingStreak = FailingStreak }, StartedAtNs = _startedAt, Number = (uint)_number, NextNs = _due };
        state.State.Log.AddRange(_log);
        return state;
    }

    /// <summary>Goes on where another program has left it.</summary>
    public void WakeUp(AsleepHealth state)
    {
        (_runs, _startedAt, _number, _due) = (true, state.StartedAtNs, (int)state.Number, state.NextNs);
        (Status, FailingStreak) = (state.State!.Status, state.State.FailingStreak);
        foreach (Probe probe in state.State.Log) _log.Enqueue(probe);
        _next = loop.After(Math.Max(0, (_due - Self.Monotonic) / 1_000_000), Try);
    }

    /// <summary>Whether no probe is under way, and the next one is not due at once.</summary>
    public bool IsStill => _runs && !_isFreezing && _due > Self.Monotonic;

    /// <summary>It is being frozen, or let go on: of a probe that is under way nothing can be said, and none is begun until that is over.</summary>
    public void Freezes(bool isUnderWay) => (_wasFrozen, _isFreezing) = (true, isUnderWay);

    private bool IsInStartPeriod => (ulong)((Self.Monotonic - _startedAt) / 1_000_000) < check.StartPeriodMs;

    private void Schedule()
    {
        long interval = Status == HealthStatus.Starting && IsInStartPeriod ? Or(check.StartIntervalMs, UsualStartInterval) : Or(check.IntervalMs, UsualInterval);
        _due = Self.Monotonic + (interval * 1_000_000);
        _next = loop.After(interval, Try);
    }

    private void Try()
    {
        if (!_runs || _isFreezing || ward.Container.Init.Status != ProcessStatus.Running)
        {
            // A frozen container is not ill.
            if (_runs) Schedule();
            return;
        }
        _wasFrozen = false;
        Probe probe = new() { StartedAt = Self.RealTime };
        CollectedOutput words = new(MostOutput, joined: true);
        ward.RunBounded($"{Ward.OwnIds}health-{++_number}", check.Process, words, Or(check.TimeoutMs, UsualTimeout), (fault, exitStatus, late) =>
        {
            if (!_runs) return;
            if (fault is not null) Judge(probe, NeverRan, Encoding.UTF8.GetBytes(fault.Message));
            else if (late) Judge(probe, NeverRan, "the health check did not end in time"u8.ToArray());
            else Judge(probe, exitStatus, words.Output);
        });
    }

    private void Judge(Probe probe, int exitStatus, byte[] output)
    {
        if (_wasFrozen)
        {
            Schedule();
            return;
        }
        probe.EndedAt = Self.RealTime;
        probe.ExitStatus = exitStatus;
        probe.Output = output;
        _log.Enqueue(probe);
        if (_log.Count > MostProbes) _log.Dequeue();
        HealthStatus before = Status;
        if (exitStatus == 0)
        {
            FailingStreak = 0;
            Status = HealthStatus.Healthy;
        }
        else if (Status != HealthStatus.Starting || !IsInStartPeriod)
        {
            FailingStreak++;
            if (FailingStreak >= Or(check.Retries, 3)) Status = HealthStatus.Unhealthy;
        }
        if (Status != before) ward.TellHealth();
        Schedule();
        if (Status != HealthStatus.Unhealthy || before == HealthStatus.Unhealthy || check.OnUnhealthy == OnUnhealthy.Tell) return;
        ward.KillNow(restart: check.OnUnhealthy == OnUnhealthy.Restart);
    }

    private static long Or(ulong value, long otherwise) => value == 0 ? otherwise : (long)Math.Min(value, int.MaxValue);
}
