// A container's output on its way to everybody who wants it: read once, handed to each sink, and held back when one has enough.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;

namespace Berth.Shim.Streams;

/// <summary>The output streams of one process and the sinks they go to.</summary>
internal sealed class OutputHub(EventLoop loop) : IDisposable
{
    // pipe(7): what one read can find. One thread, so one buffer for all processes of the program.
    private const int PipeSize = 64 * 1024;
    // pipe(7), pipe-max-size: what may still be in a pipe when its process has ended. What comes after that is of others who
    // write to it, and might never end.
    private const int MostLeft = 1024 * 1024;
    private static readonly byte[] s_buffer = GC.AllocateUninitializedArray<byte>(PipeSize, pinned: true);

    private readonly List<Source> _sources = [];
    private readonly List<IOutputSink> _sinks = [];
    private bool _paused;

    /// <summary>Called before what was read is handed over.</summary>
    public Action? BeforeWrite { get; set; }

    /// <summary>Called when a stream has ended.</summary>
    public Action<StandardStream>? StreamEnded { get; set; }

    /// <summary>Whether a stream is open.</summary>
    public bool IsOpen => _sources.Count > 0;

    /// <summary>Whether a sink has bytes that are not passed on yet.</summary>
    public bool IsOwed
    {
        get
        {
            foreach (IOutputSink sink in _sinks)
            {
                if (sink.IsOwed) return true;
            }
            return false;
        }
    }

    /// <summary>Whether it waits for nothing but output.</summary>
    public bool IsStill => !_paused;

    /// <summary>The descriptor that a stream is read from; null: it has ended, or was never there.</summary>
    public Fd? DescriptorOf(StandardStream stream) => _sources.Find(source => source.Stream == stream)?.Fd;

    /// <summary>Hands over everything that comes from now on.</summary>
    public void Add(IOutputSink sink) => _sinks.Add(sink);

    /// <summary>Hands over nothing more; whom it held up goes on.</summary>
    public void Remove(IOutputSink sink)
    {
        if (_sinks.Remove(sink)) Resume();
    }

    /// <summary>Reads a stream from now on, until it ends.</summary>
    /// <param name="stream">Which one it is.</param>
    /// <param name="fd">The read end of a pipe, or a terminal's master. It is closed here.</param>
    /// <param name="keepsAlive">Something to be closed with it, such as the other side of a terminal.</param>
    public void Open(StandardStream stream, Fd fd, Fd? keepsAlive = null)
    {
        FdIo.SetNonBlocking(fd);
        Source source = new(stream, fd, keepsAlive);
        _sources.Add(source);
        if (!_paused) Look(source);
    }

    /// <summary>A sink has room again.</summary>
    public void Resume()
    {
        if (!_paused || AnyFull()) return;
        _paused = false;
        foreach (Source source in _sources) Look(source);
    }

    /// <summary>Reads what is there, whoever is full, and completes all streams: the process has ended.</summary>
    public void Drain()
    {
        foreach (Source source in (Source[])[.. _sources])
        {
            for (int left = MostLeft; left > 0 && ReadOnce(source) is > 0 and int n; left -= n) { }
        }
        for (int i = _sinks.Count - 1; i >= 0; i--)
        {
            IOutputSink sink = _sinks[i];
            sink.Complete(StandardStream.Output);
            sink.Complete(StandardStream.Error);
        }
    }

    /// <summary>Closes the streams.</summary>
    public void Dispose()
    {
        foreach (Source source in _sources) source.Dispose();
        _sources.Clear();
    }

    private void Look(Source source) => source.Watch = loop.Look(source.Fd, Readiness.Read, _ => Take(source));

    private void Take(Source source)
    {
        ReadOnce(source);
        if (AnyFull()) Pause();
    }

    /// <summary>One read, so that a stream that never stops does not starve the others.</summary>
    /// <returns>How much; 0 when nothing is there, or the stream has ended.</returns>
    private int ReadOnce(Source source)
    {
        if (source.IsClosed) return 0;
        int n = FdIo.TryRead(source.Fd, s_buffer, out Errno errno);
        if (n < 0 && errno == Errno.EAGAIN) return 0;
        if (n <= 0)
        {
            // EIO: a terminal that nobody has open on the other side.
            Close(source);
            return 0;
        }
        Pass(source.Stream, s_buffer.AsSpan(0, n));
        return n;
    }

    /// <summary>Hands bytes to each sink. From the last to the first: one may find that its client is gone, and remove itself.</summary>
    public void Pass(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        BeforeWrite?.Invoke();
        for (int i = _sinks.Count - 1; i >= 0; i--) _sinks[i].Write(stream, bytes);
    }

    private void Close(Source source)
    {
        source.Dispose();
        _sources.Remove(source);
        StreamEnded?.Invoke(source.Stream);
    }

    private bool AnyFull()
    {
        foreach (IOutputSink sink in _sinks)
        {
            if (sink.IsFull) return true;
        }
        return false;
    }

    /// <summary>Not by asking for nothing: the kernel tells a hang-up all the same, again and again.</summary>
    private void Pause()
    {
        if (_paused) return;
        _paused = true;
        foreach (Source source in _sources) source.Watch?.Remove();
    }

    private sealed class Source(StandardStream stream, Fd fd, Fd? keepsAlive) : IDisposable
    {
        public StandardStream Stream { get; } = stream;

        public Fd Fd { get; } = fd;

        public Watch? Watch { get; set; }

        public bool IsClosed { get; private set; }

        public void Dispose()
        {
            if (IsClosed) return;
            IsClosed = true;
            Watch?.Remove();
            Fd.Dispose();
            keepsAlive?.Dispose();
        }
    }
}
