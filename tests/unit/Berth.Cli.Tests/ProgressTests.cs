// How far a transfer is, in bars, lines and JSON.
using Berth.Cli.Progress;
using Berth.Images.Copying;
using Berth.Oci.Content;

namespace Berth.Cli.Tests;

public sealed class ProgressTests
{
    private static readonly Digest s_one = Digest.Of("one"u8), s_two = Digest.Of("two"u8);

    private static CopyProgress Word(Digest digest, BlobStage stage, long moved) => new(new Descriptor { MediaType = MediaType.LayerGzip, Digest = digest, Size = 10_000_000 }, stage, moved);

    [Fact]
    public void A_bar_tells_share_rate_and_what_is_left()
    {
        Board board = new();
        board.Take(Word(s_one, BlobStage.Moving, 0), TimeSpan.Zero);
        board.Take(Word(s_one, BlobStage.Moving, 5_000_000), TimeSpan.FromSeconds(1));
        board.Take(Word(s_two, BlobStage.Reused, 0), TimeSpan.FromSeconds(1));
        IReadOnlyList<string> lines = Bars.Draw(board, new Screen(100, 24, false));
        Assert.Equal($"{s_one.Short}     10MB   50%  [===============>               ]  5MB/s  0:01 left", System.Text.RegularExpressions.Regex.Replace(lines[0], @"\[=+>\s+\]", "[===============>               ]"));
        Assert.Equal($"{s_two.Short}     10MB  already there", lines[1]);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(79)]
    public void No_line_is_wider_than_the_terminal(int columns)
    {
        Board board = new();
        for (int i = 0; i < 50; i++) board.Take(Word(Digest.Of([(byte)i]), i % 3 == 0 ? BlobStage.Done : BlobStage.Moving, i * 100_000), TimeSpan.FromSeconds(i));
        IReadOnlyList<string> lines = Bars.Draw(board, new Screen(columns, 10, true));
        Assert.True(lines.Count <= 8);
        Assert.All(lines, line => Assert.True(System.Text.RegularExpressions.Regex.Replace(line, "\e\\[[0-9]+m", "").Length < columns));
    }

    [Fact]
    public void Without_a_terminal_a_line_is_said_when_something_begins_or_ends()
    {
        string text = OutputTests.Text(lines =>
        {
            using Display display = new(lines, Manner.Plain, () => throw new InvalidOperationException(), TimeProvider.System);
            display.Report(Word(s_one, BlobStage.Moving, 0));
            display.Report(Word(s_one, BlobStage.Moving, 5));
            display.Report(Word(s_two, BlobStage.Reused, 0));
            display.Report(Word(s_one, BlobStage.Done, 0));
        });
        Assert.Equal($"{s_one.Short}: moving 10MB\n{s_two.Short}: already there\n{s_one.Short}: done\n", text);
    }

    [Fact]
    public void JSON_is_said_ten_times_a_second_at_most()
    {
        string text = OutputTests.Text(lines =>
        {
            using Display display = new(lines, Manner.Json, () => throw new InvalidOperationException(), TimeProvider.System);
            for (int i = 0; i < 100; i++) display.Report(Word(s_one, BlobStage.Moving, 0));
            display.Report(Word(s_one, BlobStage.Done, 0));
        });
        string[] said = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(said.Length is 2 or 3);
        Assert.Equal($$"""{"id":"{{s_one}}","status":"done","current":10000000,"total":10000000}""", said[^1]);
    }

    [Fact]
    public void A_terminal_is_drawn_over()
    {
        string text = OutputTests.Text(lines =>
        {
            using Display display = new(lines, Manner.Terminal, () => new Screen(80, 24, false), TimeProvider.System);
            display.Report(Word(s_one, BlobStage.Moving, 0));
            display.Report(Word(s_one, BlobStage.Done, 0));
        });
        Assert.StartsWith("\r\e[K", text, StringComparison.Ordinal);
        Assert.EndsWith($"\e[1A\r\e[K{s_one.Short}     10MB  done\n", text, StringComparison.Ordinal);
    }
}
