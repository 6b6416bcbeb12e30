// Every verb can be made, and says enough of itself.
using Berth.Cli.Output;
using Berth.Cli.Verbs;

namespace Berth.Cli.Tests;

public sealed class CommandTreeTests
{
    private static IEnumerable<(string Path, CommandEntry Entry, Command Command)> All(Command command, string path)
    {
        foreach (CommandEntry entry in command.Verbs)
        {
            Command made = entry.Make();
            yield return ($"{path} {entry.Name}", entry, made);
            foreach ((string, CommandEntry, Command) inner in All(made, $"{path} {entry.Name}")) yield return inner;
        }
    }

    private static List<(string Path, CommandEntry Entry, Command Command)> Everything => [.. All(CommandTree.Root(Role.Berth), "berth"), .. All(CommandTree.Root(Role.Skopeo), "skopeo")];

    [Fact]
    public void Every_verb_runs_or_has_verbs_and_has_an_example() => Assert.Empty(Everything.Where(static one => (one.Command.Run is null) == (one.Command.Verbs.Count == 0) || (one.Command.Run is not null && one.Command.Examples.Count == 0)).Select(static one => one.Path));

    [Fact]
    public void No_option_of_a_verb_is_there_twice() =>
        Assert.Empty(Everything.SelectMany(static one => one.Command.Options.GroupBy(static option => option.Name).Where(static group => group.Count() > 1).Select(group => $"{one.Path} --{group.Key}")
            .Concat(one.Command.Options.Where(static option => option.Short != '\0').GroupBy(static option => option.Short).Where(static group => group.Count() > 1).Select(group => $"{one.Path} -{group.Key}"))));

    [Fact]
    public async Task Help_names_what_can_be_typed()
    {
        (int code, string output, _) = await RunAsync("copy", "--help");
        Assert.Equal(0, code);
        Assert.Contains("Usage:  berth copy [OPTIONS] SOURCE DESTINATION", output, StringComparison.Ordinal);
        Assert.Contains("--digestfile FILE", output, StringComparison.Ordinal);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("sign-by", output, StringComparison.Ordinal);
        Assert.Equal(output, (await RunAsync("help", "copy")).Output);
    }

    [Theory]
    [InlineData(125, "berth: 'pul' is no command of berth\nhint: did you mean 'berth pull'?\nmore: berth help errors verb-unknown\n", "pul")]
    [InlineData(125, "berth: \"berth copy\" wants 2 arguments, and got 1\nhint: usage: berth copy [OPTIONS] SOURCE DESTINATION\n", "copy", "x")]
    [InlineData(125, "berth: --sign-by is not supported: nothing is signed or verified by signatures here\n", "copy", "--sign-by", "me", "a", "b")]
    [InlineData(125, "berth: the transport docker-daemon is not supported: no daemon is asked\nhint: have docker save the image, and copy docker-archive:FILE\n", "copy", "docker-daemon:a:b", "dir:x")]
    [InlineData(125, "berth: --src-no-creds and --src-creds cannot both be meant\n", "copy", "--src-no-creds", "--src-creds", "a:b", "dir:a", "dir:b")]
    public async Task What_was_typed_wrongly_is_said(int code, string error, params string[] words)
    {
        (int actual, string output, string said) = await RunAsync(words);
        Assert.Equal((code, "", error), (actual, output, said));
    }

    [Fact]
    public async Task Completion_knows_every_verb_and_option()
    {
        foreach (string shell in (string[])["bash", "zsh", "fish"])
        {
            (int code, string output, _) = await RunAsync("completion", shell);
            Assert.Equal(0, code);
            Assert.All(["copy", "list-tags", "digestfile", "retry-times"], word => Assert.Contains(word, output, StringComparison.Ordinal));
        }
        Assert.Equal(125, (await RunAsync("completion", "tcsh")).Code);
    }

    internal static async Task<(int Code, string Output, string Error)> RunAsync(params string[] words)
    {
        (MemoryStream output, MemoryStream error) = (new(), new());
        int code;
        await using (Session session = new() { Out = Into(output), Error = Into(error), Variable = _ => null, ErrorIsTerminal = false }) code = await CommandLine.RunAsync(session, words);
        return (code, System.Text.Encoding.UTF8.GetString(output.ToArray()), System.Text.Encoding.UTF8.GetString(error.ToArray()));
    }

    private static Lines Into(MemoryStream stream) => new(bytes =>
    {
        stream.Write(bytes.Span);
        return true;
    });
}
