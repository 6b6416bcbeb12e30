// Which proxy a request goes through, by the environment. The framework's own reading of NO_PROXY knows no networks,
// no ports and no subdomains of plain names, all of which other container tools understand there.
using System.Net;

namespace Berth.Distribution.Transport;

/// <summary>HTTP_PROXY, HTTPS_PROXY and NO_PROXY in capitals or small letters.</summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private readonly Uri? _forHttp, _forHttps;
    private readonly List<Exempt> _exempt = [];
    private readonly bool _never;
    private readonly Users _users = new();

    public EnvironmentProxy(Func<string, string?> environment)
    {
        string? Value(string name) => environment(name) is { Length: > 0 } capital ? capital : environment(name.ToLowerInvariant()) is { Length: > 0 } small ? small : null;
        string? all = Value("ALL_PROXY");
        _forHttp = Address(Value("HTTP_PROXY") ?? all);
        _forHttps = Address(Value("HTTPS_PROXY") ?? all);
        foreach (string entry in (Value("NO_PROXY") ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (entry == "*") _never = true;
            else if (Exempt.Read(entry) is { } exempt) _exempt.Add(exempt);
        }
        Credentials = _users;
    }

    /// <summary>Whether there is one for anything.</summary>
    public bool IsAny => !_never && (_forHttp ?? _forHttps) is not null;

    /// <inheritdoc/>
    public ICredentials? Credentials { get; set; }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : For(destination);

    /// <inheritdoc/>
    public bool IsBypassed(Uri host)
    {
        if (_never || For(host) is null) return true;
        string name = host.IdnHost.Trim('[', ']').TrimEnd('.');
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase)) return true;
        IPAddress? address = IPAddress.TryParse(name, out IPAddress? parsed) ? parsed : null;
        if (address is not null && IPAddress.IsLoopback(address)) return true;
        foreach (Exempt exempt in _exempt)
        {
            if (exempt.Covers(name, address, host.Port)) return true;
        }
        return false;
    }

    private Uri? For(Uri destination) => destination.Scheme == "https" ? _forHttps : _forHttp;

    // Without user and password, which would be in the framework's messages otherwise.
    private Uri? Address(string? text)
    {
        if (text is null || !Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https" or "socks4" or "socks4a" or "socks5")) return null;
        if (address.UserInfo.Length == 0) return address;
        string[] parts = address.UserInfo.Split(':', 2);
        Uri plain = new UriBuilder(address) { UserName = "", Password = "" }.Uri;
        _users.Known[plain.Authority] = new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        return plain;
    }

    /// <summary>Who we are to which proxy.</summary>
    private sealed class Users : ICredentials
    {
        public Dictionary<string, NetworkCredential> Known { get; } = [];

        public NetworkCredential? GetCredential(Uri uri, string authType) => Known.GetValueOrDefault(uri.Authority);
    }

    /// <summary>One entry of NO_PROXY: a network, an address, or a name with all below it; perhaps one port of it.</summary>
    private sealed record Exempt(IPNetwork? Network, IPAddress? Address, string Name, bool IsItself, int? Port)
    {
        public static Exempt? Read(string entry)
        {
            if (IPNetwork.TryParse(entry, out IPNetwork network)) return new Exempt(network, null, "", false, null);
            int? port = null;
            int colon = entry.LastIndexOf(':');
            if (colon > 0 && (entry.IndexOf(':') == colon || entry[colon - 1] == ']') && int.TryParse(entry.AsSpan(colon + 1), out int number)) (port, entry) = (number, entry[..colon]);
            entry = entry.Trim('[', ']');
            if (IPAddress.TryParse(entry, out IPAddress? address)) return new Exempt(null, address, "", false, port);
            bool isItself = entry[0] != '.' && !entry.StartsWith("*.", StringComparison.Ordinal);
            string name = entry.TrimStart('*').Trim('.');
            return name.Length == 0 ? null : new Exempt(null, null, name, isItself, port);
        }

        public bool Covers(string name, IPAddress? address, int port)
        {
            if (Port is { } own && own != port) return false;
            if (address is not null) return Network is { } network ? network.Contains(address) : address.Equals(Address);
            if (Name.Length == 0) return false;
            return name.Equals(Name, StringComparison.OrdinalIgnoreCase) ? IsItself : name.Length > Name.Length && name[^(Name.Length + 1)] == '.' && name.EndsWith(Name, StringComparison.OrdinalIgnoreCase);
        }
    }
}
