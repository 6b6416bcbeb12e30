// storage policy: bounds that the store keeps to by itself.
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Images;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Store.Garbage;

namespace Berth.Cli.Commands.Store;

/// <summary>The verb.</summary>
internal static class Policy
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        About = "Whenever an image has come, the oldest go until the bounds are kept. Pinned images, those that a snapshot stands on, and the one that has just come never go. Without options: what holds now.",
        Most = 0,
        Options =
        [
            Option.With("keep-storage", "SIZE", "The store holds no more than this"),
            Option.With("min-free", "SIZE", "So much stays free on the disk"),
            Option.With("max-age", "TIME", "Images that came longer ago than this go"),
            Option.With("keep-last", "N", "The newest of each repository stay"),
            Option.Switch("none", "Nothing goes by itself any more"),
            Option.Switch("dry-run", "Change nothing: say what would go now, and why"),
            Option.With("format", "FORMAT", "json, or a Go template"),
        ],
        Examples =
        [
            new("berth storage policy --keep-storage 50GB --keep-last 2", "Never more than 50 GB"),
            new("berth storage policy --max-age 30d --dry-run", "What that would take away now"),
            new("berth storage policy", "What holds"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        StorePolicy said = new()
        {
            KeepStorage = invocation.Find("keep-storage") is { } size ? Words.ParseSize(size) : null,
            MinFree = invocation.Find("min-free") is { } free ? Words.ParseSize(free) : null,
            MaxAge = invocation.Find("max-age") is { } age ? Words.ParseSpan(age) : null,
            KeepLast = invocation.Number("keep-last") ?? 0,
        };
        bool none = invocation.Has("none");
        if (none && !said.IsEmpty) throw new BerthException(Fault.InvalidArgument, "--none takes the policy away, and bounds were given as well");
        if (said.IsEmpty && said.KeepLast > 0) throw new BerthException(Fault.InvalidArgument, "--keep-last alone lets nothing go", "give --keep-storage, --min-free or --max-age with it");
        if (invocation.Has("dry-run"))
        {
            PruneReport report = await images.TellPolicyAsync(said.IsEmpty ? images.Policy ?? said : said, session.Ending).ConfigureAwait(false);
            foreach (PrunedItem item in report.Items) session.Out.WriteLine($"would remove {item.Image.Short} {ImageNames.Familiar(item.Name)} ({Words.Size(item.Bytes)}): {item.Reason}");
            session.Out.WriteLine($"Total reclaimable space: {Words.Size(report.Bytes)}");
            return 0;
        }
        if (none || !said.IsEmpty) images.SetPolicy(said);
        StorePolicy? policy = images.Policy;
        if (invocation.Find("format") is { } format)
        {
            Report.WriteOne(session.Out, format, Value.Record.Of(Member.Of("KeepStorage", policy?.KeepStorage ?? 0), Member.Of("MinFree", policy?.MinFree ?? 0), Member.Of("MaxAgeSeconds", (long)(policy?.MaxAge?.TotalSeconds ?? 0)), Member.Of("KeepLast", policy?.KeepLast ?? 0)));
            return 0;
        }
        if (policy is null)
        {
            session.Out.WriteLine("nothing goes by itself");
            return 0;
        }
        if (policy.KeepStorage is { } most) session.Out.WriteLine($"the store holds at most {Words.Size(most)}");
        if (policy.MinFree is { } least) session.Out.WriteLine($"at least {Words.Size(least)} stay free on the disk");
        if (policy.MaxAge is { } oldest) session.Out.WriteLine($"images go after {oldest.TotalHours:0} hours");
        if (policy.KeepLast > 0) session.Out.WriteLine($"the newest {policy.KeepLast} of each repository stay");
        return 0;
    }
}
