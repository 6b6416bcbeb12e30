// Probes a container by executing a command in it, again and again (Docker's HEALTHCHECK).
using Berth.Linux;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Keeping;
using Berth.Shim.Streams;

namespace Berth.Shim.Server;

/// <summary>The probes of one container, and what they say of it.</summary>
internal sealed class HealthWatch(EventLoop loop, Ward ward, HealthCheck check)
{
    /// <summary>How ids of probes begin: nobody else may have such a one.</summary>
    public const string Prefix = "berth-health-";

    private const int MostProbes = 5, MostOutput = 4096, NeverRan = -1;
    private const long UsualInterval = 30_000, UsualTimeout = 30_000, UsualStartInterval = 5_000;

    private readonly Queue<Probe> _log = new();
    private Alarm? _next;
    private long _startedAt;
    private int _number;
    private bool _runs;
    private bool _wasFrozen;

    /// <summary>What the probes say.</summary>
    public HealthStatus Status { get; private set; } = HealthStatus.Starting;

    /// <summary>How many have failed since the last that succeeded.</summary>
    public uint FailingStreak { get; private set; }

    /// <summary>The latest ones.</summary>
    public IEnumerable<Probe> Log => _log;

    /// <summary>Whether a process is one of ours, of which nobody else needs to hear.</summary>
    public bool Owns(KeptProcess process) => process.Id.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The container has started.</summary>
    public void Start()
    {
        _runs = true;
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

    /// <summary>It is frozen, or goes on: of a probe that is under way, nothing can be said.</summary>
    public void Froze() => _wasFrozen = true;

    private bool IsInStartPeriod => (ulong)((Self.Monotonic - _startedAt) / 1_000_000) < check.StartPeriodMs;

    private void Schedule()
    {
        long interval = Status == HealthStatus.Starting && IsInStartPeriod ? Or(check.StartIntervalMs, UsualStartInterval) : Or(check.IntervalMs, UsualInterval);
        _next = loop.After(interval, Try);
    }

    private void Try()
    {
        if (!_runs || ward.Container.Init.Status != ProcessStatus.Running)
        {
            // A frozen container is not ill.
            if (_runs) Schedule();
            return;
        }
        _wasFrozen = false;
        Probe probe = new() { StartedAt = Self.RealTime };
        KeptContainer container = ward.Container;
        KeptProcess process;
        try
        {
            process = container.AddExec($"{Prefix}{++_number}", new Stdio("", "", "", false) { IsKept = true }, check.Process);
        }
        catch (Exception e) when (e is BerthException or LinuxException)
        {
            Judge(probe, NeverRan, e.Message);
            return;
        }
        Words words = new();
        process.Output.Add(words);
        bool late = false;
        Alarm timeout = loop.After(Or(check.TimeoutMs, UsualTimeout), () =>
        {
            late = true;
            container.Kill(process, 9, all: false, static _ => { });
        });
        ward.Run(process, fault =>
        {
            if (fault is null)
            {
                // A runtime that took so long has nothing left to be waited for.
                if (late) container.Kill(process, 9, all: false, static _ => { });
                process.OnEnd(() =>
                {
                    timeout.Cancel();
                    container.Delete(process, static _ => { });
                    if (_runs) Judge(probe, late ? NeverRan : process.ExitStatus, late ? "the health check did not end in time" : words.Text);
                });
                return;
            }
            timeout.Cancel();
            if (_runs) Judge(probe, NeverRan, fault.Message);
        });
    }

    private void Judge(Probe probe, int exitStatus, string output)
    {
        if (_wasFrozen)
        {
            Schedule();
            return;
        }
        probe.EndedAt = Self.RealTime;
        probe.ExitStatus = exitStatus;
        probe.Output = System.Text.Encoding.UTF8.GetBytes(output);
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

    private sealed class Words : IOutputSink
    {
        private readonly List<byte> _bytes = [];

        public bool IsFull => false;

        public string Text => System.Text.Encoding.UTF8.GetString([.. _bytes]);

        public void Write(StandardStream stream, ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes[..Math.Min(bytes.Length, MostOutput - _bytes.Count)]);

        public void Complete(StandardStream stream) { }
    }
}
