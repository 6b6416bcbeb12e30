// Text to one of the standard streams: collected, and written by write(2). Console would start threads and read the terminal's data base.
using System.Text;
using Berth.Linux.Files;

namespace Berth.Cli.Output;

/// <summary>A stream of text.</summary>
/// <param name="write">Takes what was collected; false where nobody reads it any more.</param>
internal sealed class Lines(Func<ReadOnlyMemory<byte>, bool> write)
{
    private const int Full = 32 * 1024;

    private readonly StringBuilder _text = new();

    /// <summary>To a descriptor.</summary>
    public static Lines To(int fd) => new(bytes => RawIo.WriteAll(fd, bytes.Span));

    /// <summary>Whether somebody reads it.</summary>
    public bool IsRead { get; private set; } = true;

    /// <summary>Text.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        _text.Append(text);
        if (_text.Length >= Full) Flush();
    }

    /// <summary>Text and the end of a line.</summary>
    public void WriteLine(ReadOnlySpan<char> text = default)
    {
        _text.Append(text).Append('\n');
        if (_text.Length >= Full) Flush();
    }

    /// <summary>Bytes as they are.</summary>
    public void WriteBytes(ReadOnlyMemory<byte> bytes)
    {
        Flush();
        if (IsRead) IsRead = write(bytes);
    }

    /// <summary>Writes what was collected.</summary>
    public void Flush()
    {
        if (_text.Length == 0) return;
        if (IsRead) IsRead = write(Encoding.UTF8.GetBytes(_text.ToString()));
        _text.Clear();
    }
}
