// Access tokens, asked for once for each scope and kept while they last (distribution's token and OAuth2 specifications).
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Oci.Faults;

namespace Berth.Distribution.Authentication;

/// <summary>What a token server answers.</summary>
internal sealed record TokenAnswer
{
    [JsonPropertyName("token")]
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }

    [JsonPropertyName("expires_in")]
    public int? ExpiresIn { get; init; }
}

[JsonSerializable(typeof(TokenAnswer))]
internal sealed partial class TokenJson : JsonSerializerContext;

/// <summary>The tokens for one registry. For several threads.</summary>
internal sealed class TokenKeeper(HttpClient http, string registry, Credential? credential, TimeProvider clock) : IDisposable
{
    private const int MostAnswer = 1 << 20;
    private const int UsualSeconds = 60;

    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset Until)> _tokens = [];
    private readonly SemaphoreSlim _turn = new(1);
    private volatile Challenge? _known;

    /// <summary>The header for a request, as far as is known by now what is asked for.</summary>
    public async Task<AuthenticationHeaderValue?> HeaderAsync(string scope, CancellationToken ct)
    {
        if (credential?.RegistryToken is { } fixedToken) return new AuthenticationHeaderValue("Bearer", fixedToken);
        return _known switch
        {
            null => null,
            { Scheme: "basic" } => Basic(),
            { } bearer => new AuthenticationHeaderValue("Bearer", await TokenAsync(bearer, scope, ct).ConfigureAwait(false)),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>A registry has refused, and said what it wants.</summary>
    /// <returns>Whether it is worth asking again.</returns>
    public bool Learn(HttpResponseMessage response, string scope)
    {
        Challenge? wanted = null;
        foreach (string header in response.Headers.TryGetValues("WWW-Authenticate", out IEnumerable<string>? headers) ? headers : [])
        {
            foreach (Challenge challenge in Challenge.Read(header))
            {
                if (challenge.Scheme == "bearer" && challenge["realm"] is not null) wanted = challenge;
                else if (challenge.Scheme == "basic" && credential?.Password is not null) wanted ??= challenge;
            }
        }
        if (wanted is null) return false;
        bool isNew = _known is null || _tokens.TryRemove(scope, out _);
        _known = wanted;
        return isNew;
    }

    private AuthenticationHeaderValue? Basic() =>
        credential?.Password is null ? null : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}")));

    private async Task<string> TokenAsync(Challenge challenge, string scope, CancellationToken ct)
    {
        if (Kept(scope) is { } kept) return kept;
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            // Whoever had the turn before may have asked for the same.
            if (Kept(scope) is { } meanwhile) return meanwhile;
            TokenAnswer answer = await AskAsync(challenge, scope, ct).ConfigureAwait(false);
            string token = answer.Token ?? answer.AccessToken ?? throw new BerthException(Fault.Unavailable, $"the token server of {registry} answered without a token");
            // A little early: it has to last until the request is read.
            _tokens[scope] = (token, clock.GetUtcNow().AddSeconds(Math.Max(10, (answer.ExpiresIn ?? UsualSeconds) - 10)));
            return token;
        }
        finally { _turn.Release(); }
    }

    private string? Kept(string scope) => _tokens.TryGetValue(scope, out (string Token, DateTimeOffset Until) kept) && kept.Until > clock.GetUtcNow() ? kept.Token : null;

    private async Task<TokenAnswer> AskAsync(Challenge challenge, string scope, CancellationToken ct)
    {
        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out Uri? realm) || realm.Scheme is not ("https" or "http")) throw new BerthException(Fault.Unavailable, $"{registry} names a token server that has no address");
        using HttpRequestMessage request = credential?.IdentityToken is { } refresh ? Post(realm, challenge, scope, refresh) : Get(realm, challenge, scope);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
        {
            throw new BerthException(Fault.Denied, $"the token server of {registry} refused {(credential is null ? "an anonymous user" : $"the user {credential}")}: {(int)response.StatusCode}", "log in: the name or the password is wrong, or the image is private");
        }
        if (!response.IsSuccessStatusCode) throw new BerthException(Fault.Unavailable, $"the token server of {registry} answered {(int)response.StatusCode}");
        byte[] body = await Protocol.Bounded.ReadAsync(response.Content, MostAnswer, $"the answer of the token server of {registry}", ct).ConfigureAwait(false);
        try { return JsonSerializer.Deserialize(body, TokenJson.Default.TokenAnswer) ?? throw new JsonException(); }
        catch (JsonException e) { throw new BerthException(Fault.Unavailable, $"the token server of {registry} answered something else than JSON", inner: e); }
    }

    private HttpRequestMessage Get(Uri realm, Challenge challenge, string scope)
    {
        StringBuilder query = new(realm.Query.Length > 1 ? realm.Query + "&" : "?");
        if (challenge["service"] is { } service) query.Append("service=").Append(Uri.EscapeDataString(service)).Append('&');
        foreach (string one in scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)) query.Append("scope=").Append(Uri.EscapeDataString(one)).Append('&');
        if (credential?.User is { } user) query.Append("account=").Append(Uri.EscapeDataString(user)).Append('&');
        HttpRequestMessage request = new(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString().TrimEnd('&', '?') }.Uri);
        request.Headers.Authorization = Basic();
        return request;
    }

    private static HttpRequestMessage Post(Uri realm, Challenge challenge, string scope, string refresh) => new(HttpMethod.Post, realm)
    {
        Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token", ["refresh_token"] = refresh, ["service"] = challenge["service"] ?? "", ["scope"] = scope, ["client_id"] = "berth",
        }),
    };
}
