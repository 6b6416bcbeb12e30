// What happened, in order and with numbers: an engine that was away asks for what it missed.
using Berth.Linux.Processes;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Serving;

namespace Berth.Shim.Server;

/// <summary>The latest events, and the calls that listen.</summary>
internal sealed class EventBook
{
    private const int Most = 256;

    private readonly Queue<Event> _events = new();
    private readonly List<Listener> _listeners = [];

    /// <summary>Number of the last one.</summary>
    public ulong Last { get; private set; }

    /// <summary>What is known, oldest first.</summary>
    public IEnumerable<Event> Known => _events;

    /// <summary>Goes on where another program has left it.</summary>
    public void WakeUp(ulong last, IEnumerable<Event> known)
    {
        Last = last;
        foreach (Event one in known) _events.Enqueue(one);
    }

    /// <summary>Writes one down, and tells it.</summary>
    public void Add(Event happened)
    {
        happened.Number = ++Last;
        happened.Time = Self.RealTime;
        _events.Enqueue(happened);
        if (_events.Count > Most) _events.Dequeue();
        for (int i = _listeners.Count - 1; i >= 0; i--) Tell(_listeners[i]);
    }

    /// <summary>Tells what is known after a number, and from now on what happens.</summary>
    public void Listen(TtrpcCall call, TtrpcPort port, ulong after)
    {
        Listener listener = new(call, port, after);
        listener.GoOn = () => Tell(listener);
        _listeners.Add(listener);
        port.Drained.Add(listener.GoOn);
        // Of another shim, which was there before: what is told now begins anew.
        if (after > Last) Lost(listener, _events.TryPeek(out Event? oldest) ? oldest.Number - 1 : 0);
        Tell(listener);
    }

    /// <summary>One that is slow to listen has no queue of its own: it goes on from its number when there is room.</summary>
    private void Tell(Listener listener)
    {
        if (!listener.Call.IsOpen)
        {
            _listeners.Remove(listener);
            return;
        }
        if (listener.Told == Last || listener.Port.IsFull) return;
        ulong first = _events.Peek().Number;
        if (listener.Told + 1 < first) Lost(listener, first - 1);
        foreach (Event one in _events)
        {
            if (one.Number <= listener.Told) continue;
            if (listener.Port.IsFull) return;
            listener.Call.Send(one);
            listener.Told = one.Number;
        }
    }

    private static void Lost(Listener listener, ulong number)
    {
        listener.Call.Send(new Event { Number = number, Kind = "lost", Time = Self.RealTime });
        listener.Told = number;
    }

    private sealed class Listener(TtrpcCall call, TtrpcPort port, ulong after)
    {
        public TtrpcCall Call { get; } = call;

        public TtrpcPort Port { get; } = port;

        /// <summary>Number of the last that it was told.</summary>
        public ulong Told { get; set; } = after;

        public Action GoOn { get; set; } = static () => { };
    }
}
