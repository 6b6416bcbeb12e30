// Options that say who we are to registries and whom we believe; skopeo has them once for each side.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands;

/// <summary>The options, with a prefix.</summary>
internal static class AccessFlags
{
    /// <summary>The table.</summary>
    /// <param name="prefix">src- or dest-, or nothing.</param>
    /// <param name="side">Of which side, for the help.</param>
    public static IReadOnlyList<Option> Table(string prefix = "", string side = "the registry") =>
    [
        Option.File($"{prefix}authfile", "FILE", $"File with credentials of {side} [REGISTRY_AUTH_FILE]"),
        Option.File($"{prefix}cert-dir", "DIR", $"Authorities and certificates for {side} (*.crt, *.cert, *.key)"),
        Option.With($"{prefix}creds", "USER[:PASSWORD]", $"Who we are to {side}"),
        Option.Switch($"{prefix}no-creds", $"Use no credentials for {side}"),
        Option.With($"{prefix}password", "PASSWORD", $"Password for {side}"),
        Option.With($"{prefix}registry-token", "TOKEN", $"A bearer token for {side}"),
        Option.Switch($"{prefix}tls-verify", $"Require TLS and verify certificates of {side}"),
        Option.With($"{prefix}username", "USER", $"User of {side}"),
    ];

    /// <summary>Of a layout.</summary>
    public static Option SharedBlobs(string prefix = "") => Option.File($"{prefix}shared-blob-dir", "DIR", "Folder in which OCI layouts share blobs");

    /// <summary>What was said.</summary>
    /// <exception cref="BerthException">InvalidArgument: it contradicts itself.</exception>
    public static AccessOptions Read(Invocation invocation, string prefix = "", string shared = "")
    {
        // skopeo takes --authfile, --tls-verify … for both sides where a side has none of its own.
        string? Find(string name) => invocation.Find(prefix + name) ?? (prefix.Length > 0 ? invocation.Find(name) : null);
        (string? user, string? password, string? creds) = (Find("username"), Find("password"), Find("creds"));
        if (creds is not null)
        {
            if (user is not null || password is not null) throw new BerthException(Fault.InvalidArgument, $"--{prefix}creds says who we are, and so does --{prefix}username");
            int colon = creds.IndexOf(':');
            (user, password) = colon < 0 ? (creds, null) : (creds[..colon], creds[(colon + 1)..]);
            if (user.Length == 0) throw new BerthException(Fault.InvalidArgument, $"--{prefix}creds names no user");
            password ??= SecretInput.Ask(invocation.Session, $"Password for {user}: ");
        }
        if (password is not null && user is null) throw new BerthException(Fault.InvalidArgument, $"--{prefix}password wants --{prefix}username");
        bool anonymous = invocation.Has($"{prefix}no-creds");
        if (anonymous && user is not null) throw new BerthException(Fault.InvalidArgument, $"--{prefix}no-creds and --{prefix}creds cannot both be meant");
        return new AccessOptions
        {
            AuthFile = Find("authfile"), CertificateFolder = Find("cert-dir"), TlsVerify = invocation.Truth($"{prefix}tls-verify") ?? (prefix.Length > 0 ? invocation.Truth("tls-verify") : null),
            User = user, Password = password, RegistryToken = Find("registry-token"), IsAnonymous = anonymous, SharedBlobFolder = shared.Length > 0 ? invocation.Find(shared) : invocation.Find($"{prefix}shared-blob-dir"),
        };
    }
}
