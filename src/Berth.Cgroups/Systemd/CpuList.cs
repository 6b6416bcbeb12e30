// Processor lists as bit masks, as systemd takes AllowedCPUs and AllowedMemoryNodes.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Cgroups.Systemd;

/// <summary>Lists such as <c>0-3,7</c>.</summary>
internal static class CpuList
{
    private const int Most = 65536;

    /// <summary>Bit n of the mask stands for processor n; the lowest byte comes first.</summary>
    /// <exception cref="BerthException">The list is malformed or empty.</exception>
    public static byte[] ToMask(string list)
    {
        List<byte> mask = [];
        foreach (string part in list.Split(','))
        {
            string range = part.Trim();
            if (range.Length == 0) continue;
            int dash = range.IndexOf('-', StringComparison.Ordinal);
            int from = Number(dash < 0 ? range : range[..dash], list), to = dash < 0 ? from : Number(range[(dash + 1)..], list);
            if (from > to) throw Malformed(list);
            for (int i = from; i <= to; i++)
            {
                while (mask.Count <= i / 8) mask.Add(0);
                mask[i / 8] |= (byte)(1 << (i % 8));
            }
        }
        return mask.Count == 0 ? throw Malformed(list) : [.. mask];
    }

    private static int Number(string text, string list) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < Most ? number : throw Malformed(list);

    private static BerthException Malformed(string list) => new(Fault.InvalidArgument, $"cannot convert \"{list}\" to a processor mask");
}
