// What a registry's refusal is in our words.
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Distribution.Transport;
using Berth.Oci.Faults;

namespace Berth.Distribution.Protocol;

/// <summary>The body of an error (distribution-spec, "Error Codes").</summary>
internal sealed record ErrorBody
{
    [JsonPropertyName("errors")]
    public IReadOnlyList<ErrorItem?>? Errors { get; init; }
}

/// <summary>One of them.</summary>
internal sealed record ErrorItem
{
    [JsonPropertyName("code")]
    public string? Code { get; init; }

    [JsonPropertyName("message")]
    public string? Message { get; init; }
}

/// <summary>Makes exceptions.</summary>
internal static class Refusals
{
    private const int MostError = 64 * 1024, MostWords = 300;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    /// <summary>Somebody else's text: no more of it than a line.</summary>
    public static string Line(string text) => new([.. text.Where(static c => !char.IsControl(c)).Take(MostWords)]);

    public static async Task<BerthException> OfAsync(HttpResponseMessage response, string registry, string what, TimeSpan? wish, CancellationToken ct)
    {
        string words = "";
        try
        {
            ErrorBody? body = JsonSerializer.Deserialize(await Bounded.ReadAsync(response.Content, MostError, "an error", s_longest, ct).ConfigureAwait(false), ProtocolJson.Default.ErrorBody);
            words = string.Join(", ", (body?.Errors ?? []).OfType<ErrorItem>().Take(5).Select(static error => error.Message is { Length: > 0 } ? $"{error.Code}: {error.Message}" : error.Code)).Trim();
        }
        catch (Exception e) when (e is JsonException or BerthException or HttpRequestException or IOException) { } // the status says enough
        words = Line(words);
        (Fault kind, string? hint) = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => (Fault.Denied, "log in, or look whether the name is right: registries say so of images that are not there, too"),
            HttpStatusCode.Forbidden => (Fault.Denied, "this user may not do that here"),
            HttpStatusCode.NotFound => (Fault.NotFound, (string?)null),
            HttpStatusCode.TooManyRequests => (Fault.Exhausted, Limited(response.Headers, wish)),
            HttpStatusCode.RequestEntityTooLarge => (Fault.InvalidArgument, null),
            HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented => (Fault.Unsupported, null),
            HttpStatusCode.BadRequest or HttpStatusCode.RequestedRangeNotSatisfiable => (Fault.InvalidArgument, null),
            _ => (Fault.Unavailable, null),
        };
        return new BerthException(kind, $"cannot {what} at {registry}: {(int)response.StatusCode} {Line(response.ReasonPhrase ?? "")}{(words.Length > 0 ? " (" + words + ")" : "")}", hint)
        {
            Code = kind switch { Fault.Denied => FaultCode.RegistryDenied, Fault.NotFound => FaultCode.ManifestUnknown, _ => null },
        };
    }

    public static BerthException Unreachable(HttpRequestException e, string registry, string what) => new(Fault.Unavailable, $"cannot {what} at {registry}: {Innermost(e).Message.TrimEnd('.')}", e.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "look at the name, and at the resolver of this host",
        HttpRequestError.ProxyTunnelError => "look at HTTPS_PROXY and NO_PROXY",
        HttpRequestError.SecureConnectionError when Innermost(e) is System.Security.Authentication.AuthenticationException => "a certificate that is not trusted: put its authority into certs.d, or name the registry insecure",
        _ => null,
    }, e) { Code = FaultCode.RegistryUnreachable };

    private static string Limited(HttpResponseHeaders headers, TimeSpan? wish)
    {
        string limit = RateLimits.Words(headers) is { } words ? $" (it allows {words})" : "";
        string wait = wish is { } told && told > TimeSpan.Zero ? told.TotalMinutes >= 2 ? $"wait {told.TotalMinutes:0} minutes" : $"wait {told.TotalSeconds:0} seconds" : "wait";
        return $"too much was asked of this registry from here{limit}: log in, {wait}, or use a mirror";
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
