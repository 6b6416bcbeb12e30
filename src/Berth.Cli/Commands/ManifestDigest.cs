// manifest-digest: what a registry would call a manifest in a file.
using System.Text.Json;
using Berth.Cli.Verbs;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class ManifestDigest
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "FILE",
        Least = 1,
        Most = 1,
        Offers = Offer.Files,
        Examples = [new("berth manifest-digest manifest.json", "The digest by which the manifest can be pulled")],
        Run = static async invocation =>
        {
            byte[] bytes = await ReadAsync(invocation.Arguments[0]).ConfigureAwait(false);
            if (IsSigned(bytes)) throw new BerthException(Fault.Unsupported, $"{invocation.Arguments[0]} is in Docker's first schema, whose digest leaves its signatures out");
            invocation.Session.Out.WriteLine(Digest.Of(bytes).ToString());
            return 0;
        },
    };

    private static async Task<byte[]> ReadAsync(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists) throw new BerthException(Fault.NotFound, $"{path} is not there");
        if (file.Length > ManifestDocument.MostBytes) throw new BerthException(Fault.InvalidArgument, $"{path} has {file.Length} bytes; a manifest has at most {ManifestDocument.MostBytes}");
        return await File.ReadAllBytesAsync(path).ConfigureAwait(false);
    }

    private static bool IsSigned(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("signatures", out _);
        }
        catch (JsonException) { return false; } // it is something else, and has a digest all the same
    }
}
