// The table of transports: how each is written, and what opens an image there.
using Berth.Images.Archives;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Oci.Faults;
using Berth.Oci.References;
using Berth.Store.ContainersStorage;

namespace Berth.Engine.Images;

/// <summary>What is needed to open an image somewhere.</summary>
/// <param name="Place">Where.</param>
/// <param name="Access">Registries there.</param>
/// <param name="Ends">Opens registries and the store.</param>
/// <param name="Relatives">Names by which registries know the image that will be written there.</param>
internal readonly record struct Opening(ImagePlace Place, AccessOptions Access, Ends Ends, IReadOnlyList<ImageReference>? Relatives = null);

/// <summary>A row.</summary>
internal sealed record Transport(string Name, string Shape)
{
    private static readonly Transport[] s_all =
    [
        new("docker", "docker://HOST/NAME[:TAG|@DIGEST]") { Slashes = true, Read = static at => at.Ends.Registry(at.Access).Source(ReferenceOf(at)), Write = static (at, _) => at.Ends.Registry(at.Access).Target(ReferenceOf(at), at.Relatives) },
        new("oci", "oci:FOLDER[:TAG]") { Read = static at => Layout(at).Source(at.Place.Split().Name), Write = static (at, _) => Layout(at).Target(at.Place.Split().Name) },
        new("oci-archive", "oci-archive:FILE[:TAG]") { Read = ReadOciArchive, Write = static (at, _) => FileTarget.OciArchive(at.Place.Split().Path, at.Place.Split().Name) },
        new("docker-archive", "docker-archive:FILE[:NAME[:TAG]]") { Read = ReadDockerArchive, TakesNames = true, Write = static (at, names) => FileTarget.DockerArchive(at.Place.Split().Path, AllNames(at.Place.Split().Name, names)) },
        new("dir", "dir:FOLDER") { Read = static at => new ImageFolder(at.Place.Rest).Source(), Write = static (at, _) => new ImageFolder(at.Place.Rest).Target() },
        new("berth", "berth:NAME[:TAG]") { Read = static at => at.Ends.Local(at.Place.Rest), Write = static (at, _) => at.Ends.LocalTarget(at.Place.Rest) },
        new("containers-storage", "containers-storage:[[overlay@ROOT]]NAME[:TAG]") { Read = ReadPodman },
        new("docker-daemon", "docker-daemon:NAME:TAG") { Refusal = "no daemon is asked", Cure = "have docker save the image, and copy docker-archive:FILE" },
        new("ostree", "ostree:NAME") { Refusal = "it is on its way out everywhere" },
        new("sif", "sif:FILE") { Refusal = "it is another kind of image" },
        new("tarball", "tarball:FILE") { Refusal = "a tar of files is no image yet", Cure = "berth import FILE NAME makes one of it" },
    ];

    /// <summary>The local store, which has no word.</summary>
    public static Transport Local { get; } = new("", "NAME[:TAG]") { Read = static at => at.Ends.Local(at.Place.Rest), Write = static (at, _) => at.Ends.LocalTarget(at.Place.Rest) };

    /// <summary>The words of those that work.</summary>
    public static string Names => string.Join(", ", s_all.Where(static transport => transport.Refusal is null).Select(static transport => transport.Name));

    /// <summary>How they are written.</summary>
    public static string Shapes => string.Join(", ", s_all.Where(static transport => transport.Refusal is null).Select(static transport => transport.Shape));

    /// <summary>Whether two slashes stand behind the colon.</summary>
    public bool Slashes { get; init; }

    /// <summary>Why it does not work.</summary>
    public string? Refusal { get; init; }

    /// <summary>What can be done instead.</summary>
    public string? Cure { get; init; }

    /// <summary>Opens an image to be read.</summary>
    public Func<Opening, IImageSource>? Read { get; private init; }

    /// <summary>Opens an image to be written, with more names for those that can hold several.</summary>
    public Func<Opening, IReadOnlyList<string>, IImageTarget>? Write { get; private init; }

    /// <summary>Whether it can hold several names for one image.</summary>
    public bool TakesNames { get; private init; }

    /// <summary>A row by its word.</summary>
    public static Transport? Find(string name) => Array.Find(s_all, transport => transport.Name == name);

    private static ImageReference ReferenceOf(Opening at) => ImageReference.Parse(at.Place.Rest);

    private static OciLayout Layout(Opening at) => new(at.Place.Split().Path, at.Access.SharedBlobFolder);

    private static OwningSource ReadOciArchive(Opening at)
    {
        (string path, string? name) = at.Place.Split();
        OciArchive archive = OciArchive.Open(path);
        return new OwningSource(archive.Source(name), archive);
    }

    private static OwningSource ReadDockerArchive(Opening at)
    {
        (string path, string? name) = at.Place.Split();
        DockerArchive archive = DockerArchive.Open(path);
        try { return new OwningSource(archive.Source(name), archive); }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <summary>podman writes <c>[overlay@/root+/run:options]name</c> where it means another store than the usual one.</summary>
    private static IImageSource ReadPodman(Opening at)
    {
        (string text, string? root) = (at.Place.Rest, null);
        if (text.StartsWith('[') && text.IndexOf(']') is > 0 and int end)
        {
            string inside = text[1..end];
            root = inside[(inside.IndexOf('@') + 1)..].Split('+', ':')[0];
            text = text[(end + 1)..];
        }
        root ??= Rootless.UserSession.IsRoot ? "/var/lib/containers/storage" : Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".local/share/containers/storage");
        return new PodmanStore(root).Source(text);
    }

    private static IReadOnlyList<ImageReference> AllNames(string? name, IReadOnlyList<string> more) =>
        [.. name is null ? [] : (IEnumerable<ImageReference>)[Tagged(name)], .. more.Select(Tagged)];

    private static ImageReference Tagged(string name)
    {
        ImageReference reference = ImageReference.Parse(name);
        return reference.Digest.IsEmpty ? reference : throw new BerthException(Fault.InvalidArgument, $"'{name}' has a digest, and an archive gives names with tags");
    }
}
