// Requests to one registry: authenticated, repeated where that helps, redirected without taking secrets along, and with errors in words.
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Distribution.Authentication;
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

/// <summary>Names of tags.</summary>
internal sealed record TagList
{
    [JsonPropertyName("tags")]
    public IReadOnlyList<string>? Tags { get; init; }
}

[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(TagList))]
internal sealed partial class ProtocolJson : JsonSerializerContext;

/// <summary>A registry. For several threads.</summary>
public sealed class RegistryClient : IDisposable
{
    private const int MostRedirects = 5, MostError = 64 * 1024;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(60);

    private readonly RegistryOptions _options;
    private readonly HttpClient _http;
    private readonly TokenKeeper _tokens;
    private volatile Uri _base;

    /// <summary>Nothing is asked before the first request.</summary>
    public RegistryClient(RegistryOptions options)
    {
        _options = options;
        string host = options.Registry is "docker.io" ? "registry-1.docker.io" : options.Registry;
        _base = new Uri($"https://{host}/v2/");
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            MaxConnectionsPerServer = 16,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            AutomaticDecompression = DecompressionMethods.None,
        };
#pragma warning disable CA5359 // The user has named this registry insecure: that is what the word means.
        if (options.IsInsecure) handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        else if (options.Authorities is { Count: > 0 } authorities) handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, authorities);
        if (options.ClientCertificates is { Count: > 0 } own) handler.SslOptions.ClientCertificates = own;
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(options.UserAgent);
        _tokens = new TokenKeeper(_http, options.Registry, options.Credential, options.Clock);
    }

    /// <summary>Host and port.</summary>
    public string Registry => _options.Registry;

    /// <summary>Whether it is a registry that lets us in.</summary>
    /// <exception cref="BerthException">Denied, Unavailable.</exception>
    public async Task PingAsync(CancellationToken ct)
    {
        using HttpResponseMessage response = await SendAsync(static () => new HttpRequestMessage(HttpMethod.Get, ""), "", "ask", ct).ConfigureAwait(false);
    }

    /// <summary>The tags of a repository, page by page.</summary>
    public async IAsyncEnumerable<string> TagsAsync(string repository, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct = default)
    {
        string? next = $"{repository}/tags/list?n=1000";
        for (int pages = 0; next is not null && pages < 10_000; pages++)
        {
            string page = next;
            using HttpResponseMessage response = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, page), Pull(repository), $"list the tags of {repository}", ct).ConfigureAwait(false);
            TagList? list;
            try { list = JsonSerializer.Deserialize(await Bounded.ReadAsync(response.Content, 16 << 20, $"the list of tags of {repository}", ct).ConfigureAwait(false), ProtocolJson.Default.TagList); }
            catch (JsonException e) { throw new BerthException(Fault.Unavailable, $"{Registry} answered something else than a list of tags", inner: e); }
            foreach (string tag in list?.Tags ?? []) yield return tag;
            next = NextPage(response, repository);
        }
    }

    internal static string Pull(string repository) => $"repository:{repository}:pull";

    internal static string Push(string repository) => $"repository:{repository}:pull,push";

    /// <summary>Sends a request until it is answered, refused, or not worth repeating.</summary>
    /// <param name="make">Makes it anew each time; its address is relative to <c>/v2/</c>, or absolute.</param>
    /// <param name="scope">What it needs to be allowed.</param>
    /// <param name="what">For messages: <c>fetch the blob sha256:…</c>.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="accept">Answers besides success that the caller wants to see.</param>
    internal async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, string scope, string what, CancellationToken ct, params HttpStatusCode[] accept)
    {
        for (int attempt = 0; ; attempt++)
        {
            HttpResponseMessage response;
            // Another request may have found out meanwhile how this registry is spoken to.
            Uri address = _base;
            try { response = await FollowAsync(address, make, scope, ct).ConfigureAwait(false); }
            catch (HttpRequestException e)
            {
                if (_options.IsInsecure && address.Scheme == "https" && e.HttpRequestError is HttpRequestError.SecureConnectionError)
                {
                    // Registries without TLS are asked with it first: who has both is not to be spoken to in plain words.
                    _base = new UriBuilder(address) { Scheme = "http", Port = address.IsDefaultPort ? 80 : address.Port }.Uri;
                    attempt--;
                    continue;
                }
                if (attempt >= _options.Retries || e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError) throw Unreachable(what, e);
                await PauseAsync(attempt, null, ct).ConfigureAwait(false);
                continue;
            }
            if (response.IsSuccessStatusCode || accept.Contains(response.StatusCode)) return response;
            bool mayPass = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented;
            TimeSpan? wish = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - _options.Clock.GetUtcNow();
            if (!mayPass || attempt >= _options.Retries || wish > s_longestPause)
            {
                BerthException fault = await RefusedAsync(response, what, ct).ConfigureAwait(false);
                response.Dispose();
                throw fault;
            }
            response.Dispose();
            await PauseAsync(attempt, wish, ct).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _tokens.Dispose();
    }

    private async Task<HttpResponseMessage> FollowAsync(Uri address, Func<HttpRequestMessage> make, string scope, CancellationToken ct)
    {
        bool asked = false;
        while (true)
        {
            HttpRequestMessage request = make();
            request.RequestUri = request.RequestUri is { } relative ? new Uri(address, relative) : address;
            // An upload may be continued at another host, which has its own means to know us.
            bool isOurs = IsSame(request.RequestUri, address);
            if (isOurs) request.Headers.Authorization = await _tokens.HeaderAsync(scope, ct).ConfigureAwait(false);
            HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.Unauthorized && isOurs && !asked && _tokens.Learn(response, scope))
            {
                asked = true;
                response.Dispose();
                continue;
            }
            for (int redirects = 0; response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect or HttpStatusCode.Found or HttpStatusCode.Moved or HttpStatusCode.SeeOther && request.Method != HttpMethod.Post; redirects++)
            {
                if (redirects >= MostRedirects) throw new BerthException(Fault.Unavailable, $"{Registry} redirects more than {MostRedirects} times");
                if (response.Headers.Location is not { } location) break;
                Uri target = new(request.RequestUri!, location);
                if (request.RequestUri!.Scheme == "https" && target.Scheme != "https" && !_options.IsInsecure) throw new BerthException(Fault.Denied, $"{Registry} redirects from https to {target.Scheme}");
                AuthenticationHeaderValue? authorization = request.Headers.Authorization;
                response.Dispose();
                request = make();
                request.RequestUri = target;
                // What is another's to hear, he does not hear.
                if (IsSame(target, address)) request.Headers.Authorization = authorization;
                response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
            }
            return response;
        }
    }

    private static bool IsSame(Uri one, Uri other) => one.Scheme == other.Scheme && one.Host == other.Host && one.Port == other.Port;

    private async Task PauseAsync(int attempt, TimeSpan? wish, CancellationToken ct)
    {
        TimeSpan pause = wish is { } told && told > TimeSpan.Zero ? told : TimeSpan.FromMilliseconds((250 << Math.Min(attempt, 6)) + Random.Shared.Next(250));
        await Task.Delay(pause, _options.Clock, ct).ConfigureAwait(false);
    }

    private async Task<BerthException> RefusedAsync(HttpResponseMessage response, string what, CancellationToken ct)
    {
        string words = "";
        try
        {
            ErrorBody? body = JsonSerializer.Deserialize(await Bounded.ReadAsync(response.Content, MostError, "an error", ct).ConfigureAwait(false), ProtocolJson.Default.ErrorBody);
            words = string.Join(", ", (body?.Errors ?? []).OfType<ErrorItem>().Take(5).Select(static error => error.Message is { Length: > 0 } ? $"{error.Code}: {error.Message}" : error.Code)).Trim();
        }
        catch (Exception e) when (e is JsonException or BerthException or HttpRequestException or IOException) { } // the status says enough
        // Somebody else's text: no more of it than a line.
        words = new string([.. words.Where(static c => !char.IsControl(c)).Take(300)]);
        (Fault kind, string? hint) = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => (Fault.Denied, "log in, or look whether the name is right: registries say so of images that are not there, too"),
            HttpStatusCode.Forbidden => (Fault.Denied, "this user may not do that here"),
            HttpStatusCode.NotFound => (Fault.NotFound, (string?)null),
            HttpStatusCode.TooManyRequests => (Fault.Exhausted, "too much was asked of this registry from here: log in, wait, or use a mirror"),
            HttpStatusCode.RequestEntityTooLarge => (Fault.InvalidArgument, null),
            HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented => (Fault.Unsupported, null),
            HttpStatusCode.BadRequest or HttpStatusCode.RequestedRangeNotSatisfiable => (Fault.InvalidArgument, null),
            _ => (Fault.Unavailable, null),
        };
        return new BerthException(kind, $"cannot {what} at {Registry}: {(int)response.StatusCode} {response.ReasonPhrase}{(words.Length > 0 ? " (" + words + ")" : "")}", hint);
    }

    private BerthException Unreachable(string what, HttpRequestException e) => new(Fault.Unavailable, $"cannot {what} at {Registry}: {Innermost(e).Message.TrimEnd('.')}", e.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "look at the name, and at the resolver of this host",
        HttpRequestError.SecureConnectionError when Innermost(e) is System.Security.Authentication.AuthenticationException => "a certificate that is not trusted: put its authority into certs.d, or name the registry insecure",
        _ => null,
    }, e);

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    private static bool IsTrusted(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (certificate is not X509Certificate2 own || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
        using X509Chain with = new();
        with.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        with.ChainPolicy.CustomTrustStore.AddRange(authorities);
        with.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (X509ChainElement element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) with.ChainPolicy.ExtraStore.Add(element.Certificate);
        return with.Build(own);
    }

    /// <summary>From the header Link; null after the last page.</summary>
    private static string? NextPage(HttpResponseMessage response, string repository)
    {
        foreach (string link in response.Headers.TryGetValues("Link", out IEnumerable<string>? links) ? links : [])
        {
            int begin = link.IndexOf('<'), end = link.IndexOf('>');
            if (begin < 0 || end < begin || !link[end..].Contains("next", StringComparison.Ordinal)) continue;
            string target = link[(begin + 1)..end];
            int query = target.IndexOf('?');
            // Only its query: a page lies where the first one was.
            if (query >= 0) return $"{repository}/tags/list{target[query..]}";
        }
        return null;
    }
}
