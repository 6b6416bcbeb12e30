// diff, export, commit: a container's files as a whole.
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Images;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Linux.Terminals;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Records;
using Microsoft.Win32.SafeHandles;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verbs.</summary>
internal static class Contents
{
    /// <summary>diff.</summary>
    public static Command Diff() => new()
    {
        Usage = "CONTAINER|IMAGE",
        About = "A: added; C: changed; D: deleted. Of an image, by its topmost layer.",
        Most = 1,
        Offers = Offer.Containers,
        Options = [ImageDiff.Format, Option.Switch("latest", "The one that was made last", 'l')],
        Examples = [new("berth diff web", "What was written in it")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            if (invocation.Arguments.Count == 1 && engine.Containers.TryFind(invocation.Arguments[0]) is null && TryFind(engine, invocation.Arguments[0]) is { } image)
            {
                ImageDiff.Write(invocation, engine.Snapshots.Diff(image, invocation.Session.Ending));
                return 0;
            }
            ImageDiff.Write(invocation, await One(invocation, engine).DiffAsync(invocation.Session.Ending).ConfigureAwait(false));
            return 0;
        },
    };

    /// <summary>export.</summary>
    public static Command Export() => new()
    {
        Usage = "CONTAINER",
        About = "Without what is mounted in it.",
        Least = 1,
        Most = 1,
        Offers = Offer.Containers,
        Options = [Option.File("output", "FILE", "Write there", 'o')],
        Examples = [new("berth export web | berth import - web:flat", "An image of one layer"), new("berth export -o web.tar web", "A file that is there when it is whole")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            Container container = One(invocation, await session.EngineAsync().ConfigureAwait(false));
            if (invocation.Find("output") is not ({ } output and not ("-" or "/dev/stdout")))
            {
                if (Terminal.Is(1)) throw new BerthException(Fault.InvalidArgument, "an archive is not written to a terminal", "redirect it, or write --output FILE");
                await using FileStream standard = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, 0);
                await container.ExportAsync(standard, session.Ending).ConfigureAwait(false);
                return 0;
            }
            // Always the same name: what is left of one that was killed is written over by the next.
            string part = output + ".part";
            try
            {
                await using (FileStream file = new(part, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 })) await container.ExportAsync(file, session.Ending).ConfigureAwait(false);
                File.Move(part, output, overwrite: true);
            }
            catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException)
            {
                throw new BerthException(Fault.NotFound, $"cannot write {output}: {e.Message}", inner: e);
            }
            finally
            {
                File.Delete(part);
            }
            return 0;
        },
    };

    /// <summary>commit.</summary>
    public static Command Commit() => new()
    {
        Usage = "CONTAINER [NAME[:TAG]]",
        About = "What was written in the container becomes a layer above its image; the new image starts as the container did. One that runs stands still meanwhile, unless --pause=false.",
        Least = 1,
        Most = 2,
        Offers = Offer.Containers,
        Options =
        [
            Option.With("author", "NAME", "Who made it", 'a'), Option.With("message", "TEXT", "Say this of it in the history", 'm'),
            Option.Many("change", "INSTRUCTION", "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR of a Dockerfile", 'c'),
            Option.Switch("pause", "Let it stand still meanwhile (true)", 'p'), Option.Switch("quiet", "Say nothing but the id", 'q'),
            Option.With("format", "FORMAT", "oci or docker", 'f') with { Words = ["oci", "docker"] }, Option.File("iidfile", "FILE", "Write the image's id there"),
            Option.Switch("squash", "One layer of all files", 's'), Option.Switch("include-volumes", "Its volumes become volumes of the image"),
        ],
        Examples = [new("berth commit web web:fixed", "An image of what it is now"), new("berth commit -c 'CMD [\"nginx\"]' -m 'by hand' web web:2", "With another command")],
        Run = CommitAsync,
    };

    private static async Task<int> CommitAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        List<string> changes = invocation.All("change");
        if (session.Role == Role.Podman && invocation.Find("message") is not null && invocation.Find("format") != "docker") throw new BerthException(Fault.InvalidArgument, "messages are only compatible with the docker image format (-f docker)");
        CommitSpec spec = new()
        {
            Name = invocation.Arguments.Count > 1 ? Images.ImageNames.ForLocal(session, invocation.Arguments[1]) : null,
            Author = invocation.Find("author"),
            Message = invocation.Find("message"),
            Pauses = invocation.Truth("pause") ?? true,
            Format = invocation.Find("format") switch { null or "" or "oci" => ImageFormat.Oci, "docker" => ImageFormat.Docker, string other => throw Quantities.Wrong("format", "oci or docker", other) },
            IsSquashed = invocation.Has("squash"),
            IncludesVolumes = invocation.Has("include-volumes"),
            Change = changes.Count == 0 ? null : config => Changes.Apply(config, changes),
        };
        // A change that is none is said before anything is made.
        Changes.Apply(new Oci.ImageSpec.ContainerConfig(), changes);
        StoredImage image = await One(invocation, await session.EngineAsync().ConfigureAwait(false)).CommitAsync(spec, session.Ending).ConfigureAwait(false);
        if (invocation.Find("iidfile") is { } file) await File.WriteAllTextAsync(file, image.Id.ToString(), session.Ending).ConfigureAwait(false);
        session.Out.WriteLine(Images.ImageNames.Id(session, image.Id));
        return 0;
    }

    private static Container One(Invocation invocation, Engine.Engine engine)
    {
        if (invocation.Arguments.Count > 0) return engine.Containers.Find(invocation.Arguments[0]);
        // --latest.
        (string _, Container? container, BerthException? fault) = Chosen.Of(invocation, engine.Containers, null, mayBeNone: false)[0];
        return container ?? throw fault!;
    }

    private static StoredImage? TryFind(Engine.Engine engine, string name)
    {
        try
        {
            return engine.Images.Find(name);
        }
        catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.InvalidArgument)
        {
            return null;
        }
    }
}
