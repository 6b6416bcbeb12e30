// MON-04, MON-05: the log file that podman, CRI-O and the kubelet read, byte for byte.
using System.Text;
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Logs;

[Row("MON-04", "MON-05")]
public sealed class FormatTests : MonitorTest
{
    [Fact]
    public void A_line_has_time_stream_flag_and_text()
    {
        DateTimeOffset before = DateTimeOffset.Now;
        RunningMonitor monitor = Ran("echo out; echo err >&2; echo; echo ' a  b '");
        Assert.Equal("out\n\n a  b \n", monitor.Logged());
        Assert.Equal("err\n", monitor.Logged("stderr"));
        // A program may write several lines at once or one after another: the clock is the same or later.
        Assert.All(monitor.Log, line => Assert.InRange(line.Time, before.AddMilliseconds(-1), DateTimeOffset.Now));
        DateTimeOffset[] times = [.. monitor.Log.Select(line => line.Time)];
        Assert.Equal(times.Order(), times);
    }

    [Theory]
    [InlineData("UTC", "+00:00")]
    [InlineData("XXX-5:30", "+05:30")]
    [InlineData("XXX+3", "-03:00")]
    [InlineData("XXX+0:30", "-00:30")]
    public void The_time_is_local_and_says_by_how_much(string zone, string offset)
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo out"), call => call.Env("TZ", zone));
        monitor.AwaitEnd();
        string stamp = File.ReadAllText(monitor.LogPath).Split(' ')[0];
        Assert.EndsWith(offset, stamp, StringComparison.Ordinal);
        Assert.InRange(monitor.Log[0].Time, DateTimeOffset.Now.AddMinutes(-1), DateTimeOffset.Now);
    }

    [Fact]
    public void A_zone_is_found_by_its_name()
    {
        Machine.NeedsPath("/usr/share/zoneinfo/Asia/Kolkata", "zones are not installed");
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo out"), call => call.Env("TZ", "Asia/Kolkata"));
        monitor.AwaitEnd();
        Assert.EndsWith("+05:30", File.ReadAllText(monitor.LogPath).Split(' ')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void What_has_no_end_yet_is_logged_as_a_part_at_once()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "printf begun; read line < \"$(dirname \"$0\")/go\"; echo ' and ended'"), call => Kernel.MakeFifo($"{Dock.Folder}/fake/go"));
        Until.True(() => monitor.Log.Count > 0, "the part is logged");
        Assert.Equal(("begun", true), (monitor.Log[0].Text, monitor.Log[0].IsPart));
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        monitor.AwaitEnd();
        Assert.Equal(("", " and ended", false), ("", monitor.Log[1].Text, monitor.Log[1].IsPart));
        Assert.Equal("begun and ended\n", monitor.Logged());
    }

    [Fact]
    public void An_end_that_comes_alone_is_an_empty_rest()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "printf begun; read line < \"$(dirname \"$0\")/go\"; echo"), call => Kernel.MakeFifo($"{Dock.Folder}/fake/go"));
        Until.True(() => monitor.Log.Count > 0, "the part is logged");
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        monitor.AwaitEnd();
        Assert.Equal(2, monitor.Log.Count);
        Assert.Equal(("", false), (monitor.Log[1].Text, monitor.Log[1].IsPart));
    }

    [Fact]
    public void A_last_line_without_an_end_stays_a_part()
    {
        RunningMonitor monitor = Ran("printf 'one\\ntwo'");
        Assert.Equal("one\ntwo", monitor.Logged());
        Assert.True(monitor.Log[^1].IsPart);
    }

    [Fact]
    public void A_long_line_comes_in_parts_and_whole_in_sum()
    {
        RunningMonitor monitor = Ran("head -c 300000 /dev/zero | tr '\\0' x; echo; echo next");
        Assert.Equal(new string('x', 300000) + "\nnext\n", monitor.Logged());
        // Go's bufio.Scanner, by which many read logs, stops at lines of 64 KiB.
        Assert.All(File.ReadLines(monitor.LogPath), line => Assert.True(line.Length < 65536, $"a line of {line.Length} bytes"));
        Assert.Equal(2, monitor.Log.Count(line => !line.IsPart));
    }

    [Fact]
    public void Every_byte_is_kept()
    {
        string file = $"{Dock.NewFolder("bundle")}/bytes";
        byte[] bytes = [.. Enumerable.Range(0, 256 * 64).Select(i => (byte)((i * 7) ^ (i >> 8)))];
        File.WriteAllBytes(file, bytes);
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: $"cat {file}"));
        monitor.AwaitEnd();
        Assert.Equal(Encoding.Latin1.GetString(bytes), monitor.Logged());
    }

    [Fact]
    public void Zero_bytes_are_text_as_well()
    {
        RunningMonitor monitor = Ran("printf 'a\\0b\\n\\0\\n'");
        Assert.Equal("a\0b\n\0\n", monitor.Logged());
    }

    [Fact]
    public void The_streams_are_kept_apart_at_full_speed()
    {
        RunningMonitor monitor = Ran("seq 1 20000 & seq 1 20000 >&2; wait");
        Numbers.AreAll(20000, monitor.Logged());
        Numbers.AreAll(20000, monitor.Logged("stderr"));
    }

    [Fact]
    public void A_parts_rest_is_not_torn_by_the_other_stream()
    {
        RunningMonitor monitor = Ran("printf 'out '; printf 'err ' >&2; printf 'put\\n'; printf 'or\\n' >&2");
        Assert.Equal("out put\n", monitor.Logged());
        Assert.Equal("err or\n", monitor.Logged("stderr"));
    }

    [Fact]
    public void A_terminals_lines_are_standard_output_and_end_as_terminals_end_them()
    {
        RunningMonitor monitor = Started(config => config.Set("process.terminal", true).Shell("echo out; echo err >&2"), call => call.With("--terminal"));
        monitor.AwaitEnd();
        Assert.Equal("out\r\nerr\r\n", monitor.Logged());
        Assert.Empty(monitor.Logged("stderr"));
    }

    [Fact]
    public void The_file_is_readable_by_owner_and_group_and_kept_if_it_is_there()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo second"), call => File.WriteAllText($"{Dock.Folder}/{Id}.log", "2026-11-22T00:00:00.000000000+00:00 stdout F first\n"));
        monitor.AwaitEnd();
        Assert.Equal("first\nsecond\n", monitor.Logged());
        File.Delete(monitor.LogPath);
        FakeRuntime runtime = new(Dock);
        FakeCall(runtime).Run().Succeeded();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(monitor.LogPath));
        Until.True(() => !Kernel.IsAlive(new RunningMonitor(Dock, Id, Dock.Bundle, monitor.Sync).Pid), "the second monitor ends");
    }

    [Fact]
    public void The_umask_of_the_engine_does_not_matter()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock), call => call.After("umask 0777"));
        monitor.AwaitEnd();
        Assert.Equal((UnixFileMode)0x1a0, File.GetUnixFileMode(monitor.LogPath));
        Assert.True((File.GetUnixFileMode(monitor.ExitFile) & UnixFileMode.UserRead) != 0);
    }

    [Fact]
    [Row("MON-06")]
    public void Syncing_can_be_left_out() => Assert.Equal("said\n", Played(new FakeRuntime(Dock, program: "echo said"), call => call.With("--no-sync-log")).AwaitGone().Logged());
}
