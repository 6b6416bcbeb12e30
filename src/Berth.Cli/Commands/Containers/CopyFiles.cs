// cp: files into containers, out of them and between them.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Linux.Terminals;
using Berth.Oci.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class CopyFiles
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "CONTAINER:PATH|PATH|- CONTAINER:PATH|PATH|-",
        About = """
            A folder goes into a folder that is there, and becomes one that is not; of 'folder/.' what is in it goes there. A file gets the name that is said, or goes into a folder that is there.
            '-' is an archive of tar. A path that begins with / or . is the host's, also with a colon in it. The container may run, be paused or have ended.
            What is copied into a container belongs to its root, and what comes out to whoever copies it; with -a the numbers of its owners stay, as they are in the container, and its attributes (podman's -a gives it to the container's user).
            Device nodes and sockets are left out.
            """,
        Least = 2,
        Most = 2,
        Offers = Offer.Files,
        Options =
        [
            Option.Switch("archive", "Keep owners and attributes", 'a'), Option.Switch("follow-link", "Copy what a link leads to that is named as source", 'L'),
            Option.Switch("quiet", "Do not say what was copied", 'q'), Option.Switch("overwrite", "A folder may take the place of a file, and a file that of a folder"),
            // podman's older word for what always is so.
            Option.Ignored("pause"), Option.Ignored("extract"),
        ],
        Examples =
        [
            new("berth cp site/. web:/usr/share/nginx/html", "What is in a folder"), new("berth cp web:/etc/nginx .", "A folder, with its name"),
            new("berth cp web:/var/log - | tar t", "As an archive"), new("berth cp one:/data two:/data", "From one to another"),
        ],
        Run = RunAsync,
    };

    /// <summary>Container and path of an argument; no container: a path of the host.</summary>
    internal static (string? Container, string Path) Split(string argument)
    {
        if (argument.StartsWith('/') || argument.StartsWith('.')) return (null, argument);
        int colon = argument.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 || argument.AsSpan(0, colon).Contains('/') ? (null, argument) : (argument[..colon], argument[(colon + 1)..]);
    }

    // docker begins at the root, podman at the working folder.
    private static CopyEnd.Inside Inside(Session session, Container container, string path) =>
        new(container, session.Role == Role.Podman && !path.StartsWith('/') && container.Record.Settled.WorkingFolder is { Length: > 1 } folder ? $"{folder}/{path}" : path);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        (string? fromName, string fromPath) = Split(invocation.Arguments[0]);
        (string? toName, string toPath) = Split(invocation.Arguments[1]);
        bool isInput = fromName is null && fromPath is "-" or "/dev/stdin", isOutput = toName is null && toPath is "-" or "/dev/stdout";
        if (fromName is null && toName is null) throw new BerthException(Fault.InvalidArgument, "must specify at least one container source", $"a container's path is written NAME:PATH; {Help.UsageOf(invocation.Command, invocation.Path)}");
        if (isOutput && Terminal.Is(1)) throw new BerthException(Fault.InvalidArgument, "an archive is not written to a terminal", "redirect it, or pipe it into tar");
        if (isInput && Terminal.Is(0)) throw new BerthException(Fault.InvalidArgument, "an archive is not read from a terminal", "pipe it in");
        EngineContainers containers = (await session.EngineAsync().ConfigureAwait(false)).Containers;
        CopyEnd from = fromName is not null ? Inside(session, containers.Find(fromName), fromPath) : isInput ? new CopyEnd.Archive(Standard(0, FileAccess.Read)) : new CopyEnd.Host(fromPath);
        CopyEnd to = toName is not null ? Inside(session, containers.Find(toName), toPath) : isOutput ? new CopyEnd.Archive(Standard(1, FileAccess.Write)) : new CopyEnd.Host(toPath);
        FileCopyReport report = await containers.CopyAsync(from, to, new FileCopyOptions
        {
            KeepsOwners = invocation.Has("archive"),
            FollowsLink = invocation.Has("follow-link"),
            Overwrites = invocation.Has("overwrite"),
        }, session.Ending).ConfigureAwait(false);
        foreach (string what in report.LeftOut) session.Warn(what);
        if (!invocation.Has("quiet") && session.Role != Role.Podman && !isInput && !isOutput) session.Error.WriteLine($"Successfully copied {Words.Size(report.Bytes)} to {invocation.Arguments[1]}");
        return 0;
    }

    private static FileStream Standard(int number, FileAccess access) => new(new SafeFileHandle(number, ownsHandle: false), access, 0);
}
