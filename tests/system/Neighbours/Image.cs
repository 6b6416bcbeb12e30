// The image all neighbours run: one layer of busybox, as a plain tar and as an OCI archive made here, so that no registry is needed.
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Berth.SystemTests.Neighbours;

/// <summary>Writes the test image.</summary>
internal static class Image
{
    /// <summary>A tar of the root file system.</summary>
    public static string WriteTar(Dock dock)
    {
        string root = $"{dock.Folder}/image", tar = $"{dock.Folder}/image.tar";
        if (File.Exists(tar)) return tar;
        Rootfs.Make(root);
        File.WriteAllText($"{root}/bin/notexec", "#!/bin/sh\n");
        File.SetUnixFileMode($"{root}/bin/notexec", UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        dock.Tool("tar", "-C", root, "--numeric-owner", "-cf", tar, ".").Run().Succeeded();
        Directory.Delete(root, recursive: true);
        return tar;
    }

    /// <summary>An OCI image archive with that one layer, called <paramref name="name"/>.</summary>
    public static string WriteArchive(Dock dock, string name)
    {
        byte[] layer = File.ReadAllBytes(WriteTar(dock));
        string architecture = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
        byte[] config = Encoding.UTF8.GetBytes(
            $$$"""{"architecture":"{{{architecture}}}","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":["{{{Digest(layer)}}}"]},"history":[{"created_by":"test"}]}""");
        byte[] packed = Gzip(layer);
        byte[] manifest = Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{{Digest(config)}}}","size":{{{config.Length}}}},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{{Digest(packed)}}}","size":{{{packed.Length}}}}]}
            """);
        byte[] index = Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{{Digest(manifest)}}}","size":{{{manifest.Length}}},
             "platform":{"architecture":"{{{architecture}}}","os":"linux"},"annotations":{"org.opencontainers.image.ref.name":"{{{name}}}","io.containerd.image.name":"{{{name}}}"}}]}
            """);
        string archive = $"{dock.Folder}/image.oci";
        using TarWriter writer = new(File.Create(archive));
        Add(writer, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray());
        Add(writer, "index.json", index);
        foreach (byte[] blob in (byte[][])[config, packed, manifest]) Add(writer, $"blobs/sha256/{Digest(blob)[7..]}", blob);
        return archive;
    }

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[] Gzip(byte[] content)
    {
        using MemoryStream target = new();
        using (GZipStream gzip = new(target, CompressionLevel.Fastest)) gzip.Write(content);
        return target.ToArray();
    }

    private static void Add(TarWriter writer, string name, byte[] content) =>
        writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
}
