// Registries by their protocol alone.
using System.Collections.Concurrent;
using Berth.Distribution.Authentication;
using Berth.Distribution.Protocol;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.References;

namespace Berth.Engine.Images;

internal sealed record RegistriesOptions
{
    public string? AuthFile { get; init; }
    public string? ConfigurationFile { get; init; }
    public string? CertificateFolder { get; init; }
    public bool? TlsVerify { get; init; }
    public Credential? Credential { get; init; }
    public bool IsAnonymous { get; init; }
    public int Retries { get; init; } = 5;
}

internal sealed class Registries : IDisposable
{
    private readonly RegistriesOptions _options;
    private readonly ConcurrentDictionary<string, RegistryClient> _clients = [];
    private Registries(RegistriesOptions options) => _options = options;
    public static Registries Open(RegistriesOptions? options = null) => new(options ?? new());
    private RegistryClient Client(string registry) => _clients.GetOrAdd(registry, name => new RegistryClient(new RegistryOptions { Registry = name, Credential = _options.Credential, IsInsecure = _options.TlsVerify == false || name.StartsWith("127.", StringComparison.Ordinal), Retries = _options.Retries }));
    public IImageSource Source(ImageReference image) => Client(image.Registry).Source(image);
    public IImageTarget Target(ImageReference image) => Client(image.Registry).Target(image);
    public IReadOnlyList<ImageReference> Candidates(ImageName name) => [name.In(name.Registry ?? ImageReference.DefaultRegistry).WithDefaultTag()];
    public IAsyncEnumerable<string> TagsAsync(ImageReference repository, CancellationToken ct = default) => Client(repository.Registry).TagsAsync(repository.Repository, ct);
    public Task DeleteAsync(ImageReference image, CancellationToken ct) => Client(image.Registry).DeleteAsync(image, ct);
    public async Task<IReadOnlyList<Descriptor>> ReferrersAsync(ImageReference image, string? artifactType, CancellationToken ct) =>
        await Client(image.Registry).ReferrersAsync(image.Repository, image.Digest.IsEmpty ? (await Source(image).ReadManifestAsync(default, ct).ConfigureAwait(false)).Digest : image.Digest, artifactType, ct).ConfigureAwait(false);
    public void Dispose() { foreach (RegistryClient client in _clients.Values) client.Dispose(); }
}
