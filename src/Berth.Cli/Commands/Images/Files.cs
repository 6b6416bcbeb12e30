// save, load, import: images in files.
using Berth.Cli.Arguments;
using Berth.Cli.Progress;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;
using Berth.Oci.References;
using Berth.Store.Records;
using Microsoft.Win32.SafeHandles;

namespace Berth.Cli.Commands.Images;

/// <summary>The verbs.</summary>
internal static class Files
{
    /// <summary>save.</summary>
    public static Command Save() => new()
    {
        Usage = "IMAGE...",
        About = "To standard output, or into a file that is there when it is whole.",
        Least = 1,
        Offers = Offer.Images,
        Options =
        [
            Option.File("output", "FILE", "Write there", 'o'),
            Option.With("format", "FORMAT", "docker-archive, oci-archive, oci-dir or docker-dir") with { Words = ["docker-archive", "oci-archive", "oci-dir", "docker-dir"] },
            Option.Switch("quiet", "Say nothing", 'q'), Display.Flag,
            // Several always can be.
            Option.Ignored("multi-image-archive", null, 'm'),
        ],
        Examples = [new("berth save -o debian.tar debian:12", "As docker save does"), new("berth save --format oci-archive debian:12 alpine | ssh host berth load", "Several, through a pipe")],
        Run = SaveAsync,
    };

    /// <summary>load.</summary>
    public static Command Load() => new()
    {
        About = "Reads archives of docker save, OCI layouts in archives or folders, and folders as dir: has them, compressed or not.",
        Most = 0,
        Options = [Option.File("input", "FILE", "Read this instead of standard input", 'i'), Option.Switch("quiet", "Say nothing but the names", 'q'), Display.Flag],
        Examples = [new("berth load -i debian.tar.gz", "From a file"), new("docker save debian | berth load", "From docker")],
        Run = LoadAsync,
    };

    /// <summary>import.</summary>
    public static Command Import() => new()
    {
        Usage = "FILE|- [NAME[:TAG]]",
        Least = 1,
        Most = 2,
        Offers = Offer.Files,
        Options =
        [
            Option.Many("change", "INSTRUCTION", "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR of a Dockerfile", 'c'),
            Option.With("message", "TEXT", "Say this of it in the history", 'm'),
            Option.With("platform", "OS/ARCH[/VARIANT]", "Where it runs"), Option.With("arch", "ARCH", "Its architecture"), Option.With("os", "OS", "Its system"), Option.With("variant", "VARIANT", "The variant of its architecture"),
            Option.Switch("quiet", "Say nothing but the id", 'q'),
        ],
        Examples = [new("berth import --change 'CMD [\"bash\"]' rootfs.tar.xz mine:1", "An image of a root file system"), new("tar -c . | berth import - mine:2", "From a pipe")],
        Run = ImportAsync,
    };

    private static async Task<int> SaveAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        string? output = invocation.Find("output");
        string format = invocation.Find("format") ?? "docker-archive";
        using Display display = Display.For(invocation);
        if (format is "oci-dir" or "docker-dir")
        {
            if (output is null || invocation.Arguments.Count > 1) throw new BerthException(Fault.InvalidArgument, $"--format {format} takes one image and --output");
            ImagePlace place = ImagePlace.Parse(format == "oci-dir" ? $"oci:{output}" : $"dir:{output}");
            await images.CopyAsync(new CopyRequest { Source = ImagePlace.Parse($"berth:{invocation.Arguments[0]}"), Destination = place }, display, session.Ending).ConfigureAwait(false);
            return 0;
        }
        SaveFormat kind = format switch
        {
            "docker-archive" => SaveFormat.DockerArchive,
            "oci-archive" => SaveFormat.OciArchive,
            _ => throw new BerthException(Fault.InvalidArgument, $"--format is docker-archive, oci-archive, oci-dir or docker-dir, not '{format}'"),
        };
        if (output is null or "-" or "/dev/stdout")
        {
            if (Terminal.Is(1)) throw new BerthException(Fault.InvalidArgument, "an archive is not written to a terminal", "redirect it, or write --output FILE");
            await using FileStream stream = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, 0);
            await images.SaveAsync(invocation.Arguments, stream, kind, display, session.Ending).ConfigureAwait(false);
            return 0;
        }
        string part = $"{output}.{Guid.NewGuid():N}.part";
        try
        {
            await using (FileStream stream = new(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 })) await images.SaveAsync(invocation.Arguments, stream, kind, display, session.Ending).ConfigureAwait(false);
            File.Move(part, output, overwrite: true);
        }
        finally { File.Delete(part); }
        return 0;
    }

    private static async Task<int> LoadAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        string? input = invocation.Find("input");
        if (input is null or "-" && Terminal.Is(0)) throw new BerthException(Fault.InvalidArgument, "an archive is not read from a terminal", "pipe it in, or write --input FILE");
        IReadOnlyList<(StoredImage Image, IReadOnlyList<ImageReference> Names)> loaded;
        using (Display display = Display.For(invocation))
        {
            if (input is null or "-")
            {
                using Spool spool = await Spool.OfStandardInputAsync(session.Ending).ConfigureAwait(false);
                loaded = await images.LoadAsync(spool.Path, display, session.Ending).ConfigureAwait(false);
            }
            else loaded = await images.LoadAsync(input, display, session.Ending).ConfigureAwait(false);
        }
        foreach ((StoredImage image, IReadOnlyList<ImageReference> names) in loaded)
        {
            foreach (ImageReference name in names) session.Out.WriteLine($"Loaded image: {name.Familiar}");
            if (names.Count == 0) session.Out.WriteLine($"Loaded image ID: {image.Id}");
        }
        return 0;
    }

    private static async Task<int> ImportAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        ImportOptions options = new()
        {
            Name = invocation.Arguments.Count > 1 ? ImageReference.Parse(ImageNames.ForLocal(session, invocation.Arguments[1])) : null,
            Message = invocation.Find("message"),
            Platform = Pull.PlatformOf(invocation),
            Config = Changes.Apply(new Oci.ImageSpec.ContainerConfig(), invocation.All("change")),
        };
        string path = invocation.Arguments[0];
        FileStream tar;
        try { tar = path == "-" ? new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, 0) : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0); }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { throw new BerthException(Fault.NotFound, $"{path} is not there", inner: e); }
        await using (tar.ConfigureAwait(false))
        {
            StoredImage image = await (await session.ImagesAsync().ConfigureAwait(false)).ImportAsync(tar, options, session.Ending).ConfigureAwait(false);
            session.Out.WriteLine(ImageNames.Id(session, image.Id));
        }
        return 0;
    }
}
