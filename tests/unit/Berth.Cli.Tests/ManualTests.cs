// The manual: a page for each verb that is shown, and nothing in it that the formatter would take for its own.
using System.Text.RegularExpressions;
using Berth.Cli.Commands;
using Berth.Cli.Output;
using Berth.Cli.Verbs;

namespace Berth.Cli.Tests;

public sealed partial class ManualTests
{
    [GeneratedRegex(@"^\.(TH|SH|SS|PP|TP|RS 4|RE|nf|fi)( |$)")]
    private static partial Regex Request { get; }

    [GeneratedRegex(@"\\(?:[-e&]|f[BIR]|\((?:aq|dq|ga|ha|ti)|\[u[0-9A-F]{4,6}\])")]
    private static partial Regex Known { get; }

    private static readonly Lazy<Dictionary<string, string>> s_pages = new(static () =>
        Manual.Pages(new Session { Program = "berth", Out = new Lines(static _ => true), Error = new Lines(static _ => true), Variable = static _ => null }, CommandTree.Root(Role.Berth), CommandTree.Summary(Role.Berth)).ToDictionary(static page => page.File, static page => page.Text));

    private static IEnumerable<string> Shown(Command command, string path) =>
        command.Verbs.Where(static entry => entry.Group is not null).SelectMany(entry => Shown(entry.Make(), $"{path}-{entry.Name}")).Prepend(path + ".1");

    [Fact]
    public void Every_verb_that_is_shown_has_a_page_and_no_other_one() => Assert.Equal(Shown(CommandTree.Root(Role.Berth), "berth").Order(), s_pages.Value.Keys.Order());

    [Fact]
    public void No_line_is_a_request_that_was_meant_as_text() =>
        Assert.Empty(s_pages.Value.SelectMany(static page => page.Value.Split('\n').Where(static line => line.StartsWith('\'') || line.StartsWith(' ') || line.StartsWith('.') && !Request.IsMatch(line)).Select(line => $"{page.Key}: {line}")));

    [Fact]
    public void What_stands_behind_a_backslash_is_known_and_nothing_is_left_that_is_printed_otherwise() =>
        Assert.Empty(s_pages.Value.Where(static page => Known.Replace(page.Value, "").Any(static letter => letter is '\\' or '-' or '\'' or '`' or '^' or '~' or > '~')).Select(static page => page.Key));

    [Fact]
    public void Every_page_has_what_a_reader_looks_for()
    {
        string run = s_pages.Value["berth-run.1"];
        Assert.All(["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "\"EXIT STATUS\"", "\"SEE ALSO\""], heading => Assert.Contains($"\n.SH {heading}\n", run, StringComparison.Ordinal));
        Assert.Contains("\nberth\\-run \\- Run a command in a new container\n", run, StringComparison.Ordinal);
        Assert.Contains("\\fB\\-\\-publish\\fR", run, StringComparison.Ordinal);
        Assert.Contains("\\fBberth\\-container\\-run\\fR(1)", run, StringComparison.Ordinal);
        Assert.Contains(".TP\n\\fB127\\fR\n", run, StringComparison.Ordinal);
        Assert.Contains(".TP\n\\fB2\\fR\n", s_pages.Value["berth-rmi.1"], StringComparison.Ordinal);
        Assert.DoesNotContain("127", s_pages.Value["berth-rmi.1"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".dockerignore", "\\&.dockerignore")]
    [InlineData("'x' \\n", "\\(aqx\\(aq \\en")]
    [InlineData("a-b \u2026", "a\\-b \\[u2026]")]
    [InlineData("", "\\&")]
    public void Text_stays_text(string text, string line) => Assert.Equal(line, ManualPage.Line(text));

    [Fact]
    public async Task Pages_are_written_into_a_folder()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"berth-man-{Guid.NewGuid():n}");
        try
        {
            (int code, string output, string error) = await CommandTreeTests.RunAsync("man", folder);
            Assert.Equal((0, "", ""), (code, output, error));
            Assert.Equal(s_pages.Value["berth-network-create.1"], await File.ReadAllTextAsync(Path.Combine(folder, "berth-network-create.1"), TestContext.Current.CancellationToken));
        }
        finally { Directory.Delete(folder, recursive: true); }
    }
}
