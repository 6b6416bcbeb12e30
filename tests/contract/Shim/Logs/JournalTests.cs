// MON-07: what is written into the journal, so that `podman logs` and journalctl find it again.
using Berth.Contract.Shim.Stage;
using Entry = System.Collections.Generic.IReadOnlyDictionary<string, string>;

namespace Berth.Contract.Shim.Logs;

[Row("MON-07", "MON-04")]
public sealed class JournalTests : MonitorTest
{
    [Fact]
    public void An_entry_names_the_container_in_the_ways_readers_look_for()
    {
        (_, IReadOnlyList<Entry> entries) = Say("echo said", 1);
        Entry entry = Assert.Single(entries);
        Assert.Equal("said", entry["MESSAGE"].TrimEnd('\n'));
        Assert.Equal(Id, entry["CONTAINER_ID_FULL"]);
        Assert.Equal(Id[..12], entry["CONTAINER_ID"]);
        Assert.Equal($"name-{Id}", entry["CONTAINER_NAME"]);
        Assert.Equal($"name-{Id}", entry["SYSLOG_IDENTIFIER"]);
        Assert.Equal("6", entry["PRIORITY"]);
        Assert.False(entry.ContainsKey("CONTAINER_TAG"));
        Assert.False(entry.ContainsKey("CONTAINER_PARTIAL_MESSAGE"));
    }

    [Fact]
    public void Standard_error_is_an_error()
    {
        (_, IReadOnlyList<Entry> entries) = Say("echo said >&2", 1);
        Assert.Equal("3", entries[0]["PRIORITY"]);
    }

    [Fact]
    public void A_tag_is_told_and_is_what_the_journal_calls_the_speaker()
    {
        (_, IReadOnlyList<Entry> entries) = Say("echo said", 1, call => call.With("--log-tag", "tagged"));
        Assert.Equal("tagged", entries[0]["CONTAINER_TAG"]);
        Assert.Equal("tagged", entries[0]["SYSLOG_IDENTIFIER"]);
        Assert.Equal($"name-{Id}", entries[0]["CONTAINER_NAME"]);
    }

    [Fact]
    public void Without_a_name_the_short_id_is_the_speaker()
    {
        (_, IReadOnlyList<Entry> entries) = Say("echo said", 1, call => call.Without("--name"));
        Assert.False(entries[0].ContainsKey("CONTAINER_NAME"));
        Assert.Equal(Id[..12], entries[0]["SYSLOG_IDENTIFIER"]);
    }

    [Fact]
    public void Labels_become_fields()
    {
        (_, IReadOnlyList<Entry> entries) = Say("echo said", 1, call => call.With("--log-label", "ONE=1").With("--log-label", "TWO_2=a b"));
        Assert.Equal("1", entries[0]["ONE"]);
        Assert.Equal("a b", entries[0]["TWO_2"]);
    }

    [Theory]
    [InlineData("<0>text", "0", "text")]
    [InlineData("<3>text", "3", "text")]
    [InlineData("<7>text", "7", "text")]
    [InlineData("<8>text", "6", "<8>text")]
    [InlineData("<>text", "6", "<>text")]
    [InlineData("<<3>>text", "6", "<<3>>text")]
    [InlineData("<33>text", "6", "<33>text")]
    [InlineData("a <3>text", "6", "a <3>text")]
    [InlineData("<3>", "3", "")]
    public void A_line_may_tell_its_own_priority(string line, string priority, string message)
    {
        (_, IReadOnlyList<Entry> entries) = Say($"echo '{line}'", 1);
        Assert.Equal((priority, message), (entries[0]["PRIORITY"], entries[0]["MESSAGE"].TrimEnd('\n')));
    }

    [Fact]
    public void Lines_are_entries_in_their_order()
    {
        (_, IReadOnlyList<Entry> entries) = Say("seq 1 500", 500);
        Assert.Equal(Enumerable.Range(1, 500).Select(i => $"{i}"), entries.Select(entry => entry["MESSAGE"].TrimEnd('\n')));
    }

    [Fact]
    public void What_comes_in_pieces_is_one_entry()
    {
        (_, IReadOnlyList<Entry> entries) = Say("printf 'one '; sleep 0.02; printf 'two '; sleep 0.02; echo three; echo next", 2);
        Assert.Equal("one two three", entries[0]["MESSAGE"].TrimEnd('\n'));
        Assert.False(entries[0].ContainsKey("CONTAINER_PARTIAL_MESSAGE"));
        Assert.Equal("next", entries[1]["MESSAGE"].TrimEnd('\n'));
    }

    [Fact]
    public void Pieces_of_two_streams_do_not_mix()
    {
        (_, IReadOnlyList<Entry> entries) = Say("printf 'out '; printf 'err ' >&2; sleep 0.02; echo put; echo or >&2", 2);
        Assert.Contains(entries, entry => entry["MESSAGE"].TrimEnd('\n') == "out put" && entry["PRIORITY"] == "6");
        Assert.Contains(entries, entry => entry["MESSAGE"].TrimEnd('\n') == "err or" && entry["PRIORITY"] == "3");
    }

    [Fact]
    public void A_last_line_without_an_end_is_told_when_the_container_ends()
    {
        (_, IReadOnlyList<Entry> entries) = Say("printf begun", 1);
        Assert.Equal("begun", Assert.Single(entries)["MESSAGE"]);
        Assert.Equal("true", entries[0]["CONTAINER_PARTIAL_MESSAGE"]);
    }

    [Fact]
    public void A_line_too_long_for_one_entry_comes_in_parts_that_say_so()
    {
        (RunningMonitor monitor, IReadOnlyList<Entry> entries) = Say("head -c 50000 /dev/zero | tr '\\0' x; echo", 4);
        Assert.Equal(new string('x', 50000), string.Concat(entries.Select(entry => entry["MESSAGE"].TrimEnd('\n'))));
        Assert.All(entries.SkipLast(1), entry => Assert.Equal("true", entry["CONTAINER_PARTIAL_MESSAGE"]));
        Assert.False(entries[^1].ContainsKey("CONTAINER_PARTIAL_MESSAGE"));
        Assert.False(monitor.IsAlive);
    }

    [Fact]
    public void Parts_need_not_say_so()
    {
        (_, IReadOnlyList<Entry> entries) = Say("head -c 50000 /dev/zero | tr '\\0' x; echo", 4, call => call.With("--no-container-partial-message"));
        Assert.All(entries, entry => Assert.False(entry.ContainsKey("CONTAINER_PARTIAL_MESSAGE")));
    }

    [Fact]
    public void A_file_may_be_kept_beside_the_journal()
    {
        (RunningMonitor monitor, IReadOnlyList<Entry> entries) = Say("echo said; echo more", 2, call => call.With("--log-path", $"k8s-file:{Dock.Folder}/{Id}.log").With("--log-tag", "tagged"));
        Assert.Equal(["said", "more"], entries.Select(entry => entry["MESSAGE"].TrimEnd('\n')));
        Assert.Equal("said\nmore\n", monitor.Logged());
    }

    [Fact]
    public void Without_a_journal_the_container_runs_all_the_same()
    {
        Assert.SkipWhen(File.Exists("/run/systemd/journal/socket"), "this host has a journal");
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "seq 1 1000; exit 3"), call => call.Instead("--log-path", "journald"));
        Assert.Equal(3, monitor.AwaitEnd());
    }

    private (RunningMonitor Monitor, IReadOnlyList<Entry> Entries) Say(string script, int count, Action<MonitorCall>? change = null)
    {
        Journal journal = Hold(new Journal(Dock));
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: script), call =>
        {
            call.Instead("--log-path", "journald:").Through(journal.Launcher);
            change?.Invoke(call);
        });
        // The socket holds few datagrams: who writes waits until they are taken.
        journal.Await(count);
        Until.True(() => journal.Entries.Count >= count && !monitor.IsAlive, "the monitor ends");
        return (monitor, journal.Entries);
    }
}
