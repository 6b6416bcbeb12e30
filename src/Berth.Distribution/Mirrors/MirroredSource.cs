// An image that may be had at several places: mirrors in their order, then its own registry.
using System.Collections.Concurrent;
using System.Text;
using Berth.Distribution.Protocol;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Distribution.Mirrors;

/// <summary>Tries them one after the other. The one that had the manifest is asked first for what follows.</summary>
internal sealed class MirroredSource : IImageSource, IRegistryPlace
{
    private readonly ImageReference _asked;
    private readonly IReadOnlyList<Endpoint> _endpoints;
    private readonly RegistrySource[] _sources;
    // How often each blob was opened: again means that it broke off, or was not what its digest says.
    private readonly ConcurrentDictionary<Digest, int> _opened = [];
    private volatile int _first;

    public MirroredSource(ImageReference asked, IReadOnlyList<Endpoint> endpoints)
    {
        (_asked, _endpoints) = (asked, endpoints);
        _sources = [.. endpoints.Select(static endpoint => new RegistrySource(endpoint.Registry, endpoint.Image))];
    }

    public string Name => $"docker://{_asked.Familiar}";

    public RegistryClient Registry => _sources[_first].Registry;

    public string Repository => _sources[_first].Repository;

    public async Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct)
    {
        (ManifestDocument manifest, int by) = await TryAsync(digest, source => source.ReadManifestAsync(digest, ct)).ConfigureAwait(false);
        _first = by;
        return manifest;
    }

    public bool HasSeveralPlaces => _sources.Length > 1;

    public async Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        int before = _opened.AddOrUpdate(blob.Digest, 0, static (_, count) => count + 1);
        return (await TryAsync(blob.Digest, source => source.OpenBlobAsync(blob, offset, ct), before).ConfigureAwait(false)).Result;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<(T Result, int By)> TryAsync<T>(Digest digest, Func<RegistrySource, Task<T>> ask, int skip = 0)
    {
        List<(Endpoint Endpoint, BerthException Fault)> failed = [];
        int first = _first;
        for (int i = 0; i < _sources.Length; i++)
        {
            // The first one, and then the others in their order; from the next one on, if it was tried before.
            int turn = (i + skip) % _sources.Length;
            int at = turn == 0 ? first : turn <= first ? turn - 1 : turn;
            if (!_endpoints[at].Answers(digest)) continue;
            try { return (await ask(_sources[at]).ConfigureAwait(false), at); }
            catch (BerthException e) { failed.Add((_endpoints[at], e)); }
        }
        if (failed.Count == 1) throw failed[0].Fault;
        throw All(failed);
    }

    private BerthException All(List<(Endpoint Endpoint, BerthException Fault)> failed)
    {
        // What the registry itself says is what decides; mirrors may lack what they like.
        BerthException last = failed.Count > 0 ? failed.MaxBy(one => Array.IndexOf([.. _endpoints], one.Endpoint)).Fault : new BerthException(Fault.NotFound, "no place may be asked for it by this name");
        StringBuilder words = new($"cannot fetch {_asked.Familiar} from any of {failed.Count} places: ");
        words.AppendJoin("; ", failed.Select(static one => one.Fault.Message));
        return new BerthException(last.Kind, words.ToString(), last.Hint, last);
    }
}
