// What both ends of a copy are opened from: registries by how they are to be spoken to, and the local store.
using Berth.Distribution;
using Berth.Distribution.Authentication;
using Berth.Engine.Rootless;
using Berth.Images.Copying;
using Berth.Oci.References;
using Berth.Store;

namespace Berth.Engine.Images;

/// <summary>Opens each once, when it is first needed. For several threads.</summary>
/// <param name="root">Folder of the store.</param>
/// <param name="registriesFile">registries.conf; null: the host's.</param>
internal sealed class Ends(string root, string? registriesFile) : IDisposable
{
    private readonly Dictionary<AccessOptions, Registries> _registries = [];
    private readonly Lock _opening = new();
    private ImageStore? _store, _looked;

    /// <summary>The store, made and tidied up.</summary>
    public ImageStore Store
    {
        get
        {
            lock (_opening) return _store ??= ImageStore.Open(Options);
        }
    }

    /// <summary>The store to be looked at: nothing is made.</summary>
    public ImageStore Looked
    {
        get
        {
            lock (_opening) return _store ?? (_looked ??= ImageStore.OpenToRead(Options));
        }
    }

    /// <summary>Registries, spoken to in this way.</summary>
    public Registries Registry(AccessOptions access)
    {
        lock (_opening)
        {
            if (_registries.TryGetValue(access, out Registries? there)) return there;
            return _registries[access] = Registries.Open(new RegistriesOptions
            {
                AuthFile = access.AuthFile,
                CertificateFolder = access.CertificateFolder,
                ConfigurationFile = registriesFile,
                TlsVerify = access.TlsVerify,
                IsAnonymous = access.IsAnonymous,
                Credential = access.RegistryToken is { } token ? new Credential { RegistryToken = token } : access.User is { } user ? new Credential { User = user, Password = access.Password } : null,
            });
        }
    }

    /// <summary>An image of the local store.</summary>
    public IImageSource Local(string name) => Looked.Source(Looked.Find(name));

    /// <summary>By which names registries know an image of the local store: what they have of it there need not travel.</summary>
    public IReadOnlyList<ImageReference> Relatives(string name) => [.. Looked.Find(name).RepoDigests.Select(ImageReference.Parse)];

    /// <summary>A name in the local store.</summary>
    public IImageTarget LocalTarget(string name) => Store.Target(ImageReference.Parse(name), isFromRegistry: false);

    /// <summary>What registries wanted to tell the user.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_opening) return [.. _registries.Values.SelectMany(static registries => registries.Warnings).Distinct()];
        }
    }

    public void Dispose()
    {
        foreach (Registries registries in _registries.Values) registries.Dispose();
    }

    private StoreOptions Options => new() { Root = root, UserAttributes = !Environment.IsPrivilegedProcess || UserSession.IsMapped };
}
