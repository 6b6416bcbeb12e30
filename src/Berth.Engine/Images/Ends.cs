// What both ends of a copy are opened from: registries by how they are to be spoken to, and the local store.
using Berth.Distribution.Authentication;
using Berth.Images.Copying;

namespace Berth.Engine.Images;

/// <summary>Opens each once. For several threads.</summary>
internal sealed class Ends(EngineOptions options) : IDisposable
{
    private readonly Dictionary<AccessOptions, Registries> _registries = [];

    /// <summary>Registries, spoken to in this way.</summary>
    public Registries Registry(AccessOptions access)
    {
        lock (_registries)
        {
            if (_registries.TryGetValue(access, out Registries? there)) return there;
            return _registries[access] = Registries.Open(new RegistriesOptions
            {
                AuthFile = access.AuthFile,
                CertificateFolder = access.CertificateFolder,
                ConfigurationFile = options.RegistriesFile,
                TlsVerify = access.TlsVerify,
                IsAnonymous = access.IsAnonymous,
                Credential = access.RegistryToken is { } token ? new Credential { RegistryToken = token } : access.User is { } user ? new Credential { User = user, Password = access.Password } : null,
            });
        }
    }

    /// <summary>An image of the local store.</summary>
    public IImageSource Local(string name) => throw new NotSupportedException(name);

    /// <summary>A name in the local store.</summary>
    public IImageTarget LocalTarget(string name) => throw new NotSupportedException(name);

    public void Dispose()
    {
        foreach (Registries registries in _registries.Values) registries.Dispose();
    }
}
