// What --format means: a table, JSON, a template for each row, or a template under heads.
using Berth.Cli.Output;
using Berth.Cli.Values;

namespace Berth.Cli.Templates;

/// <summary>Prints rows as they were asked for.</summary>
internal static class Report
{
    /// <summary>Whether rows are printed by a template, so that values are needed.</summary>
    public static bool IsTemplate(string? format) => format is not (null or "" or "table" or "json");

    /// <summary>Prints rows by a format that is no plain table: docker's habits.</summary>
    /// <param name="lines">Where.</param>
    /// <param name="format">json, table and a template, or a template.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="heads">Heads of columns by field; others are the field in capitals.</param>
    public static void Write(Lines lines, string format, IEnumerable<Value> rows, IReadOnlyDictionary<string, string>? heads = null)
    {
        if (format == "json")
        {
            foreach (Value row in rows) lines.WriteLine(ValueJson.Write(row, ValueJson.Style.Line));
            return;
        }
        bool isTable = format.StartsWith("table", StringComparison.Ordinal) && (format.Length == 5 || char.IsWhiteSpace(format[5]) || format[5] is '{' or '\\');
        Template template = Template.Parse(Unescaped(isTable ? format[5..].TrimStart().Replace("}} {{", "}}\\t{{", StringComparison.Ordinal) : format));
        if (!isTable)
        {
            foreach (Value row in rows) lines.WriteLine(template.Fill(row));
            return;
        }
        Table table = new();
        table.Add(template.FillHeads(field => heads is not null && heads.TryGetValue(field, out string? head) ? head : Head(field)).Split('\t'));
        foreach (Value row in rows) table.Add(template.Fill(row).Split('\t'));
        table.WriteTo(lines);
    }

    /// <summary>Prints one value by a template, or as an indented page.</summary>
    public static void WriteOne(Lines lines, string? format, Value value, ValueJson.Style? style = null)
    {
        if (format is null or "json") lines.WriteLine(ValueJson.Write(value, format is null ? style ?? ValueJson.Style.Page : ValueJson.Style.Line));
        else lines.WriteLine(Template.Parse(Unescaped(format)).Fill(value));
    }

    /// <summary>CreatedSince becomes CREATED SINCE.</summary>
    private static string Head(string field)
    {
        System.Text.StringBuilder head = new();
        for (int i = 0; i < field.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(field[i]) && char.IsAsciiLetterLower(field[i - 1])) head.Append(' ');
            head.Append(char.ToUpperInvariant(field[i]));
        }
        return head.ToString();
    }

    // Shells hand \t and \n on as they are typed, and docker means a tab and a new line by them.
    private static string Unescaped(string format) => format.Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
}
