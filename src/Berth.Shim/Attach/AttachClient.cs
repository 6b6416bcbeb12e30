// One connection to the attach socket.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Shim.Streams;

namespace Berth.Shim.Attach;

/// <summary>
/// A client: what it is slow to read is kept, up to a bound, behind which the container waits, as it would on a pipe. Nothing
/// is left out: it may be an archive on its way to somewhere.
/// </summary>
internal sealed class AttachClient : IOutputSink, IDisposable
{
    // Engines read a byte for the stream and this much: a longer packet would be cut.
    private const int Packet = 8192;
    private const int InputPacket = 32 * 1024;
    private const int Most = 256 * 1024;
    // What a packet costs besides its bytes: programs may write them one by one.
    private const int Overhead = 64;

    private readonly Fd _socket;
    private readonly InputPipe _input;
    private readonly EventLoop _loop;
    private Watch? _watch;
    private readonly Queue<byte[]> _pending = new();
    private int _pendingBytes;
    private bool _readable = true;
    private bool _writable = true;
    private bool _isGone;

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

    /// <summary>Nothing more comes: it is sent away when it has got all that is pending.</summary>
    public bool GoesWhenServed { get; set; }

    /// <inheritdoc/>
    public bool IsFull => _pendingBytes >= Most;

    /// <inheritdoc/>
    public bool IsOwed => _pending.Count > 0;

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        Span<byte> packet = stackalloc byte[Packet + 1];
        packet[0] = (byte)stream;
        while (!bytes.IsEmpty && _writable)
        {
            int length = Math.Min(bytes.Length, Packet);
            bytes[..length].CopyTo(packet[1..]);
            bytes = bytes[length..];
            if (_pending.Count == 0 && TrySend(packet[..(length + 1)])) continue;
            if (!_writable) break;
            _pending.Enqueue(packet[..(length + 1)].ToArray());
            _pendingBytes += length + Overhead;
        }
        Rearm();
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream) { }

    /// <summary>The container's input takes more again.</summary>
    public void Resume() => Rearm();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isGone) return;
        _isGone = true;
        Silence();
        _watch?.Remove();
        _watch = null;
        _socket.Dispose();
        EndInput();
        Gone?.Invoke();
    }

    private void Ready(Readiness ready)
    {
        if (_pending.Count > 0) Flush();
        if (_readable && !_input.IsFull) Receive();
        // Both directions are closed, and what was sent before that has been read.
        else if (!_readable && (ready & (Readiness.HangUp | Readiness.Error)) != 0) Silence();
        Rearm();
    }

    private void Receive()
    {
        Span<byte> buffer = stackalloc byte[InputPacket];
        int n = FdIo.TryRead(_socket, buffer, out Errno errno);
        if (n > 0) _input.Write(buffer[..n]);
        // A client that goes with output unread resets the connection: that is told once, and before what it has sent.
        else if (n == 0 || errno is not (Errno.EAGAIN or Errno.ECONNRESET)) EndInput();
    }

    /// <summary>A client that has shut down its sending side goes on receiving; one that is gone is told by a hang-up, which needs no asking.</summary>
    private void EndInput()
    {
        if (!_readable) return;
        _readable = false;
        InputEnded?.Invoke();
    }

    /// <summary>It receives no more; what it has sent before is still read.</summary>
    private void Silence()
    {
        _writable = false;
        _pending.Clear();
        _pendingBytes = 0;
    }

    private void Rearm()
    {
        if (_isGone) return;
        if ((!_readable && !_writable) || (GoesWhenServed && _pending.Count == 0))
        {
            Dispose();
            return;
        }
        bool reads = _readable && !_input.IsFull, writes = _pending.Count > 0;
        // Looked at for nothing, a client that has gone would be told again and again, and there is still input to be read from it.
        if (_readable && !reads && !writes)
        {
            _watch?.Remove();
            _watch = null;
            return;
        }
        Readiness wanted = (reads ? Readiness.Read : Readiness.None) | (writes ? Readiness.Write : Readiness.None);
        _watch ??= _loop.Look(_socket, wanted, Ready);
        _watch.Change(wanted);
    }

    private bool TrySend(ReadOnlySpan<byte> packet)
    {
        if (UnixSocket.TrySend(_socket, packet, out Errno errno) >= 0) return true;
        if (errno is not Errno.EAGAIN) Silence();
        return false;
    }

    private void Flush()
    {
        bool wasFull = IsFull;
        while (_pending.TryPeek(out byte[]? packet) && TrySend(packet))
        {
            _pending.Dequeue();
            _pendingBytes -= packet.Length - 1 + Overhead;
        }
        if (wasFull && !IsFull) Drained?.Invoke();
    }
}
