// What an engine writes into a fifo on its way to a container's input.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Programs;

namespace Berth.Shim.Streams;

/// <summary>Reads a fifo. As long as it holds a writing end itself, the engine's comings and goings are no end of input.</summary>
internal sealed class FifoInput : IDisposable
{
    private readonly EventLoop _loop;
    private readonly InputPipe _input;
    private readonly Fd _read;
    private Fd? _hold;
    private Watch? _watch;

    /// <summary>Opens the fifo.</summary>
    /// <exception cref="LinuxException">It is not there.</exception>
    public FifoInput(EventLoop loop, string path, InputPipe input)
    {
        (_loop, _input) = (loop, input);
        _read = KernelPath.Open(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        _hold = KernelPath.Open(path, OpenFlags.WriteOnly | OpenFlags.NonBlocking);
        input.Drained = Resume;
        Resume();
    }

    /// <summary>No more will be written than is in the fifo: the engine says so, since its closing cannot be told from its death.</summary>
    public void End()
    {
        _hold?.Dispose();
        _hold = null;
        Resume();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch?.Remove();
        _watch = null;
        _read.Dispose();
        _hold?.Dispose();
    }

    private void Resume()
    {
        if (_watch is null && !_read.IsClosed && !_input.IsFull && !_input.IsClosed) _watch = _loop.Look(_read, Readiness.Read, _ => Take());
    }

    private void Take()
    {
        Span<byte> buffer = stackalloc byte[16 * 1024];
        int n = FdIo.TryRead(_read, buffer, out Errno errno);
        if (n < 0 && errno == Errno.EAGAIN) return;
        if (n <= 0)
        {
            _input.Close();
            Dispose();
            return;
        }
        _input.Write(buffer[..n]);
        if (_input.IsClosed) Dispose();
        else if (_input.IsFull)
        {
            _watch?.Remove();
            _watch = null;
        }
    }
}
