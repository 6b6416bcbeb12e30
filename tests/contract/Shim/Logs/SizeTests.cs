// MON-06: logs that may not grow for ever: cut, rotated, or ended; and never torn.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Logs;

[Row("MON-06")]
public sealed class SizeTests : MonitorTest
{
    [Fact]
    public void A_log_that_is_full_begins_anew_and_keeps_the_newest()
    {
        RunningMonitor monitor = Counted(20000, "--log-size-max", "50000");
        Assert.InRange(new FileInfo(monitor.LogPath).Length, 1, 50000);
        Contiguous(monitor.Logged(), 20000);
        Assert.Equal([monitor.LogPath], Files(monitor));
    }

    [Fact]
    public void What_a_file_had_before_counts()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo new"), call =>
        {
            File.WriteAllText($"{Dock.Folder}/{Id}.log", string.Concat(Enumerable.Repeat("2026-11-22T00:00:00.000000000+00:00 stdout F old\n", 10)));
            call.With("--log-size-max", "500");
        });
        monitor.AwaitEnd();
        Assert.Equal("new\n", monitor.Logged());
    }

    [Fact]
    public void A_line_longer_than_the_limit_is_logged_all_the_same()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo short; echo a line that is longer than its log may be"), call => call.With("--log-size-max", "10"));
        monitor.AwaitEnd();
        Assert.Equal("a line that is longer than its log may be\n", monitor.Logged());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    public void A_limit_that_is_none_is_none(string limit)
    {
        RunningMonitor monitor = Counted(5000, "--log-size-max", limit);
        Numbers.AreAll(5000, monitor.Logged());
    }

    [Fact]
    public void Rotation_loses_nothing_at_full_speed()
    {
        RunningMonitor monitor = Counted(50000, "--log-size-max", "100000", "--log-rotate", "--log-max-files", "100");
        string[] files = Files(monitor);
        Assert.True(files.Length > 20, $"{files.Length} files");
        // The highest number is the oldest file.
        string all = string.Concat(Enumerable.Range(1, files.Length - 1).Reverse().Select(i => $"{monitor.LogPath}.{i}").Append(monitor.LogPath).Select(path => LogLine.Joined(LogLine.Read(path), "stdout")));
        Numbers.AreAll(50000, all);
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 100000));
    }

    [Fact]
    public void Both_streams_come_through_rotation()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "seq 1 20000 & seq 1 20000 >&2; wait"), call => call.With("--log-size-max", "100000").With("--log-rotate").With("--log-max-files", "100"));
        monitor.AwaitEnd();
        string[] oldestFirst = [.. Enumerable.Range(1, Files(monitor).Length - 1).Reverse().Select(i => $"{monitor.LogPath}.{i}"), monitor.LogPath];
        foreach (string stream in (string[])["stdout", "stderr"])
        {
            Numbers.AreAll(20000, string.Concat(oldestFirst.Select(path => LogLine.Joined(LogLine.Read(path), stream))));
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    public void Rotation_keeps_as_many_old_files_as_it_was_told_to(string count)
    {
        RunningMonitor monitor = Counted(20000, "--log-size-max", "50000", "--log-rotate", "--log-max-files", count);
        int kept = int.Parse(count);
        Assert.Equal([monitor.LogPath, .. Enumerable.Range(1, kept).Select(i => $"{monitor.LogPath}.{i}")], Files(monitor));
        Contiguous(string.Concat(Enumerable.Range(1, kept).Reverse().Select(i => $"{monitor.LogPath}.{i}").Append(monitor.LogPath).Select(path => LogLine.Joined(LogLine.Read(path), "stdout"))), 20000);
    }

    [Fact]
    public void Rotation_keeps_one_old_file_unless_it_is_told_more()
    {
        RunningMonitor monitor = Counted(20000, "--log-size-max", "50000", "--log-rotate");
        Assert.Equal([monitor.LogPath, $"{monitor.LogPath}.1"], Files(monitor));
    }

    [Fact]
    public void A_new_file_has_the_mode_of_the_first()
    {
        RunningMonitor monitor = Counted(5000, "--log-size-max", "50000", "--log-rotate", "--log-max-files", "9");
        Assert.All(Files(monitor), file => Assert.Equal((UnixFileMode)0x1a0, File.GetUnixFileMode(file)));
    }

    [Fact]
    public void Who_reads_the_old_file_can_read_it_to_its_end()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo first; read line < \"$(dirname \"$0\")/go\"; seq 1 2000"), call =>
        {
            Kernel.MakeFifo($"{Dock.Folder}/fake/go");
            call.With("--log-size-max", "50000").With("--log-rotate").With("--log-max-files", "9");
        });
        monitor.AwaitLog("first");
        using FileStream old = new(monitor.LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        monitor.AwaitEnd();
        using StreamReader reader = new(old);
        // The first file became the oldest of those that are kept.
        Assert.Equal(File.ReadAllText(Files(monitor)[^1]), reader.ReadToEnd());
    }

    [Fact]
    public void Rotation_without_a_size_comes_on_demand_only()
    {
        RunningMonitor monitor = Counted(5000, "--log-rotate", "--log-max-files", "3");
        Assert.Equal([monitor.LogPath], Files(monitor));
        Numbers.AreAll(5000, monitor.Logged());
    }

    [Fact]
    public void A_log_in_a_folder_that_is_allowed_is_rotated()
    {
        RunningMonitor monitor = Counted(5000, "--log-size-max", "50000", "--log-rotate", "--log-max-files", "2", "--log-allowlist-dir", "/no/such/folder", "--log-allowlist-dir", Dock.Folder);
        Assert.Equal(3, Files(monitor).Length);
    }

    [Fact]
    public void A_limit_for_all_files_ends_the_log_and_not_the_container()
    {
        RunningMonitor monitor = Counted(20000, "--log-global-size-max", "20000");
        Assert.InRange(new FileInfo(monitor.LogPath).Length, 15000, 21000);
        string text = monitor.Logged();
        Numbers.AreAll(text.Count(character => character == '\n'), text);
    }

    [Fact]
    public void A_limit_for_all_files_holds_across_rotation()
    {
        RunningMonitor monitor = Counted(20000, "--log-global-size-max", "40000", "--log-size-max", "10000", "--log-rotate", "--log-max-files", "50");
        Assert.InRange(Files(monitor).Sum(file => new FileInfo(file).Length), 30000, 41000);
    }

    [Fact]
    [Row("MON-09")]
    public void What_is_not_logged_any_more_is_still_seen_by_who_is_attached()
    {
        RunningMonitor monitor = Created(config => config.Shell("seq 1 5000"), call => call.With("--log-global-size-max", "10000"));
        using AttachClient client = monitor.Attach();
        monitor.Start();
        Numbers.AreAll(5000, client.ToEnd());
        monitor.AwaitEnd();
    }

    private RunningMonitor Counted(int last, params string[] options)
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: $"seq 1 {last}"), call => call.With(options));
        Assert.Equal(0, monitor.AwaitEnd());
        return monitor;
    }

    // The log and what was rotated away, by number; and whatever else begins like it.
    private static string[] Files(RunningMonitor monitor) =>
        [.. Directory.GetFiles(monitor.Dock.Folder, Path.GetFileName(monitor.LogPath) + "*").OrderBy(path => path.Length).ThenBy(path => path, StringComparer.Ordinal)];

    private static void Contiguous(string text, int last)
    {
        string[] lines = text.Split('\n');
        int first = int.Parse(lines[0]);
        Assert.Equal(last - first + 2, lines.Length);
        for (int i = 0; i < lines.Length - 1; i++) Assert.Equal($"{first + i}", lines[i]);
    }
}
