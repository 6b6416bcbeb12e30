// One connection to the attach socket.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Shim.Streams;

namespace Berth.Shim.Attach;

/// <summary>
/// A client: what it is slow to read is kept, up to a bound, behind which the container waits, but not for long. Of what is
/// written after that it misses a part, until it has read what is kept: it holds up neither the log nor anybody else.
/// </summary>
internal sealed class AttachClient : IOutputSink, IDisposable
{
    // Engines read a byte for the stream and this much: a longer packet would be cut.
    private const int Packet = 8192;
    private const int InputPacket = 32 * 1024;
    private const int Most = 256 * 1024;
    private const int PatienceMilliseconds = 1000;

    private readonly Fd _socket;
    private readonly InputPipe _input;
    private readonly EventLoop _loop;
    private Watch? _watch;
    private readonly Queue<byte[]> _pending = new();
    private int _pendingBytes;
    private bool _readable = true;
    private bool _writable = true;
    private bool _isGone;
    private bool _isLagging;
    private Alarm? _patience;

    /// <summary>Serves a connection, which is closed here.</summary>
    public AttachClient(EventLoop loop, Fd socket, InputPipe input)
    {
        (_loop, _socket, _input) = (loop, socket, input);
        Rearm();
    }

    /// <summary>Called when it is not full any more.</summary>
    public Action? Drained { get; set; }

    /// <summary>Called once when it sends no more.</summary>
    public Action? InputEnded { get; set; }

    /// <summary>Called once when it is gone.</summary>
    public Action? Gone { get; set; }

    /// <inheritdoc/>
    public bool IsFull => _writable && _pendingBytes >= Most && !_isLagging;

    /// <summary>How much it is still to be sent, if it is known to read.</summary>
    public int Owed => _isLagging ? 0 : _pendingBytes;

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        Span<byte> packet = stackalloc byte[Packet + 1];
        packet[0] = (byte)stream;
        while (!bytes.IsEmpty && _writable && !_isLagging)
        {
            int length = Math.Min(bytes.Length, Packet);
            bytes[..length].CopyTo(packet[1..]);
            bytes = bytes[length..];
            if (_pending.Count == 0 && TrySend(packet[..(length + 1)])) continue;
            if (!_writable) return;
            _pending.Enqueue(packet[..(length + 1)].ToArray());
            _pendingBytes += length;
            Rearm();
        }
        if (IsFull) _patience ??= _loop.After(PatienceMilliseconds, Lag);
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream) { }

    /// <summary>The container's input takes more again.</summary>
    public void Resume()
    {
        if (_watch is null) Rearm();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isGone) return;
        _isGone = true;
        _writable = false;
        _patience?.Cancel();
        _watch?.Remove();
        _socket.Dispose();
        EndInput();
        Gone?.Invoke();
    }

    private void Ready(Readiness ready)
    {
        if ((ready & Readiness.Write) != 0) Flush();
        if (_isGone || (ready & (Readiness.Read | Readiness.HangUp | Readiness.Error)) == 0) return;
        // Both directions are closed, and what was sent before that has been read.
        if (!_readable) Dispose();
        else if (_input.IsFull) Suspend();
        else Receive();
    }

    private void Receive()
    {
        Span<byte> buffer = stackalloc byte[InputPacket];
        int n = FdIo.TryRead(_socket, buffer, out Errno errno);
        if (n < 0 && errno == Errno.EAGAIN) return;
        if (n > 0)
        {
            _input.Write(buffer[..n]);
            return;
        }
        // A client that has shut down its sending side goes on receiving; one that is gone is told by a hang-up, which needs no asking.
        EndInput();
        Rearm();
    }

    private void EndInput()
    {
        if (!_readable) return;
        _readable = false;
        InputEnded?.Invoke();
    }

    /// <summary>The kernel would tell again and again that there is something to read.</summary>
    private void Suspend()
    {
        _watch?.Remove();
        _watch = null;
    }

    private void Rearm()
    {
        if (_isGone) return;
        _watch ??= _loop.Look(_socket, Readiness.Read, Ready);
        _watch.Change((_readable ? Readiness.Read : Readiness.None) | (_pending.Count > 0 ? Readiness.Write : Readiness.None));
    }

    private bool TrySend(ReadOnlySpan<byte> packet)
    {
        if (UnixSocket.TrySend(_socket, packet, out Errno errno) >= 0) return true;
        if (errno is Errno.EAGAIN) return false;
        _writable = false;
        _pending.Clear();
        _pendingBytes = 0;
        Dispose();
        return false;
    }

    private void Lag()
    {
        _patience = null;
        if (!IsFull) return;
        _isLagging = true;
        Drained?.Invoke();
    }

    private void Flush()
    {
        bool wasFull = IsFull;
        while (_pending.TryPeek(out byte[]? packet))
        {
            if (!TrySend(packet)) break;
            _pending.Dequeue();
            _pendingBytes -= packet.Length - 1;
        }
        if (_isGone) return;
        if (_pending.Count == 0) _isLagging = false;
        Rearm();
        if (wasFull && !IsFull) Drained?.Invoke();
    }
}
