// volume export, import, mount, unmount: the files of volumes, without a container.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Volumes;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Cli.Commands.Volumes;

/// <summary>The verbs.</summary>
internal static class VolumeFiles
{
    /// <summary>volume export.</summary>
    public static Command Export() => new()
    {
        Usage = "VOLUME",
        About = "With the numbers of its owners. Device nodes and sockets are left out.",
        Least = 1,
        Most = 1,
        Offers = Offer.Volumes,
        Options = [Option.File("output", "FILE", "Write there", 'o')],
        Examples = [new("berth volume export data | ssh host berth volume import data -", "To another host"), new("berth volume export -o data.tar data", "Into a file")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            VolumeRecord volume = Folder(engine, invocation.Arguments[0]);
            if (invocation.Find("output") is not ({ } output and not ("-" or "/dev/stdout")))
            {
                if (Terminal.Is(1)) throw new BerthException(Fault.InvalidArgument, "an archive is not written to a terminal", "redirect it, or write --output FILE");
                await using FileStream standard = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, 0);
                await PackAsync(invocation, engine, volume, standard).ConfigureAwait(false);
                return 0;
            }
            await using FileStream file = new(output, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 });
            await PackAsync(invocation, engine, volume, file).ConfigureAwait(false);
            return 0;
        },
    };

    /// <summary>volume import.</summary>
    public static Command Import() => new()
    {
        Usage = "VOLUME [FILE]",
        About = "What is in the volume already stays, unless the archive has it too. Without FILE, or with -, the archive is read from standard input.",
        Least = 1,
        Most = 2,
        Offers = Offer.Volumes,
        Examples = [new("berth volume import data data.tar", "What export has written")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            VolumeRecord volume = Folder(engine, invocation.Arguments[0]);
            string path = invocation.Arguments.Count > 1 ? invocation.Arguments[1] : "-";
            await using FileStream tar = path == "-" ? new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, 0) : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
            FileCopyReport report = await engine.Containers.CopyAsync(new CopyEnd.Archive(tar), new CopyEnd.Host(volume.Path), new FileCopyOptions { KeepsOwners = true, Overwrites = true }, invocation.Session.Ending).ConfigureAwait(false);
            foreach (string what in report.LeftOut) invocation.Session.Warn(what);
            return 0;
        },
    };

    /// <summary>volume mount.</summary>
    public static Command Mount() => new()
    {
        Usage = "VOLUME...",
        About = "The files of a volume of the engine are at one place as long as it is there; it is printed.",
        Least = 1,
        Offers = Offer.Volumes,
        Examples = [new("ls $(berth volume mount data)", "What is in it")],
        Run = static async invocation =>
        {
            invocation.RefuseBriefMounts();
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            foreach (string name in invocation.Arguments) invocation.Session.Out.WriteLine(Folder(engine, name).Path);
            return 0;
        },
    };

    /// <summary>volume unmount.</summary>
    public static Command Unmount() => new()
    {
        Usage = "VOLUME...",
        About = "For scripts that call mount; there is nothing to be taken away.",
        Least = 1,
        Offers = Offer.Volumes,
        Examples = [new("berth volume unmount data", "Prints its name")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            foreach (string name in invocation.Arguments) invocation.Session.Out.WriteLine(Folder(engine, name).Name);
            return 0;
        },
    };

    private static async Task PackAsync(Invocation invocation, Engine.Engine engine, VolumeRecord volume, Stream to)
    {
        FileCopyReport report = await engine.Containers.CopyAsync(new CopyEnd.Host(volume.Path + "/."), new CopyEnd.Archive(to), new FileCopyOptions { KeepsOwners = true }, invocation.Session.Ending).ConfigureAwait(false);
        foreach (string what in report.LeftOut) invocation.Session.Warn(what);
    }

    // A volume with options of mount(8) is mounted in containers alone: its folder here is empty.
    private static VolumeRecord Folder(Engine.Engine engine, string name) => engine.Volumes.Find(name) is { Spec.Options: var options } volume && (options.Count == 0 || !options.Keys.Any(static option => option is "type" or "device" or "o")) ? volume
        : throw new BerthException(Fault.Unsupported, $"volume {name} is mounted while containers use it only: it was made with options of mount(8)", "look at it in a container: berth run --rm -v NAME:/data IMAGE");
}
