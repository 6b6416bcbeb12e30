// Log files: formats, limits, rotation, and disks that are full.
using System.Text;
using Berth.Shim.Logs;
using Berth.Shim.Streams;

namespace Berth.Shim.Tests.Logs;

public sealed class LogTests : IDisposable
{
    private readonly Scene _scene = new();
    private readonly List<string> _warnings = [];

    private string Path => $"{_scene.Folder}/ctr.log";

    public void Dispose() => _scene.Dispose();

    private LogFile File(LogLimits? limits = null) => new(_scene.Loop, Path, limits ?? new LogLimits(), _warnings.Add);

    private string[] Lines(string suffix = "") => System.IO.File.ReadAllLines(Path + suffix);

    private static string Rest(string line) => line[(TimeStamp.Length + 1)..];

    [Fact]
    public void A_log_of_kubernetes_has_time_stream_and_whether_the_line_is_whole()
    {
        using CriLog log = new(File());
        log.Write(StandardStream.Output, "one\ntwo"u8);
        log.Write(StandardStream.Error, "\n"u8);
        string[] lines = Lines();
        Assert.Equal(["stdout F one", "stdout P two", "stderr F "], Array.ConvertAll(lines, Rest));
        Assert.True(DateTimeOffset.TryParse(lines[0][..TimeStamp.Length], out _));
        Assert.Equal(0x81A0u, Linux.Files.KernelPath.Facts(Path)!.Value.Mode);
    }

    [Fact]
    public void A_line_that_would_make_the_file_too_large_begins_a_new_one()
    {
        using CriLog log = new(File(new LogLimits { MostBytes = 120, Backups = 2 }));
        foreach (string line in (string[])["one\n", "two\n", "three\n", "four\n", "five\n", "six\n", "seven\n"]) log.Write(StandardStream.Output, Encoding.ASCII.GetBytes(line));
        Assert.Equal(["stdout F seven"], Array.ConvertAll(Lines(), Rest));
        Assert.Equal(["stdout F five", "stdout F six"], Array.ConvertAll(Lines(".1"), Rest));
        Assert.Equal(["stdout F three", "stdout F four"], Array.ConvertAll(Lines(".2"), Rest));
        Assert.False(System.IO.File.Exists(Path + ".3"));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Without_backups_the_file_begins_anew()
    {
        using CriLog log = new(File(new LogLimits { MostBytes = 100 }));
        log.Write(StandardStream.Output, "one\ntwo\nthree\n"u8);
        Assert.Equal(["stdout F three"], Array.ConvertAll(Lines(), Rest));
        Assert.Single(Directory.GetFiles(_scene.Folder));
    }

    [Fact]
    public void Beyond_the_limit_of_all_times_nothing_is_logged()
    {
        System.IO.File.WriteAllText(Path, "before\n");
        using CriLog log = new(File(new LogLimits { MostBytesEver = 60 }));
        log.Write(StandardStream.Output, "one\ntwo\nthree\n"u8);
        Assert.Equal(3, Lines().Length);
    }

    [Fact]
    public void A_link_is_not_rotated_and_that_is_not_said_for_each_line()
    {
        System.IO.File.CreateSymbolicLink(Path, $"{_scene.Folder}/elsewhere");
        using CriLog log = new(File(new LogLimits { MostBytes = 60, Backups = 1 }));
        for (int i = 0; i < 100; i++) log.Write(StandardStream.Output, "line\n"u8);
        Assert.Equal(100, Lines().Length);
        Assert.InRange(_warnings.Count, 1, 100);
        Assert.True(new FileInfo(Path).LinkTarget is not null);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_file_that_another_has_renamed_is_followed_by_a_new_one(int backups)
    {
        using CriLog log = new(File(new LogLimits { MostBytes = 10_000, Backups = backups }));
        log.Write(StandardStream.Output, "old\n"u8);
        System.IO.File.Move(Path, Path + ".by-another");
        log.Reopen();
        log.Write(StandardStream.Output, "new\n"u8);
        Assert.Equal(["stdout F old"], Array.ConvertAll(Lines(".by-another"), Rest));
        Assert.Equal(["stdout F new"], Array.ConvertAll(Lines(), Rest));
    }

    [Fact]
    public void Behind_a_full_disk_some_is_kept_the_rest_is_counted_and_it_is_said_once()
    {
        // Always full.
        using LogFile file = new(_scene.Loop, "/dev/full", new LogLimits(), _warnings.Add);
        using CriLog log = new(file);
        for (int i = 0; i < 200; i++) log.Write(StandardStream.Output, new byte[60_000]);
        Assert.True(file.IsStuck);
        Assert.Equal(0, file.TakeLost());
        _scene.Loop.Run(600);
        Assert.Single(_warnings);
    }

    [Fact]
    public void Many_short_lines_in_one_read_are_all_logged()
    {
        using CriLog log = new(File());
        byte[] read = new byte[64 * 1024];
        read.AsSpan().Fill((byte)'\n');
        log.Write(StandardStream.Output, read);
        Assert.Equal(read.Length, Lines().Length);
    }

    [Fact]
    public void A_log_of_docker_is_one_object_a_line()
    {
        using JsonLog log = new(File());
        log.Write(StandardStream.Output, "a \"b\" <c>\t\x1b[0m \u00fc\u2028\n"u8);
        log.Write(StandardStream.Error, [0xFF, (byte)'\n']);
        log.Write(StandardStream.Output, "unfinished"u8);
        Assert.Equal(2, Lines().Length);
        log.Complete(StandardStream.Output);
        string[] lines = Lines();
        Assert.StartsWith("""{"log":"a \"b\" \u003cc\u003e\t\u001b[0m ü\u2028\n","stream":"stdout","time":"20""", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("""{"log":"\ufffd\n","stream":"stderr","time":"20""", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("""{"log":"unfinished","stream":"stdout","time":"20""", lines[2], StringComparison.Ordinal);
        Assert.All(lines, static line => Assert.EndsWith("Z\"}", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_long_line_of_docker_is_split_and_only_its_last_part_ends()
    {
        using JsonLog log = new(File());
        byte[] line = new byte[40_000];
        line.AsSpan().Fill(1);
        line[^1] = (byte)'\n';
        log.Write(StandardStream.Output, line);
        string[] lines = Lines();
        Assert.Equal(3, lines.Length);
        Assert.DoesNotContain("\\n", lines[1], StringComparison.Ordinal);
        Assert.Contains("\\n", lines[2], StringComparison.Ordinal);
        Assert.Equal(39_999, lines.Sum(static l => l.Split("\\u0001").Length - 1));
    }

    [Fact]
    public void A_time_is_35_bytes_with_all_nanoseconds()
    {
        TimeStamp clock = new();
        long moment = 1_795_305_723_000_000_100;
        string text = Encoding.ASCII.GetString(clock.Of(moment));
        Assert.Equal(TimeStamp.Length, text.Length);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_795_305_723), DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture).AddTicks(-1));
        Assert.Contains(".000000100", text, StringComparison.Ordinal);
        Assert.Contains(".999999999", Encoding.ASCII.GetString(clock.Of(moment + 999_999_899)), StringComparison.Ordinal);
        Assert.Contains(":04.000000000", Encoding.ASCII.GetString(clock.Of(moment + 999_999_900)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_field_with_a_new_line_brings_no_other_field()
    {
        Assert.Equal("NAME=web\n"u8.ToArray(), JournalLog.Field("NAME", "web").ToArray());
        Assert.Equal("NAME\n\x07\0\0\0\0\0\0\0x\nP=0\ny\n"u8.ToArray(), JournalLog.Field("NAME", "x\nP=0\ny").ToArray());
    }
}
