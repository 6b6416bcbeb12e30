// containerd's hosts.toml: for one registry, which hosts are asked, and how (its docs/hosts.md).
using Berth.Distribution.Toml;
using Berth.Oci.Faults;

namespace Berth.Distribution.Configuration;

/// <summary>One host of it.</summary>
internal sealed record RegistryHost
{
    /// <summary>Where the registry's interface begins: <c>https://HOST/v2/</c>.</summary>
    public required Uri Address { get; init; }

    public bool MayPull { get; init; } = true;

    public bool MayResolve { get; init; } = true;

    public bool MayPush { get; init; } = true;

    /// <summary>Whether any certificate is believed.</summary>
    public bool IsInsecure { get; init; }

    public Certificates Certificates { get; init; } = new([], []);

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Host and port.</summary>
    public string Name => Address.IsDefaultPort ? Address.Host : $"{Address.Host}:{Address.Port}";
}

/// <summary>Reads it.</summary>
internal static class HostsToml
{
    /// <summary>The hosts to ask for a registry's images, in order, the registry itself last; null: there is no such file.</summary>
    public static IReadOnlyList<RegistryHost>? For(string registry, Places places)
    {
        foreach (string name in (ReadOnlySpan<string>)[registry, registry.Replace(":", "_", StringComparison.Ordinal) + "_", "_default"])
        {
            string folder = $"{places.ContainerdHosts}/{name}";
            // "host_5000_" is for hosts with a port only.
            if (name.EndsWith('_') && !registry.Contains(':')) continue;
            if (TomlReader.ReadFile($"{folder}/hosts.toml") is { } file) return Read(file, registry, folder);
        }
        return null;
    }

    private static List<RegistryHost> Read(TomlTable file, string registry, string folder)
    {
        try
        {
            List<RegistryHost> hosts = [];
            if (file.Table("host") is { } named)
            {
                foreach (string address in named.Keys) hosts.Add(Host(named.Table(address)!, address, folder));
            }
            string own = registry == "docker.io" ? "registry-1.docker.io" : registry;
            hosts.Add(Host(file, file.Text("server") is { Length: > 0 } server ? server : $"https://{own}", folder));
            return hosts;
        }
        catch (BerthException e) when (e.Kind == Fault.InvalidArgument) { throw new BerthException(Fault.InvalidArgument, $"cannot use {folder}/hosts.toml: {e.Message}", e.Hint, e); }
    }

    private static RegistryHost Host(TomlTable table, string address, string folder)
    {
        if (!address.Contains("://", StringComparison.Ordinal)) address = $"https://{address}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("https" or "http")) throw Bad($"'{address}' is no address of a registry");
        string path = uri.AbsolutePath.TrimEnd('/');
        if (table.Flag("override_path") != true && !path.EndsWith("/v2", StringComparison.Ordinal)) path += "/v2";
        RegistryHost host = new() { Address = new UriBuilder(uri) { Path = path + "/" }.Uri, IsInsecure = table.Flag("skip_verify") ?? false, Headers = HeadersOf(table) };
        foreach (string authority in OneOrMore(table, "ca")) host.Certificates.AddAuthority(System.IO.Path.Combine(folder, authority));
        foreach ((string file, string? key) in Clients(table)) host.Certificates.AddOwn(System.IO.Path.Combine(folder, file), key is null ? null : System.IO.Path.Combine(folder, key));
        if (table.Texts("capabilities") is not { } capabilities) return host;
        foreach (string capability in capabilities) if (capability is not ("pull" or "resolve" or "push" or "referrers")) throw Bad($"'{capability}' is no capability; there are pull, resolve and push");
        return host with { MayPull = capabilities.Contains("pull"), MayResolve = capabilities.Contains("resolve"), MayPush = capabilities.Contains("push") };
    }

    private static List<KeyValuePair<string, string>> HeadersOf(TomlTable table)
    {
        List<KeyValuePair<string, string>> headers = [];
        if (table.Table("header") is not { } named) return headers;
        foreach (string name in named.Keys)
        {
            foreach (string value in OneOrMore(named, name)) headers.Add(new(name, value));
        }
        return headers;
    }

    private static IReadOnlyList<string> OneOrMore(TomlTable table, string key) => table.Find(key) is string one ? [one] : table.Texts(key) ?? [];

    // "file", ["file", "file"], or [["certificate", "key"], …].
    private static IEnumerable<(string File, string? Key)> Clients(TomlTable table)
    {
        if (table.Find("client") is string one)
        {
            yield return (one, null);
            yield break;
        }
        foreach (object item in table.List("client") ?? [])
        {
            yield return item switch
            {
                string file => (file, null),
                List<object> and [string certificate, string key] => (certificate, key.Length == 0 ? null : key),
                _ => throw Bad("'client' must be a file, a list of files, or a list of pairs of a certificate and its key"),
            };
        }
    }

    private static BerthException Bad(string reason) => new(Fault.InvalidArgument, reason);
}
