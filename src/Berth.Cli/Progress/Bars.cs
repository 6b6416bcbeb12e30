// Bars for a terminal: a line for each part that moves, as wide as the terminal allows.
using System.Globalization;
using System.Text;
using Berth.Cli.Output;
using Berth.Images.Copying;

namespace Berth.Cli.Progress;

/// <summary>How a terminal shows them.</summary>
/// <param name="Columns">Its width.</param>
/// <param name="Rows">Its height.</param>
/// <param name="HasColour">Whether colours are wanted.</param>
internal sealed record Screen(int Columns, int Rows, bool HasColour);

/// <summary>Draws a board.</summary>
internal static class Bars
{
    private const int Least = 10, Name = 12;

    /// <summary>The lines. What does not fit below each other is summed up in the last one.</summary>
    public static IReadOnlyList<string> Draw(Board board, Screen screen)
    {
        List<string> lines = [];
        int room = Math.Max(1, screen.Rows - 2);
        IEnumerable<Part> shown = board.Parts.Count <= room ? board.Parts : board.Parts.Where(static part => part.Stage == BlobStage.Moving).Take(room - 1);
        foreach (Part part in shown) lines.Add(Line(part, screen));
        if (board.Parts.Count > room) lines.Add(Cut(Sum(board), screen));
        return lines;
    }

    private static string Line(Part part, Screen screen)
    {
        string name = part.Digest.Short.PadRight(Name);
        string size = Words.Size(part.Size).PadLeft(7);
        if (part.Stage != BlobStage.Moving) return Cut($"{name}  {size}  {(part.Stage == BlobStage.Done ? Coloured("done", "32", screen) : Coloured("already there", "2", screen))}", screen);
        double share = part.Size == 0 ? 1 : (double)part.Moved / part.Size;
        string percent = $"{(int)(share * 100)}%".PadLeft(4);
        string rate = part.Rate > 0 ? $"  {Words.Size((long)part.Rate)}/s  {Left(part)}" : "";
        int bar = screen.Columns - Name - size.Length - percent.Length - 24 - 8;
        return Cut($"{name}  {size}  {percent}{(bar >= Least ? "  " + Bar(share, Math.Min(bar, 40), screen) : "")}{rate}", screen);
    }

    private static string Bar(double share, int width, Screen screen)
    {
        int full = (int)(share * width);
        return $"[{Coloured(new string('=', full), "36", screen)}{(full < width ? ">" + new string(' ', width - full - 1) : "")}]";
    }

    private static string Left(Part part)
    {
        double seconds = (part.Size - part.Moved) / part.Rate;
        return seconds < 1 ? "" : seconds < 3600 ? string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60}:{(int)seconds % 60:D2} left") : "over an hour left";
    }

    private static string Sum(Board board)
    {
        (int done, long moved, long size, double rate) = (0, 0, 0, 0);
        foreach (Part part in board.Parts)
        {
            if (part.Stage != BlobStage.Moving) done++;
            else rate += part.Rate;
            moved += part.Moved;
            size += part.Size;
        }
        return $"{done} of {board.Parts.Count} done, {Words.Size(moved)} of {Words.Size(size)}{(rate > 0 ? $", {Words.Size((long)rate)}/s" : "")}";
    }

    private static string Coloured(string text, string colour, Screen screen) => screen.HasColour && text.Length > 0 ? $"\e[{colour}m{text}\e[0m" : text;

    /// <summary>A line that is too long would wrap, and the next drawing would begin in the wrong place.</summary>
    private static string Cut(string line, Screen screen)
    {
        StringBuilder cut = new();
        int width = 0;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '\e')
            {
                int end = line.IndexOf('m', i);
                cut.Append(line, i, end - i + 1);
                i = end;
            }
            else if (width < screen.Columns - 1)
            {
                cut.Append(line[i]);
                width++;
            }
        }
        return cut.ToString().TrimEnd();
    }
}
