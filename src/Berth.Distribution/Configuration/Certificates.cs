// Certificates for a registry: folders certs.d with a folder for each host (containers-certs.d(5), Docker's the same).
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Berth.Oci.Faults;

namespace Berth.Distribution.Configuration;

/// <summary>Whom we believe, and by what we show who we are.</summary>
/// <param name="Authorities">Besides the system's.</param>
/// <param name="Own">With their keys.</param>
internal sealed record Certificates(X509Certificate2Collection Authorities, X509Certificate2Collection Own)
{
    /// <summary>For a host, from the first folder that has something for it.</summary>
    public static Certificates For(string host, string? named, Places places)
    {
        if (named is not null) return Directory.Exists(named) ? OfFolder(named) : throw new BerthException(Fault.NotFound, $"cannot read certificates from {named}: there is no such folder");
        foreach (string folder in places.CertificateFolders)
        {
            string own = $"{folder}/{host}";
            if (Directory.Exists(own)) return OfFolder(own);
        }
        return new Certificates([], []);
    }

    /// <summary><c>*.crt</c> are authorities; <c>*.cert</c> with <c>*.key</c> are ours.</summary>
    /// <exception cref="BerthException">InvalidArgument: a file is damaged, or one of a pair is missing.</exception>
    public static Certificates OfFolder(string folder)
    {
        Certificates certificates = new([], []);
        string[] files;
        try { files = Directory.GetFiles(folder); }
        catch (UnauthorizedAccessException e) { throw new BerthException(Fault.Denied, $"cannot read {folder}: permission denied", inner: e); }
        Array.Sort(files, StringComparer.Ordinal);
        foreach (string file in files)
        {
            string other;
            if (file.EndsWith(".crt", StringComparison.Ordinal)) certificates.AddAuthority(file);
            else if (file.EndsWith(".cert", StringComparison.Ordinal)) certificates.AddOwn(file, File.Exists(other = file[..^5] + ".key") ? other : throw Missing(file, other));
            else if (file.EndsWith(".key", StringComparison.Ordinal) && !File.Exists(other = file[..^4] + ".cert")) throw Missing(file, other);
        }
        return certificates;
    }

    public void AddAuthority(string file) => Use(file, () => Authorities.ImportFromPemFile(file));

    /// <summary>One of ours; its key may be in the same file.</summary>
    public void AddOwn(string file, string? key) => Use(file, () => Own.Add(X509Certificate2.CreateFromPemFile(file, key)));

    private static void Use(string file, Action load)
    {
        try { load(); }
        catch (Exception e) when (e is CryptographicException or ArgumentException) { throw new BerthException(Fault.InvalidArgument, $"cannot use the certificate {file}: {e.Message.TrimEnd('.')}", inner: e); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new BerthException(Fault.Failed, $"cannot read the certificate {file}: {e.Message.TrimEnd('.')}", inner: e); }
    }

    private static BerthException Missing(string file, string other) => new(Fault.InvalidArgument, $"cannot use {file}: {System.IO.Path.GetFileName(other)} is missing beside it", "authorities end in .crt, certificates of clients in .cert");
}
