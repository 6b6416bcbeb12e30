// list-tags.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class ListTags
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "docker://HOST/REPOSITORY | docker-archive:FILE | oci:FOLDER | oci-archive:FILE",
        Least = 1,
        Most = 1,
        Options =
        [
            .. AccessFlags.Table(), Option.With("format", "TEMPLATE", "Print by a Go template", 'f'),
            Option.With("retry-times", "N", "Begin anew so often when it fails for a reason that may pass"), Option.With("retry-delay", "TIME", "Wait so long before that"),
        ],
        Examples = [new("berth list-tags docker://docker.io/library/debian", "Names of a repository"), new("berth list-tags --format '{{join .Tags \"\\n\"}}' docker://quay.io/a/b", "One in a line")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        ImagePlace place = ImagePlace.ParseExplicit(invocation.Arguments[0]);
        if (session.Role == Role.Skopeo && place.TransportName is not ("docker" or "docker-archive")) throw new BerthException(Fault.Unsupported, $"the transport {place.TransportName} has no list of tags", "skopeo lists those of docker:// and docker-archive:");
        bool isRegistry = place.TransportName == "docker";
        if (isRegistry && ImageName.Parse(place.Rest) is { } name && (name.Tag is not null || !name.Digest.IsEmpty)) throw new BerthException(Fault.InvalidArgument, $"'{invocation.Arguments[0]}' has a tag or a digest, and a repository is wanted");
        AccessOptions access = AccessFlags.Read(invocation);
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        IReadOnlyList<string> tags = await Again.TryAsync(invocation, () => images.ListTagsAsync(place, access, session.Ending)).ConfigureAwait(false);
        Report.WriteOne(session.Out, invocation.Find("format"), Value.Record.Of(isRegistry ? Member.Of("Repository", ImageReference.Parse(place.Rest).Name) : null, Member.Of("Tags", tags)));
        return 0;
    }
}
