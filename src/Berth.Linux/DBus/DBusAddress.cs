// Addresses of buses, as variables of the environment have them.
using System.Globalization;
using System.Text;

namespace Berth.Linux.DBus;

/// <summary>Reads them.</summary>
public static class DBusAddress
{
    /// <summary><c>unix:path=/run/user/1000/bus,guid=…</c> (D-Bus Specification, Server Addresses).</summary>
    /// <returns>As <see cref="DBusConnection.Open"/> takes it; null: it is of another kind.</returns>
    public static string? Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        const string unix = "unix:";
        if (!address.StartsWith(unix, StringComparison.Ordinal)) return null;
        foreach (string part in address[unix.Length..].Split(','))
        {
            if (part.StartsWith("path=", StringComparison.Ordinal)) return Unescape(part["path=".Length..]);
            if (part.StartsWith("abstract=", StringComparison.Ordinal)) return '\0' + Unescape(part["abstract=".Length..]);
        }
        return null;
    }

    // D-Bus specification, "Server Addresses": %XX stands for a byte. (System.Uri would do it, with much more of it.)
    private static string Unescape(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            bool escaped = bytes[i] == '%' && i + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[i + 1]) && char.IsAsciiHexDigit((char)bytes[i + 2]);
            bytes[length++] = escaped ? byte.Parse(bytes.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : bytes[i];
            if (escaped) i += 2;
        }
        return Encoding.UTF8.GetString(bytes, 0, length);
    }
}
