// All places where credentials may be: which file is asked first, and into which one a login goes.
using Berth.Distribution.Authentication;
using Berth.Oci.Faults;

namespace Berth.Distribution.Configuration;

/// <summary>The search order of podman, skopeo and buildah. A file that was named is the only one.</summary>
/// <param name="places">Where files lie on this host.</param>
/// <param name="named">The file that the user named, or null.</param>
/// <param name="helpers">Keepers of secrets for all registries (<c>credential-helpers</c> of registries.conf); null: only the files.</param>
internal sealed class AuthFiles(Places places, string? named, IReadOnlyList<string>? helpers)
{
    // The word by which registries.conf means the files.
    private const string Files = "containers-auth.json";
    private static readonly TimeSpan s_longestHelper = TimeSpan.FromSeconds(60);

    /// <summary>Where a login is written.</summary>
    public string Primary => named ?? places["REGISTRY_AUTH_FILE"] ?? places.RuntimeAuth;

    private IEnumerable<string> Search => named is not null || places["REGISTRY_AUTH_FILE"] is not null ? [Primary] : [Primary, $"{places.ContainersOwn}/auth.json", places.DockerConfig];

    private IEnumerable<string> Keepers => named is null && helpers is { Count: > 0 } ? helpers : [Files];

    public async Task<Credential?> FindAsync(AuthKey key, CancellationToken ct)
    {
        foreach (string keeper in Keepers)
        {
            Credential? found = keeper == Files ? (await FindInFilesAsync(key, ct).ConfigureAwait(false)).Credential : await new CredentialProgram(keeper, s_longestHelper).GetAsync(key.Registry, ct).ConfigureAwait(false);
            if (found is not null) return found;
        }
        return null;
    }

    public async Task StoreAsync(AuthKey key, Credential credential, CancellationToken ct)
    {
        string keeper = Keepers.First();
        if (keeper == Files) await AuthFile.Read(Primary).StoreAsync(key, credential, ct).ConfigureAwait(false);
        else await new CredentialProgram(keeper, s_longestHelper).StoreAsync(key.Registry, credential, ct).ConfigureAwait(false);
    }

    /// <returns>Whether there was something.</returns>
    /// <exception cref="BerthException">WrongState: another tool's file has it.</exception>
    public async Task<bool> RemoveAsync(AuthKey key, CancellationToken ct)
    {
        bool found = false;
        foreach (string keeper in Keepers)
        {
            if (keeper == Files) found |= await AuthFile.Read(Primary).RemoveAsync(key, ct).ConfigureAwait(false);
            else if (await new CredentialProgram(keeper, s_longestHelper).GetAsync(key.Registry, ct).ConfigureAwait(false) is not null) found |= await new CredentialProgram(keeper, s_longestHelper).EraseAsync(key.Registry, ct).ConfigureAwait(false);
        }
        if (!found && (await FindInFilesAsync(key, ct).ConfigureAwait(false)).Path is { } path) throw new BerthException(Fault.WrongState, $"cannot log out of {key}: that login is kept in {path}, and not in {Primary}", $"name it: --authfile {path}");
        return found;
    }

    public async Task ClearAsync(CancellationToken ct)
    {
        foreach (string keeper in Keepers)
        {
            if (keeper == Files) { await AuthFile.Read(Primary).ClearAsync(ct).ConfigureAwait(false); continue; }
            CredentialProgram helper = new(keeper, s_longestHelper);
            foreach (string server in await helper.ListAsync(ct).ConfigureAwait(false)) await helper.EraseAsync(server, ct).ConfigureAwait(false);
        }
    }

    private async Task<(Credential? Credential, string? Path)> FindInFilesAsync(AuthKey key, CancellationToken ct)
    {
        foreach (string path in Search)
        {
            if (await AuthFile.Read(path).FindAsync(key, ct).ConfigureAwait(false) is { } credential) return (credential, path);
        }
        return (null, null);
    }
}
