// Names of signals.
using System.Globalization;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads them.</summary>
internal static class SignalWords
{
    /// <summary>A name with or without SIG, or a number.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static int Parse(string word)
    {
        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 0 and <= 64) return number;
        return Signals.Parse(word.ToUpperInvariant()) ?? throw new BerthException(Fault.InvalidArgument, $"'{word}' is no signal", "a name such as TERM or SIGTERM, or a number");
    }
}
