// Columns as docker's commands print them: as wide as their widest cell, three blanks between, at least ten wide.
using System.Text;

namespace Berth.Cli.Output;

/// <summary>Rows of cells.</summary>
internal sealed class Table
{
    private const int Least = 10, Between = 3;

    private readonly List<string[]> _rows = [];

    /// <summary>A row.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>The last cell of a row is not filled with blanks, and a cell in it ends the column for it.</summary>
    public void WriteTo(Lines lines)
    {
        List<int> widths = [];
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < row.Length - 1; i++)
            {
                if (widths.Count == i) widths.Add(Least);
                widths[i] = Math.Max(widths[i], WidthOf(row[i]) + Between);
            }
        }
        StringBuilder line = new();
        foreach (string[] row in _rows)
        {
            line.Clear();
            for (int i = 0; i < row.Length; i++)
            {
                line.Append(row[i]);
                if (i < row.Length - 1) line.Append(' ', widths[i] - WidthOf(row[i]));
            }
            lines.WriteLine(line.ToString());
        }
    }

    private static int WidthOf(string cell)
    {
        foreach (char c in cell)
        {
            if (c >= 128) return cell.EnumerateRunes().Count();
        }
        return cell.Length;
    }
}
