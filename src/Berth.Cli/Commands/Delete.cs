// delete: an image from a registry, a layout or the store.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Images;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Delete
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "docker://NAME[:TAG|@DIGEST] | oci:FOLDER:TAG | berth:NAME",
        Least = 1,
        Most = 1,
        Options =
        [
            .. AccessFlags.Table(), AccessFlags.SharedBlobs(), Option.Refused("daemon-host", "HOST", "no daemon is asked"),
            Option.With("retry-times", "N", "Begin anew so often when it fails for a reason that may pass"), Option.With("retry-delay", "TIME", "Wait so long before that"),
        ],
        Examples = [new("berth delete docker://registry.example/a/b:old", "The manifest that the tag leads to goes, and with it all its tags"), new("berth delete oci:folder:old", "From a layout, with the blobs that nobody needs")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        ImagePlace place = ImagePlace.ParseExplicit(invocation.Arguments[0]);
        AccessOptions access = AccessFlags.Read(invocation);
        EngineImages images = await invocation.Session.ImagesAsync().ConfigureAwait(false);
        return await Again.TryAsync(invocation, async () =>
        {
            await images.DeleteAsync(place, access, invocation.Session.Ending).ConfigureAwait(false);
            return 0;
        }).ConfigureAwait(false);
    }
}
