// push: brings an image of the store to a registry, or to any other place.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Progress;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class Push
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "IMAGE [DESTINATION]",
        About = "An image that was pulled and not changed goes back with the same digest.",
        Least = 1,
        Most = 2,
        Offers = Offer.Images,
        Options =
        [
            Option.With("format", "FORMAT", "Write the manifest as oci or v2s2 (docker)", 'f') with { Words = ["oci", "v2s2"] },
            Option.With("compression-format", "FORMAT", "Compression of layers: gzip or zstd") with { Words = ["gzip", "zstd"] },
            Option.With("compression-level", "LEVEL", "Its level"),
            Option.Switch("force-compression", "Compress also what has another compression"),
            Option.File("digestfile", "FILE", "Write the digest of the copy to this file"),
            Option.With("retry", "N", "Begin anew so often when it fails for a reason that may pass"), Option.With("retry-delay", "TIME", "Wait so long before that"),
            Option.Switch("quiet", "Say nothing", 'q'),
            Display.Flag,
            .. AccessFlags.Table(), .. Copy.Signing, Option.Ignored("disable-content-trust"), Option.Ignored("compress"),
        ],
        Examples = [new("berth push registry.example/a/b:1", "To where its name says"), new("berth push debian:12 oci:folder:12", "To any other place"), new("berth push 1a2b3c docker://registry.example/x:1", "By its id")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        Compression? compression = invocation.Find("compression-format") switch
        {
            null => null,
            "gzip" => Compression.Gzip,
            "zstd" or "zstd:chunked" => Compression.Zstd,
            { } other => throw new BerthException(Fault.InvalidArgument, $"--compression-format is gzip or zstd, not '{other}'"),
        };
        PushOptions options = new()
        {
            Access = AccessFlags.Read(invocation),
            Format = invocation.Find("format") switch { null => null, "oci" => ImageFormat.Oci, "v2s2" or "docker" => ImageFormat.Docker, { } other => throw new BerthException(Fault.InvalidArgument, $"--format is oci or v2s2, not '{other}'") },
            Compression = invocation.Has("force-compression") ? compression : null,
            PlainCompression = compression ?? Compression.Gzip,
            Level = invocation.Number("compression-level"),
            WholeRetries = invocation.Number("retry") ?? 0,
            RetryDelay = invocation.Find("retry-delay") is { } delay ? Words.ParseSpan(delay) : null,
        };
        CopyResult result;
        using (Display display = Display.For(invocation)) result = await images.PushAsync(invocation.Arguments[0], invocation.Arguments.Count > 1 ? invocation.Arguments[1] : null, options, display, session.Ending).ConfigureAwait(false);
        if (invocation.Find("digestfile") is { } file) await File.WriteAllTextAsync(file, result.Digest.ToString()).ConfigureAwait(false);
        if (!invocation.Has("quiet")) session.Out.WriteLine(result.Digest.ToString());
        foreach (string warning in images.Warnings) session.Warn(warning);
        return 0;
    }
}
