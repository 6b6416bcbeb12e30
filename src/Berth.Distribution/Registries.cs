// All registries, as this host and this user have configured them.
using System.Collections.Concurrent;
using Berth.Distribution.Authentication;
using Berth.Distribution.Configuration;
using Berth.Distribution.Mirrors;
using Berth.Distribution.Protocol;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Distribution;

/// <summary>
/// Images in registries by their names: mirrors, short names, certificates and credentials are found where podman, skopeo, docker and containerd
/// look for them. For several threads.
/// </summary>
/// <example>
/// <code>
/// using Registries registries = Registries.Open();
/// await ImageCopier.CopyAsync(registries.Source(ImageReference.Parse("debian:12")), new OciLayout("debian").Target("12"));
/// </code>
/// </example>
public sealed class Registries : IDisposable
{
    // Each costs a question for each blob that is nowhere.
    private const int MostNeighbours = 4;

    private readonly RegistriesOptions _options;
    private readonly Places _places;
    private readonly RegistriesConf _conf;
    private readonly ShortNames _shortNames;
    private readonly AuthFiles _auth;
    private readonly ConcurrentDictionary<(string Registry, string Address, bool IsInsecure, bool IsGiven), Lazy<RegistryClient>> _clients = [];
    private readonly ConcurrentDictionary<string, IReadOnlyList<RegistryHost>?> _hosts = [];

    private Registries(RegistriesOptions options)
    {
        _options = options;
        _places = options.Places ?? Places.OfThisProcess();
        _conf = RegistriesConf.Read(_places, options.ConfigurationFile);
        _shortNames = new ShortNames(_conf, _places);
        _auth = new AuthFiles(_places, options.AuthFile, _conf.CredentialHelpers);
    }

    /// <summary>What is done when a short name could be several images.</summary>
    public ShortNameMode ShortNames => _conf.ShortNameMode switch { "disabled" => ShortNameMode.Disabled, "permissive" => ShortNameMode.Permissive, "enforcing" => ShortNameMode.Enforcing, _ => ShortNameMode.Permissive };

    /// <summary>Where a name without a registry is looked for, if there is no alias for it.</summary>
    public IReadOnlyList<string> SearchRegistries => _conf.Search;

    /// <summary>The file into which a login goes.</summary>
    public string AuthFile => _auth.Primary;

    /// <summary>What registries wanted the user to know until now.</summary>
    public IReadOnlyList<string> Warnings => [.. _clients.Values.Where(static client => client.IsValueCreated).SelectMany(static client => client.Value.Warnings).Distinct()];

    /// <summary>Reads the configuration; no registry is asked.</summary>
    /// <exception cref="BerthException">InvalidArgument: a file is malformed. NotFound: one that was named is missing.</exception>
    public static Registries Open(RegistriesOptions? options = null) => new(options ?? new RegistriesOptions());

    /// <summary>An image to be read: from its mirrors in their order, else from its registry.</summary>
    /// <exception cref="BerthException">Denied: its registry is blocked.</exception>
    public IImageSource Source(ImageReference image)
    {
        IReadOnlyList<Endpoint> endpoints = Endpoints(image);
        return endpoints.Count == 1 ? endpoints[0].Registry.Source(endpoints[0].Image) : new MirroredSource(image, endpoints);
    }

    /// <summary>A name to be written; mirrors are not written to.</summary>
    /// <param name="image">The name.</param>
    /// <param name="relatives">Other names that the image or its base has: what their repositories have in the same registry need not travel.</param>
    /// <exception cref="BerthException">Denied: its registry is blocked.</exception>
    public IImageTarget Target(ImageReference image, IReadOnlyList<ImageReference>? relatives = null)
    {
        Endpoint place = Primary(image, isPush: true);
        List<string> neighbours = [];
        foreach (ImageReference relative in relatives ?? [])
        {
            if (relative.Registry != image.Registry || neighbours.Count == MostNeighbours) continue;
            string repository = Primary(relative).Image.Repository;
            if (repository != place.Image.Repository && !neighbours.Contains(repository)) neighbours.Add(repository);
        }
        return place.Registry.Target(place.Image, neighbours);
    }

    /// <summary>What a name may mean: itself, or its alias, or the name in each registry that is searched, in their order.</summary>
    /// <exception cref="BerthException">NotFound: it is short, and nobody said where to look.</exception>
    public IReadOnlyList<ImageReference> Candidates(ImageName name) => _shortNames.Candidates(name);

    /// <summary>Keeps what the user chose for a short name, as podman keeps it.</summary>
    public void RememberAlias(ImageName name, ImageReference image) => _shortNames.Remember(name.Repository, image);

    /// <summary>The tags of a repository.</summary>
    public IAsyncEnumerable<string> TagsAsync(ImageReference repository, CancellationToken ct = default)
    {
        Endpoint place = Primary(repository);
        return place.Registry.TagsAsync(place.Image.Repository, ct);
    }

    /// <summary>The repositories of a registry, where it tells them.</summary>
    public IAsyncEnumerable<string> CatalogAsync(string registry, CancellationToken ct = default) => Client(registry).CatalogAsync(ct);

    /// <summary>Takes an image away.</summary>
    /// <exception cref="BerthException">NotFound; Unsupported: the registry does not let that be done.</exception>
    public Task DeleteAsync(ImageReference image, CancellationToken ct)
    {
        Endpoint place = Primary(image);
        return place.Registry.DeleteAsync(place.Image, ct);
    }

    /// <summary>What refers to an image: signatures, lists of what is in it.</summary>
    /// <param name="image">Which; a tag is looked up.</param>
    /// <param name="artifactType">Only such; null: all.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<IReadOnlyList<Descriptor>> ReferrersAsync(ImageReference image, string? artifactType, CancellationToken ct)
    {
        Endpoint place = Primary(image);
        Digest digest = image.Digest.IsEmpty ? (await place.Registry.Source(place.Image).ReadManifestAsync(default, ct).ConfigureAwait(false)).Digest : image.Digest;
        return await place.Registry.ReferrersAsync(place.Image.Repository, digest, artifactType, ct).ConfigureAwait(false);
    }

    /// <summary>Whether it is a registry, and lets us in.</summary>
    /// <exception cref="BerthException">Denied, Unavailable.</exception>
    public Task PingAsync(string registry, CancellationToken ct) => Client(registry).PingAsync(ct);

    /// <summary>Proves to a registry who we are, and keeps that for the time to come.</summary>
    /// <param name="registry">Its name, or a namespace of it: <c>quay.io/team</c>.</param>
    /// <param name="credential">Who we are.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="BerthException">Denied: it does not let us in; nothing is kept.</exception>
    public async Task LoginAsync(string registry, Credential credential, CancellationToken ct)
    {
        AuthKey key = Key(registry);
        using (RegistryClient client = new(OptionsFor(key.Registry, null, IsInsecure(key.Registry)) with { Credential = credential, Credentials = null })) await client.PingAsync(ct).ConfigureAwait(false);
        await _auth.StoreAsync(key, credential, ct).ConfigureAwait(false);
        Forget();
    }

    /// <summary>Forgets who we are to a registry.</summary>
    /// <returns>Whether that was known.</returns>
    /// <exception cref="BerthException">WrongState: another tool's file knows it.</exception>
    public async Task<bool> LogoutAsync(string registry, CancellationToken ct)
    {
        bool found = await _auth.RemoveAsync(Key(registry), ct).ConfigureAwait(false);
        Forget();
        return found;
    }

    /// <summary>Forgets who we are to all registries, in the file into which logins go.</summary>
    public async Task LogoutAllAsync(CancellationToken ct)
    {
        await _auth.ClearAsync(ct).ConfigureAwait(false);
        Forget();
    }

    /// <summary>Who we are to a registry; null: nobody.</summary>
    public async Task<string?> GetLoginAsync(string registry, CancellationToken ct) => (await _auth.FindAsync(Key(registry), ct).ConfigureAwait(false))?.User;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lazy<RegistryClient> client in _clients.Values) if (client.IsValueCreated) client.Value.Dispose();
    }

    private void Forget()
    {
        foreach (Lazy<RegistryClient> client in _clients.Values) if (client.IsValueCreated) client.Value.Forget();
    }

    private static AuthKey Key(string registry)
    {
        AuthKey key = AuthKey.Parse(registry);
        return ImageReference.IsRegistry(key.Registry) && (key.Path.Length == 0 || ImageReference.IsRepository(key.Path)) ? key : throw new BerthException(Fault.InvalidArgument, $"'{registry}' is no registry");
    }

    private IReadOnlyList<Endpoint> Endpoints(ImageReference image)
    {
        if (_conf.Find(image) is not { } rule) return HostsOf(image.Registry) is { } hosts ? Hosted(image, hosts) : [new Endpoint(ClientOf(image.Registry, false, true), image)];
        RequireOpen(rule, image);
        List<Endpoint> endpoints = [];
        foreach (Mirror mirror in rule.Mirrors)
        {
            if (mirror.Pull != (image.Digest.IsEmpty ? PullFromMirror.DigestOnly : PullFromMirror.TagOnly)) endpoints.Add(At(rule.Rewrite(image, mirror.Location), image, mirror.IsInsecure));
        }
        endpoints.Add(At(rule.Rewrite(image, rule.Location), image, rule.IsInsecure));
        return endpoints;
    }

    private Endpoint Primary(ImageReference image, bool isPush = false)
    {
        if (_conf.Find(image) is { } rule)
        {
            RequireOpen(rule, image);
            return At(rule.Rewrite(image, rule.Location), image, rule.IsInsecure);
        }
        // Of containerd's hosts the last one is the registry itself.
        if (HostsOf(image.Registry) is not { } hosts) return new Endpoint(ClientOf(image.Registry, false, true), image);
        RegistryHost host = !isPush ? hosts[^1] : hosts.LastOrDefault(static one => one.MayPush) ?? throw new BerthException(Fault.Denied, $"cannot push {image.Familiar}: no host of its hosts.toml has the capability 'push'");
        return new Endpoint(ClientOf(image.Registry, host), image);
    }

    private Endpoint At(ImageReference place, ImageReference asked, bool isInsecure) => new(ClientOf(place.Registry, isInsecure, place.Registry == asked.Registry), place);

    private List<Endpoint> Hosted(ImageReference image, IReadOnlyList<RegistryHost> hosts)
    {
        List<Endpoint> endpoints = [];
        foreach (RegistryHost host in hosts)
        {
            if (host.MayPull) endpoints.Add(new Endpoint(ClientOf(image.Registry, host), image) { MayResolve = host.MayResolve });
        }
        return endpoints.Count > 0 ? endpoints : throw new BerthException(Fault.Denied, $"cannot pull {image.Familiar}: no host of its hosts.toml has the capability 'pull'");
    }

    private IReadOnlyList<RegistryHost>? HostsOf(string registry) => _hosts.GetOrAdd(registry, static (name, places) => HostsToml.For(name, places), _places);

    private RegistryClient Client(string registry)
    {
        string name = Key(registry).Registry;
        return HostsOf(name) is { } hosts && !_conf.Names(name) ? ClientOf(name, hosts[^1]) : ClientOf(name, _conf.IsInsecure(name), true);
    }

    private RegistryClient ClientOf(string registry, bool isInsecure, bool isGiven)
    {
        bool insecure = IsInsecure(registry) || (_options.TlsVerify is null && isInsecure);
        return Cached((registry, "", insecure, isGiven), () => OptionsFor(registry, null, insecure) with { Credential = null, Credentials = (repository, ct) => FindAsync(registry, repository, isGiven, ct) });
    }

    private RegistryClient ClientOf(string registry, RegistryHost host)
    {
        bool insecure = _options.TlsVerify is { } verify ? !verify : host.IsInsecure || host.Address.IsLoopback;
        // Whoever only stands in for a registry is told for which one, and not who we are there.
        bool isItself = host.Name == registry || (registry == "docker.io" && host.Name == "registry-1.docker.io");
        return Cached((registry, host.Address.AbsoluteUri, insecure, isItself), () => OptionsFor(host.Name, host, insecure) with { Namespace = isItself ? null : registry, Credentials = (repository, ct) => FindAsync(isItself ? registry : host.Name, repository, isItself, ct) });
    }

    private RegistryClient Cached((string, string, bool, bool) key, Func<RegistryOptions> options) => _clients.GetOrAdd(key, _ => new Lazy<RegistryClient>(() => new RegistryClient(options()))).Value;

    private RegistryOptions OptionsFor(string registry, RegistryHost? host, bool isInsecure)
    {
        Certificates certificates = host is { Certificates: { } named } && named.Authorities.Count + named.Own.Count > 0 ? named : Certificates.For(registry, _options.CertificateFolder, _places);
        return new RegistryOptions
        {
            Registry = registry, Address = host?.Address, Headers = host?.Headers, IsInsecure = isInsecure, Authorities = certificates.Authorities, ClientCertificates = certificates.Own,
            Retries = _options.Retries, Silence = _options.Silence, ParallelRanges = _options.ParallelRanges, ChunkBytes = _options.ChunkBytes, UserAgent = _options.UserAgent, Clock = _options.Clock,
        };
    }

    private async Task<Credential?> FindAsync(string registry, string repository, bool isGiven, CancellationToken ct)
    {
        if (isGiven && _options.Credential is { } given) return given;
        return _options.IsAnonymous ? null : await _auth.FindAsync(AuthKey.Of(registry, repository), ct).ConfigureAwait(false);
    }

    private bool IsInsecure(string registry) => _options.TlsVerify is { } verify ? !verify : _conf.IsInsecure(registry) || IsLoopback(registry);

    // As docker does: what does not leave this machine needs no certificate.
    private static bool IsLoopback(string registry) => Uri.TryCreate($"https://{registry}/", UriKind.Absolute, out Uri? address) && address.IsLoopback;

    private static void RequireOpen(RegistryRule rule, ImageReference image)
    {
        if (rule.IsBlocked) throw new BerthException(Fault.Denied, $"cannot use {image.Familiar}: '{rule.Prefix}' is blocked in registries.conf");
    }
}
