// The way to a container's standard input: what clients send waits here until the program reads it.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;

namespace Berth.Shim.Streams;

/// <summary>The write end of a pipe, or a terminal's master; open or not yet, or closed.</summary>
internal sealed class InputPipe(EventLoop loop) : IDisposable
{
    // As much as a pipe holds: who sends more than that ahead of the program waits.
    private const int Most = 64 * 1024;

    private readonly List<byte> _pending = [];
    private Fd? _fd;
    private Watch? _watch;
    private bool _closing;

    /// <summary>No more is taken for now.</summary>
    public bool IsFull => _pending.Count >= Most;

    /// <summary>Whether the program can be reached, or will be.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether all that was sent is read.</summary>
    public bool IsStill => _pending.Count == 0 && (!_closing || IsClosed);

    /// <summary>Where it leads, while it is open.</summary>
    public Fd? Descriptor => IsClosed ? null : _fd;

    /// <summary>Called when it is not full any more.</summary>
    public Action? Drained { get; set; }

    /// <summary>Opens the way; it is closed here.</summary>
    public void Open(Fd fd)
    {
        if (IsClosed)
        {
            fd.Dispose();
            return;
        }
        FdIo.SetNonBlocking(fd);
        _fd = fd;
        Flush();
    }

    /// <summary>Takes all of the bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed || _closing) return;
        if (_fd is not null && _pending.Count == 0)
        {
            int n = FdIo.TryWrite(_fd, bytes, out Errno errno);
            if (n < 0 && errno != Errno.EAGAIN)
            {
                // EPIPE: nobody reads any more. What is said to the deaf is lost, as in any pipe.
                Dispose();
                return;
            }
            bytes = bytes[Math.Max(0, n)..];
        }
        if (bytes.IsEmpty) return;
        _pending.AddRange(bytes);
        Wait();
    }

    /// <summary>The program reads the end of its input, after what is still pending.</summary>
    public void Close()
    {
        _closing = true;
        if (_pending.Count == 0 && _fd is not null) Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (IsClosed) return;
        IsClosed = true;
        _watch?.Remove();
        _fd?.Dispose();
        _pending.Clear();
        Drained?.Invoke();
    }

    private void Wait()
    {
        if (_fd is null) return;
        if (_watch is null) _watch = loop.Look(_fd, Readiness.Write, _ => Flush());
    }

    private void Flush()
    {
        int done = 0;
        while (_pending.Count > done)
        {
            int n = FdIo.TryWrite(_fd!, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending)[done..], out Errno errno);
            if (n < 0 && errno == Errno.EAGAIN)
            {
                bool wasFull = IsFull;
                _pending.RemoveRange(0, done);
                Wait();
                if (wasFull && !IsFull) Drained?.Invoke();
                return;
            }
            if (n < 0)
            {
                Dispose();
                return;
            }
            done += n;
        }
        _pending.Clear();
        _watch?.Remove();
        _watch = null;
        if (_closing) Dispose();
        else Drained?.Invoke();
    }
}
