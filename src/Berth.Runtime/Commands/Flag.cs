// Flags as data, and a parser with the habits of runc's command line: one or two dashes, a value behind a space or '='.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Runtime.Commands;

/// <summary>What a flag takes.</summary>
internal enum FlagKind
{
    Switch,
    Value,
    List,
}

/// <summary>One flag.</summary>
internal sealed record Flag(string Name, string Help, FlagKind Kind = FlagKind.Value, char Short = '\0', string? Default = null)
{
    public string Usage
    {
        get
        {
            string value = Kind == FlagKind.Switch ? "" : " value";
            string text = $"--{Name}{value}";
            return Short == '\0' ? text : $"{text}, -{Short}{value}";
        }
    }
}

/// <summary>A command line that is wrong in itself.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Flags as they were given.</summary>
internal sealed class ParsedFlags
{
    private readonly List<(Flag Flag, string Value)> _given = [];

    public List<string> Arguments { get; } = [];

    public bool HelpAsked { get; private set; }

    /// <summary>Reads flags up to the first argument; with <paramref name="anywhere"/> also known flags behind it.</summary>
    public static ParsedFlags Parse(ReadOnlySpan<string> words, ReadOnlySpan<Flag> flags, bool anywhere)
    {
        ParsedFlags result = new();
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (word == "--")
            {
                result.Arguments.AddRange(words[(i + 1)..]);
                break;
            }
            bool looksLikeFlag = word.Length > 1 && word[0] == '-' && (result.Arguments.Count == 0 || anywhere);
            if (!looksLikeFlag)
            {
                if (!anywhere)
                {
                    result.Arguments.AddRange(words[i..]);
                    break;
                }
                result.Arguments.Add(word);
                continue;
            }
            string name = word.TrimStart('-');
            int equals = name.IndexOf('=');
            string key = equals < 0 ? name : name[..equals];
            if (key is "help" or "h" && equals < 0)
            {
                result.HelpAsked = true;
                return result;
            }
            Flag? flag = Find(flags, key);
            if (flag is null)
            {
                // Behind the first argument only known flags are flags: `kill ID -9` keeps its meaning.
                if (result.Arguments.Count > 0)
                {
                    result.Arguments.Add(word);
                    continue;
                }
                throw new UsageException($"flag provided but not defined: -{key}");
            }
            string? value = equals < 0 ? null : name[(equals + 1)..];
            if (flag.Kind == FlagKind.Switch) value ??= "true";
            else if (value is null)
            {
                if (++i >= words.Length) throw new UsageException($"flag needs an argument: -{key}");
                value = words[i];
            }
            result._given.Add((flag, value));
        }
        return result;
    }

    private static Flag? Find(ReadOnlySpan<Flag> flags, string key)
    {
        foreach (Flag flag in flags)
        {
            if (flag.Name == key || (key.Length == 1 && flag.Short == key[0])) return flag;
        }
        return null;
    }

    /// <summary>The last value given, or null.</summary>
    public string? this[string name]
    {
        get
        {
            for (int i = _given.Count - 1; i >= 0; i--)
            {
                if (_given[i].Flag.Name == name) return _given[i].Value;
            }
            return null;
        }
    }

    public bool Has(string name) => this[name] is { } value && value is not ("false" or "0" or "f");

    public bool Given(string name) => this[name] is not null;

    public List<string> All(string name)
    {
        List<string> values = [];
        foreach ((Flag flag, string value) in _given)
        {
            if (flag.Name == name) values.Add(value);
        }
        return values;
    }

    public int Int(string name, int absent)
    {
        if (this[name] is not { } text) return absent;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new UsageException($"invalid value \"{text}\" for flag -{name}: it is no number");
    }
}

/// <summary>Reads numbers of flags.</summary>
internal static class FlagNumbers
{
    /// <exception cref="BerthException">It is no number.</exception>
    public static long Long(string text, string flag) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
        ? value
        : throw new BerthException(Fault.InvalidArgument, $"invalid value for {flag}: {text}");

    /// <summary>A size such as 64M, in bytes; -1 is unlimited.</summary>
    public static long Bytes(string text, string flag)
    {
        if (text == "-1") return -1;
        string number = text.TrimEnd('b', 'B', 'i', 'I');
        int shift = number.Length == 0 ? 0 : char.ToLowerInvariant(number[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, 'p' => 50, _ => 0 };
        if (shift > 0) number = number[..^1];
        return double.TryParse(number.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            ? (long)(value * (1L << shift))
            : throw new BerthException(Fault.InvalidArgument, $"invalid value for {flag}: invalid size: '{text}'");
    }
}
