// Numbers such as 1e3 or 2.0 where a whole number is wanted: exact, without floating point.
namespace Berth.Oci.Json;

/// <summary>A JSON number taken as a whole number: sign and magnitude.</summary>
internal readonly record struct JsonInteger(bool IsNegative, ulong Magnitude, bool IsWhole = true, bool IsTooLarge = false)
{
    /// <summary>Takes the text of a number apart. The text has the form JSON demands; the reader has checked it.</summary>
    public static JsonInteger Parse(ReadOnlySpan<byte> text)
    {
        bool negative = text[0] == '-';
        int e = text.IndexOfAny((byte)'e', (byte)'E');
        ReadOnlySpan<byte> digits = text[(negative ? 1 : 0)..(e < 0 ? text.Length : e)];
        int point = digits.IndexOf((byte)'.');
        int fraction = point < 0 ? 0 : digits.Length - point - 1;
        int zeros = TrailingZeros(digits);
        if (IsZero(digits)) return new(negative, 0);

        // value = significant digits x 10^power, where the last significant digit is not 0
        long power = (e < 0 ? 0 : Exponent(text[(e + 1)..])) - fraction + zeros;
        if (power < 0) return new(negative, 0, IsWhole: false);
        if (power > 20) return new(negative, 0, IsTooLarge: true);
        ulong magnitude = 0;
        int left = digits.Length - zeros - (point < 0 ? 0 : 1);
        foreach (byte digit in digits)
        {
            if (digit == '.') continue;
            if (left-- <= 0) break;
            if (!Append(ref magnitude, digit - '0')) return new(negative, 0, IsTooLarge: true);
        }
        for (; power > 0; power--)
        {
            if (!Append(ref magnitude, 0)) return new(negative, 0, IsTooLarge: true);
        }
        return new(negative, magnitude);
    }

    private static bool Append(ref ulong value, int digit)
    {
        if (value > (ulong.MaxValue - (ulong)digit) / 10) return false;
        value = value * 10 + (ulong)digit;
        return true;
    }

    private static bool IsZero(ReadOnlySpan<byte> digits) => digits.IndexOfAnyExcept((byte)'0', (byte)'.') < 0;

    private static int TrailingZeros(ReadOnlySpan<byte> digits)
    {
        int zeros = 0;
        for (int i = digits.Length - 1; i >= 0 && digits[i] is (byte)'0' or (byte)'.'; i--)
        {
            if (digits[i] == '0') zeros++;
        }
        return zeros;
    }

    // More than nine digits say "far beyond any integer" as well as nine do.
    private static long Exponent(ReadOnlySpan<byte> text)
    {
        bool negative = text[0] == '-';
        long value = 0;
        foreach (byte b in text)
        {
            if (b is >= (byte)'0' and <= (byte)'9' && value < 100_000_000) value = value * 10 + b - '0';
        }
        return negative ? -value : value;
    }
}
