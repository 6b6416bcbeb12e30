// One direction of a forwarded connection.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Sockets;

namespace Berth.Network.Rootless;

/// <summary>Moves what one socket sends to another, until its end. It holds a pipe only while something is on the way.</summary>
/// <param name="from">Where it comes from.</param>
/// <param name="to">Where it goes to.</param>
/// <param name="pipes">Empty pipes.</param>
internal sealed class StreamPump(Fd from, Fd to, Stack<SplicePipe> pipes) : IDisposable
{
    // So that one busy connection lets others have their turn.
    private const int MostRounds = 16, MostSpare = 16;
    private SplicePipe? _pipe;
    private bool _ended;

    /// <summary>It waits for more to come.</summary>
    public bool WantsRead => !_ended && _pipe is null;

    /// <summary>It waits for room.</summary>
    public bool WantsWrite => _pipe is not null;

    /// <summary>The end was reached, and passed on.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Moves what can be moved now.</summary>
    /// <returns>False when the connection broke.</returns>
    public bool Move()
    {
        for (int round = 0; round < MostRounds && !IsDone; round++)
        {
            if (_pipe is null && !TryFill(out bool broken)) return !broken;
            if (_pipe is not null && !TryDrain(out broken)) return !broken;
        }
        return true;
    }

    public void Dispose()
    {
        _pipe?.Dispose();
        _pipe = null;
    }

    private bool TryFill(out bool broken)
    {
        broken = false;
        SplicePipe pipe = pipes.Count > 0 ? pipes.Pop() : new SplicePipe();
        int n = pipe.Fill(from, out Errno errno);
        if (n > 0)
        {
            _pipe = pipe;
            return true;
        }
        Return(pipe);
        broken = n < 0 && errno != Errno.EAGAIN;
        if (n != 0) return false;
        _ended = true;
        UnixSocket.Shutdown(to, read: false, write: true);
        IsDone = true;
        return true;
    }

    private bool TryDrain(out bool broken)
    {
        broken = false;
        while (_pipe!.Held > 0)
        {
            if (_pipe.Drain(to, out Errno errno) >= 0) continue;
            broken = errno != Errno.EAGAIN;
            return false;
        }
        Return(_pipe);
        _pipe = null;
        return true;
    }

    private void Return(SplicePipe pipe)
    {
        if (pipes.Count < MostSpare) pipes.Push(pipe);
        else pipe.Dispose();
    }
}
