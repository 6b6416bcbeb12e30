// Sizes and times as people read them, in docker's words.
using System.Globalization;
using System.Text;
using Berth.Oci.Faults;

namespace Berth.Cli.Output;

/// <summary>Numbers in words.</summary>
internal static class Words
{
    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Three digits and a unit of a thousand: 1.23GB.</summary>
    public static string Size(long bytes, int digits = 3)
    {
        double value = bytes;
        int unit = 0;
        for (; Math.Abs(value) >= 1000 && unit < s_units.Length - 1; unit++) value /= 1000;
        return Digits(value, digits) + s_units[unit];
    }

    /// <summary>Reads 20MB, 1.5GiB, 4096: units of a thousand, or of 1024 where they have an i.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static long ParseSize(string text)
    {
        int digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
        string unit = text[digits..].Trim().ToUpperInvariant();
        double factor = unit switch
        {
            "" or "B" => 1,
            "K" or "KB" => 1e3,
            "M" or "MB" => 1e6,
            "G" or "GB" => 1e9,
            "T" or "TB" => 1e12,
            "KI" or "KIB" => 1024,
            "MI" or "MIB" => 1048576,
            "GI" or "GIB" => 1073741824,
            "TI" or "TIB" => 1099511627776,
            _ => 0,
        };
        return factor > 0 && double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number * factor < long.MaxValue
            ? (long)(number * factor)
            : throw new BerthException(Fault.InvalidArgument, $"'{text}' is no size", "write 20MB or 1.5GiB");
    }

    /// <summary>Reads 90s, 1h30m, 10d, or a time: how long ago that is.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static TimeSpan ParseSpan(string text)
    {
        TimeSpan sum = TimeSpan.Zero;
        ReadOnlySpan<char> rest = text;
        if (rest.IsEmpty) throw NoSpan(text);
        while (!rest.IsEmpty)
        {
            int digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.')) digits++;
            int unit = digits;
            while (unit < rest.Length && char.IsAsciiLetter(rest[unit])) unit++;
            if (!double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) || number > 1e6) throw NoSpan(text);
            sum += rest[digits..unit] switch
            {
                "ms" => TimeSpan.FromMilliseconds(number),
                "s" or "" => TimeSpan.FromSeconds(number),
                "m" => TimeSpan.FromMinutes(number),
                "h" => TimeSpan.FromHours(number),
                "d" => TimeSpan.FromDays(number),
                "w" => TimeSpan.FromDays(7 * number),
                _ => throw NoSpan(text),
            };
            // What is before the year 1 is no time.
            if (sum.TotalDays > 365_000) throw NoSpan(text);
            rest = rest[unit..];
        }
        return sum;
    }

    /// <summary>About a minute ago, 3 weeks ago.</summary>
    public static string Ago(DateTimeOffset? time, DateTimeOffset now) => time is { } then && then > DateTimeOffset.UnixEpoch.AddYears(-100) ? Span(now - then) + " ago" : "N/A";

    /// <summary>How long, in one number.</summary>
    public static string Span(TimeSpan span) => span.TotalSeconds switch
    {
        < 1 => "Less than a second",
        < 2 => "1 second",
        < 60 => $"{(int)span.TotalSeconds} seconds",
        _ => (int)span.TotalMinutes switch
        {
            1 => "About a minute",
            < 60 => $"{(int)span.TotalMinutes} minutes",
            _ => (int)(span.TotalHours + 0.5) switch
            {
                1 => "About an hour",
                < 48 => $"{(int)(span.TotalHours + 0.5)} hours",
                < 24 * 7 * 2 => $"{(int)(span.TotalHours + 0.5) / 24} days",
                < 24 * 30 * 2 => $"{(int)(span.TotalHours + 0.5) / 24 / 7} weeks",
                < 24 * 365 * 2 => $"{(int)(span.TotalHours + 0.5) / 24 / 30} months",
                _ => $"{(int)span.TotalHours / 24 / 365} years",
            },
        },
    };

    /// <summary>The beginning of a text, and an ellipsis where there is more.</summary>
    public static string Shortened(string text, int most)
    {
        if (text.Length <= most) return text;
        StringBuilder cut = new(text, 0, most - 1, most);
        if (char.IsHighSurrogate(cut[^1])) cut.Length--;
        return cut.Append('…').ToString();
    }

    private static BerthException NoSpan(string text) => new(Fault.InvalidArgument, $"'{text}' is no length of time", "write 90s, 1h30m or 10d");

    // As printf's %.3g: that many digits in all, no zeros behind the point.
    private static string Digits(double value, int digits)
    {
        int before = value < 1 ? 1 : (int)Math.Floor(Math.Log10(value)) + 1;
        string text = Math.Round(value, Math.Max(0, digits - before)).ToString("F" + Math.Max(0, digits - before).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return text.Contains('.') ? text.TrimEnd('0').TrimEnd('.') : text;
    }
}
