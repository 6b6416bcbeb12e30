// Words of a command line, taken apart by a table: pflag's dialect, which docker, podman and skopeo share.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Cli.Arguments;

/// <summary>Options and arguments that were given.</summary>
internal sealed class Parsed
{
    private readonly List<(Option Option, string Value)> _given = [];

    /// <summary>What was no option.</summary>
    public List<string> Arguments { get; } = [];

    /// <summary>Whether <c>--help</c> was among them.</summary>
    public bool WantsHelp { get; private set; }

    /// <summary>Reads words.</summary>
    /// <param name="words">The words.</param>
    /// <param name="options">The table.</param>
    /// <param name="stopsAtArgument">Whether the first argument ends the options, as in front of a verb.</param>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static Parsed Read(ReadOnlySpan<string> words, IReadOnlyList<Option> options, bool stopsAtArgument = false)
    {
        Parsed parsed = new();
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (word == "--")
            {
                parsed.Arguments.AddRange(words[(i + 1)..]);
                break;
            }
            if (word.Length > 2 && word.StartsWith("--", StringComparison.Ordinal)) i += parsed.ReadLong(word, words[(i + 1)..], options);
            else if (word.Length > 1 && word[0] == '-' && word[1] != '-') i += parsed.ReadLetters(word, words[(i + 1)..], options);
            else if (stopsAtArgument)
            {
                parsed.Arguments.AddRange(words[i..]);
                break;
            }
            else parsed.Arguments.Add(word);
        }
        return parsed;
    }

    /// <summary>Whether a switch is on.</summary>
    public bool Has(string name) => Find(name) == "true";

    /// <summary>Whether any of these options was given.</summary>
    public bool HasAny(IReadOnlyList<Option> options) => _given.Exists(given => options.Contains(given.Option));

    /// <summary>The value of an option, the last one that was given; null where none was.</summary>
    public string? Find(string name)
    {
        for (int i = _given.Count - 1; i >= 0; i--)
        {
            if (_given[i].Option.Name == name) return _given[i].Value;
        }
        return null;
    }

    /// <summary>All values of an option.</summary>
    public List<string> All(string name)
    {
        List<string> values = [];
        foreach ((Option option, string value) in _given)
        {
            if (option.Name != name) continue;
            if (option.SplitsAtCommas) values.AddRange(value.Split(','));
            else values.Add(value);
        }
        return values;
    }

    /// <summary>A switch that may be unset: null where it was not given.</summary>
    public bool? Truth(string name) => Find(name) is { } value ? value == "true" : null;

    /// <summary>A number.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public int? Number(string name) => Find(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number
        : throw new BerthException(Fault.InvalidArgument, $"--{name} wants a whole number, not '{text}'");

    private int ReadLong(string word, ReadOnlySpan<string> rest, IReadOnlyList<Option> options)
    {
        int equals = word.IndexOf('=');
        string name = equals < 0 ? word[2..] : word[2..equals];
        if (name == "help")
        {
            WantsHelp = true;
            return 0;
        }
        Option option = options.FirstOrDefault(option => option.Name == name) ?? throw Unknown($"--{name}", Nearest(name, options));
        if (equals >= 0) return Give(option, word[(equals + 1)..]);
        if (option.Value is null) return Give(option, "true");
        if (rest.IsEmpty) throw new BerthException(Fault.InvalidArgument, $"--{name} wants a value: {option.Value}");
        Give(option, rest[0]);
        return 1;
    }

    private int ReadLetters(string word, ReadOnlySpan<string> rest, IReadOnlyList<Option> options)
    {
        for (int i = 1; i < word.Length; i++)
        {
            char letter = word[i];
            Option? option = options.FirstOrDefault(option => option.Short == letter);
            if (option is null && letter == 'h')
            {
                WantsHelp = true;
                continue;
            }
            if (option is null) throw Unknown($"-{letter}", null);
            if (option.Value is null)
            {
                bool told = i + 1 < word.Length && word[i + 1] == '=';
                Give(option, told ? word[(i + 2)..] : "true");
                if (told) return 0;
                continue;
            }
            string value = word[(i + 1)..];
            if (value.Length > 0) return Give(option, value[0] == '=' ? value[1..] : value);
            if (rest.IsEmpty) throw new BerthException(Fault.InvalidArgument, $"-{letter} wants a value: {option.Value}");
            Give(option, rest[0]);
            return 1;
        }
        return 0;
    }

    private int Give(Option option, string value)
    {
        if (option.Refusal is { } refusal) throw new BerthException(Fault.Unsupported, $"--{option.Name} is not supported: {refusal}");
        if (option.Value is null)
        {
            value = value switch
            {
                "true" or "1" or "t" or "T" or "TRUE" or "True" => "true",
                "false" or "0" or "f" or "F" or "FALSE" or "False" => "false",
                _ => throw new BerthException(Fault.InvalidArgument, $"--{option.Name} is true or false, not '{value}'"),
            };
        }
        _given.Add((option, value));
        return 0;
    }

    private static BerthException Unknown(string what, string? nearest) => new(Fault.InvalidArgument, $"unknown flag: {what}", nearest is null ? null : $"did you mean --{nearest}?") { Code = FaultCode.OptionUnknown };

    private static string? Nearest(string name, IReadOnlyList<Option> options) => Spelling.Nearest(name, options.Where(static option => !option.IsHidden).Select(static option => option.Name));
}
