// volume: create, ls, inspect, rm, prune, exists; what reads and writes their files is in VolumeFiles.
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Images;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Volumes;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Volumes;

/// <summary>The group.</summary>
internal static class VolumeVerbs
{
    private const string All = "Commands", Filters = "anonymous, dangling, driver, label, label!, name, until";

    private static readonly Dictionary<string, string> s_heads = new() { ["Name"] = "VOLUME NAME" };

    /// <summary>The verbs.</summary>
    public static Command Make() => new()
    {
        About = "A volume holds files that outlive the containers that write them.",
        Verbs =
        [
            new("create", "Make a volume", Create) { IsInNetwork = true, Group = All },
            new("ls", "List volumes", List) { IsInNetwork = true, Group = All, Aliases = ["list"] },
            new("inspect", "Show all that is known of volumes", Inspect) { IsInNetwork = true, Group = All },
            new("rm", "Remove volumes with their files", Remove) { IsInNetwork = true, Group = All, Aliases = ["remove"] },
            new("prune", "Remove volumes that no container uses", Prune) { IsInNetwork = true, Group = All },
            new("export", "Write the files of a volume as a tar", VolumeFiles.Export) { IsInNetwork = true, Group = All },
            new("import", "Unpack a tar into a volume", VolumeFiles.Import) { IsInNetwork = true, Group = All },
            new("mount", "Say where the files of volumes are", VolumeFiles.Mount) { IsInNetwork = true, Group = All },
            new("unmount", "The end of that", VolumeFiles.Unmount) { IsInNetwork = true, Group = All, Aliases = ["umount"] },
            new("exists", "Say by the exit code whether a volume is there", Exists) { IsInNetwork = true, Group = All },
        ],
    };

    /// <summary>docker's members.</summary>
    public static Value ValueOf(VolumeRecord volume) => Value.Record.Of(
        new Member("CreatedAt", new Value.Moment(NetworkInspect.Time(volume.Created))),
        Member.Of("Driver", volume.Spec.Driver),
        Member.Of("Labels", volume.Spec.Labels),
        Member.Of("Mountpoint", volume.Path),
        Member.Of("Name", volume.Name),
        Member.Of("Options", volume.Spec.Options),
        Member.Of("Scope", "local"),
        Member.Of("Anonymous", volume.IsAnonymous));

    private static Command Create() => new()
    {
        Usage = "[NAME]",
        Most = 1,
        Options =
        [
            Option.With("driver", "NAME", "local", 'd'), Option.Many("label", "KEY=VALUE", "A label", 'l'), Option.Many("opt", "NAME=VALUE", "type, device and o, as mount(8) has them", 'o'),
            Option.Switch("ignore", "It is no fault when it is there"),
        ],
        Examples = [new("berth volume create data", "A folder of the engine"), new("berth volume create -o type=tmpfs -o o=size=64m scratch", "In memory")],
        Run = static async invocation =>
        {
            EngineVolumes volumes = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Volumes;
            string name = invocation.Arguments.Count > 0 ? invocation.Arguments[0] : "";
            VolumeRecord volume = volumes.Create(new VolumeSpec
            {
                Name = name,
                Driver = invocation.Find("driver") ?? "local",
                Labels = Pairs(invocation.All("label"), "label"),
                Options = Pairs(invocation.All("opt"), "opt"),
            }, ignoreExisting: true);
            invocation.Session.Out.WriteLine(volume.Name);
            return 0;
        },
    };

    private static Command List() => new()
    {
        Most = 0,
        Options =
        [
            Option.Many("filter", "NAME=VALUE", $"Those that match: {Filters}", 'f'), Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"),
            Option.Switch("quiet", "Names only", 'q'), Option.Switch("noheading", "No heads of columns", 'n'),
        ],
        Examples = [new("berth volume ls -f dangling=true", "Those that no container uses")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            List<VolumeRecord> found = [.. engine.Volumes.List().Where(Filter(invocation, engine))];
            Lines lines = invocation.Session.Out;
            string? format = invocation.Find("format");
            if (invocation.Has("quiet"))
            {
                foreach (VolumeRecord volume in found) lines.WriteLine(volume.Name);
            }
            else if (format is null or "" or "table")
            {
                Table table = new();
                if (!invocation.Has("noheading")) table.Add("DRIVER", "VOLUME NAME");
                foreach (VolumeRecord volume in found) table.Add(volume.Spec.Driver, volume.Name);
                table.WriteTo(lines);
            }
            else if (format == "json" && invocation.Session.Role == Role.Podman) Report.WriteOne(lines, null, new Value.List([.. found.Select(ValueOf)]));
            else Report.Write(lines, format, found.Select(Row), s_heads);
            return 0;
        },
    };

    private static Command Inspect() => new()
    {
        Usage = "VOLUME...",
        Least = 1,
        Offers = Offer.Volumes,
        Options = [Option.With("format", "FORMAT", "json, or a Go template", 'f')],
        Examples = [new("berth volume inspect -f '{{.Mountpoint}}' data", "Where its files are")],
        Run = static async invocation =>
        {
            EngineVolumes volumes = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Volumes;
            ContainerInspect.Print(invocation, [.. invocation.Arguments.Select(name => ValueOf(volumes.Find(name)))]);
            return 0;
        },
    };

    private static Command Remove() => new()
    {
        Usage = "VOLUME...",
        Least = 0,
        Offers = Offer.Volumes,
        Options = [Option.Switch("force", "It is no fault when there is none", 'f'), Option.Switch("all", "All volumes", 'a'), Option.With("time", "SECONDS", "With --force: time for containers to end that use it", 't')],
        Examples = [new("berth volume rm data", "With its files")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
            EngineVolumes volumes = engine.Volumes;
            IReadOnlyList<string> names = invocation.Has("all") ? [.. volumes.List().Select(static volume => volume.Name)] : invocation.Arguments;
            int code = 0;
            foreach (string name in names)
            {
                try
                {
                    string whole = volumes.Find(name).Name;
                    // podman's --force ends the containers that use it.
                    if (session.Role == Role.Podman && invocation.Has("force")) await RemoveUsersAsync(engine, whole, invocation.Number("time")).ConfigureAwait(false);
                    volumes.Remove(whole);
                    session.Out.WriteLine(name);
                }
                catch (BerthException e) when (e.Kind == Fault.NotFound && invocation.Has("force"))
                {
                    // As it was asked for.
                }
                catch (BerthException e)
                {
                    code = Failure.Say(session, invocation.Path, e);
                }
            }
            return code;
        },
    };

    private static async Task RemoveUsersAsync(Engine.Engine engine, string volume, int? seconds)
    {
        foreach (Engine.Containers.Container user in engine.Containers.List().Where(container => container.Record.Settled.Mounts.Any(mount => mount.Volume == volume)))
        {
            await user.RemoveAsync(force: true, withVolumes: false, TimeSpan.FromSeconds(Math.Max(0, seconds ?? 10))).ConfigureAwait(false);
        }
    }

    private static Command Prune() => new()
    {
        Most = 0,
        Options = [Option.Switch("all", "Those with names too", 'a'), Option.Switch("force", "Do not ask", 'f'), Option.Many("filter", "NAME=VALUE", "label, label!, until")],
        Examples = [new("berth volume prune", "Those without names that no container uses")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
            Func<VolumeRecord, bool> filter = Filter(invocation, engine);
            long bytes = 0;
            // podman's prune takes those with names too, and says which before it asks.
            bool takesNamed = invocation.Has("all") || session.Role == Role.Podman;
            if (session.Role == Role.Podman && !invocation.Has("force") && !Agrees(session, engine, filter)) return 0;
            IReadOnlyList<VolumeRecord> gone = engine.Volumes.Prune(volume =>
            {
                bool isMeant = (volume.IsAnonymous || takesNamed) && filter(volume);
                if (isMeant) bytes += EngineVolumes.Measure(volume);
                return isMeant;
            });
            if (session.Role == Role.Podman)
            {
                foreach (VolumeRecord volume in gone) session.Out.WriteLine(volume.Name);
                return 0;
            }
            if (gone.Count > 0) session.Out.WriteLine("Deleted Volumes:");
            foreach (VolumeRecord volume in gone) session.Out.WriteLine(volume.Name);
            session.Out.WriteLine();
            session.Out.WriteLine($"Total reclaimed space: {Words.Size(bytes)}");
            return 0;
        },
    };

    private static bool Agrees(Session session, Engine.Engine engine, Func<VolumeRecord, bool> filter)
    {
        HashSet<string> used = Used(engine);
        session.Out.WriteLine("WARNING! This will remove all volumes not used by at least one container. The following volumes will be removed:");
        foreach (VolumeRecord volume in engine.Volumes.List().Where(volume => !used.Contains(volume.Name) && filter(volume))) session.Out.WriteLine(volume.Name);
        session.Out.Flush();
        return SecretInput.AskLine(session, "Are you sure you want to continue? [y/N] ").Trim() is "y" or "Y";
    }

    private static HashSet<string> Used(Engine.Engine engine) => [.. engine.Containers.List().SelectMany(static container => container.Record.Settled.Mounts).Where(static mount => mount.Volume is not null).Select(static mount => mount.Volume!)];

    private static Command Exists() => new()
    {
        Usage = "VOLUME",
        Least = 1,
        Most = 1,
        Offers = Offer.Volumes,
        Examples = [new("berth volume exists data || berth volume create data", "By the exit code: 0, or 1")],
        Run = static async invocation => (await invocation.Session.EngineAsync().ConfigureAwait(false)).Volumes.TryFind(invocation.Arguments[0])?.Name == invocation.Arguments[0] ? 0 : 1,
    };

    private static Value Row(VolumeRecord volume) => Value.Record.Of(
        Member.Of("Availability", "N/A"),
        Member.Of("Driver", volume.Spec.Driver),
        Member.Of("Group", "N/A"),
        Member.Of("Labels", string.Join(',', volume.Spec.Labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={pair.Value}"))),
        Member.Of("Links", "N/A"),
        Member.Of("Mountpoint", volume.Path),
        Member.Of("Name", volume.Name),
        Member.Of("Scope", "local"),
        Member.Of("Size", "N/A"),
        Member.Of("Status", "N/A"));

    private static Func<VolumeRecord, bool> Filter(Invocation invocation, Engine.Engine engine)
    {
        List<Func<VolumeRecord, bool>> conditions = [];
        foreach (string text in invocation.All("filter"))
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals > 1 && text[equals - 1] == '!') equals = text.IndexOf('=', equals);
            if (equals <= 0) throw new BerthException(Fault.InvalidArgument, $"'{text}' is no filter", $"write NAME=VALUE with one of {Filters}");
            conditions.Add(One(text[..equals], text[(equals + 1)..], invocation, engine));
        }
        return volume => conditions.TrueForAll(condition => condition(volume));
    }

    private static Func<VolumeRecord, bool> One(string name, string value, Invocation invocation, Engine.Engine engine)
    {
        switch (name)
        {
            case "name":
                PosixPattern pattern = ContainerFilter.Pattern(value);
                return volume => pattern.Matches(volume.Name);
            case "driver": return volume => volume.Spec.Driver == value;
            case "scope": return _ => value == "local";
            case "anonymous": return volume => volume.IsAnonymous == value is "true" or "1";
            case "label": return volume => HasLabel(volume, value);
            case "label!": return volume => !HasLabel(volume, value);
            case "until":
                DateTimeOffset until = ImageFilter.Time(value, invocation.Session.Clock.GetUtcNow());
                return volume => volume.Created < until;
            case "dangling":
                HashSet<string> used = Used(engine);
                return volume => used.Contains(volume.Name) != (value is "true" or "1");
            default: throw new BerthException(Fault.InvalidArgument, $"the filter '{name}' is unknown", $"there are {Filters}");
        }
    }

    private static bool HasLabel(VolumeRecord volume, string value)
    {
        int equals = value.IndexOf('=', StringComparison.Ordinal);
        return volume.Spec.Labels.TryGetValue(equals < 0 ? value : value[..equals], out string? there) && (equals < 0 || there == value[(equals + 1)..]);
    }

    private static Dictionary<string, string> Pairs(IReadOnlyList<string> texts, string what)
    {
        Dictionary<string, string> pairs = [];
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0 || text.Length == 0) throw new BerthException(Fault.InvalidArgument, $"--{what} wants NAME=VALUE, not '{text}'");
            pairs[equals < 0 ? text : text[..equals]] = equals < 0 ? "" : text[(equals + 1)..];
        }
        return pairs;
    }
}
