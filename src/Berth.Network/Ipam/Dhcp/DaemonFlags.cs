// Flags of `dhcp daemon`, read as Go's flag package reads them: one dash or two, with or without an equals sign.
using System.Globalization;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>What the command line says.</summary>
internal sealed class DaemonFlags
{
    public string Socket { get; private set; } = DhcpConfiguration.StandardSocket;

    public string PidFile { get; private set; } = "";

    public string HostPrefix { get; private set; } = "";

    public bool UntilLast { get; private set; }

    public ClientSettings Client { get; private set; } = new() { HardwareAddress = [] };

    /// <summary>Reads them.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Read(ReadOnlySpan<string> args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string word = args[i];
            if (word.Length < 2 || word[0] != '-') return $"unknown word {word}; `dhcp daemon -h` shows what there is";
            string name = word[(word[1] == '-' ? 2 : 1)..];
            int equals = name.IndexOf('=', StringComparison.Ordinal);
            string? value = equals < 0 ? null : name[(equals + 1)..];
            if (equals >= 0) name = name[..equals];
            if (name is "broadcast" or "until-last") value ??= "true";
            else if (value is null && ++i < args.Length) value = args[i];
            if (value is null) return $"flag needs an argument: -{name}";
            if (!Take(name, value, out bool known)) return known ? $"invalid value \"{value}\" for flag -{name}" : $"flag provided but not defined: -{name}";
        }
        return null;
    }

    private bool Take(string name, string value, out bool known)
    {
        known = true;
        switch (name)
        {
            case "socketpath":
                if (value.Length > 0) Socket = value;
                return true;
            case "pidfile":
                PidFile = value;
                return true;
            case "hostprefix":
                HostPrefix = value;
                return true;
            case "broadcast" when Truth(value) is { } broadcast:
                Client = Client with { Broadcast = broadcast };
                return true;
            case "until-last" when Truth(value) is { } untilLast:
                UntilLast = untilLast;
                return true;
            case "timeout" when Milliseconds(value) is { } timeout:
                Client = Client with { PatienceMilliseconds = timeout };
                return true;
            case "resendmax" when Milliseconds(value) is { } most:
                Client = Client with { LongestPauseMilliseconds = most };
                return true;
            case "resendtimeout" when Milliseconds(value) is { } end:
                Client = Client with { GiveUpMilliseconds = end };
                return true;
            default:
                known = name is "broadcast" or "until-last" or "timeout" or "resendmax" or "resendtimeout";
                return false;
        }
    }

    private static bool? Truth(string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };

    /// <summary>A time as Go writes it, such as <c>1m2s</c> or <c>1.5s</c>; null where it is none, or not above zero.</summary>
    internal static long? Milliseconds(string text)
    {
        double sum = 0;
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            int digits = Leading(rest, number: true);
            if (digits == 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) return null;
            rest = rest[digits..];
            int letters = Leading(rest, number: false);
            double unit = rest[..letters] switch { "h" => 3_600_000, "m" => 60_000, "s" => 1000, "ms" => 1, "us" or "µs" => 0.001, "ns" => 0.000_001, _ => 0 };
            if (unit == 0) return null;
            sum += number * unit;
            rest = rest[letters..];
        }
        return sum is > 0 and < 1e12 ? Math.Max(1, (long)sum) : null;
    }

    private static int Leading(ReadOnlySpan<char> text, bool number)
    {
        int length = 0;
        while (length < text.Length && (char.IsAsciiDigit(text[length]) || text[length] == '.') == number) length++;
        return length;
    }
}
