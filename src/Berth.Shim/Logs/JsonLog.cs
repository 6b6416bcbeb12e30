// Docker's json-file: one object a line, with the text, the stream and the time in UTC.
using System.Text;
using Berth.Linux.Processes;
using Berth.Shim.Streams;

namespace Berth.Shim.Logs;

/// <summary>Writes <c>{"log":"text\n","stream":"stdout","time":"…Z"}</c>; a line longer than 16 KiB is split, and only its last part ends with the new line.</summary>
internal sealed class JsonLog(LogFile file) : ILogDriver
{
    // What Docker takes at once.
    private const int Longest = 16 * 1024;

    private readonly List<byte> _output = [];
    private readonly List<byte> _error = [];
    private readonly List<byte> _line = [];

    /// <inheritdoc/>
    public bool IsFull => false;

    /// <inheritdoc/>
    public bool IsOwed => file.IsStuck;

    /// <inheritdoc/>
    public bool IsStill => _output.Count == 0 && _error.Count == 0 && file.IsStill;

    /// <inheritdoc/>
    public Linux.Fd? Descriptor => file.Descriptor;

    /// <inheritdoc/>
    public LogPlace? Place => file.Place;

    /// <inheritdoc/>
    public void PassUnwritten(IOutputSink sink)
    {
        sink.Write(StandardStream.Output, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_output));
        sink.Write(StandardStream.Error, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_error));
    }

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        if (file.TakeLost() is > 0 and long lost) Line(StandardStream.Error, Encoding.ASCII.GetBytes(LogFile.Confession(lost)));
        List<byte> pending = stream == StandardStream.Error ? _error : _output;
        while (!bytes.IsEmpty)
        {
            int newLine = bytes.IndexOf((byte)'\n');
            int length = Math.Min(newLine < 0 ? bytes.Length : newLine + 1, Longest - pending.Count);
            bool whole = newLine >= 0 && length == newLine + 1;
            if (whole && pending.Count == 0)
            {
                Line(stream, bytes[..length]);
            }
            else
            {
                pending.AddRange(bytes[..length]);
                if (whole || pending.Count >= Longest) Release(stream, pending);
            }
            bytes = bytes[length..];
        }
        file.Flush();
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream)
    {
        Release(stream, stream == StandardStream.Error ? _error : _output);
        file.Flush();
    }

    /// <inheritdoc/>
    public void Reopen() => file.Reopen();

    /// <inheritdoc/>
    public void Sync() => file.Sync();

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Release(StandardStream stream, List<byte> pending)
    {
        if (pending.Count == 0) return;
        Line(stream, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pending));
        pending.Clear();
    }

    private void Line(StandardStream stream, ReadOnlySpan<byte> text)
    {
        _line.Clear();
        _line.AddRange("{\"log\":\""u8);
        Escape(text);
        _line.AddRange(stream == StandardStream.Error ? "\",\"stream\":\"stderr\",\"time\":\""u8 : "\",\"stream\":\"stdout\",\"time\":\""u8);
        AddTime(Self.RealTime);
        _line.AddRange("\"}\n"u8);
        if (file.Begin(_line.Count)) file.Append(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_line));
    }

    /// <summary>As Docker's encoder: what is no UTF-8 becomes U+FFFD, and what HTML could misread is escaped.</summary>
    private void Escape(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            int plain = 0;
            while (plain < text.Length && text[plain] is >= 0x20 and < 0x7F and not ((byte)'"' or (byte)'\\' or (byte)'<' or (byte)'>' or (byte)'&')) plain++;
            _line.AddRange(text[..plain]);
            text = text[plain..];
            if (text.IsEmpty) return;
            bool valid = Rune.DecodeFromUtf8(text, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            if (!valid) _line.AddRange("\\ufffd"u8);
            else if (rune.Value >= 0x7F && rune.Value is not (0x2028 or 0x2029)) _line.AddRange(text[..length]);
            else EscapeOne(rune.Value);
            text = text[length..];
        }
    }

    private void EscapeOne(int value)
    {
        ReadOnlySpan<byte> known = value switch
        {
            '"' => "\\\""u8,
            '\\' => "\\\\"u8,
            '\n' => "\\n"u8,
            '\r' => "\\r"u8,
            '\t' => "\\t"u8,
            '\b' => "\\b"u8,
            '\f' => "\\f"u8,
            _ => default,
        };
        if (!known.IsEmpty)
        {
            _line.AddRange(known);
            return;
        }
        _line.AddRange("\\u"u8);
        for (int shift = 12; shift >= 0; shift -= 4) _line.Add("0123456789abcdef"u8[(value >> shift) & 15]);
    }

    /// <summary>RFC 3339 in UTC with as many digits as are not zero at the end, as Go prints it.</summary>
    private void AddTime(long nanoseconds)
    {
        (long second, long rest) = Math.DivRem(nanoseconds, 1_000_000_000);
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(second);
        Span<byte> text = stackalloc byte[31];
        "0000-00-00T00:00:00.000000000Z"u8.CopyTo(text);
        Digits(text, 0, 4, time.Year);
        Digits(text, 5, 2, time.Month);
        Digits(text, 8, 2, time.Day);
        Digits(text, 11, 2, time.Hour);
        Digits(text, 14, 2, time.Minute);
        Digits(text, 17, 2, time.Second);
        Digits(text, 20, 9, rest);
        int end = 29;
        while (text[end - 1] == (byte)'0') end--;
        if (text[end - 1] == (byte)'.') end--;
        _line.AddRange(text[..end]);
        _line.Add((byte)'Z');
    }

    private static void Digits(Span<byte> text, int at, int count, long value)
    {
        for (int i = at + count - 1; i >= at; i--, value /= 10) text[i] = (byte)('0' + (value % 10));
    }
}
