// image prune, storage prune, system prune: what nobody needs any more, with reasons.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Store.Garbage;

namespace Berth.Cli.Commands.Images;

/// <summary>The verbs.</summary>
internal static class Prune
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        About = "Pinned images, and those that a snapshot stands on, never go. With --keep-storage or --min-free the oldest go first, until the bound is kept.",
        Most = 0,
        Options =
        [
            Option.Switch("all", "Also images with names that nothing stands on", 'a'),
            Option.Switch("dry-run", "Only say what would go, and why"),
            Option.Many("filter", "NAME=VALUE", $"Only images so: {ImageFilter.Names}"),
            Option.Switch("force", "Do not ask", 'f'),
            Option.With("keep-last", "N", "The newest of each repository stay"),
            Option.With("keep-storage", "SIZE", "Stop when the store holds no more than this"),
            Option.With("max-age", "TIME", "Only images that came longer ago than this"),
            Option.With("min-free", "SIZE", "Stop when so much is free on the disk"),
            Option.With("format", "FORMAT", "json, or a Go template, for each item"),
            Option.Ignored("volumes"), Option.Ignored("external"),
        ],
        Examples =
        [
            new("berth image prune -f", "Images without names"),
            new("berth image prune -a --max-age 30d --dry-run", "What would go of old images, and why"),
            new("berth image prune -af --keep-storage 20GB --keep-last 2", "A policy for a timer"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        ImageFilter filter = ImageFilter.Parse(invocation.All("filter"), images, session.Clock.GetUtcNow());
        long? keep = invocation.Find("keep-storage") is { } size ? Words.ParseSize(size) : null, free = invocation.Find("min-free") is { } least ? Words.ParseSize(least) : null;
        PrunePolicy policy = new()
        {
            // A bound of bytes is meant for all that may go.
            All = invocation.Has("all") || keep is not null || free is not null,
            OlderThan = invocation.Find("max-age") is { } age ? Words.ParseSpan(age) : null,
            Filter = filter.IsEmpty ? null : filter.Means,
            KeepLast = invocation.Number("keep-last") ?? 0,
            KeepStorage = keep,
            MinFree = free,
        };
        bool dry = invocation.Has("dry-run");
        if (!dry && !invocation.Has("force") && !SecretInput.Confirm(session, $"Remove {(policy.All ? "all images that nothing stands on" : "all images without names")}?")) throw new BerthException(Fault.InvalidArgument, "nothing was removed: it was not confirmed", "write --force where nobody can be asked");
        PruneReport report = await images.PruneAsync(policy, dry, session.Ending).ConfigureAwait(false);
        string? format = invocation.Find("format");
        if (format is not null) Report.Write(session.Out, format, report.Items.Select(static item => (Value)Value.Record.Of(Member.Of("ID", item.Image.ToString()), Member.Of("Name", ImageNames.Familiar(item.Name)), Member.Of("Bytes", item.Bytes), Member.Of("Reason", item.Reason))));
        else
        {
            foreach (PrunedItem item in report.Items) session.Out.WriteLine($"{(dry ? "would remove" : "removed")} {(item.Image.IsEmpty ? "" : item.Image.Short + " ")}{ImageNames.Familiar(item.Name)} ({Words.Size(item.Bytes)}): {item.Reason}");
            session.Out.WriteLine($"Total reclaim{(dry ? "able" : "ed")} space: {Words.Size(report.Bytes)}");
        }
        return 0;
    }
}
