// What happened, in order and with numbers: an engine that was away asks for what it missed.
using Berth.Linux.Processes;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Contract.Protos;

namespace Berth.Shim.Server;

/// <summary>The latest events, and the calls that listen.</summary>
internal sealed class EventBook
{
    private const int Most = 256;

    private readonly Queue<Event> _events = new();
    private readonly List<TtrpcCall> _listeners = [];

    /// <summary>Number of the last one.</summary>
    public ulong Last { get; private set; }

    /// <summary>Writes one down, and tells it.</summary>
    public void Add(Event happened)
    {
        happened.Number = ++Last;
        happened.Time = Self.RealTime;
        _events.Enqueue(happened);
        if (_events.Count > Most) _events.Dequeue();
        for (int i = _listeners.Count - 1; i >= 0; i--)
        {
            if (_listeners[i].IsOpen) _listeners[i].Send(happened);
            else _listeners.RemoveAt(i);
        }
    }

    /// <summary>Tells what is known after a number, and from now on what happens.</summary>
    public void Listen(TtrpcCall call, ulong after)
    {
        ulong first = _events.TryPeek(out Event? oldest) ? oldest.Number : Last + 1;
        if (after + 1 < first) call.Send(new Event { Number = first - 1, Kind = "lost" });
        foreach (Event one in _events)
        {
            if (one.Number > after) call.Send(one);
        }
        _listeners.Add(call);
    }
}
