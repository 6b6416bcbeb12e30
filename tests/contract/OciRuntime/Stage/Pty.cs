// The test's end of a terminal: one it made itself, or one a runtime sent over a console socket.
using System.Net.Sockets;
using System.Text;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>The master of a pseudo terminal.</summary>
public sealed class Pty : IDisposable
{
    private readonly int _master;
    private readonly StringBuilder _seen = new();

    /// <summary>Takes a master.</summary>
    private Pty(int master, string path) => (_master, Path) = (master, path);

    /// <summary>The slave's path (on the host), if the test made it.</summary>
    public string Path { get; }

    /// <summary>The size, as the master tells it.</summary>
    public (int Rows, int Columns) Size => Native.GetWindow(_master);

    /// <summary>A new terminal.</summary>
    public static Pty Open(ushort rows = 24, ushort columns = 80)
    {
        (int master, string slave) = Native.OpenPty(rows, columns);
        return new Pty(master, slave);
    }

    /// <summary>A terminal that was sent to us.</summary>
    internal static Pty Received(int master, string name) => new(master, name);

    /// <summary>Changes the size.</summary>
    public void Resize(ushort rows, ushort columns) => Native.SetWindow(_master, rows, columns);

    /// <summary>Types.</summary>
    public void Type(string text) => Native.Write(_master, text);

    /// <summary>Waits until the screen has the text; returns everything seen.</summary>
    public string Await(string text)
    {
        Until.True(() => ReadMore() && _seen.ToString().Contains(text, StringComparison.Ordinal), () => $"the terminal shows '{text}'; it shows: {_seen}");
        return _seen.ToString();
    }

    /// <summary>Waits until nobody has the slave open; returns everything seen.</summary>
    public string ReadToEnd()
    {
        Until.True(() => Native.ReadSome(_master) is not { } text || _seen.Append(text).Length < 0, "the terminal is closed by everyone");
        return _seen.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => Native.Close(_master);

    private bool ReadMore()
    {
        if (Native.ReadSome(_master) is { } text) _seen.Append(text);
        return true;
    }
}

/// <summary>A Unix socket on which a runtime delivers descriptors (--console-socket, seccomp listeners, pidfds).</summary>
public sealed class DescriptorSocket : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <summary>Listens at <paramref name="path"/>.</summary>
    public DescriptorSocket(string path)
    {
        Path = path;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(8);
    }

    /// <summary>Where it listens.</summary>
    public string Path { get; }

    /// <summary>Waits for a connection and takes the message with its descriptors.</summary>
    public (byte[] Data, int[] Descriptors) Receive()
    {
        Assert.True(_listener.Poll(Until.Patience, SelectMode.SelectRead), $"nobody connected to {Path}");
        using Socket connection = _listener.Accept();
        Assert.True(connection.Poll(Until.Patience, SelectMode.SelectRead), $"nothing was sent to {Path}");
        return Native.Receive((int)connection.Handle);
    }

    /// <summary>Waits for a terminal.</summary>
    public Pty ReceivePty()
    {
        (byte[] data, int[] descriptors) = Receive();
        return Pty.Received(Assert.Single(descriptors), Encoding.UTF8.GetString(data));
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
