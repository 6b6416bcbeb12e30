// conmon's control fifos in the bundle: "1 HEIGHT WIDTH" resizes, "2 0 0" begins new log files.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Programs;

namespace Berth.Shim.Conmon;

/// <summary>Reads commands, a line each; what is no command is passed over.</summary>
internal sealed class ControlFifos : IDisposable
{
    private const int Longest = 200, LargestSize = 1000;

    private readonly Fd _read;
    // Held open so that the last writer's leaving is no end of file.
    private readonly Fd _write;
    private readonly Watch _watch;
    private readonly Action<string> _warn;
    private readonly byte[] _line = new byte[Longest];
    private int _used;
    private bool _tooLong;

    /// <summary>Makes the fifos and listens.</summary>
    /// <exception cref="LinuxException">They cannot be made.</exception>
    public ControlFifos(EventLoop loop, string bundle, Action<string> warn)
    {
        _warn = warn;
        (_read, _write) = Open($"{bundle}/ctl");
        // Nobody but conmon itself ever used that one; it is part of what a bundle looks like.
        (Fd read, Fd write) = Open($"{bundle}/winsz");
        read.Dispose();
        write.Dispose();
        _watch = loop.Look(_read, Readiness.Read, _ => Take());
    }

    /// <summary>Called with rows and columns.</summary>
    public Action<ushort, ushort>? Resize { get; set; }

    /// <summary>Called when logs are to be reopened.</summary>
    public Action? ReopenLogs { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Remove();
        _read.Dispose();
        _write.Dispose();
    }

    private static (Fd Read, Fd Write) Open(string path)
    {
        KernelPath.Remove(path);
        KernelPath.MakeFifo(path, 0x1B0);
        Fd read = KernelPath.Open(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        return (read, KernelPath.Open(path, OpenFlags.WriteOnly));
    }

    private void Take()
    {
        Span<byte> buffer = stackalloc byte[4096];
        int n = FdIo.TryRead(_read, buffer, out _);
        for (int i = 0; i < n; i++)
        {
            byte b = buffer[i];
            if (b == (byte)'\n')
            {
                if (_tooLong) _warn("Could not find newline in entire buffer");
                else Obey(_line.AsSpan(0, _used));
                _used = 0;
                _tooLong = false;
            }
            else if (_used == Longest) _tooLong = true;
            else _line[_used++] = b;
        }
    }

    private void Obey(ReadOnlySpan<byte> line)
    {
        if (!TryNumber(ref line, out long kind) || !TryNumber(ref line, out long height) || !TryNumber(ref line, out long width))
        {
            _warn("Invalid control message format");
            return;
        }
        if (kind is not (1 or 2))
        {
            _warn($"Invalid control message type: {kind}");
            return;
        }
        if (height is < 0 or > LargestSize || width is < 0 or > LargestSize)
        {
            _warn($"Invalid window size: {height}x{width} (must be between 0 and {LargestSize})");
            return;
        }
        if (kind == 1) Resize?.Invoke((ushort)height, (ushort)width);
        else ReopenLogs?.Invoke();
    }

    /// <summary>As scanf(3) reads %d: blanks, a sign, digits; what follows is the next one's.</summary>
    private static bool TryNumber(ref ReadOnlySpan<byte> text, out long value)
    {
        text = text.TrimStart(" \t\r"u8);
        value = 0;
        int at = 0, sign = 1;
        if (at < text.Length && text[at] is (byte)'-' or (byte)'+') sign = text[at++] == (byte)'-' ? -1 : 1;
        int digits = at;
        for (; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++) value = Math.Min((value * 10) + (text[at] - '0'), int.MaxValue);
        value *= sign;
        text = text[at..];
        return at > digits;
    }
}
