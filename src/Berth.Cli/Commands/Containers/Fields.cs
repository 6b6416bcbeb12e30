// Lists of NAME=VALUE in one word: docker's CSV, with quotes where a comma belongs to a value.
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Takes words apart.</summary>
internal static class Fields
{
    /// <summary>The fields of a line of CSV.</summary>
    /// <exception cref="BerthException">InvalidArgument: a quote is not closed.</exception>
    public static List<string> Split(string text, string option)
    {
        List<string> fields = [];
        System.Text.StringBuilder field = new();
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"')
            {
                if (isQuoted && i + 1 < text.Length && text[i + 1] == '"')
                {
                    field.Append('"');
                    i++;
                }
                else isQuoted = !isQuoted;
            }
            else if (c == ',' && !isQuoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else field.Append(c);
        }
        if (isQuoted) throw new BerthException(Fault.InvalidArgument, $"--{option} '{text}': a quote is not closed");
        fields.Add(field.ToString());
        return fields;
    }

    /// <summary>Name and value; the value is null where there is no equals sign.</summary>
    public static (string Name, string? Value) Pair(string field)
    {
        int equals = field.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (field, null) : (field[..equals], field[(equals + 1)..]);
    }

    /// <summary>Names and values of all words.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static Dictionary<string, string> Pairs(IEnumerable<string> words, string option, bool needsValue = true)
    {
        Dictionary<string, string> pairs = [];
        foreach (string word in words)
        {
            (string name, string? value) = Pair(word);
            if (name.Length == 0 || (value is null && needsValue)) throw Quantities.Wrong(option, "NAME=VALUE", word);
            pairs[name] = value ?? "";
        }
        return pairs;
    }

    /// <summary>A truth; without a value it is so.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static bool Truth(string name, string? value, string option) => value switch
    {
        null or "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new BerthException(Fault.InvalidArgument, $"--{option}: {name} is true or false, not '{value}'"),
    };
}
