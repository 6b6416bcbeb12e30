// Values as YAML: what podman info prints when nobody asks for another format.
using System.Text;

namespace Berth.Cli.Values;

/// <summary>YAML of values.</summary>
internal static class ValueYaml
{
    /// <summary>The text, with the end of its last line.</summary>
    public static string Write(Value value)
    {
        StringBuilder text = new();
        Members(text, value, 0);
        return text.ToString();
    }

    private static void Members(StringBuilder text, Value value, int depth)
    {
        foreach (Member member in value is Value.Map map ? map.Shown : [])
        {
            text.Append(' ', depth * 2).Append(Scalar(Value.Of(member.Name))).Append(':');
            Below(text, member.Value, depth);
        }
    }

    private static void Below(StringBuilder text, Value value, int depth)
    {
        switch (value)
        {
            case Value.Map { IsNull: false, Members.Count: > 0 }:
                text.Append('\n');
                Members(text, value, depth + 1);
                break;
            case Value.List { IsNull: false, Items.Count: > 0 } list:
                text.Append('\n');
                foreach (Value item in list.Items) text.Append(' ', depth * 2).Append("- ").Append(Scalar(item)).Append('\n');
                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    // What is not plain to see as a word is written as JSON, which YAML reads too.
    private static string Scalar(Value value) => value is Value.Text { Content: { Length: > 0 } word } && IsPlain(word) ? word
        : value is Value.List { IsNull: false } or Value.Map { IsNull: false } or Value.Text ? ValueJson.Write(value, ValueJson.Style.Line)
        : value is Value.Nothing or Value.List or Value.Map ? "null" : value.Printed;

    private static bool IsPlain(string word) =>
        (char.IsAsciiLetter(word[0]) || word[0] is '/' or '_') && word is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off")
        && !word.Contains(": ", StringComparison.Ordinal) && !word.Contains(" #", StringComparison.Ordinal) && word[^1] is not (':' or ' ') && !word.Any(char.IsControl);
}
