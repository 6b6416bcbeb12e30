// When a registry that has refused for too many requests may be asked again.
using System.Globalization;
using System.Net.Http.Headers;

namespace Berth.Distribution.Transport;

/// <summary>Reads headers of answers.</summary>
internal static class RateLimits
{
    /// <summary>How long it wants to be left alone; null: it did not say.</summary>
    public static TimeSpan? Wish(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (headers.RetryAfter is { } told) return told.Delta ?? told.Date - now;
        // Docker Hub's and GitHub's: seconds since 1970, or from now.
        foreach (string name in (ReadOnlySpan<string>)["X-Retry-After", "X-RateLimit-Reset", "RateLimit-Reset"])
        {
            if (!headers.TryGetValues(name, out IEnumerable<string>? values)) continue;
            foreach (string value in values)
            {
                if (!long.TryParse(value.Split(';')[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > 1L << 40) continue;
                return number > 1_000_000_000 ? DateTimeOffset.FromUnixTimeSeconds(number) - now : TimeSpan.FromSeconds(number);
            }
        }
        return null;
    }

    /// <summary>For people: <c>100 requests in 6 hours</c>; null: it tells no limit.</summary>
    public static string? Words(HttpResponseHeaders headers)
    {
        foreach (string name in (ReadOnlySpan<string>)["RateLimit-Limit", "X-RateLimit-Limit"])
        {
            if (!headers.TryGetValues(name, out IEnumerable<string>? values)) continue;
            string[] parts = string.Join(',', values).Split(';', ',');
            if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int limit)) continue;
            foreach (string part in parts.AsSpan(1))
            {
                if (part.Trim() is ['w', '=', .. string window] && int.TryParse(window, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)) return $"{limit} requests in {(seconds >= 7200 ? $"{seconds / 3600} hours" : seconds >= 120 ? $"{seconds / 60} minutes" : $"{seconds} seconds")}";
            }
            return $"{limit} requests";
        }
        return null;
    }
}
