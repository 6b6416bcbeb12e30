// Bodies of answers that end up in memory: no longer than such a body may be, neither in bytes nor in time.
using Berth.Oci.Faults;

namespace Berth.Distribution.Transport;

/// <summary>Reads whole bodies.</summary>
internal static class Bounded
{
    /// <summary>All of it.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is longer. Unavailable: it takes longer.</exception>
    /// <exception cref="IOException">It broke off.</exception>
    public static async Task<byte[]> ReadAsync(HttpContent content, int most, string what, TimeSpan longest, CancellationToken ct)
    {
        if (content.Headers.ContentLength > most) throw TooLong(what, most);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(longest);
        try
        {
            await using Stream stream = await content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            byte[] bytes = new byte[content.Headers.ContentLength is { } told ? (int)told + 1 : 16 * 1024];
            int length = 0;
            for (int n; (n = await stream.ReadAsync(bytes.AsMemory(length), limit.Token).ConfigureAwait(false)) > 0;)
            {
                length += n;
                if (length > most) throw TooLong(what, most);
                if (length == bytes.Length) Array.Resize(ref bytes, Math.Min(2 * length, most + 1));
            }
            return bytes.AsSpan(0, length).ToArray();
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new BerthException(Fault.Unavailable, $"{what} did not come within {longest.TotalSeconds:0} seconds", inner: e);
        }
    }

    private static BerthException TooLong(string what, int most) => new(Fault.InvalidArgument, $"{what} is longer than {most} bytes");
}
