// Logs read back: both forms, tails, times, and files that are rotated while they are read.
using System.Globalization;
using System.Text;
using Berth.Engine.Containers;

namespace Berth.Engine.Tests.Containers;

public sealed class LogReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-logs-").FullName;
    private bool _over;

    private string Log => _folder + "/output.log";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Lines_come_in_order_with_their_stream()
    {
        File.WriteAllText(Log, Line("a\\n", 1) + Line("b", 2, "stderr") + Line("\\u00fc\\n", 3));
        Assert.Equal(["a\n", "!b", "ü\n"], await ReadAsync());
    }

    [Fact]
    public async Task The_form_of_kubernetes_has_parts_of_lines()
    {
        File.WriteAllText(Log, "2026-01-01T00:00:01Z stdout P par\n2026-01-01T00:00:02Z stdout F t\n2026-01-01T00:00:03Z stderr F e\n");
        Assert.Equal(["par", "t\n", "!e\n"], await ReadAsync(isCri: true));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "9")]
    [InlineData(4, "6 7 8 9")]
    [InlineData(6, "4 5 6 7 8 9")]
    [InlineData(100, "0 1 2 3 4 5 6 7 8 9")]
    public async Task The_last_lines_are_found_over_files(int tail, string expected)
    {
        File.WriteAllText(Log + ".2", Line("0", 0) + Line("1", 1));
        File.WriteAllText(Log + ".1", Line("2", 2) + Line("3", 3) + Line("4", 4));
        File.WriteAllText(Log, string.Concat(Enumerable.Range(5, 5).Select(static i => Line(i.ToString(CultureInfo.InvariantCulture), i))));
        Assert.Equal(expected, string.Join(' ', await ReadAsync(new LogOptions { Tail = tail })));
    }

    [Fact]
    public async Task A_long_log_is_read_from_its_end()
    {
        File.WriteAllText(Log, string.Concat(Enumerable.Range(0, 20_000).Select(static i => Line($"line {i}", i % 50))));
        Assert.Equal(["line 19998", "line 19999"], await ReadAsync(new LogOptions { Tail = 2 }));
    }

    [Fact]
    public async Task Times_bound_what_is_read()
    {
        File.WriteAllText(Log, Line("a", 1) + Line("b", 2) + Line("c", 3));
        DateTimeOffset second = new(2026, 1, 1, 0, 0, 2, TimeSpan.Zero);
        Assert.Equal(["b", "c"], await ReadAsync(new LogOptions { Since = second }));
        Assert.Equal(["a", "b"], await ReadAsync(new LogOptions { Until = second }));
    }

    [Fact]
    public async Task Who_follows_misses_nothing_of_files_that_are_rotated()
    {
        File.WriteAllText(Log, Line("0", 0));
        LogReader reader = new(Log, isCri: false, () => _over);
        List<string> read = [];
        await foreach (LogEntry entry in reader.ReadAsync(new LogOptions { Follow = true }, TestContext.Current.CancellationToken))
        {
            read.Add(Encoding.UTF8.GetString(entry.Bytes.Span));
            if (read.Count == 1)
            {
                File.AppendAllText(Log, Line("1", 1));
                File.Move(Log, Log + ".2");
                File.WriteAllText(Log + ".1", Line("2", 2));
                File.WriteAllText(Log, Line("3", 3));
            }
            if (read.Count == 4) _over = true;
        }
        Assert.Equal(["0", "1", "2", "3"], read);
    }

    [Fact]
    public async Task What_is_no_line_is_passed_over()
    {
        File.WriteAllText(Log, "{\"log\":\"half\n" + Line("a", 1) + "\n[]\n{\"log\":3}\n" + Line("b", 2) + "{\"log\":\"cut");
        Assert.Equal(["a", "b"], await ReadAsync());
    }

    private static string Line(string text, int second, string stream = "stdout") => $"{{\"log\":\"{text}\",\"stream\":\"{stream}\",\"time\":\"2026-01-01T00:00:{second:00}Z\"}}\n";

    private async Task<List<string>> ReadAsync(LogOptions? options = null, bool isCri = false)
    {
        List<string> read = [];
        await foreach (LogEntry entry in new LogReader(Log, isCri, static () => true).ReadAsync(options ?? new LogOptions(), TestContext.Current.CancellationToken))
        {
            read.Add((entry.Kind == OutputKind.Error ? "!" : "") + Encoding.UTF8.GetString(entry.Bytes.Span));
        }
        return read;
    }
}
