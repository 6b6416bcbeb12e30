// How connections to a registry are made: which certificates are believed and shown, which proxy is between, how long one waits.
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Berth.Distribution.Transport;

namespace Berth.Distribution.Protocol;

/// <summary>Makes clients.</summary>
internal static class Connections
{
    public static HttpClient To(RegistryOptions options)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 16,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            AutomaticDecompression = DecompressionMethods.None,
            // What a refused upload still wants to say is of no use.
            MaxResponseDrainSize = 64 * 1024,
        };
        EnvironmentProxy proxy = new(Environment.GetEnvironmentVariable);
        handler.UseProxy = proxy.IsAny;
        if (proxy.IsAny) (handler.Proxy, handler.DefaultProxyCredentials) = (proxy, proxy.Credentials);
#pragma warning disable CA5359 // The user has named this registry insecure: that is what the word means.
        if (options.IsInsecure) handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        else if (options.Authorities is { Count: > 0 } authorities) handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, authorities);
        if (options.ClientCertificates is { Count: > 0 } own) handler.SslOptions.ClientCertificates = own;
        HttpClient http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.ParseAdd(options.UserAgent);
        return http;
    }

    private static bool IsTrusted(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (certificate is not X509Certificate2 own || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
        using X509Chain with = new();
        with.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        with.ChainPolicy.CustomTrustStore.AddRange(authorities);
        with.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (X509ChainElement element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) with.ChainPolicy.ExtraStore.Add(element.Certificate);
        return with.Build(own);
    }
}
