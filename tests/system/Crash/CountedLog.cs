// The judge of what a counter wrote: each number once and in order, each line whole, over rotated files and parts of lines.
using System.Buffers.Text;
using System.Text;

namespace Berth.SystemTests.Crash;

/// <summary>How a log is written.</summary>
public enum LogForm
{
    /// <summary>The program's own bytes.</summary>
    Plain,

    /// <summary>Time, stream, whole or part, text: what podman, CRI-O and the kubelet read.</summary>
    Cri,
}

/// <summary>Reads a log from the oldest file to the newest.</summary>
public sealed class CountedLog(LogForm form)
{
    // Nine digits of the second and an offset in figures, a blank, six letters, a blank, a letter, a blank.
    private const int StampLength = 35, PrefixLength = StampLength + 10;

    private static readonly byte[] Tail = Encoding.ASCII.GetBytes(Counter.Tail);
    private readonly List<byte> _line = [];
    private bool _isTorn;
    private bool _isOver;

    /// <summary>The last number seen.</summary>
    public long Last { get; private set; }

    /// <summary>How often the log says that something is missing, which is where numbers may jump.</summary>
    public int Confessions { get; private set; }

    /// <summary>Whether such places may be.</summary>
    public bool MayConfess { get; init; }

    /// <summary>Whether it begins wherever its reader came, perhaps in the middle of a line.</summary>
    public bool BeginsAnywhere { get; init; }

    /// <summary>Whether an empty line stands behind the last.</summary>
    public bool EndsWithEmptyLine { get; init; }

    /// <summary>Takes one file.</summary>
    public void Read(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        byte[] buffer = new byte[1 << 20];
        int held = 0;
        while (file.Read(buffer, held, buffer.Length - held) is > 0 and int n)
        {
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, held + n);
            for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..]) TakeLine(bytes[..end], path);
            held = bytes.Length;
            bytes.ToArray().CopyTo(buffer, 0);
        }
        // Files are changed between lines.
        Assert.True(held == 0, $"{path} ends in the middle of a line, behind {Last}");
    }

    /// <summary>Asserts that it went to the end.</summary>
    public void EndsWith(long last)
    {
        Assert.True(_line.Count == 0, $"the rest of a line is missing behind {Last}");
        Assert.Equal(last, Last);
    }

    private void TakeLine(ReadOnlySpan<byte> line, string path)
    {
        Assert.False(_isOver, $"{path} goes on behind its end, {Last}");
        _isOver = EndsWithEmptyLine && line.IsEmpty;
        if (_isOver) return;
        if (form == LogForm.Plain)
        {
            TakeNumber(line, path);
            return;
        }
        ReadOnlySpan<byte> mark = line.Length < PrefixLength ? default : line[StampLength..PrefixLength];
        if (mark.SequenceEqual(" stderr F "u8) && line[PrefixLength..].StartsWith("berth-shim: "u8))
        {
            Assert.True(MayConfess, $"{path} behind {Last}: {Encoding.Latin1.GetString(line)}");
            Confessions++;
            _isTorn = true;
            _line.Clear();
            return;
        }
        bool whole = mark.SequenceEqual(" stdout F "u8);
        Assert.True(whole || mark.SequenceEqual(" stdout P "u8), $"{path} has a line of no known form behind {Last}: {Encoding.Latin1.GetString(line[..Math.Min(line.Length, 200)])}");
        if (_line.Count == 0 && whole)
        {
            TakeNumber(line[PrefixLength..], path);
            return;
        }
        _line.AddRange(line[PrefixLength..]);
        if (!whole) return;
        byte[] joined = [.. _line];
        _line.Clear();
        TakeNumber(joined, path);
    }

    private void TakeNumber(ReadOnlySpan<byte> line, string path)
    {
        bool isLine = Utf8Parser.TryParse(line, out long number, out int length) && line[length..].SequenceEqual(Tail);
        if (Last == 0 && BeginsAnywhere && (!isLine || number > 1))
        {
            Last = isLine ? number : 0;
            return;
        }
        if (isLine && _isTorn && number > Last + 1)
        {
            _isTorn = false;
            Last = number;
            return;
        }
        // The rest of a line whose beginning is among what is missing, or the beginning of one whose rest is.
        if (!isLine && _isTorn) return;
        if (isLine && number == Last + 1)
        {
            Last = number;
            return;
        }
        Assert.Fail($"{path}: '{Encoding.Latin1.GetString(line[..Math.Min(line.Length, 200)])}' stands where {Last + 1} is due");
    }
}
