// Numbers of bytes as people write them: 10m, 1.5g, 512.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Reads them, as docker does: powers of 1024, with or without <c>b</c> or <c>ib</c> behind.</summary>
public static class ByteCount
{
    /// <summary>Reads one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="what">What it is for, said when it cannot be read.</param>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static long Parse(string text, string what)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.EndsWith("ib", StringComparison.OrdinalIgnoreCase)) rest = rest[..^2];
        else if (rest.EndsWith("b", StringComparison.OrdinalIgnoreCase)) rest = rest[..^1];
        long unit = rest.IsEmpty ? 0 : char.ToLowerInvariant(rest[^1]) switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, 't' => 1L << 40, 'p' => 1L << 50, _ => 1 };
        if (unit > 1) rest = rest[..^1];
        if (double.TryParse(rest.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number * unit < long.MaxValue) return (long)(number * unit);
        throw new BerthException(Fault.InvalidArgument, $"'{text}' is no size for {what}", "a number, and behind it b, k, m, g or t");
    }
}
