// storage snapshots: root file systems over images, without a container.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Images;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Records;
using Berth.Store.Snapshots;

namespace Berth.Cli.Commands.Store;

/// <summary>The verbs.</summary>
internal static class SnapshotVerbs
{
    /// <summary>The group.</summary>
    public static Command Make() => new()
    {
        Verbs =
        [
            new("prepare", "Make one that can be written into", Prepare) { Group = "Commands" },
            new("view", "Make one that can only be read", View) { Group = "Commands" },
            new("mount", "Mount one", Mount) { Group = "Commands" },
            new("unmount", "Take its mounts away", Unmount) { Group = "Commands", Aliases = ["umount"] },
            new("commit", "Make an image of what was written in it", Commit) { Group = "Commands" },
            new("rm", "Remove one with all that was written in it", Remove) { Group = "Commands", Aliases = ["remove"] },
            new("ls", "List them", List) { Group = "Commands", Aliases = ["list"] },
        ],
    };

    private static Command Prepare() => new()
    {
        Usage = "NAME [IMAGE]",
        Least = 1,
        Most = 2,
        Examples = [new("berth storage snapshots prepare work debian:12", "Files of an image to be changed"), new("berth storage snapshots prepare empty", "Nothing below")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            engine.Snapshots.Prepare(invocation.Arguments[0], invocation.Arguments.Count > 1 ? engine.Images.Find(invocation.Arguments[1]) : null);
            invocation.Session.Out.WriteLine(invocation.Arguments[0]);
            return 0;
        },
    };

    private static Command View() => new()
    {
        Usage = "NAME IMAGE",
        Least = 2,
        Most = 2,
        Examples = [new("berth storage snapshots view look debian:12", "Files of an image to be read")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            engine.Snapshots.View(invocation.Arguments[0], engine.Images.Find(invocation.Arguments[1]));
            invocation.Session.Out.WriteLine(invocation.Arguments[0]);
            return 0;
        },
    };

    private static Command Mount() => new()
    {
        Usage = "NAME [FOLDER]",
        Least = 1,
        Most = 2,
        Examples = [new("berth storage snapshots mount work /mnt", "At a folder"), new("ls $(berth storage snapshots mount work)", "At one of its own, which is printed")],
        Run = static async invocation =>
        {
            invocation.RefuseBriefMounts();
            invocation.Session.Out.WriteLine((await invocation.Session.EngineAsync().ConfigureAwait(false)).Snapshots.Mount(invocation.Arguments[0], invocation.Arguments.Count > 1 ? invocation.Arguments[1] : null));
            return 0;
        },
    };

    private static Command Unmount() => new()
    {
        Usage = "NAME",
        Least = 1,
        Most = 1,
        Examples = [new("berth storage snapshots unmount work", "Its mounts go, what was written stays")],
        Run = static async invocation => (await invocation.Session.EngineAsync().ConfigureAwait(false)).Snapshots.Unmount(invocation.Arguments[0]) ? 0
            : throw new BerthException(Fault.WrongState, $"the snapshot {invocation.Arguments[0]} is not mounted"),
    };

    private static Command Commit() => new()
    {
        Usage = "NAME [IMAGE]",
        Least = 1,
        Most = 2,
        Options =
        [
            Option.With("author", "TEXT", "Who made it", 'a'), Option.Many("change", "INSTRUCTION", "As of berth import", 'c'), Option.With("message", "TEXT", "What was done", 'm'),
            Option.With("created", "TIME", "When it was made; younger files get this time as well, so that the same work makes the same image [SOURCE_DATE_EPOCH]"),
            Option.With("format", "FORMAT", "oci or docker") with { Words = ["oci", "docker"] }, Option.With("compression-format", "FORMAT", "gzip, zstd or none") with { Words = ["gzip", "zstd", "none"] },
        ],
        Examples = [new("berth storage snapshots commit --change 'CMD [\"bash\"]' work mine:1", "A new image with one more layer")],
        Run = CommitAsync,
    };

    private static Command Remove() => new()
    {
        Usage = "NAME...",
        Least = 1,
        Options = [Option.Switch("force", "Also one that is mounted", 'f')],
        Examples = [new("berth storage snapshots rm work", "With all that was written in it")],
        Run = static async invocation =>
        {
            SnapshotStore snapshots = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Snapshots;
            foreach (string name in invocation.Arguments)
            {
                snapshots.Remove(name, invocation.Has("force"));
                invocation.Session.Out.WriteLine(name);
            }
            return 0;
        },
    };

    private static Command List() => new()
    {
        Most = 0,
        Options = [Option.Switch("quiet", "Names only", 'q'), Option.With("format", "FORMAT", "table, json, or a Go template")],
        Examples = [new("berth storage snapshots ls", "All, with what was written in each")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            SnapshotStore snapshots = (await session.EngineAsync().ConfigureAwait(false)).Snapshots;
            IReadOnlyList<SnapshotRecord> all = snapshots.Walk();
            if (invocation.Has("quiet"))
            {
                foreach (SnapshotRecord one in all) session.Out.WriteLine(one.Name);
                return 0;
            }
            IEnumerable<Value> rows = all.Select(one => (Value)Value.Record.Of(
                Member.Of("Name", one.Name), Member.Of("Image", one.Image.IsEmpty ? ImageNames.None : one.Image.Short), Member.Of("Kind", one.IsReadOnly ? "view" : "writable"), Member.Of("Created", Words.Ago(one.Created, session.Clock.GetUtcNow())), Member.Of("Size", one.IsReadOnly ? "0B" : Words.Size(snapshots.Measure(one.Name)))));
            Report.Write(session.Out, invocation.Find("format") is { } format and not ("" or "table") ? format : "table {{.Name}}\t{{.Image}}\t{{.Kind}}\t{{.Created}}\t{{.Size}}", rows);
            return 0;
        },
    };

    /// <summary>The time that was given, or the one that whoever builds reproducibly has in the environment.</summary>
    private static DateTimeOffset? Created(Invocation invocation)
    {
        if (invocation.Find("created") is { } created) return ImageFilter.Time(created, invocation.Session.Clock.GetUtcNow());
        if (invocation.Session.Variable("SOURCE_DATE_EPOCH") is not { Length: > 0 } epoch) return null;
        return long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= ImageFilter.LastSecond ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new BerthException(Fault.InvalidArgument, $"SOURCE_DATE_EPOCH is a number of seconds, not '{epoch}'");
    }

    private static async Task<int> CommitAsync(Invocation invocation)
    {
        Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
        List<string> changes = invocation.All("change");
        CommitOptions options = new()
        {
            Author = invocation.Find("author"),
            Comment = invocation.Find("message"),
            Created = Created(invocation),
            Change = changes.Count == 0 ? null : config => Changes.Apply(config, changes),
            Format = invocation.Find("format") switch { null or "oci" => ImageFormat.Oci, "docker" or "v2s2" => ImageFormat.Docker, { } other => throw new BerthException(Fault.InvalidArgument, $"--format is oci or docker, not '{other}'") },
            Compression = invocation.Find("compression-format") switch { null or "gzip" => Compression.Gzip, "zstd" => Compression.Zstd, "none" => Compression.None, { } other => throw new BerthException(Fault.InvalidArgument, $"--compression-format is gzip, zstd or none, not '{other}'") },
        };
        StoredImage image = await engine.CommitAsync(invocation.Arguments[0], invocation.Arguments.Count > 1 ? invocation.Arguments[1] : null, options, invocation.Session.Ending).ConfigureAwait(false);
        invocation.Session.Out.WriteLine(image.Id.ToString());
        return 0;
    }
}
