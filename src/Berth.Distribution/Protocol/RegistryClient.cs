// Requests to one registry: authenticated, repeated where that helps, redirected without taking secrets along, and with errors in words.
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Distribution.Authentication;
using Berth.Distribution.Transport;
using Berth.Oci.Faults;

namespace Berth.Distribution.Protocol;

/// <summary>Names of tags.</summary>
internal sealed record TagList
{
    [JsonPropertyName("tags")]
    public IReadOnlyList<string?>? Tags { get; init; }
}

/// <summary>Names of repositories.</summary>
internal sealed record Catalog
{
    [JsonPropertyName("repositories")]
    public IReadOnlyList<string?>? Repositories { get; init; }
}

[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(TagList))]
[JsonSerializable(typeof(Catalog))]
internal sealed partial class ProtocolJson : JsonSerializerContext;

/// <summary>An answer that was read whole.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="MediaType">What its body is, by its own words.</param>
/// <param name="Body">The body.</param>
internal sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, string? MediaType, byte[] Body);

/// <summary>A registry. For several threads.</summary>
public sealed class RegistryClient : IDisposable
{
    private const int MostRedirects = 5, MostPages = 10_000, MostList = 16 << 20, MostWarnings = 20;
    // Of one client, whatever number of blobs it fetches: each may hold a piece of RangedStream.PieceBytes.
    private const int MostReadAhead = 8;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(60);

    private readonly RegistryOptions _options;
    private readonly HttpClient _http;
    private readonly TokenKeeper _tokens;
    private readonly List<string> _warnings = [];
    private volatile Uri _base;

    /// <summary>Nothing is asked before the first request.</summary>
    public RegistryClient(RegistryOptions options)
    {
        _options = options;
        string host = options.Registry is "docker.io" ? "registry-1.docker.io" : options.Registry;
        _base = options.Address ?? new Uri($"https://{host}/v2/");
        _http = Connections.To(options);
        _tokens = new TokenKeeper((request, ct) => OnceAsync(request, ct), options.Registry, options.Credentials is { } find ? find : (_, _) => Task.FromResult(options.Credential), options.IsInsecure, options.Clock);
    }

    /// <summary>Host and port.</summary>
    public string Registry => _options.Registry;

    /// <summary>What the registry wanted the user to know (header Warning).</summary>
    public IReadOnlyList<string> Warnings
    {
        get { lock (_warnings) return [.. _warnings]; }
    }

    internal RegistryOptions Options => _options;

    internal SemaphoreSlim ReadAhead { get; } = new(MostReadAhead);

    /// <summary>Over how many connections a large blob is fetched.</summary>
    internal int Ranges => _options.ParallelRanges ?? (_base.IsLoopback ? 1 : 3);

    /// <summary>Whether it is a registry that lets us in.</summary>
    /// <exception cref="BerthException">Denied, Unavailable.</exception>
    public async Task PingAsync(CancellationToken ct)
    {
        using HttpResponseMessage response = await SendAsync(static () => new HttpRequestMessage(HttpMethod.Get, ""), "", "ask", ct).ConfigureAwait(false);
    }

    /// <summary>The tags of a repository, page by page.</summary>
    public IAsyncEnumerable<string> TagsAsync(string repository, CancellationToken ct = default) =>
        PagesAsync($"{repository}/tags/list", Pull(repository), $"list the tags of {repository}", static body => JsonSerializer.Deserialize(body, ProtocolJson.Default.TagList)?.Tags, ct);

    /// <summary>The names of all its repositories, page by page, where it tells them.</summary>
    public IAsyncEnumerable<string> CatalogAsync(CancellationToken ct = default) =>
        PagesAsync("_catalog", "registry:catalog:*", "list the repositories", static body => JsonSerializer.Deserialize(body, ProtocolJson.Default.Catalog)?.Repositories, ct);

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _tokens.Dispose();
        ReadAhead.Dispose();
    }

    internal static string Pull(string repository) => $"repository:{repository}:pull";

    internal static string Push(string repository) => $"repository:{repository}:pull,push";

    /// <summary>Somebody has logged in or out.</summary>
    internal void Forget() => _tokens.Forget();

    /// <summary>Where the next page is; null after the last one.</summary>
    internal static string? NextPage(HttpResponseHeaders headers, string path)
    {
        foreach (string link in headers.TryGetValues("Link", out IEnumerable<string>? links) ? links : [])
        {
            int begin = link.IndexOf('<'), end = link.IndexOf('>');
            if (begin < 0 || end < begin || !link[end..].Contains("next", StringComparison.Ordinal)) continue;
            string target = link[(begin + 1)..end];
            int query = target.IndexOf('?');
            // Only its query: a page lies where the first one was.
            if (query >= 0) return path + target[query..];
        }
        return null;
    }

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
                // The content that was to be sent could not be had: that is not the registry's fault.
                if (Cause(e) is { } cause) throw new BerthException(cause.Kind, cause.Message, cause.Hint, e);
                if (MayBePlain(address, e))
                {
                    // Registries without TLS are asked with it first: who has both is not to be spoken to in plain words.
                    _base = new UriBuilder(address) { Scheme = "http", Port = address.IsDefaultPort ? 80 : address.Port }.Uri;
                    attempt--;
                    continue;
                }
                if (attempt >= _options.Retries || e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError) throw Refusals.Unreachable(e, Registry, what);
                await PauseAsync(attempt, null, ct).ConfigureAwait(false);
                continue;
            }
            Collect(response.Headers);
            if (response.IsSuccessStatusCode || accept.Contains(response.StatusCode)) return response;
            bool mayPass = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented;
            TimeSpan? wish = mayPass ? RateLimits.Wish(response.Headers, _options.Clock.GetUtcNow()) : null;
            if (!mayPass || attempt >= _options.Retries || wish > s_longestPause)
            {
                BerthException fault = await Refusals.OfAsync(response, Registry, what, wish, ct).ConfigureAwait(false);
                response.Dispose();
                throw fault;
            }
            response.Dispose();
            await PauseAsync(attempt, wish, ct).ConfigureAwait(false);
        }
    }

    /// <summary>As <see cref="SendAsync"/>, and reads the answer; one that breaks off is asked for again.</summary>
    /// <param name="make">Makes it anew each time.</param>
    /// <param name="scope">What it needs to be allowed.</param>
    /// <param name="what">For messages.</param>
    /// <param name="most">Bytes of the longest answer.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="accept">Answers besides success that the caller wants to see.</param>
    internal async Task<Answer> FetchAsync(Func<HttpRequestMessage> make, string scope, string what, int most, CancellationToken ct, params HttpStatusCode[] accept)
    {
        for (int attempt = 0; ; attempt++)
        {
            using HttpResponseMessage response = await SendAsync(make, scope, what, ct, accept).ConfigureAwait(false);
            try
            {
                byte[] body = await Bounded.ReadAsync(response.Content, most, $"what {Registry} answers when asked to {what}", 2 * _options.Silence, ct).ConfigureAwait(false);
                return new Answer(response.StatusCode, response.Headers, response.Content.Headers.ContentType?.MediaType, body);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                if (attempt >= _options.Retries) throw new BerthException(Fault.Unavailable, $"cannot {what} at {Registry}: the answer breaks off", inner: e);
                await PauseAsync(attempt, null, ct).ConfigureAwait(false);
            }
        }
    }

    private async IAsyncEnumerable<string> PagesAsync(string path, string scope, string what, Func<byte[], IReadOnlyList<string?>?> read, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        string? next = $"{path}?n=1000";
        HashSet<string> seen = [];
        for (int pages = 0; next is not null && pages < MostPages && seen.Add(next); pages++)
        {
            string page = next;
            Answer answer = await FetchAsync(() => new HttpRequestMessage(HttpMethod.Get, page), scope, what, MostList, ct).ConfigureAwait(false);
            IReadOnlyList<string?>? names;
            try { names = read(answer.Body); }
            catch (JsonException e) { throw new BerthException(Fault.Unavailable, $"cannot {what} at {Registry}: it answered something else than a list", inner: e); }
            foreach (string? name in names ?? []) if (name is not null) yield return name;
            next = NextPage(answer.Headers, path);
        }
    }

    private async Task<HttpResponseMessage> FollowAsync(Uri address, Func<HttpRequestMessage> make, string scope, CancellationToken ct)
    {
        bool asked = false;
        while (true)
        {
            HttpRequestMessage request = make();
            request.RequestUri = Complete(address, request.RequestUri);
            // An upload may be continued at another host, which has its own means to know us.
            bool isOurs = IsSame(request.RequestUri, address);
            if (isOurs) await SignAsync(request, scope, ct).ConfigureAwait(false);
            else Require(address, request.RequestUri);
            HttpResponseMessage response = await OnceAsync(request, ct).ConfigureAwait(false);
            for (int redirects = 0; IsRedirect(response, request); redirects++)
            {
                if (redirects >= MostRedirects)
                {
                    response.Dispose();
                    throw new BerthException(Fault.Unavailable, $"{Registry} redirects more than {MostRedirects} times");
                }
                Uri target = new(request.RequestUri!, response.Headers.Location!);
                response.Dispose();
                Require(request.RequestUri!, target);
                request = make();
                request.RequestUri = target;
                isOurs = IsSame(target, address);
                // What is another's to hear, he does not hear.
                if (isOurs) await SignAsync(request, scope, ct).ConfigureAwait(false);
                response = await OnceAsync(request, ct).ConfigureAwait(false);
            }
            if (response.StatusCode != HttpStatusCode.Unauthorized || !isOurs || asked || !await _tokens.LearnAsync(response, scope, ct).ConfigureAwait(false)) return response;
            asked = true;
            response.Dispose();
        }
    }

    /// <summary>One request, whose answer has to begin before somebody has been silent for too long.</summary>
    private async Task<HttpResponseMessage> OnceAsync(HttpRequestMessage request, CancellationToken ct)
    {
        if (request.VersionPolicy != HttpVersionPolicy.RequestVersionExact) (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // As long as content flows nobody is silent; what stores it may think for a while when it has all of it.
        UploadContent? upload = request.Content as UploadContent;
        if (upload is not null) upload.Moved = () => limit.CancelAfter(5 * _options.Silence);
        limit.CancelAfter(_options.Silence);
        try { return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false); }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, $"it has not answered for {_options.Silence.TotalSeconds:0.#} seconds");
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            throw new HttpRequestException(HttpRequestError.InvalidResponse, e.Message, e);
        }
        finally
        {
            if (upload is not null) upload.Moved = null;
        }
    }

    private async Task SignAsync(HttpRequestMessage request, string scope, CancellationToken ct)
    {
        request.Headers.Authorization = await _tokens.HeaderAsync(scope, ct).ConfigureAwait(false);
        foreach ((string name, string value) in _options.Headers ?? []) request.Headers.TryAddWithoutValidation(name, value);
    }

    private Uri Complete(Uri address, Uri? asked)
    {
        if (asked is null) return address;
        if (asked.IsAbsoluteUri) return asked;
        Uri whole = new(address, asked);
        return _options.Namespace is { } ns ? new Uri($"{whole}{(whole.Query.Length > 1 ? "&" : "?")}ns={Uri.EscapeDataString(ns)}") : whole;
    }

    private static bool IsRedirect(HttpResponseMessage response, HttpRequestMessage request) =>
        response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect or HttpStatusCode.Found or HttpStatusCode.Moved or HttpStatusCode.SeeOther && response.Headers.Location is not null
        // The others would make a GET of it.
        && (request.Method != HttpMethod.Post || response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect);

    private void Require(Uri from, Uri target)
    {
        if (target.Scheme is not ("https" or "http") || (from.Scheme == "https" && target.Scheme != "https" && !_options.IsInsecure)) throw new BerthException(Fault.Denied, $"{Registry} redirects from {from.Scheme} to {target.Scheme}");
    }

    private bool MayBePlain(Uri address, HttpRequestException e) => _options.IsInsecure && address.Scheme == "https" && (e.HttpRequestError is HttpRequestError.SecureConnectionError || (e.HttpRequestError is HttpRequestError.ConnectionError && address.IsDefaultPort));

    private static bool IsSame(Uri one, Uri other) => one.Scheme == other.Scheme && one.Host == other.Host && one.Port == other.Port;

    private static BerthException? Cause(Exception? e) => e as BerthException ?? (e is null ? null : Cause(e.InnerException));

    // distribution-spec, "Warnings": 299 - "text".
    private void Collect(HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues("Warning", out IEnumerable<string>? values)) return;
        foreach (string value in values)
        {
            int begin = value.IndexOf('"'), end = value.LastIndexOf('"');
            if (!value.StartsWith("299 ", StringComparison.Ordinal) || begin < 0 || end <= begin) continue;
            string text = Refusals.Line(value[(begin + 1)..end]);
            lock (_warnings)
            {
                if (_warnings.Count < MostWarnings && !_warnings.Contains(text)) _warnings.Add(text);
            }
        }
    }

    internal async Task PauseAsync(int attempt, TimeSpan? wish, CancellationToken ct)
    {
        TimeSpan pause = wish is { } told && told > TimeSpan.Zero ? told : TimeSpan.FromMilliseconds((250 << Math.Min(attempt, 6)) + Random.Shared.Next(250));
        await Task.Delay(pause, _options.Clock, ct).ConfigureAwait(false);
    }
}
