// sync: all tags of a repository, or all images of a folder, to a registry or a folder; as skopeo's.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Progress;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Images.Copying;
using Berth.Oci.Faults;
using Berth.Oci.References;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Sync
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "SOURCE DESTINATION",
        About = "From a registry, a name without a tag means all its tags. In a folder, each image is a folder NAME:TAG as dir: has it.",
        Least = 2,
        Most = 2,
        Offers = Offer.Files,
        Options =
        [
            Option.With("src", "docker|dir", "What the source is", 's') with { Words = ["docker", "dir"] },
            Option.With("dest", "docker|dir", "What the destination is", 'd') with { Words = ["docker", "dir"] },
            Option.Switch("all", "Copy all images of an index", 'a'),
            Option.Switch("scoped", "Keep registry and path of the source in names at the destination"),
            Option.With("append-suffix", "TEXT", "Put this behind each tag at the destination"),
            Option.Switch("dry-run", "Only say what would be copied"),
            Option.Switch("keep-going", "Go on with the next image when one fails"),
            Option.Switch("preserve-digests", "Fail rather than change anything that a digest names"),
            Option.File("digestfile", "FILE", "Write digests and names of the copies to this file"),
            Option.With("retry-times", "N", "Begin an image anew so often when it fails for a reason that may pass"),
            Option.With("retry-delay", "TIME", "Wait so long before that"),
            Option.Switch("quiet", "Say nothing", 'q'),
            Copy.FormFlags[0], Display.Flag,
            .. AccessFlags.Table("src-", "the source"), .. AccessFlags.Table("dest-", "the destination"),
            Option.File("authfile", "FILE", "File with credentials of both"), Option.Ignored("tls-verify") with { IsMany = false },
            .. Copy.Signing,
        ],
        Examples =
        [
            new("berth sync --src docker --dest dir registry.example/busybox /media/usb", "All tags into folders"),
            new("berth sync --src dir --dest docker /media/usb my.registry/mirror", "And from there into another registry"),
            new("berth sync --src docker --dest docker --all --scoped --dry-run a.example/x b.example", "What would be copied, and under which names"),
        ],
        Run = RunAsync,
    };

    private sealed record Item(ImagePlace Source, string Suffix);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        (string from, string to) = (Kind(invocation, "src"), Kind(invocation, "dest"));
        if (from == "dir" && to == "dir") throw new BerthException(Fault.InvalidArgument, "a folder is not synchronized with a folder", "copy it with cp -a");
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        (AccessOptions source, AccessOptions destination) = (AccessFlags.Read(invocation, "src-"), AccessFlags.Read(invocation, "dest-"));
        IReadOnlyList<Item> items = from == "dir" ? InFolder(invocation.Arguments[0]) : await InRegistryAsync(session, images, invocation.Arguments[0], source).ConfigureAwait(false);
        List<string> digests = [];
        int failed = 0;
        foreach (Item item in items)
        {
            ImagePlace target = TargetOf(invocation, item, to);
            if (invocation.Has("dry-run"))
            {
                session.Out.WriteLine($"{item.Source} would be copied to {target}");
                continue;
            }
            if (!invocation.Has("quiet")) session.Error.WriteLine($"{item.Source} -> {target}");
            session.Error.Flush();
            CopyRequest request = Copy.Form(invocation, new CopyRequest
            {
                Source = item.Source, Destination = target, SourceAccess = source, DestinationAccess = destination,
                Which = invocation.Has("all") ? WhichImages.All : WhichImages.One,
                Platform = session.Globals.Platform,
                PreserveDigests = invocation.Has("preserve-digests"),
                WholeRetries = invocation.Number("retry-times") ?? 0,
                RetryDelay = invocation.Find("retry-delay") is { } delay ? Words.ParseSpan(delay) : null,
            });
            try
            {
                using Display display = Display.For(invocation);
                digests.Add($"{(await images.CopyAsync(request, display, session.Ending).ConfigureAwait(false)).Digest} {target}");
            }
            catch (BerthException e) when (invocation.Has("keep-going"))
            {
                session.Warn($"{item.Source}: {e.Sentence}");
                failed++;
            }
        }
        if (invocation.Find("digestfile") is { } file) await File.WriteAllLinesAsync(file, digests).ConfigureAwait(false);
        if (failed > 0) throw new BerthException(Fault.Failed, $"{failed} of {items.Count} images could not be copied");
        return 0;
    }

    private static string Kind(Invocation invocation, string option) => invocation.Find(option) switch
    {
        "docker" => "docker",
        "dir" => "dir",
        null => throw new BerthException(Fault.InvalidArgument, $"--{option} is missing", $"write --{option} docker or --{option} dir"),
        "yaml" when option == "src" => throw new BerthException(Fault.Unsupported, "--src yaml is not supported: lists in YAML are not read", "sync each repository of the list by itself"),
        { } other => throw new BerthException(Fault.InvalidArgument, $"--{option} is docker or dir, not '{other}'"),
    };

    private static ImagePlace TargetOf(Invocation invocation, Item item, string kind)
    {
        string suffix = invocation.Has("scoped") ? item.Suffix : item.Suffix[(item.Suffix.LastIndexOf('/') + 1)..];
        string path = $"{invocation.Arguments[1].TrimEnd('/')}/{suffix.TrimStart('/')}{invocation.Find("append-suffix")}";
        if (kind == "dir") return ImagePlace.Parse($"dir:{path}");
        if (!ImageReference.TryParse(path, out _)) throw new BerthException(Fault.InvalidArgument, $"'{item.Source}' would be called '{path}', which is no name of an image");
        return ImagePlace.Parse($"docker://{path}");
    }

    private static async Task<IReadOnlyList<Item>> InRegistryAsync(Session session, EngineImages images, string text, AccessOptions access)
    {
        ImageName name = ImageName.Parse(text);
        ImageReference reference = ImageReference.Parse(text);
        if (name.Tag is not null || !name.Digest.IsEmpty) return [new Item(ImagePlace.Parse($"docker://{reference}"), reference.ToString())];
        IReadOnlyList<string> tags = await images.ListTagsAsync(ImagePlace.Parse($"docker://{reference.Name}"), access, session.Ending).ConfigureAwait(false);
        if (tags.Count == 0) throw new BerthException(Fault.NotFound, $"{reference.Name} has no tags");
        return [.. tags.Select(tag => new Item(ImagePlace.Parse($"docker://{reference.Name}:{tag}"), $"{reference.Name}:{tag}"))];
    }

    private static IReadOnlyList<Item> InFolder(string folder)
    {
        string root = Path.GetFullPath(folder);
        if (!Directory.Exists(root)) throw new BerthException(Fault.NotFound, $"{folder} is no folder");
        if (File.Exists(Path.Combine(root, "manifest.json"))) return [new Item(ImagePlace.Parse($"dir:{root}"), Path.GetFileName(root))];
        Item[] items = [.. Directory.EnumerateFiles(root, "manifest.json", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Select(static file => Path.GetDirectoryName(file)!).Order(StringComparer.Ordinal).Select(path => new Item(ImagePlace.Parse($"dir:{path}"), path[root.Length..]))];
        return items.Length > 0 ? items : throw new BerthException(Fault.NotFound, $"{folder} has no images as dir: has them");
    }
}
