// Access tokens, asked for once for each scope and kept while they last (distribution's token and OAuth2 specifications).
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Distribution.Transport;
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
/// <param name="send">Sends to the token server, with a time limit.</param>
/// <param name="registry">For messages.</param>
/// <param name="find">Who we are for a repository of it; "" for none in particular.</param>
/// <param name="mayBePlain">Whether a token server may be spoken to in plain words, although the registry is not.</param>
/// <param name="clock">The clock.</param>
internal sealed class TokenKeeper(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send, string registry, Func<string, CancellationToken, Task<Credential?>> find, bool mayBePlain, TimeProvider clock) : IDisposable
{
    private const int MostAnswer = 1 << 20, LongestToken = 64 * 1024;
    private const int UsualSeconds = 60;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset Until)> _tokens = [];
    private readonly ConcurrentDictionary<string, Credential?> _credentials = [];
    private readonly SemaphoreSlim _turn = new(1);
    private volatile Challenge? _known;

    /// <summary>The header for a request, as far as is known by now what is asked for.</summary>
    public async Task<AuthenticationHeaderValue?> HeaderAsync(string scope, CancellationToken ct)
    {
        // Nobody is told who we are before he asks.
        if (_known is not { } known) return null;
        Credential? credential = await CredentialAsync(scope, ct).ConfigureAwait(false);
        if (credential?.RegistryToken is { } fixedToken) return new AuthenticationHeaderValue("Bearer", fixedToken);
        if (known.Scheme == "basic") return Basic(credential);
        return new AuthenticationHeaderValue("Bearer", await TokenAsync(known, scope, credential, ct).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>Somebody has logged in or out.</summary>
    public void Forget()
    {
        _credentials.Clear();
        _tokens.Clear();
    }

    /// <summary>A registry has refused, and said what it wants.</summary>
    /// <returns>Whether it is worth asking again.</returns>
    public async Task<bool> LearnAsync(HttpResponseMessage response, string scope, CancellationToken ct)
    {
        Credential? credential = await CredentialAsync(scope, ct).ConfigureAwait(false);
        Challenge? wanted = null;
        foreach (string header in response.Headers.TryGetValues("WWW-Authenticate", out IEnumerable<string>? headers) ? headers : [])
        {
            foreach (Challenge challenge in Challenge.Read(header))
            {
                if (challenge.Scheme == "bearer" && (challenge["realm"] is not null || credential?.RegistryToken is not null)) wanted = challenge;
                else if (challenge.Scheme == "basic" && credential?.Password is not null) wanted ??= challenge;
            }
        }
        if (wanted is null) return false;
        if (wanted.Scheme == "bearer" && !mayBePlain && response.RequestMessage?.RequestUri?.Scheme == "https" && wanted["realm"] is { } realm && !realm.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            throw new BerthException(Fault.Denied, $"{registry} is spoken to by https, and sends us to a token server without it", "name the registry insecure if that is meant");
        }
        // Who was asked without a header may have been asked before somebody else learned of it. Who refuses a header has a reason, unless the token was too old.
        bool isNew = response.RequestMessage?.Headers.Authorization is null || _tokens.TryRemove(scope, out _);
        _known = wanted;
        return isNew;
    }

    private async Task<Credential?> CredentialAsync(string scope, CancellationToken ct)
    {
        string repository = RepositoryOf(scope);
        if (_credentials.TryGetValue(repository, out Credential? known)) return known;
        return _credentials[repository] = await find(repository, ct).ConfigureAwait(false);
    }

    // "repository:a/b:pull,push", and perhaps another one behind it.
    private static string RepositoryOf(string scope)
    {
        if (!scope.StartsWith("repository:", StringComparison.Ordinal)) return "";
        int end = scope.IndexOf(':', 11);
        return end < 0 ? scope[11..] : scope[11..end];
    }

    private static AuthenticationHeaderValue? Basic(Credential? credential) =>
        credential?.Password is null ? null : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}")));

    private async Task<string> TokenAsync(Challenge challenge, string scope, Credential? credential, CancellationToken ct)
    {
        if (Kept(scope) is { } kept) return kept;
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            // Whoever had the turn before may have asked for the same.
            if (Kept(scope) is { } meanwhile) return meanwhile;
            TokenAnswer answer = await AskAsync(challenge, scope, credential, ct).ConfigureAwait(false);
            string token = answer.Token is { Length: > 0 } named ? named : answer.AccessToken is { Length: > 0 } other ? other : throw new BerthException(Fault.Unavailable, $"the token server of {registry} answered without a token");
            if (token.Length > LongestToken || token.AsSpan().ContainsAnyExceptInRange('!', '~')) throw new BerthException(Fault.Unavailable, $"the token server of {registry} answered with something that is no token");
            // A little early: it has to last until the request is read.
            _tokens[scope] = (token, clock.GetUtcNow().AddSeconds(Math.Clamp((answer.ExpiresIn ?? UsualSeconds) - 10, 10, 24 * 3600)));
            return token;
        }
        finally { _turn.Release(); }
    }

    private string? Kept(string scope) => _tokens.TryGetValue(scope, out (string Token, DateTimeOffset Until) kept) && kept.Until > clock.GetUtcNow() ? kept.Token : null;

    private async Task<TokenAnswer> AskAsync(Challenge challenge, string scope, Credential? credential, CancellationToken ct)
    {
        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out Uri? realm) || realm.Scheme is not ("https" or "http")) throw new BerthException(Fault.Unavailable, $"{registry} names a token server that has no address");
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using HttpRequestMessage request = credential?.IdentityToken is { } refresh ? Post(realm, challenge, scope, refresh) : Get(realm, challenge, scope, credential);
                using HttpResponseMessage response = await send(request, ct).ConfigureAwait(false);
                if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
                {
                    throw new BerthException(Fault.Denied, $"the token server of {registry} refused {(credential is null ? "an anonymous user" : $"the user {credential}")}: {(int)response.StatusCode}", "log in: the name or the password is wrong, or the image is private") { Code = FaultCode.RegistryDenied };
                }
                if (!response.IsSuccessStatusCode) throw new BerthException(response.StatusCode == HttpStatusCode.TooManyRequests ? Fault.Exhausted : Fault.Unavailable, $"the token server of {registry} answered {(int)response.StatusCode}");
                byte[] body = await Bounded.ReadAsync(response.Content, MostAnswer, $"the answer of the token server of {registry}", s_longest, ct).ConfigureAwait(false);
                return JsonSerializer.Deserialize(body, TokenJson.Default.TokenAnswer) ?? throw new JsonException();
            }
            // What the parser says may quote what it read, which may be a secret.
            catch (JsonException) { throw new BerthException(Fault.Unavailable, $"the token server of {registry} answered something else than JSON"); }
            catch (Exception e) when ((e is HttpRequestException or IOException or BerthException { Kind: Fault.Unavailable }) && attempt < 2)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250 << attempt), clock, ct).ConfigureAwait(false);
            }
        }
    }

    private static HttpRequestMessage Get(Uri realm, Challenge challenge, string scope, Credential? credential)
    {
        StringBuilder query = new(realm.Query.Length > 1 ? realm.Query + "&" : "?");
        if (challenge["service"] is { } service) query.Append("service=").Append(Uri.EscapeDataString(service)).Append('&');
        foreach (string one in scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)) query.Append("scope=").Append(Uri.EscapeDataString(one)).Append('&');
        if (credential?.User is { } user) query.Append("account=").Append(Uri.EscapeDataString(user)).Append('&');
        HttpRequestMessage request = new(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString().TrimEnd('&', '?') }.Uri);
        request.Headers.Authorization = Basic(credential);
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
