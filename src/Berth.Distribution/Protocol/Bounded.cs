// Bodies of answers that end up in memory: no longer than such a body may be.
using Berth.Oci.Faults;

namespace Berth.Distribution.Protocol;

/// <summary>Reads whole bodies.</summary>
internal static class Bounded
{
    /// <summary>All of it.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is longer.</exception>
    public static async Task<byte[]> ReadAsync(HttpContent content, int most, string what, CancellationToken ct)
    {
        if (content.Headers.ContentLength > most) throw TooLong(what, most);
        await using Stream stream = await content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        using MemoryStream bytes = new();
        byte[] buffer = new byte[16 * 1024];
        for (int n; (n = await stream.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0;)
        {
            if (bytes.Length + n > most) throw TooLong(what, most);
            bytes.Write(buffer, 0, n);
        }
        return bytes.ToArray();
    }

    private static BerthException TooLong(string what, int most) => new(Fault.InvalidArgument, $"{what} is longer than {most} bytes");
}
