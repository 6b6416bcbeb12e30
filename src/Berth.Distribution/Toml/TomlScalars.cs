// Numbers, times, true and false of TOML.
using System.Globalization;

namespace Berth.Distribution.Toml;

/// <summary>Reads one word.</summary>
internal static class TomlScalars
{
    public static object Read(TomlScanner from)
    {
        string word = from.Word();
        switch (word)
        {
            case "": throw from.Bad("a value was expected");
            case "true": return true;
            case "false": return false;
            case "inf" or "+inf": return double.PositiveInfinity;
            case "-inf": return double.NegativeInfinity;
            case "nan" or "+nan" or "-nan": return double.NaN;
        }
        if (IsTime(word)) return new TomlTime(word);
        if (word.Length > 2 && word[0] == '0' && word[1] is 'x' or 'o' or 'b') return Prefixed(word) ?? throw from.Bad($"'{Cut(word)}' is no number");
        return Number(word) ?? throw from.Bad($"'{Cut(word)}' is no value: is it a string without quotes?");
    }

    private static object? Number(string word)
    {
        int begin = word[0] is '+' or '-' ? 1 : 0;
        if (!UnderscoresStandBetweenDigits(word)) return null;
        string plain = word.Replace("_", "", StringComparison.Ordinal);
        ReadOnlySpan<char> digits = plain.AsSpan(begin);
        if (digits.IsEmpty || !char.IsAsciiDigit(digits[0]) || !char.IsAsciiDigit(digits[^1])) return null;
        if (digits.Length > 1 && digits[0] == '0' && char.IsAsciiDigit(digits[1])) return null;
        if (digits.ContainsAnyExceptInRange('0', '9'))
        {
            int dot = digits.IndexOf('.');
            if ((dot >= 0 && !char.IsAsciiDigit(digits[dot + 1])) || (dot > 0 && !char.IsAsciiDigit(digits[dot - 1]))) return null;
            return double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? real : null;
        }
        return long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? whole : null;
    }

    private static object? Prefixed(string word)
    {
        if (!UnderscoresStandBetweenDigits(word) || word[2] == '_') return null;
        ulong value = 0, radix = word[1] switch { 'x' => 16, 'o' => 8, _ => 2 };
        foreach (char c in word.AsSpan(2))
        {
            if (c == '_') continue;
            if (!char.IsAsciiHexDigit(c) || (ulong)Convert.ToInt32(c.ToString(), 16) is var digit && digit >= radix || value > (ulong)long.MaxValue / radix) return null;
            value = value * radix + digit;
        }
        return value <= long.MaxValue ? (long)value : null;
    }

    private static bool UnderscoresStandBetweenDigits(string word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] == '_' && (i == 0 || i == word.Length - 1 || !char.IsAsciiHexDigit(word[i - 1]) || !char.IsAsciiHexDigit(word[i + 1]))) return false;
        }
        return true;
    }

    // A date has hyphens at the fifth and the eighth place, a time a colon at the third.
    private static bool IsTime(string word)
    {
        if (word.Length >= 8 && word[2] == ':') return TimeOnly.TryParse(word, CultureInfo.InvariantCulture, out _);
        if (word.Length < 10 || word[4] != '-' || word[7] != '-') return false;
        return word.Length == 10 ? DateOnly.TryParseExact(word, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            : word[10] is 'T' or 't' or ' ' && DateTimeOffset.TryParse(word, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);
    }

    private static string Cut(string word) => word.Length > 40 ? word[..40] + "…" : word;
}
