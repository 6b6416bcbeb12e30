// Who we are to registries, kept for later.
using Berth.Distribution.Authentication;
using Berth.Oci.Faults;

namespace Berth.Engine.Images;

public sealed partial class EngineImages
{
    /// <summary>Asks a registry whether it knows us, and keeps who we are.</summary>
    /// <param name="registry">Host, or host and namespace.</param>
    /// <param name="user">The name.</param>
    /// <param name="password">The password or token.</param>
    /// <param name="access">Where it is kept, and whom we believe.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The file in which it was kept.</returns>
    /// <exception cref="BerthException">Denied: the registry does not know us. Unavailable.</exception>
    public async Task<string> LoginAsync(string registry, string user, string password, AccessOptions? access = null, CancellationToken ct = default)
    {
        Distribution.Registries registries = _ends.Registry(access ?? new AccessOptions());
        await registries.LoginAsync(registry, new Credential { User = user, Password = password }, ct).ConfigureAwait(false);
        return registries.AuthFile;
    }

    /// <summary>Forgets who we are to a registry; null: to all.</summary>
    /// <returns>Whether it was known.</returns>
    public async Task<bool> LogoutAsync(string? registry, AccessOptions? access = null, CancellationToken ct = default)
    {
        Distribution.Registries registries = _ends.Registry(access ?? new AccessOptions());
        if (registry is not null) return await registries.LogoutAsync(registry, ct).ConfigureAwait(false);
        await registries.LogoutAllAsync(ct).ConfigureAwait(false);
        return true;
    }

    /// <summary>The name by which a registry knows us, or null.</summary>
    public Task<string?> GetLoginAsync(string registry, AccessOptions? access = null, CancellationToken ct = default) => _ends.Registry(access ?? new AccessOptions()).GetLoginAsync(registry, ct);

    /// <summary>Registries in which short names are looked for.</summary>
    public IReadOnlyList<string> SearchRegistries => _ends.Registry(new AccessOptions()).SearchRegistries;

    /// <summary>The file in which logins are kept.</summary>
    public string AuthFile => _ends.Registry(new AccessOptions()).AuthFile;
}
