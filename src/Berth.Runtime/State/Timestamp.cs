// The present time as RFC 3339 in UTC. The framework's date types bring time zones and their files into the binary.
using System.Globalization;
using Berth.Linux.Processes;

namespace Berth.Runtime.State;

/// <summary>Writes times such as <c>2026-01-31T23:59:59.1234567Z</c>.</summary>
public static class Timestamp
{
    /// <summary>Now, with seven digits of the second.</summary>
    public static string Now => Precise(Self.RealTime);

    /// <summary>Now, in whole seconds.</summary>
    public static string NowInSeconds => Whole(Self.RealTime / 1_000_000_000) + "Z";

    /// <summary>Nanoseconds since 1970 with seven digits of the second.</summary>
    public static string Precise(long nanoseconds) => $"{Whole(nanoseconds / 1_000_000_000)}.{Digits(nanoseconds % 1_000_000_000 / 100, 7)}Z";

    private static string Whole(long seconds)
    {
        (long year, long month, long day) = Civil(seconds / 86_400);
        long rest = seconds % 86_400;
        return $"{Digits(year, 4)}-{Digits(month, 2)}-{Digits(day, 2)}T{Digits(rest / 3600, 2)}:{Digits(rest / 60 % 60, 2)}:{Digits(rest % 60, 2)}";
    }

    /// <summary>Days since 1970 as a date of the Gregorian calendar, counted in eras of 400 years that begin in March.</summary>
    private static (long Year, long Month, long Day) Civil(long days)
    {
        days += 719_468;
        long era = days / 146_097, ofEra = days % 146_097;
        long yearOfEra = (ofEra - (ofEra / 1460) + (ofEra / 36_524) - (ofEra / 146_096)) / 365;
        long ofYear = ofEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        long shifted = ((5 * ofYear) + 2) / 153;
        long month = shifted < 10 ? shifted + 3 : shifted - 9;
        return ((era * 400) + yearOfEra + (month <= 2 ? 1 : 0), month, ofYear - (((153 * shifted) + 2) / 5) + 1);
    }

    private static string Digits(long value, int count) => value.ToString(CultureInfo.InvariantCulture).PadLeft(count, '0');
}
