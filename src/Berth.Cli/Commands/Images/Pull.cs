// pull: brings images here, from registries and from files.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Progress;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Linux.Terminals;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.References;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class Pull
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "NAME[:TAG|@DIGEST]...",
        About = "What has come of an image stays when it breaks off, and the next pull goes on from there. The id is printed on standard output.",
        Least = 1,
        Options =
        [
            Option.Switch("all-tags", "Pull all tags of the repository", 'a'),
            Option.With("platform", "OS/ARCH[/VARIANT]", "The image for this machine"),
            Option.With("arch", "ARCH", "The image for this architecture"), Option.With("os", "OS", "The image for this system"), Option.With("variant", "VARIANT", "The image for this variant"),
            Option.With("policy", "WORD", "always, missing or never") with { Words = ["always", "missing", "never", "newer"] },
            Option.With("retry", "N", "Begin anew so often when it fails for a reason that may pass"), Option.With("retry-delay", "TIME", "Wait so long before that"),
            Option.Switch("quiet", "Say nothing but the id", 'q'),
            Display.Flag,
            .. AccessFlags.Table(), Option.Ignored("disable-content-trust"),
        ],
        Examples =
        [
            new("berth pull debian:12", "From where registries.conf says, or Docker Hub"),
            new("berth pull quay.io/a/b@sha256:…", "Exactly that image"),
            new("berth pull --platform linux/arm64 alpine", "For another machine"),
            new("berth pull oci:folder:tag", "From an OCI layout"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        PullOptions options = new()
        {
            Access = AccessFlags.Read(invocation),
            Platform = PlatformOf(invocation),
            Policy = invocation.Find("policy") switch
            {
                null or "always" or "newer" => PullPolicy.Always,
                "missing" or "ifnotpresent" => PullPolicy.Missing,
                "never" => PullPolicy.Never,
                { } other => throw new BerthException(Fault.InvalidArgument, $"--policy is always, missing or never, not '{other}'"),
            },
            Retries = invocation.Number("retry") ?? 0,
            RetryDelay = invocation.Find("retry-delay") is { } delay ? Words.ParseSpan(delay) : null,
            Choose = Terminal.Is(0) && session.ErrorIsTerminal ? candidates => Choose(session, candidates) : null,
        };
        foreach (string name in invocation.Has("all-tags") ? await AllTagsAsync(invocation, images, options).ConfigureAwait(false) : invocation.Arguments)
        {
            StoredImage image;
            Announce(invocation, name);
            using (Display display = Display.For(invocation)) image = await images.PullAsync(name, options, display, session.Ending).ConfigureAwait(false);
            session.Out.WriteLine(image.Id.Encoded);
            session.Out.Flush();
        }
        foreach (string warning in images.Warnings) session.Warn(warning);
        return 0;
    }

    /// <summary>--platform, or --arch and its like, or what stands in front of the verb.</summary>
    internal static Platform? PlatformOf(Invocation invocation)
    {
        if (invocation.Find("platform") is { } text) return Platform.Parse(text);
        (string? architecture, string? os, string? variant) = (invocation.Find("arch"), invocation.Find("os"), invocation.Find("variant"));
        return (architecture ?? os ?? variant) is null ? invocation.Session.Globals.Platform
            : new Platform { Architecture = architecture ?? Platform.Host.Architecture, Os = os ?? Platform.Host.Os, Variant = variant }.Normal();
    }

    /// <summary>podman's first line of a pull.</summary>
    internal static void Announce(Invocation invocation, string name)
    {
        if (invocation.Session.Role != Role.Podman || invocation.Has("quiet")) return;
        invocation.Session.Error.WriteLine($"Trying to pull {name}...");
        invocation.Session.Error.Flush();
    }

    private static async Task<IReadOnlyList<string>> AllTagsAsync(Invocation invocation, EngineImages images, PullOptions options)
    {
        List<string> names = [];
        foreach (string argument in invocation.Arguments)
        {
            ImageReference repository = ImageReference.Parse(argument.StartsWith("docker://", StringComparison.Ordinal) ? argument[9..] : argument);
            if (ImageName.Parse(argument.StartsWith("docker://", StringComparison.Ordinal) ? argument[9..] : argument) is { } name && (name.Tag is not null || !name.Digest.IsEmpty)) throw new BerthException(Fault.InvalidArgument, $"'{argument}' names one image, and --all-tags wants a repository");
            names.AddRange((await images.ListTagsAsync(ImagePlace.Parse($"docker://{repository.Name}"), options.Access, invocation.Session.Ending).ConfigureAwait(false)).Select(tag => $"{repository.Name}:{tag}"));
        }
        return names;
    }

    private static ImageReference? Choose(Session session, IReadOnlyList<ImageReference> candidates)
    {
        session.Error.WriteLine("Which image is meant?");
        for (int i = 0; i < candidates.Count; i++) session.Error.WriteLine($"  {i + 1}  {candidates[i]}");
        return int.TryParse(SecretInput.AskLine(session, $"1 to {candidates.Count}: "), out int chosen) && chosen >= 1 && chosen <= candidates.Count ? candidates[chosen - 1] : null;
    }
}
