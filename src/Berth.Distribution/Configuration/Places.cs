// Where container tools keep their configuration on this host, for this user.
using System.Globalization;

namespace Berth.Distribution.Configuration;

/// <summary>Paths, by the environment. Podman, skopeo and docker look at the same ones.</summary>
/// <param name="environment">A variable's value, or null.</param>
/// <param name="user">The user's number.</param>
/// <param name="root">Before the system's paths; "" on a real host.</param>
internal sealed class Places(Func<string, string?> environment, uint user, string root = "")
{
    // Set by whoever made a user namespace for us: the user outside of it, to whom these files belong.
    private const string UserOutside = "_BERTH_USER";

    public static Places OfThisProcess() => new(Environment.GetEnvironmentVariable, Environment.GetEnvironmentVariable(UserOutside) is { Length: > 0 } outside && uint.TryParse(outside[(outside.IndexOf(':') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out uint user) ? user
        : Environment.IsPrivilegedProcess ? 0 : OwnUser());

    /// <summary>A variable that has a value.</summary>
    public string? this[string variable] => environment(variable) is { Length: > 0 } value ? value : null;

    public string ContainersEtc => $"{root}/etc/containers";

    public string ContainersOwn => $"{ConfigHome}/containers";

    /// <summary>Where a login is kept until the next start of the host.</summary>
    public string RuntimeAuth => this["XDG_RUNTIME_DIR"] is { } runtime ? $"{runtime}/containers/auth.json" : $"{root}/run/containers/{user.ToString(CultureInfo.InvariantCulture)}/auth.json";

    public string DockerConfig => $"{this["DOCKER_CONFIG"] ?? $"{Home}/.docker"}/config.json";

    /// <summary>Short names for which the user has chosen a registry.</summary>
    public string ChosenAliases => user == 0 ? $"{root}/var/cache/containers/short-name-aliases.conf" : $"{this["XDG_CACHE_HOME"] ?? $"{Home}/.cache"}/containers/short-name-aliases.conf";

    /// <summary>Folders with a folder for each registry, the first one that has it counts.</summary>
    public IReadOnlyList<string> CertificateFolders => [$"{ContainersOwn}/certs.d", $"{ContainersEtc}/certs.d", $"{root}/etc/docker/certs.d"];

    public string ContainerdHosts => $"{root}/etc/containerd/certs.d";

    private string Home => this["HOME"] ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private string ConfigHome => this["XDG_CONFIG_HOME"] ?? $"{Home}/.config";

    private static uint OwnUser()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("Uid:", StringComparison.Ordinal)) return uint.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
        }
        return 0;
    }
}
