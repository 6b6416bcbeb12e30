// copy: an image from any place to any other, with the options of skopeo's.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Progress;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Copy
{
    private const string NoSigning = "nothing is signed or verified by signatures here", NoEncryption = "layers are neither encrypted nor decrypted here";

    /// <summary>How the layers and the manifest are to be; also push and save have them.</summary>
    public static IReadOnlyList<Option> FormFlags =>
    [
        Option.With("format", "FORMAT", "Write the manifest as oci or v2s2 (docker)", 'f') with { Words = ["oci", "v2s2"] },
        Option.With("dest-compress-format", "FORMAT", "Compression of layers: gzip, zstd or none") with { Words = ["gzip", "zstd", "none"] },
        Option.With("dest-compress-level", "LEVEL", "Its level"),
        Option.Switch("dest-force-compress-format", "Compress also what has another compression"),
    ];

    private static readonly IReadOnlyList<Option> s_signing =
    [
        Option.Refused("sign-by", "FINGERPRINT", NoSigning), Option.Refused("sign-by-sigstore", "FILE", NoSigning), Option.Refused("sign-by-sigstore-private-key", "FILE", NoSigning),
        Option.Refused("sign-by-sq-fingerprint", "FINGERPRINT", NoSigning), Option.Refused("sign-identity", "NAME", NoSigning), Option.Refused("sign-passphrase-file", "FILE", NoSigning),
        // There are none to be removed.
        Option.Ignored("remove-signatures"),
    ];

    /// <summary>Options about signatures, for all that copy.</summary>
    public static IReadOnlyList<Option> Signing => s_signing;

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "SOURCE DESTINATION",
        About = $"Places are written TRANSPORT:DETAILS. A plain name is an image of the local store.\nTransports: {ImagePlaces.Shapes}",
        Least = 2,
        Most = 2,
        Offers = Offer.Images,
        Options =
        [
            Option.Many("additional-tag", "NAME:TAG", "One more name in a docker-archive") with { SplitsAtCommas = true },
            Option.Switch("all", "Copy all images of an index", 'a'),
            Option.With("multi-arch", "WORD", "Of an index: system, all or index-only") with { Words = ["system", "all", "index-only"] },
            Option.With("platform", "OS/ARCH[/VARIANT]", "Of an index: the image for this machine"),
            .. FormFlags,
            Option.Switch("dest-compress", "Compress layers that are not compressed"),
            Option.Switch("dest-decompress", "Decompress all layers"),
            Option.Switch("dest-oci-accept-uncompressed-layers", "Leave layers of a layout uncompressed that are"),
            Option.Switch("preserve-digests", "Fail rather than change anything that a digest names"),
            Option.File("digestfile", "FILE", "Write the digest of the copy to this file"),
            Option.With("image-parallel-copies", "N", "Layers that are copied at the same time (6)"),
            Option.With("retry-times", "N", "Begin anew so often when it fails for a reason that may pass"),
            Option.With("retry-delay", "TIME", "Wait so long before that"),
            Option.Switch("quiet", "Say nothing", 'q'),
            Display.Flag,
            .. AccessFlags.Table("src-", "the source"), AccessFlags.SharedBlobs("src-"),
            .. AccessFlags.Table("dest-", "the destination"), AccessFlags.SharedBlobs("dest-"),
            Option.File("authfile", "FILE", "File with credentials of both"), Option.Ignored("tls-verify") with { IsMany = false },
            // Digests are always known before something is sent.
            Option.Ignored("dest-precompute-digests"),
            Option.Refused("src-daemon-host", "HOST", "no daemon is asked"), Option.Refused("dest-daemon-host", "HOST", "no daemon is asked"),
            Option.Refused("decryption-key", "KEY", NoEncryption), Option.Refused("encrypt-layer", "N", NoEncryption), Option.Refused("encryption-key", "KEY", NoEncryption),
            .. s_signing,
        ],
        Examples =
        [
            new("berth copy docker://quay.io/a/b:1 oci:folder:1", "Fetch an image into an OCI layout"),
            new("berth copy --all docker://a.example/x:1 docker://b.example/x:1", "All platforms from one registry to another"),
            new("berth copy docker-archive:x.tar docker://a.example/x:1", "Push what docker saved"),
            new("berth copy --dest-compress-format zstd --dest-force-compress-format oci:in:1 oci:out:1", "Compress all layers anew"),
        ],
        Run = RunAsync,
    };

    /// <summary>Compression, format and the like, as they were said.</summary>
    /// <exception cref="BerthException">InvalidArgument, Unsupported.</exception>
    public static T Form<T>(Invocation invocation, T options)
        where T : TransferOptions
    {
        Compression? format = invocation.Find("dest-compress-format") switch
        {
            null => null,
            "gzip" => Compression.Gzip,
            "zstd" or "zstd:chunked" => Compression.Zstd,
            "none" => Compression.None,
            { } other => throw new BerthException(Fault.InvalidArgument, $"--dest-compress-format is gzip, zstd or none, not '{other}'"),
        };
        bool decompress = invocation.Has("dest-decompress");
        if (decompress && (invocation.Has("dest-compress") || format is not null)) throw new BerthException(Fault.InvalidArgument, "--dest-decompress and --dest-compress cannot both be meant");
        return options with
        {
            Format = invocation.Find("format") switch
            {
                null => null,
                "oci" => ImageFormat.Oci,
                "v2s2" or "docker" => ImageFormat.Docker,
                "v2s1" => throw new BerthException(Fault.Unsupported, "--format v2s1 is not supported: nobody should write Docker's first schema any more"),
                { } other => throw new BerthException(Fault.InvalidArgument, $"--format is oci or v2s2, not '{other}'"),
            },
            Compression = decompress ? Compression.None : invocation.Has("dest-force-compress-format") || format == Compression.None ? format : null,
            PlainCompression = invocation.Has("dest-compress") ? format ?? Compression.Gzip : format,
            Level = invocation.Number("dest-compress-level"),
        };
    }

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        (ImagePlace from, ImagePlace to) = (ImagePlaces.Of(session, invocation.Arguments[0]), ImagePlaces.Of(session, invocation.Arguments[1]));
        CopyRequest request = Form(invocation, new CopyRequest
        {
            Source = from,
            Destination = to,
            SourceAccess = AccessFlags.Read(invocation, "src-"),
            DestinationAccess = AccessFlags.Read(invocation, "dest-"),
            AdditionalNames = invocation.All("additional-tag"),
            Which = ChoiceOf(invocation),
            Platform = invocation.Find("platform") is { } platform ? Platform.Parse(platform) : session.Globals.Platform,
            PreserveDigests = invocation.Has("preserve-digests"),
            Parallel = Math.Clamp(invocation.Number("image-parallel-copies") ?? 6, 1, 64),
            WholeRetries = invocation.Number("retry-times") ?? 0,
            RetryDelay = invocation.Find("retry-delay") is { } delay ? Words.ParseSpan(delay) : null,
        });
        // As skopeo: what goes to a registry or a layout is compressed, unless digests are to stay or somebody says otherwise.
        bool compresses = to.TransportName == "docker" || (to.TransportName is "oci" or "oci-archive" && !invocation.Has("dest-oci-accept-uncompressed-layers"));
        if (compresses && !request.PreserveDigests && request.Compression is null) request = request with { PlainCompression = request.PlainCompression ?? Compression.Gzip };
        CopyResult result;
        using (Display display = Display.For(invocation)) result = await (await session.ImagesAsync().ConfigureAwait(false)).CopyAsync(request, display, session.Ending).ConfigureAwait(false);
        if (invocation.Find("digestfile") is { } file) await File.WriteAllTextAsync(file, result.Digest.ToString()).ConfigureAwait(false);
        foreach (string warning in (await session.ImagesAsync().ConfigureAwait(false)).Warnings) session.Warn(warning);
        if (!invocation.Has("quiet") && session.Role != Role.Skopeo) session.Out.WriteLine(result.Digest.ToString());
        return 0;
    }

    private static WhichImages ChoiceOf(Invocation invocation)
    {
        string? word = invocation.Find("multi-arch");
        if (invocation.Has("all"))
        {
            if (word is not (null or "all")) throw new BerthException(Fault.InvalidArgument, $"--all and --multi-arch {word} cannot both be meant");
            return WhichImages.All;
        }
        return word switch
        {
            null or "system" => WhichImages.One,
            "all" => WhichImages.All,
            "index-only" => WhichImages.IndexOnly,
            _ => throw new BerthException(Fault.InvalidArgument, $"--multi-arch is system, all or index-only, not '{word}'"),
        };
    }
}
