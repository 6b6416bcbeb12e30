// login, logout.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Cli.Commands;

/// <summary>The verbs.</summary>
internal static class Logins
{
    /// <summary>login.</summary>
    public static Command Login() => new()
    {
        Usage = "[REGISTRY[/NAMESPACE]]",
        About = "The registry is asked whether it knows us before anything is kept. The file is shared with podman, skopeo and buildah.",
        Most = 1,
        Options =
        [
            Option.File("authfile", "FILE", "Keep it in this file [REGISTRY_AUTH_FILE]"), Option.File("cert-dir", "DIR", "Authorities and certificates"),
            Option.Switch("get-login", "Print by which name the registry knows us"), Option.With("password", "PASSWORD", "The password; others can see it in the list of processes", 'p'), Option.Switch("password-stdin", "Read the password from standard input"),
            Option.Switch("tls-verify", "Require TLS and verify certificates"), Option.With("username", "USER", "The user", 'u'), Option.Switch("verbose", "Print the file in which it is kept", 'v'),
            Option.File("compat-auth-file", "FILE", "Keep it in this file of docker's"),
        ],
        Examples = [new("berth login registry.example", "Asks for name and password"), new("echo \"$TOKEN\" | berth login -u me --password-stdin quay.io/me", "In a script, for one namespace")],
        Run = LoginAsync,
    };

    /// <summary>logout.</summary>
    public static Command Logout() => new()
    {
        Usage = "[REGISTRY[/NAMESPACE]]",
        Most = 1,
        Options = [Option.Switch("all", "Of all registries", 'a'), Option.File("authfile", "FILE", "That file [REGISTRY_AUTH_FILE]"), Option.File("compat-auth-file", "FILE", "That file of docker's"), Option.Ignored("tls-verify")],
        Examples = [new("berth logout registry.example", "Forget it")],
        Run = LogoutAsync,
    };

    private static AccessOptions Access(Invocation invocation)
    {
        if (invocation.Find("authfile") is not null && invocation.Find("compat-auth-file") is not null) throw new BerthException(Fault.InvalidArgument, "--authfile and --compat-auth-file cannot both be meant");
        return new AccessOptions { AuthFile = invocation.Find("authfile") ?? invocation.Find("compat-auth-file"), CertificateFolder = invocation.Find("cert-dir"), TlsVerify = invocation.Truth("tls-verify") };
    }

    private static string RegistryOf(Invocation invocation)
    {
        if (invocation.Arguments.Count == 0) return ImageReference.DefaultRegistry;
        string text = invocation.Arguments[0];
        foreach (string scheme in (string[])["https://", "http://"])
        {
            if (text.StartsWith(scheme, StringComparison.Ordinal)) text = text[scheme.Length..];
        }
        return text.TrimEnd('/');
    }

    private static async Task<int> LoginAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        (string registry, AccessOptions access) = (RegistryOf(invocation), Access(invocation));
        string? known = await images.GetLoginAsync(registry, access, session.Ending).ConfigureAwait(false);
        if (invocation.Has("get-login"))
        {
            session.Out.WriteLine(known ?? throw new BerthException(Fault.NotFound, $"not logged in to {registry}"));
            return 0;
        }
        (string? user, string? password) = (invocation.Find("username"), invocation.Find("password"));
        if (invocation.Has("password-stdin"))
        {
            if (password is not null) throw new BerthException(Fault.InvalidArgument, "--password and --password-stdin cannot both be meant");
            if (user is null) throw new BerthException(Fault.InvalidArgument, "--password-stdin wants --username");
            password = SecretInput.ReadAll();
        }
        else if (password is not null && session.Role == Role.Berth) session.Warn("a password on the command line is seen by everybody who lists processes; --password-stdin is safe");
        if (user is null)
        {
            user = SecretInput.AskLine(session, known is null ? "Username: " : $"Username ({known}): ");
            if (user.Length == 0) user = known ?? throw new BerthException(Fault.InvalidArgument, "no user was named");
        }
        password ??= SecretInput.Ask(session, "Password: ");
        string file = await images.LoginAsync(registry, user, password, access, session.Ending).ConfigureAwait(false);
        if (invocation.Has("verbose")) session.Out.WriteLine($"Used: {file}");
        session.Out.WriteLine("Login Succeeded!");
        return 0;
    }

    private static async Task<int> LogoutAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        if (invocation.Has("all"))
        {
            if (invocation.Arguments.Count > 0) throw new BerthException(Fault.InvalidArgument, "--all and a registry cannot both be meant");
            await images.LogoutAsync(null, Access(invocation), session.Ending).ConfigureAwait(false);
            session.Out.WriteLine("Removed login credentials for all registries");
            return 0;
        }
        string registry = RegistryOf(invocation);
        if (!await images.LogoutAsync(registry, Access(invocation), session.Ending).ConfigureAwait(false)) throw new BerthException(Fault.NotFound, $"not logged in to {registry}");
        session.Out.WriteLine($"Removed login credentials for {registry}");
        return 0;
    }
}
