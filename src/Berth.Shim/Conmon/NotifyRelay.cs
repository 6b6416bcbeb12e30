// Passes messages of sd_notify(3) from a container to the host's service manager: the harmless ones, and no other.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;

namespace Berth.Shim.Conmon;

/// <summary>A socket in the bundle that the container sees, and the one it leads to.</summary>
internal sealed class NotifyRelay : IDisposable
{
    // A flood is passed on a queue at a time (net.unix.max_dgram_qlen is 10, on some hosts 512): others have their claims too, and
    // one message for each round of the loop would be the slowest way to be rid of it.
    private const int MostAtOnce = 64, MostAtEnd = 512;

    private readonly Fd _container;
    private readonly Fd _host;
    private readonly string _target;
    private readonly Watch _watch;
    private readonly Action<string> _warn;

    /// <summary>Binds BUNDLE/notify/notify.sock, whose directory must be there.</summary>
    /// <exception cref="LinuxException">It cannot be bound.</exception>
    public NotifyRelay(EventLoop loop, string bundle, string target, Action<string> warn)
    {
        (_target, _warn) = (target, warn);
        string path = $"{bundle}/notify/notify.sock";
        KernelPath.Remove(path);
        _host = UnixSocket.New(SocketKind.Datagram);
        // Programs of any user inside must be able to send.
        _container = UnixSocket.Bind(SocketKind.Datagram, path, 0x1FF);
        _watch = loop.Look(_container, Readiness.Read, _ => TakeAll(MostAtOnce));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Remove();
        _container.Dispose();
        _host.Dispose();
    }

    /// <summary>Passes on what is there: the program may have spoken and ended in one moment. Who speaks on is somebody else.</summary>
    public void Drain() => TakeAll(MostAtEnd);

    private void TakeAll(int most)
    {
        for (int i = 0; i < most && Take(); i++) { }
    }

    private bool Take()
    {
        Span<byte> buffer = stackalloc byte[32 * 1024];
        int n = FdIo.TryRead(_container, buffer, out _);
        if (n <= 0) return false;
        Span<byte> passed = stackalloc byte[n];
        int length = Filter(buffer[..n], passed);
        if (length == 0) return true;
        if (!UnixSocket.TrySendTo(_host, _target, passed[..length], out Errno errno)) _warn($"Failed to write to socket host notify socket: {errno.Sentence()}");
        return true;
    }

    /// <summary>The lines that may pass, joined by new lines.</summary>
    internal static int Filter(ReadOnlySpan<byte> message, Span<byte> passed)
    {
        int length = 0;
        while (!message.IsEmpty)
        {
            int end = message.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> line = end < 0 ? message : message[..end];
            message = end < 0 ? default : message[(end + 1)..];
            if (!MayPass(line)) continue;
            if (length > 0) passed[length++] = (byte)'\n';
            line.CopyTo(passed[length..]);
            length += line.Length;
        }
        return length;
    }

    private static bool MayPass(ReadOnlySpan<byte> line) =>
        line.SequenceEqual("READY=1"u8) || line.SequenceEqual("RELOADING=1"u8) || line.SequenceEqual("STOPPING=1"u8)
        || line.SequenceEqual("WATCHDOG=1"u8) || line.SequenceEqual("WATCHDOG=trigger"u8)
        || line.StartsWith("STATUS="u8) || line.StartsWith("ERRNO="u8) || line.StartsWith("BUSERROR="u8) || line.StartsWith("MONOTONIC_USEC="u8);
}
