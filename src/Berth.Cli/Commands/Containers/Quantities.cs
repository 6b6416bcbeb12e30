// Sizes, times and numbers as the flags of containers take them: Docker's units of 1024, Go's durations.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads numbers.</summary>
internal static class Quantities
{
    /// <summary>Bytes: 512, 10m, 1.5g, 64MiB. Units are of 1024, whatever they are called.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static long Size(string text, string option)
    {
        int digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
        double factor = text[digits..].Trim().ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KB" or "KIB" => 1L << 10,
            "M" or "MB" or "MIB" => 1L << 20,
            "G" or "GB" or "GIB" => 1L << 30,
            "T" or "TB" or "TIB" => 1L << 40,
            "P" or "PB" or "PIB" => 1L << 50,
            _ => 0,
        };
        return factor > 0 && double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number * factor < long.MaxValue
            ? (long)(number * factor)
            : throw Wrong(option, "a size such as 512m or 1.5g", text);
    }

    /// <summary>A duration of Go's: 30s, 1h30m, 250ms.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static TimeSpan Time(string text, string option)
    {
        double sum = 0;
        ReadOnlySpan<char> rest = text;
        if (rest is "0") return TimeSpan.Zero;
        bool any = false;
        while (!rest.IsEmpty)
        {
            int digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.')) digits++;
            int unit = digits;
            while (unit < rest.Length && !char.IsAsciiDigit(rest[unit]) && rest[unit] != '.') unit++;
            double seconds = rest[digits..unit] switch { "ns" => 1e-9, "us" or "µs" => 1e-6, "ms" => 1e-3, "s" => 1, "m" => 60, "h" => 3600, _ => 0 };
            if (seconds == 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) throw Wrong(option, "a time such as 30s or 1m30s", text);
            sum += number * seconds;
            rest = rest[unit..];
            any = true;
        }
        return any && sum < 1e9 ? TimeSpan.FromTicks((long)Math.Round(sum * TimeSpan.TicksPerSecond)) : throw Wrong(option, "a time such as 30s or 1m30s", text);
    }

    /// <summary>A whole number.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static long Whole(string text, string option) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : throw Wrong(option, "a whole number", text);

    /// <summary>A whole number that is not negative.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static ulong Positive(string text, string option) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : throw Wrong(option, "a whole number that is not negative", text);

    /// <summary>Billionths of CPUs: 1.5.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static long Cpus(string text, string option) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) && number < 1_000_000
            ? (long)(number * 1_000_000_000m)
            : throw Wrong(option, "a number of CPUs such as 1.5", text);

    /// <summary>That a value is none.</summary>
    public static BerthException Wrong(string option, string wanted, string text) => new(Fault.InvalidArgument, $"--{option} wants {wanted}, not '{text}'");
}
