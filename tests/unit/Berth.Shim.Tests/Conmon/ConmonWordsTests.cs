// conmon's command line, its log targets and the texts that it reads and writes.
using System.Text;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Shim.Conmon;

namespace Berth.Shim.Tests.Conmon;

public sealed class ConmonWordsTests
{
    private static LogTargets Logs(params string[] words) => LogTargets.Of(ConmonFlags.Parse(words), "0123456789abcdef");

    [Fact]
    public void Options_are_read_as_glib_reads_them()
    {
        ConmonFlags flags = ConmonFlags.Parse(["--cid", "a", "--cid=b", "word", "--exec=yes", "-si", "-u", "full", "-tb", "/b", "--pidfile", "p", "--", "--sync"]);
        Assert.Equal("b", flags.Text("cid"));
        Assert.True(flags.Has("exec") && flags.Has("systemd-cgroup") && flags.Has("stdin") && flags.Has("terminal"));
        Assert.Equal(("full", "/b", "p"), (flags.Text("cuuid"), flags.Text("bundle"), flags.Text("container-pidfile")));
        Assert.False(flags.Has("sync"));
    }

    [Fact]
    public void A_value_stands_in_the_next_word_wherever_its_letter_stands()
    {
        ConmonFlags flags = ConmonFlags.Parse(["-cit", "id"]);
        Assert.Equal("id", flags.Text("cid"));
        Assert.True(flags.Has("stdin") && flags.Has("terminal"));
    }

    [Theory]
    [InlineData("option parsing failed: Unknown option --nonsense", "--nonsense")]
    [InlineData("option parsing failed: Missing argument for --cid", "--cid")]
    [InlineData("option parsing failed: Unknown option -cVALUE", "-cVALUE", "x")]
    [InlineData("option parsing failed: Error parsing option -u", "-cu", "x", "y")]
    [InlineData("option parsing failed: Cannot parse integer value “x” for --timeout", "--timeout", "x")]
    [InlineData("option parsing failed: Integer value “4294967296” for --timeout out of range", "--timeout", "4294967296")]
    public void What_cannot_be_read_is_said_in_glibs_words(string message, params string[] words) =>
        Assert.Equal(message, Assert.Throws<BerthException>(() => ConmonFlags.Parse(words)).Message);

    [Fact]
    public void A_lone_word_is_a_file_and_what_stands_before_a_colon_a_driver()
    {
        Assert.Equal("/x/ctr.log", Logs("--log-path", "/x/ctr.log").CriFile);
        Assert.Equal("/x/ctr.log", Logs("--log-path", "k8s-file:/x/ctr.log:more").CriFile);
        Assert.Equal("journald", Logs("--log-path", ":journald").CriFile);
        Assert.Equal("/j", Logs("--log-path", "json-file:/j").JsonFile);
        Assert.NotNull(Logs("--log-path", "journald:").Journal);
        Assert.True(Logs("--log-path", "passthrough").Passthrough);
        Assert.Null(Logs("--log-path", "none:x").CriFile);
    }

    [Theory]
    [InlineData("Log driver not provided. Use --log-path")]
    [InlineData("log-path must not be empty", "--log-path", "")]
    [InlineData("log-path must not be empty", "--log-path", ":")]
    [InlineData("k8s-file requires a filename", "--log-path", "k8s-file:")]
    [InlineData("No such log driver syslog", "--log-path", "syslog:x")]
    [InlineData("k8s-file doesn't support --log-tag", "--log-path", "/x", "--log-tag", "t")]
    public void Logs_that_cannot_be_are_refused_in_conmons_words(string message, params string[] words) =>
        Assert.Equal(message, Assert.Throws<BerthException>(() => Logs(words)).Message);

    [Fact]
    public void An_engine_is_told_in_one_line_of_json()
    {
        Assert.Equal("{\"pid\": 42}\n", ParentPipe.Line("pid", 42, null));
        Assert.Equal("{\"data\": -1, \"message\": \"a\\/b \\\"c\\\"\\n\\u001b ü\"}\n", ParentPipe.Line("data", -1, "a/b \"c\"\n\x1b ü"));
    }

    [Theory]
    [InlineData("READY=1\nFDSTORE=1\nSTATUS=fine\rMAINPID=1", "READY=1\nSTATUS=fine")]
    [InlineData("READY=12\nREADY=1 \nWATCHDOG=trigger\n\n", "WATCHDOG=trigger")]
    [InlineData("FDSTORE=1", "")]
    [InlineData("", "")]
    public void Only_harmless_messages_pass_to_the_host(string sent, string passed)
    {
        byte[] buffer = new byte[sent.Length];
        int length = NotifyRelay.Filter(Encoding.UTF8.GetBytes(sent), buffer);
        Assert.Equal(passed, Encoding.UTF8.GetString(buffer, 0, length));
    }

    [Fact]
    public void Commands_in_the_fifo_are_obeyed_line_by_line_and_nonsense_passed_over()
    {
        using Scene scene = new();
        List<string> seen = [];
        using ControlFifos fifos = new(scene.Loop, scene.Folder, _ => seen.Add("?"))
        {
            Resize = (rows, columns) => seen.Add($"{rows}x{columns}"),
            ReopenLogs = () => seen.Add("reopen"),
        };
        using Linux.Fd ctl = KernelPath.Open($"{scene.Folder}/ctl", 1);
        string text = "1 24 80\n1 0010 0020 more\n2 0 0\n1 1001 10\n1 -1 5\n0x1 1 1\n3 1 1\n1 2\n" + new string('1', 5000) + " 5 5\n1 7 ";
        KernelPath.WriteAll(ctl, Encoding.ASCII.GetBytes(text), "ctl");
        scene.Settle();
        KernelPath.WriteAll(ctl, "9\n"u8, "ctl");
        scene.Settle();
        Assert.Equal(["24x80", "10x20", "reopen", "?", "?", "?", "?", "?", "?", "7x9"], seen);
        Assert.Equal(0u, KernelPath.Facts($"{scene.Folder}/ctl")!.Value.Mode & 7);
    }
}
