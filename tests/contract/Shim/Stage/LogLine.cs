// Lines of the log format that podman, CRI-O and the kubelet read: time, stream, whole or part, text. Bytes stay what they are.
using System.Globalization;
using System.Text;

namespace Berth.Contract.Shim.Stage;

/// <summary>One line of a k8s-file log; its text has one character for each byte.</summary>
public sealed record LogLine(string Stamp, string Stream, bool IsPart, string Text)
{
    // Nine digits of the second and an offset in figures, never Z: readers cut at fixed places.
    private const string StampForm = "0000-00-00T00:00:00.000000000+00:00";

    /// <summary>When it was written, to a tenth of a microsecond.</summary>
    public DateTimeOffset Time => DateTimeOffset.Parse(Stamp.Remove(27, 2), CultureInfo.InvariantCulture);

    /// <summary>Reads a log up to its last whole line, as somebody may be writing just now; a line of another form is a failure.</summary>
    public static IReadOnlyList<LogLine> Read(string path)
    {
        string all;
        try { all = Encoding.Latin1.GetString(File.ReadAllBytes(path)); }
        catch (FileNotFoundException) { return []; }
        List<LogLine> lines = [];
        int begin = 0;
        for (int end; (end = all.IndexOf('\n', begin)) >= 0; begin = end + 1) lines.Add(Parse(all.AsSpan(begin, end - begin)));
        return lines;
    }

    /// <summary>What a program wrote to a stream.</summary>
    public static string Joined(IEnumerable<LogLine> lines, string stream)
    {
        StringBuilder text = new();
        foreach (LogLine line in lines)
        {
            if (line.Stream != stream) continue;
            text.Append(line.Text);
            if (!line.IsPart) text.Append('\n');
        }
        return text.ToString();
    }

    private static LogLine Parse(ReadOnlySpan<char> line)
    {
        bool fits = line.Length >= StampForm.Length + 10
            && line[StampForm.Length..(StampForm.Length + 8)] is " stdout " or " stderr "
            && line[StampForm.Length + 8] is 'F' or 'P'
            && line[StampForm.Length + 9] == ' ';
        for (int i = 0; fits && i < StampForm.Length; i++)
        {
            fits = StampForm[i] switch { '0' => char.IsAsciiDigit(line[i]), '+' => line[i] is '+' or '-', char other => line[i] == other };
        }
        Assert.True(fits, $"a line of no known form: {line[..Math.Min(line.Length, 300)]}");
        string stream = line[StampForm.Length + 4] == 'o' ? "stdout" : "stderr";
        return new LogLine(line[..StampForm.Length].ToString(), stream, line[StampForm.Length + 8] == 'P', line[(StampForm.Length + 10)..].ToString());
    }
}
