// Lines of the log format that podman, CRI-O and the kubelet read: time, stream, whole or part, text. Bytes stay what they are.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Berth.Contract.Shim.Stage;

/// <summary>One line of a k8s-file log; its text has one character for each byte.</summary>
public sealed partial record LogLine(DateTimeOffset Time, string Stream, bool IsPart, string Text)
{
    /// <summary>Reads a log; a line of another form is a failure, as is a last line without an end.</summary>
    public static IReadOnlyList<LogLine> Read(string path)
    {
        string all;
        try { all = Encoding.Latin1.GetString(File.ReadAllBytes(path)); }
        catch (FileNotFoundException) { return []; }
        // Somebody may be writing just now.
        string[] lines = all[..(all.LastIndexOf('\n') + 1)].Split('\n');
        return [.. lines[..^1].Select(Parse)];
    }

    /// <summary>What a program wrote to a stream.</summary>
    public static string Joined(IEnumerable<LogLine> lines, string stream)
    {
        StringBuilder text = new();
        foreach (LogLine line in lines.Where(line => line.Stream == stream))
        {
            text.Append(line.Text);
            if (!line.IsPart) text.Append('\n');
        }
        return text.ToString();
    }

    private static LogLine Parse(string line)
    {
        Match match = Form().Match(line);
        Assert.True(match.Success, $"a line of no known form: {(line.Length > 300 ? line[..300] : line)}");
        return new LogLine(DateTimeOffset.Parse(match.Groups[1].Value.Remove(27, 2), CultureInfo.InvariantCulture), match.Groups[2].Value, match.Groups[3].Value == "P", match.Groups[4].Value);
    }

    // Nine digits of the second and an offset in figures, never Z: readers cut at fixed places.
    [GeneratedRegex(@"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}[+-]\d\d:\d\d) (stdout|stderr) ([PF]) (.*)$", RegexOptions.Singleline)]
    private static partial Regex Form();
}
