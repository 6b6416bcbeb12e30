// The journal of systemd by its native protocol (sd_journal_send(3)): one datagram for a line.
using System.Buffers.Binary;
using System.Text;
using Berth.Linux;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Shim.Streams;

namespace Berth.Shim.Logs;

/// <summary>How entries of a container are marked.</summary>
internal sealed record JournalMarks
{
    /// <summary>The full id; its first twelve characters are the short one.</summary>
    public required string Id { get; init; }

    /// <summary>The container's name, or null.</summary>
    public string? Name { get; init; }

    /// <summary>A tag, or null.</summary>
    public string? Tag { get; init; }

    /// <summary>NAME=VALUE each.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Whether unfinished lines are marked as such.</summary>
    public bool MarksPartial { get; init; } = true;
}

/// <summary>Sends whole lines; unfinished ones are kept until they are whole, or too long.</summary>
internal sealed class JournalLog : ILogDriver
{
    /// <summary>Where the journal listens.</summary>
    public const string Path = "/run/systemd/journal/socket";

    // conmon's buffer: a longer line becomes several entries.
    private const int Longest = 8192, RetryMilliseconds = 20;

    private readonly byte[] _output = new byte[Longest];
    private readonly byte[] _error = new byte[Longest];
    private int _outputUsed;
    private int _errorUsed;
    private readonly byte[] _beforePriority;
    private readonly byte[] _afterPriority;
    private readonly byte[] _labels;
    private readonly bool _marksPartial;
    private readonly List<byte> _entry = [];
    private readonly EventLoop _loop;
    private readonly Action<string> _warn;
    private Fd? _socket;
    private Alarm? _retry;
    private bool _isWarned;
    private readonly Queue<byte[]> _waiting = new();

    /// <summary>A log in the journal of this host, which need not run now.</summary>
    public JournalLog(EventLoop loop, JournalMarks marks, Action<string> warn)
    {
        (_loop, _warn) = (loop, warn);
        _marksPartial = marks.MarksPartial;
        string shortId = marks.Id[..Math.Min(12, marks.Id.Length)];
        _beforePriority = [.. Field("CONTAINER_ID_FULL", marks.Id)];
        List<byte> after = Field("CONTAINER_ID", shortId);
        if (marks.Tag is { } tag) after.AddRange(Field("CONTAINER_TAG", tag));
        if (marks.Name is { } name) after.AddRange(Field("CONTAINER_NAME", name));
        after.AddRange(Field("SYSLOG_IDENTIFIER", marks.Tag ?? marks.Name ?? shortId));
        _afterPriority = [.. after];
        List<byte> labels = [];
        foreach (string label in marks.Labels)
        {
            string[] sides = label.Split('=', 2);
            labels.AddRange(Field(sides[0], sides.Length > 1 ? sides[1] : ""));
        }
        _labels = [.. labels];
    }

    /// <summary>A value with a new line in it is told by its length: it would bring fields of its own otherwise.</summary>
    internal static List<byte> Field(string name, string value)
    {
        List<byte> field = [.. Encoding.UTF8.GetBytes(name.ReplaceLineEndings("_"))];
        Add(field, Encoding.UTF8.GetBytes(value));
        return field;
    }

    private static void Add(List<byte> field, ReadOnlySpan<byte> value)
    {
        if (value.IndexOf((byte)'\n') < 0)
        {
            field.Add((byte)'=');
        }
        else
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)value.Length);
            field.Add((byte)'\n');
            field.AddRange(length);
        }
        field.AddRange(value);
        field.Add((byte)'\n');
    }

    /// <inheritdoc/>
    public bool IsFull => _waiting.Count > 0;

    /// <inheritdoc/>
    public bool IsStill => _outputUsed == 0 && _errorUsed == 0 && _waiting.Count == 0 && _retry is null;

    /// <summary>Called when the journal takes entries again.</summary>
    public Action? Drained { get; set; }

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        byte[] pending = stream == StandardStream.Error ? _error : _output;
        ref int used = ref stream == StandardStream.Error ? ref _errorUsed : ref _outputUsed;
        while (!bytes.IsEmpty)
        {
            int newLine = bytes.IndexOf((byte)'\n');
            int length = Math.Min(newLine < 0 ? bytes.Length : newLine, Longest - used);
            bytes[..length].CopyTo(pending.AsSpan(used));
            used += length;
            bytes = bytes[length..];
            if (newLine == length)
            {
                Send(stream, pending.AsSpan(0, used), partial: false);
                used = 0;
                bytes = bytes[1..];
            }
            else if (used == Longest)
            {
                Send(stream, pending.AsSpan(0, used), partial: true);
                used = 0;
            }
        }
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream)
    {
        ref int used = ref stream == StandardStream.Error ? ref _errorUsed : ref _outputUsed;
        if (used > 0) Send(stream, (stream == StandardStream.Error ? _error : _output).AsSpan(0, used), partial: true);
        used = 0;
    }

    /// <inheritdoc/>
    public void Reopen()
    {
        _socket?.Dispose();
        _socket = null;
    }

    /// <inheritdoc/>
    public void Sync() { }

    /// <inheritdoc/>
    public void Dispose()
    {
        _retry?.Cancel();
        _socket?.Dispose();
    }

    private void Send(StandardStream stream, ReadOnlySpan<byte> text, bool partial)
    {
        int priority = stream == StandardStream.Error ? 3 : 6;
        // sd-daemon(3): <N> before a line is its priority.
        if (text.Length >= 3 && text[0] == (byte)'<' && text[1] is >= (byte)'0' and <= (byte)'7' && text[2] == (byte)'>')
        {
            priority = text[1] - '0';
            text = text[3..];
        }
        _entry.Clear();
        _entry.AddRange("MESSAGE"u8);
        Add(_entry, text);
        _entry.AddRange(_beforePriority);
        _entry.AddRange("PRIORITY="u8);
        _entry.Add((byte)('0' + priority));
        _entry.Add((byte)'\n');
        _entry.AddRange(_afterPriority);
        if (partial && _marksPartial) _entry.AddRange("CONTAINER_PARTIAL_MESSAGE=true\n"u8);
        _entry.AddRange(_labels);
        Pass(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_entry));
    }

    private void Pass(ReadOnlySpan<byte> entry)
    {
        if (_waiting.Count > 0 || !TryPass(entry))
        {
            _waiting.Enqueue(entry.ToArray());
            _retry ??= _loop.After(RetryMilliseconds, Retry);
        }
    }

    private bool TryPass(ReadOnlySpan<byte> entry)
    {
        Errno errno;
        try
        {
            _socket ??= UnixSocket.New(SocketKind.Datagram);
            if (UnixSocket.TrySendTo(_socket, Path, entry, out errno))
            {
                _isWarned = false;
                return true;
            }
        }
        catch (LinuxException e)
        {
            errno = e.Errno;
        }
        // EMFILE: no descriptor is to be had just now.
        if (errno is Errno.EAGAIN or Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM) return false;
        // Nobody is there: without a journal there is none to be lost, and the container must not wait for one for ever.
        if (!_isWarned) _warn($"Failed to send to the journal: {errno.Sentence()}");
        _isWarned = true;
        return true;
    }

    private void Retry()
    {
        _retry = null;
        while (_waiting.TryPeek(out byte[]? entry))
        {
            if (!TryPass(entry))
            {
                _retry = _loop.After(RetryMilliseconds, Retry);
                return;
            }
            _waiting.Dequeue();
        }
        Drained?.Invoke();
    }
}
