// A synchronous D-Bus client: one connection, one call at a time, signals kept until they are asked for.
using System.Text;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;

namespace Berth.Linux.DBus;

/// <summary>An error a peer answered with.</summary>
/// <param name="name">Such as <c>org.freedesktop.systemd1.UnitExists</c>.</param>
/// <param name="message">Its text.</param>
public sealed class DBusErrorException(string name, string message) : Exception($"{name}: {message}")
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;
}

/// <summary>A connection to a bus, or to a peer that speaks D-Bus without one.</summary>
/// <remarks>
/// <code>
/// client                                    server
/// \0 AUTH EXTERNAL, DATA, BEGIN  ────────►
///                                ◄────────  DATA, OK guid        (who we are it knows from the kernel)
/// Hello (bus only)               ────────►
///                                ◄────────  our unique name
/// </code>
/// </remarks>
public sealed class DBusConnection : IDisposable
{
    private const int TimeoutMilliseconds = 30_000;

    private readonly UnixStream _stream;
    private readonly Queue<DBusMessage> _signals = new();
    private byte[] _received = new byte[4096];
    private int _filled;
    private uint _serial;

    private DBusConnection(UnixStream stream) => _stream = stream;

    /// <summary>Connects and authenticates.</summary>
    /// <param name="socket">Path, or a zero character and the name of an abstract socket.</param>
    /// <param name="isBus">Whether a bus is there, which wants a greeting and routes messages by name.</param>
    /// <exception cref="LinuxException">Nobody is there.</exception>
    /// <exception cref="DBusException">We are rejected.</exception>
    public static DBusConnection Open(string socket, bool isBus)
    {
        ArgumentNullException.ThrowIfNull(socket);
        DBusConnection connection = new(Connect(socket));
        try
        {
            connection.Authenticate();
            if (isBus) connection.Call(DBusNames.Bus, DBusNames.BusPath, DBusNames.Bus, "Hello");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Calls a method and waits for the answer's body.</summary>
    /// <exception cref="DBusErrorException">The peer answers with an error.</exception>
    /// <exception cref="DBusException">It does not answer, or what it says is no D-Bus.</exception>
    public IReadOnlyList<DBusValue> Call(string destination, string path, string @interface, string member, params IReadOnlyList<DBusValue> body)
    {
        DBusMessage call = new()
        {
            Kind = DBusKind.Call, Serial = ++_serial, Destination = destination, Path = path, Interface = @interface, Member = member, Body = body,
        };
        try
        {
            _stream.Send(call.Marshal(), TimeoutMilliseconds);
            long end = Environment.TickCount64 + TimeoutMilliseconds;
            while (true)
            {
                DBusMessage message = Next(end);
                if (message.ReplySerial == call.Serial && message.Kind == DBusKind.Return) return message.Body;
                if (message.ReplySerial == call.Serial && message.Kind == DBusKind.Error)
                {
                    throw new DBusErrorException(message.ErrorName, message.Body is [DBusText text, ..] ? text.Text : "");
                }
                if (message.Kind == DBusKind.Signal) _signals.Enqueue(message);
            }
        }
        catch (LinuxException e)
        {
            throw new DBusException(DBusTrouble.NoAnswer, $"no answer to {member} from {destination}: {e.Message}", e);
        }
    }

    /// <summary>The next signal of a name, or null when none comes in time.</summary>
    public DBusMessage? Signal(string member, int milliseconds)
    {
        long end = Environment.TickCount64 + milliseconds;
        try
        {
            while (true)
            {
                DBusMessage message = _signals.Count > 0 ? _signals.Dequeue() : Next(end);
                if (message.Kind == DBusKind.Signal && message.Member == member) return message;
            }
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static UnixStream Connect(string socket)
    {
        for (int i = 0; ; i++)
        {
            try { return UnixStream.Connect(socket); }
            // A full queue empties: at container storms many ask systemd at once.
            catch (LinuxException e) when (e.Errno == Errno.EAGAIN && i < 7) { ShortPause.Microseconds(100_000L << i); }
        }
    }

    private void Authenticate()
    {
        // Without an identity in it the server takes the one of the socket's peer, which is right in user namespaces too.
        _stream.Send("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"u8, TimeoutMilliseconds);
        while (true)
        {
            string line = Line();
            if (line.StartsWith("OK", StringComparison.Ordinal)) return;
            if (line != "DATA") throw new DBusException(DBusTrouble.Rejected, $"D-Bus authentication failed: {line}");
        }
    }

    private string Line()
    {
        long end = Environment.TickCount64 + TimeoutMilliseconds;
        int length;
        while ((length = _received.AsSpan(0, _filled).IndexOf("\r\n"u8)) < 0) Fill(end);
        string line = Encoding.ASCII.GetString(_received, 0, length);
        Drop(length + 2);
        return line;
    }

    private DBusMessage Next(long end)
    {
        while (_filled < DBusMessage.FixedHeader) Fill(end);
        int length = DBusMessage.LengthOf(_received);
        if (_received.Length < length) Array.Resize(ref _received, length);
        while (_filled < length) Fill(end);
        DBusMessage message = DBusMessage.Parse(_received.AsSpan(0, length));
        Drop(length);
        return message;
    }

    private void Fill(long end)
    {
        if (_filled == _received.Length) Array.Resize(ref _received, _received.Length * 2);
        int count = _stream.Receive(_received.AsSpan(_filled), (int)Math.Max(0, end - Environment.TickCount64));
        if (count == 0) throw new LinuxException("recv", null, Errno.ECONNRESET);
        _filled += count;
    }

    private void Drop(int count)
    {
        _received.AsSpan(count, _filled - count).CopyTo(_received);
        _filled -= count;
    }
}

/// <summary>Names of the bus itself.</summary>
public static class DBusNames
{
    /// <summary>Its own.</summary>
    public const string Bus = "org.freedesktop.DBus";

    /// <summary>Its object's.</summary>
    public const string BusPath = "/org/freedesktop/DBus";
}
