// Values of flags: their parts and numbers, and one way to say that one is wrong.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Runtime.Generate;

/// <summary>A flag's value being taken apart.</summary>
internal static class FlagValue
{
    /// <summary>What is wrong with the command line.</summary>
    public static BerthException Fault(string message) => new(Oci.Faults.Fault.InvalidArgument, message);

    /// <summary>The parts between colons; <paramref name="form"/> shows how many there have to be.</summary>
    public static string[] Parts(string value, string form)
    {
        string[] parts = value.Split(':');
        if (parts.Length != form.Split(':').Length || parts[0].Length == 0) throw Fault($"'{value}' is not of the form {form}");
        return parts;
    }

    /// <summary>Name and value around the first equals sign.</summary>
    public static (string Name, string Value) Pair(string value)
    {
        int equals = value.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? (value[..equals], value[(equals + 1)..]) : throw Fault($"'{value}' is not of the form NAME=VALUE");
    }

    /// <summary>A whole number in a range.</summary>
    public static long Whole(string value, long min, long max)
    {
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
        {
            throw Fault($"'{value}' is not a whole number");
        }
        return number < min || number > max ? throw Fault($"{value} is out of range, {min} to {max} is allowed") : number;
    }

    /// <summary>A number from 0 to 2^64-1; -1 and <c>unlimited</c> are the largest, as for setrlimit(2).</summary>
    public static ulong Limit(string value)
    {
        if (value is "-1" or "unlimited") return ulong.MaxValue;
        return ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : throw Fault($"'{value}' is not a limit");
    }

    /// <summary>A number of permission bits, octal where it begins with 0.</summary>
    public static long Mode(string value)
    {
        if (value.Length < 2 || value[0] != '0') return Whole(value, 0, 0xFFF);
        long mode = 0;
        foreach (char c in value.AsSpan(value.StartsWith("0o", StringComparison.Ordinal) ? 2 : 1))
        {
            if (c is < '0' or > '7' || mode > 0xFFF) throw Fault($"'{value}' is no octal file mode");
            mode = mode * 8 + c - '0';
        }
        return mode;
    }

    /// <summary>One of a few words.</summary>
    public static string OneOf(string value, params ReadOnlySpan<string> words) =>
        words.Contains(value) ? value : throw Fault($"'{value}' is not one of {string.Join(", ", words)}");

    /// <summary>A switch's value.</summary>
    public static bool Switch(string value) => value switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw Fault($"'{value}' is neither true nor false"),
    };
}
