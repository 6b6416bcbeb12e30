// An authority of the test's own, and what it certifies.
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Berth.SystemTests.Images;

/// <summary>Writes PEM files into a folder.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    private readonly RSA _key = RSA.Create(2048);
    private readonly X509Certificate2 _itself;
    private readonly string _folder;

    public CertificateAuthority(string folder)
    {
        _folder = folder;
        CertificateRequest request = new("CN=Test authority", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _itself = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        Directory.CreateDirectory(folder);
        File.WriteAllText($"{folder}/ca.crt", _itself.ExportCertificatePem());
    }

    public string Path => $"{_folder}/ca.crt";

    /// <summary>Certifies 127.0.0.1, or a client.</summary>
    public void Issue(string name, string certificate, string key, bool isServer)
    {
        using RSA own = RSA.Create(2048);
        CertificateRequest request = new($"CN={name}", own, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        if (isServer) request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isServer ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        using X509Certificate2 made = request.Create(_itself, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(certificate, made.ExportCertificatePem());
        File.WriteAllText(key, own.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A token that says what somebody may do, as distribution's registry believes it (JWT, RS256, with our certificate).</summary>
    public string Token(string claims)
    {
        static string Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        string header = $$"""{"typ":"JWT","alg":"RS256","x5c":["{{Convert.ToBase64String(_itself.RawData)}}"]}""";
        string signed = $"{Url(System.Text.Encoding.UTF8.GetBytes(header))}.{Url(System.Text.Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Url(_key.SignData(System.Text.Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public void Dispose()
    {
        _itself.Dispose();
        _key.Dispose();
    }
}
