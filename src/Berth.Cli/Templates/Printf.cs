// Go's printf, for the values that templates have.
using System.Globalization;
using System.Text;
using Berth.Cli.Values;

namespace Berth.Cli.Templates;

/// <summary>Formats.</summary>
internal static class Printf
{
    private const int Widest = 10_000;

    /// <summary>The text.</summary>
    public static string Format(string format, IReadOnlyList<Value> values)
    {
        StringBuilder text = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            Verb verb = Read(format, ref i);
            if (verb.Letter == '%') text.Append('%');
            else if (verb.Letter == '\0') text.Append("%!(NOVERB)");
            else if (next == values.Count) text.Append("%!").Append(verb.Letter).Append("(MISSING)");
            else text.Append(Padded(One(verb, values[next++]), verb));
        }
        return text.ToString();
    }

    private readonly record struct Verb(char Letter, int Width, int Precision, bool IsLeft, bool HasZeros);

    private static Verb Read(string format, ref int i)
    {
        (bool left, bool zeros) = (false, false);
        for (i++; i < format.Length && format[i] is '-' or '0' or '+' or ' ' or '#'; i++)
        {
            left |= format[i] == '-';
            zeros |= format[i] == '0';
        }
        int width = Digits(format, ref i), precision = -1;
        if (i < format.Length && format[i] == '.')
        {
            i++;
            precision = Digits(format, ref i);
        }
        return new Verb(i < format.Length ? format[i] : '\0', width, precision, left, zeros && !left);
    }

    private static int Digits(string format, ref int i)
    {
        int number = 0;
        for (; i < format.Length && char.IsAsciiDigit(format[i]); i++) number = Math.Min(Widest, (number * 10) + (format[i] - '0'));
        return number;
    }

    private static string One(Verb verb, Value value) => (verb.Letter, value) switch
    {
        ('d', Value.Whole whole) => whole.Number.ToString(CultureInfo.InvariantCulture),
        ('x', Value.Whole whole) => whole.Number.ToString("x", CultureInfo.InvariantCulture),
        ('X', Value.Whole whole) => whole.Number.ToString("X", CultureInfo.InvariantCulture),
        ('o', Value.Whole whole) => Convert.ToString(whole.Number, 8),
        ('b', Value.Whole whole) => Convert.ToString(whole.Number, 2),
        ('c', Value.Whole whole) => ((char)whole.Number).ToString(),
        ('f' or 'F', Value.Real real) => Real(real.Number, verb),
        ('f' or 'F', Value.Whole whole) => Real(whole.Number, verb),
        ('g' or 'e', Value.Real real) => real.Number.ToString("R", CultureInfo.InvariantCulture),
        ('t', Value.Truth truth) => truth.Printed,
        ('q', Value.Text text) => ValueJson.Write(text, ValueJson.Style.Line),
        ('x', Value.Text text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text.Content)),
        ('s' or 'v', Value.Text text) => verb.Precision >= 0 && verb.Precision < text.Content.Length ? text.Content[..verb.Precision] : text.Content,
        ('s' or 'v', _) => value.Printed,
        _ => $"%!{verb.Letter}({value.Printed})",
    };

    private static string Real(double number, Verb verb) => number.ToString($"F{(verb.Precision < 0 ? 6 : Math.Min(verb.Precision, 40))}", CultureInfo.InvariantCulture);

    private static string Padded(string text, Verb verb) =>
        verb.IsLeft ? text.PadRight(verb.Width) : verb.HasZeros && text.StartsWith('-') ? "-" + text[1..].PadLeft(verb.Width - 1, '0') : text.PadLeft(verb.Width, verb.HasZeros ? '0' : ' ');
}
