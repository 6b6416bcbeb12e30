// Addresses as text, in the one form that Go's net package writes and reads: leases are found by it, results are compared by it.
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Berth.Network.Contract;

/// <summary>Reads and writes addresses as the reference plugins do.</summary>
internal static class AddressText
{
    /// <summary>RFC 5952, without the dotted forms that the framework writes for some prefixes.</summary>
    public static string Of(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork) return address.ToString();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        (int from, int to) = LongestZeros(bytes);
        Span<char> text = stackalloc char[40];
        int length = 0;
        for (int group = 0; group < 8; group++)
        {
            if (group == from)
            {
                text[length++] = ':';
                text[length++] = ':';
                group = to - 1;
                continue;
            }
            if (group > 0 && group != to) text[length++] = ':';
            ((bytes[group * 2] << 8) | bytes[(group * 2) + 1]).TryFormat(text[length..], out int written, "x", CultureInfo.InvariantCulture);
            length += written;
        }
        return new string(text[..length]);
    }

    /// <summary>Reads an address: four decimal numbers, or IPv6 without a zone; an IPv4 address in IPv6's clothes is IPv4.</summary>
    public static IPAddress? TryParse(ReadOnlySpan<char> text)
    {
        bool six = text.Contains(':');
        // The framework also reads brackets, zones, octal numbers and addresses of fewer parts.
        if (six ? !IsHexadecimal(text) : !IsDotted(text)) return null;
        if (!IPAddress.TryParse(text, out IPAddress? address)) return null;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static bool IsHexadecimal(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigit(c) && c is not (':' or '.')) return false;
        }
        return true;
    }

    private static bool IsDotted(ReadOnlySpan<char> text)
    {
        int parts = 0;
        foreach (Range range in text.Split('.'))
        {
            ReadOnlySpan<char> part = text[range];
            if (part.Length is 0 or > 3 || part.ContainsAnyExceptInRange('0', '9') || (part.Length > 1 && part[0] == '0')) return false;
            parts++;
        }
        return parts == 4;
    }

    private static (int From, int To) LongestZeros(ReadOnlySpan<byte> bytes)
    {
        (int From, int To) best = (-1, -1);
        for (int group = 0; group < 8; group++)
        {
            int end = group;
            while (end < 8 && bytes[end * 2] == 0 && bytes[(end * 2) + 1] == 0) end++;
            if (end - group >= 2 && end - group > best.To - best.From) best = (group, end);
            if (end > group) group = end;
        }
        return best;
    }
}
