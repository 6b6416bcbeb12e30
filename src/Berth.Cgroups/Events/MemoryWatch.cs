// Waits for the kernel's out-of-memory killer in a container's cgroup, and for the cgroup's end.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>What a <see cref="MemoryWatch"/> saw.</summary>
public enum MemoryEvent
{
    /// <summary>The time is over, or a signal came.</summary>
    None,

    /// <summary>A process was killed for lack of memory.</summary>
    OutOfMemory,

    /// <summary>No process is left, or the cgroup is removed.</summary>
    Gone,
}

/// <summary>A subscription to memory events of one container.</summary>
public sealed class MemoryWatch : IDisposable
{
    private readonly string _directory;
    private readonly WatchedFile? _members;
    private readonly WatchedFile? _events;
    private readonly EventCounter? _counter;
    private readonly Fd? _control;
    private readonly List<Watch> _watches = [];
    private ulong _kills;

    private MemoryWatch(string directory, WatchedFile? members, WatchedFile? events, EventCounter? counter, Fd? control)
    {
        _directory = directory;
        _members = members;
        _events = events;
        _counter = counter;
        _control = control;
        // The kernel announces changes only to those who have read.
        _kills = KeyedFile.Value(_events?.Read() ?? "", "oom_kill");
        _members?.Read();
    }

    internal static MemoryWatch Open(CgroupTree tree)
    {
        WatchedFile? members = tree.UnifiedDirectory is { } unified ? WatchedFile.TryOpen(unified + "/cgroup.events", out _) : null;
        if (tree.Directory(Controller.Memory) is { } legacy) return OpenLegacy(legacy, members);
        // Without the controller nobody is killed for lack of the container's memory; its end is still told.
        if (tree.UnifiedDirectory is { } directory && members is not null)
        {
            return new MemoryWatch(directory, members, WatchedFile.TryOpen(directory + "/memory.events", out _), null, null);
        }
        members?.Dispose();
        throw new BerthException(Fault.Unsupported, "cannot watch memory events: memory controller missing");
    }

    /// <summary>Subscribes to the cgroup that a process is in now.</summary>
    /// <returns>Null with the reason where that cannot be watched, or the process is gone.</returns>
    public static MemoryWatch? TryOpenOf(int pid, out string reason)
    {
        reason = $"process {pid} is in no cgroup with a memory controller";
        CgroupHost host = CgroupHost.Discover();
        foreach (ReadOnlySpan<char> line in (KernelFile.TryReadText($"/proc/{pid}/cgroup") ?? "").AsSpan().EnumerateLines())
        {
            if (!CgroupLine.TryParse(line, out ReadOnlySpan<char> controllers, out ReadOnlySpan<char> path)) continue;
            if (controllers is "memory" && host.Mount(Controller.Memory) is { } legacy)
            {
                try
                {
                    return OpenLegacy(legacy + path.ToString(), null);
                }
                catch (Exception e) when (e is BerthException or LinuxException)
                {
                    reason = e.Message;
                    return null;
                }
            }
            if (!controllers.IsEmpty || host.Mode != CgroupMode.Unified) continue;
            string directory = host.UnifiedMount + path.ToString();
            WatchedFile? events = WatchedFile.TryOpen(directory + "/memory.events", out Errno errno);
            if (events is not null) return new MemoryWatch(directory, WatchedFile.TryOpen(directory + "/cgroup.events", out _), events, null, null);
            reason = $"cannot watch {directory}/memory.events: {errno.Sentence()}";
            return null;
        }
        return null;
    }

    /// <summary>What another program needs to go on with this one's work.</summary>
    /// <param name="Directory">The cgroup.</param>
    /// <param name="Kills">How many kills were told, on v2.</param>
    /// <param name="Counter">The counter, on v1.</param>
    /// <param name="Control">What keeps the subscription, likewise.</param>
    /// <param name="Watched">What else wakes who waits for it, on v2; not needed to go on.</param>
    public readonly record struct Standing(string Directory, ulong Kills, Fd? Counter, Fd? Control, IReadOnlyList<Fd> Watched);

    /// <summary>Where it stands; the descriptors stay its own.</summary>
    public Standing Stand => new(_directory, _kills, _counter?.Descriptor, _control, _counter is null ? [.. new[] { _members?.Descriptor, _events?.Descriptor }.OfType<Fd>()] : []);

    /// <summary>Goes on where another stood. What was killed meanwhile is told by the first look.</summary>
    /// <param name="standing">Its descriptors are closed here.</param>
    /// <returns>It looks at nothing yet.</returns>
    public static MemoryWatch Resume(Standing standing)
    {
        if (standing.Counter is { } counter) return new MemoryWatch(standing.Directory, null, null, new EventCounter(counter), standing.Control);
        foreach (Fd former in standing.Watched) former.Dispose();
        WatchedFile? members = WatchedFile.TryOpen(standing.Directory + "/cgroup.events", out _);
        return new MemoryWatch(standing.Directory, members, WatchedFile.TryOpen(standing.Directory + "/memory.events", out _), null, null) { _kills = standing.Kills };
    }

    /// <summary>Tells of events as they come, as long as the loop runs and this is not disposed.</summary>
    /// <param name="loop">Whose thread tells.</param>
    /// <param name="seen">Called with each event; after <see cref="MemoryEvent.Gone"/> with none.</param>
    public void LookWith(EventLoop loop, Action<MemoryEvent> seen)
    {
        void Ready(Readiness _)
        {
            MemoryEvent e = Wait(0);
            if (e == MemoryEvent.Gone) Forget();
            if (e != MemoryEvent.None) seen(e);
        }
        if (_members is not null) _watches.Add(loop.Look(_members.Number, Readiness.Exceptional, Ready));
        if (_events is not null) _watches.Add(loop.Look(_events.Number, Readiness.Exceptional, Ready));
        if (_counter is not null) _watches.Add(loop.Look(_counter.Number, Readiness.Read, Ready));
    }

    /// <summary>Tells what has come and was not told yet.</summary>
    public void LookOnce(Action<MemoryEvent> seen)
    {
        MemoryEvent e = Wait(0);
        if (e != MemoryEvent.None) seen(e);
    }

    /// <summary>Waits for the next event.</summary>
    /// <param name="milliseconds">At most so long; -1 without end.</param>
    public MemoryEvent Wait(int milliseconds)
    {
        Span<PollEntry> entries =
        [
            new() { Fd = _members?.Number ?? -1, Events = WatchedFile.Changed },
            new() { Fd = _events?.Number ?? -1, Events = WatchedFile.Changed },
            new() { Fd = _counter?.Number ?? -1, Events = PollIn },
        ];
        if (Poll.Wait(entries, milliseconds) <= 0) return MemoryEvent.None;
        // An empty cgroup may have died of the lack of memory: that is told first.
        bool gone = false;
        if (entries[1].Returned != 0 && HasNewKills(out gone)) return MemoryEvent.OutOfMemory;
        // A file of a cgroup that was removed is ready for ever.
        if (gone) return MemoryEvent.Gone;
        if (entries[2].Returned != 0 && _counter!.Take() > 0)
        {
            return KernelFile.Exists(_directory) ? MemoryEvent.OutOfMemory : MemoryEvent.Gone;
        }
        if (entries[0].Returned == 0) return MemoryEvent.None;
        return _members!.Read() is { } text && KeyedFile.Value(text, "populated") != 0 ? MemoryEvent.None : MemoryEvent.Gone;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        _members?.Dispose();
        _events?.Dispose();
        _counter?.Dispose();
        _control?.Dispose();
    }

    private void Forget()
    {
        foreach (Watch watch in _watches) watch.Remove();
        _watches.Clear();
    }

    private bool HasNewKills(out bool gone)
    {
        string? text = _events!.Read();
        gone = text is null;
        if (text is null) return false;
        ulong kills = KeyedFile.Value(text, "oom_kill");
        bool more = kills > _kills;
        _kills = kills;
        return more;
    }

    /// <summary>v1 raises an eventfd at each shortage, and once more when the cgroup is removed (cgroup-v1/memory.rst, 10).</summary>
    private static MemoryWatch OpenLegacy(string directory, WatchedFile? members)
    {
        EventCounter counter = new();
        Fd? control = KernelPath.TryOpen(directory + "/memory.oom_control", 0);
        string subscription = control is null ? "" : $"{counter.Number} {control.Number}";
        if (control is not null && KernelFile.TryWrite(directory + "/cgroup.event_control", subscription, out Errno errno))
        {
            return new MemoryWatch(directory, members, null, counter, control);
        }
        errno = KernelPath.LastErrno;
        counter.Dispose();
        control?.Dispose();
        members?.Dispose();
        throw new BerthException(CgroupTree.FaultOf(errno), $"cannot watch memory events of {directory}: {errno.Sentence()}");
    }

    private const short PollIn = 1;
}

public sealed partial class CgroupTree
{
    /// <summary>Subscribes to memory events.</summary>
    /// <exception cref="BerthException">There is no memory controller, or it refuses.</exception>
    public MemoryWatch WatchMemory() => MemoryWatch.Open(this);
}
