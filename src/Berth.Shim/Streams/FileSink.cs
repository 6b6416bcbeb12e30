// Output on its way into a fifo, a pipe or a file of an engine.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;

namespace Berth.Shim.Streams;

/// <summary>
/// Passes one stream, or both, on to a descriptor. A fifo is held open in both directions: the engine may go away and come
/// back, and what was written in between waits in it; when it is full the container waits, and nothing is lost.
/// </summary>
internal sealed class FileSink : IOutputSink, IDisposable
{
    private const int ReadWrite = 2, WriteOnly = 1, Append = 0x400, NonBlocking = 0x800;
    private const int LookMilliseconds = 10, LateMilliseconds = 10_000;
    private const short POLLERR = 8;

    private readonly EventLoop _loop;
    private readonly Fd _fd;
    private const int RetryMilliseconds = 250;

    private readonly List<byte> _pending = [];
    private Watch? _watch;
    private Alarm? _retry;
    private bool _completing;
    private bool _broken;
    private bool _isStuck;
    private bool _readerIsLate;
    private string? _fifo;
    private Fd? _held;
    private long _giveUp;

    /// <summary>Passes a stream on.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="fd">Closed here.</param>
    /// <param name="only">Which stream; null: whatever comes.</param>
    public FileSink(EventLoop loop, Fd fd, StandardStream? only)
    {
        (_loop, _fd, Only) = (loop, fd, only);
        FdIo.SetNonBlocking(fd);
    }

    /// <summary>Which stream it takes; null: whatever comes.</summary>
    public StandardStream? Only { get; }

    /// <inheritdoc/>
    public bool IsFull => _pending.Count > 0;

    /// <summary>Called when all that was pending is written.</summary>
    public Action? Drained { get; set; }

    /// <summary>Called when it is closed at its end.</summary>
    public Action? Closed { get; set; }

    /// <summary>Whether everything has been passed on and the descriptor is closed.</summary>
    public bool IsClosed => _fd.IsClosed && _held is null;

    /// <summary>
    /// Whether somebody has the fifo open, or waits to, and has not taken everything. Asked by name, so that nothing is held for it: our end is closed, since a
    /// reader waits for that.
    /// </summary>
    public bool IsUnread
    {
        get
        {
            if (_fifo is null) return false;
            using Fd? end = KernelPath.TryOpen(_fifo, WriteOnly | NonBlocking);
            return end is not null && FdIo.Unread(end) > 0;
        }
    }

    /// <summary>Opens a fifo, which must be there, or a file to append to.</summary>
    /// <exception cref="LinuxException">It is not there.</exception>
    public static FileSink Open(EventLoop loop, string path, StandardStream? only)
    {
        if (KernelPath.Facts(path) is not { } facts || (facts.Mode & 0xF000) != 0x1000) return new FileSink(loop, KernelPath.Open(path, WriteOnly | Append), only);
        // Asked before we are a reader ourselves: ENXIO where nobody has it open, or waits to.
        using Fd? reader = KernelPath.TryOpen(path, WriteOnly | NonBlocking);
        return new FileSink(loop, KernelPath.Open(path, ReadWrite | NonBlocking), only) { _fifo = path, _readerIsLate = reader is null };
    }

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        if (_broken || _fd.IsClosed || (Only is { } only && only != stream)) return;
        if (_pending.Count == 0) bytes = bytes[Pass(bytes)..];
        if (bytes.IsEmpty || _broken) return;
        _pending.AddRange(bytes);
        Wait();
    }

    /// <summary>Closes when everything is passed on.</summary>
    public void Complete(StandardStream stream)
    {
        if (Only is { } only && only != stream) return;
        _completing = true;
        if (_pending.Count == 0) End();
    }

    /// <summary>
    /// Engines open their fifos beside asking for the process, and may come after its end. A fifo that we close before has lost what was in it, and who
    /// opens it then waits for ever.
    /// </summary>
    private void End()
    {
        if (_held is null)
        {
            if (!_readerIsLate || _fd.IsClosed || KernelPath.TryOpen(_fd.ProcPath, WriteOnly | NonBlocking) is not { } held)
            {
                Dispose();
                return;
            }
            _held = held;
            _giveUp = Self.Monotonic + (LateMilliseconds * 1_000_000L);
            // Without this one we are no reader any more, and see whether there is another.
            _fd.Dispose();
        }
        Span<PollEntry> entry = [new() { Fd = _held.Number }];
        bool hasReader = Poll.Wait(entry, 0) == 0 || (entry[0].Returned & POLLERR) == 0;
        // Nobody opens what has no name any more.
        if (hasReader || KernelPath.Facts(_held).Links == 0 || Self.Monotonic > _giveUp) Dispose();
        else _retry = _loop.After(LookMilliseconds, End);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (IsClosed) return;
        _watch?.Remove();
        _watch = null;
        _retry?.Cancel();
        _fd.Dispose();
        _held?.Dispose();
        _held = null;
        _pending.Clear();
        Closed?.Invoke();
    }

    private int Pass(ReadOnlySpan<byte> bytes)
    {
        int done = 0;
        _isStuck = false;
        while (done < bytes.Length)
        {
            int n = FdIo.TryWrite(_fd, bytes[done..], out Errno errno);
            if (n >= 0)
            {
                done += n;
                continue;
            }
            // A file on a disk that is full now. Such files are always "ready", so that there is nothing to be waited for.
            _isStuck = errno is Errno.ENOSPC or Errno.EDQUOT;
            // EPIPE: a logger that died. The container must not.
            _broken = errno != Errno.EAGAIN && !_isStuck;
            break;
        }
        return done;
    }

    private void Wait()
    {
        if (_isStuck) _retry ??= _loop.After(RetryMilliseconds, Retry);
        else if (_retry is null) _watch ??= _loop.Look(_fd, Readiness.Write, _ => Flush());
    }

    private void Retry()
    {
        _retry = null;
        Flush();
    }

    private void Flush()
    {
        int done = Pass(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending));
        _pending.RemoveRange(0, done);
        if (_broken) _pending.Clear();
        if (_pending.Count > 0)
        {
            Wait();
            return;
        }
        _watch?.Remove();
        _watch = null;
        if (_completing) End();
        Drained?.Invoke();
    }
}
