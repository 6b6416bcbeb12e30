// One thread's whole life: descriptors that become ready, alarms, signals, and children that end.
using Berth.Linux.Processes;

namespace Berth.Linux.Polling;

/// <summary>Something to be done at a time. Made by <see cref="EventLoop.After"/>.</summary>
public sealed class Alarm
{
    internal Alarm(long due, Action action) => (Due, Action) = (due, action);

    internal long Due { get; }

    internal Action Action { get; }

    internal bool IsCancelled { get; private set; }

    /// <summary>It is not done.</summary>
    public void Cancel() => IsCancelled = true;
}

/// <summary>
/// A loop over epoll for a process of one thread. It sleeps without a timer as long as nothing is due: an idle process is
/// never woken. Children are reaped by it, whosever they were before (prctl(2), PR_SET_CHILD_SUBREAPER).
/// </summary>
public sealed class EventLoop : IDisposable
{
    private const int SIGCHLD = 17, FirstSweep = 64;

    private readonly Poller _poller = new();
    private readonly SignalInbox? _signals;
    private readonly List<Alarm> _alarms = [];
    private readonly Dictionary<int, Action<int>> _children = [];
    private readonly Dictionary<int, int> _ended = [];
    private readonly Action<int> _onSignal;
    private bool _stopped;
    private int _sweepAt = FirstSweep;

    /// <summary>A loop that takes no signals, and leaves children to others.</summary>
    public EventLoop() => _onSignal = static _ => { };

    /// <summary>A loop that takes SIGCHLD and the given signals from now on: blocked, and read from a descriptor.</summary>
    /// <param name="signals">Numbers besides SIGCHLD.</param>
    /// <param name="onSignal">Called with the number of one that came.</param>
    public EventLoop(ReadOnlySpan<int> signals, Action<int> onSignal)
    {
        _onSignal = onSignal;
        _signals = SignalInbox.Open([SIGCHLD, .. signals]);
        _poller.Look(_signals.Descriptor, Readiness.Read, _ => TakeSignals());
    }

    /// <summary>
    /// Whether statuses of children that nobody waits for are kept: a container's first process may end before its number is
    /// known. What is kept is forgotten when this is switched off.
    /// </summary>
    public bool KeepsUnclaimed
    {
        get;
        set
        {
            field = value;
            if (!value) _ended.Clear();
        }
    }

    /// <summary>
    /// What wakes this loop, for another program that sleeps in its place: readable when something is to be done. Null where signals do not come by
    /// a descriptor that would pass on.
    /// </summary>
    public (Fd Poller, Fd Signals)? Wakers => _signals is { IsKernels: true } inbox ? (_poller.Descriptor, inbox.Descriptor) : null;

    /// <summary>Milliseconds until the next alarm; -1: there is none.</summary>
    public int UntilAlarm => UntilNextAlarm();

    /// <summary>Called before the loop sleeps, each time.</summary>
    public Action? BeforeSleep { get; set; }

    /// <inheritdoc cref="Poller.Failed"/>
    public Func<Exception, bool>? Failed
    {
        get => _poller.Failed;
        set => _poller.Failed = value;
    }

    /// <summary>Looks at a descriptor from now on.</summary>
    /// <inheritdoc cref="Poller.Look(Fd, Readiness, Action{Readiness})"/>
    public Watch Look(Fd fd, Readiness wanted, Action<Readiness> ready) => _poller.Look(fd, wanted, ready);

    /// <inheritdoc cref="Poller.Look(Fd, Readiness, Action{Readiness})"/>
    public Watch Look(int fd, Readiness wanted, Action<Readiness> ready) => _poller.Look(fd, wanted, ready);

    /// <summary>Does something once, so many milliseconds from now.</summary>
    public Alarm After(long milliseconds, Action action)
    {
        // Those that were cancelled long before they are due would pile up.
        if (_alarms.Count >= _sweepAt)
        {
            _alarms.RemoveAll(static one => one.IsCancelled);
            _sweepAt = Math.Max(FirstSweep, _alarms.Count * 2);
        }
        Alarm alarm = new(Self.Monotonic + (milliseconds * 1_000_000), action);
        int at = _alarms.Count;
        while (at > 0 && _alarms[at - 1].Due > alarm.Due) at--;
        _alarms.Insert(at, alarm);
        return alarm;
    }

    /// <summary>Calls back with the wait status when this child ends; at once if it has ended already.</summary>
    public void OnExit(int pid, Action<int> ended)
    {
        _children[pid] = ended;
        if (_ended.Remove(pid, out int status)) Tell(pid, status);
    }

    /// <summary>Nobody waits for this child any more.</summary>
    public void ForgetChild(int pid) => _children.Remove(pid);

    /// <summary>Goes round until <see cref="Stop"/>.</summary>
    public void Run()
    {
        _stopped = false;
        if (_signals is not null) ReapChildren();
        while (!_stopped) Once(-1);
    }

    /// <summary>Goes round until <see cref="Stop"/>, or until the time is over.</summary>
    /// <returns>False when the time was over.</returns>
    public bool Run(long milliseconds)
    {
        bool over = false;
        Alarm end = After(milliseconds, () =>
        {
            over = true;
            Stop();
        });
        Run();
        end.Cancel();
        return !over;
    }

    /// <summary>Ends <see cref="Run()"/> after the handler that runs now.</summary>
    public void Stop() => _stopped = true;

    /// <summary>Handles what is ready now, and returns.</summary>
    /// <returns>False when nothing was.</returns>
    public bool Once() => Once(0);

    /// <summary>Takes the statuses of children that have ended.</summary>
    /// <returns>False when there are no children any more.</returns>
    public bool ReapChildren()
    {
        while (true)
        {
            int pid = Child.TryReap(-1, out int status);
            if (pid <= 0) return pid == 0;
            if (_children.ContainsKey(pid)) Tell(pid, status);
            else if (KeepsUnclaimed) _ended[pid] = status;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signals?.Dispose();
        _poller.Dispose();
    }

    private bool Once(int most)
    {
        BeforeSleep?.Invoke();
        // What is done before sleep may have been the last that there was to do.
        bool any = _poller.Wait(most == 0 || _stopped ? 0 : UntilNextAlarm());
        while (_alarms.Count > 0 && (_alarms[0].IsCancelled || _alarms[0].Due <= Self.Monotonic))
        {
            Alarm alarm = _alarms[0];
            _alarms.RemoveAt(0);
            if (alarm.IsCancelled) continue;
            any = true;
            try
            {
                alarm.Action();
            }
            catch (Exception e) when (Failed?.Invoke(e) == true)
            {
                // Told to whom it concerns.
            }
        }
        return any;
    }

    private int UntilNextAlarm()
    {
        while (_alarms.Count > 0 && _alarms[0].IsCancelled) _alarms.RemoveAt(0);
        if (_alarms.Count == 0) return -1;
        // Rounded up: to wake a part of a millisecond early is to wake twice.
        long left = (_alarms[0].Due - Self.Monotonic + 999_999) / 1_000_000;
        return (int)Math.Clamp(left, 0, int.MaxValue);
    }

    private void TakeSignals()
    {
        bool children = false;
        while (_signals!.Take() is > 0 and int signal)
        {
            if (signal == SIGCHLD) children = true;
            else _onSignal(signal);
        }
        if (children) ReapChildren();
    }

    private void Tell(int pid, int status)
    {
        if (!_children.Remove(pid, out Action<int>? ended)) return;
        try
        {
            ended(status);
        }
        catch (Exception e) when (Failed?.Invoke(e) == true)
        {
            // Told to whom it concerns. Other children may have ended too.
        }
    }
}
