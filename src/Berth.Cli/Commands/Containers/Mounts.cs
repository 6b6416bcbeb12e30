// mount, unmount: the files of containers as a folder of the host.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verbs.</summary>
internal static class Mounts
{
    /// <summary>mount.</summary>
    public static Command Mount() => new()
    {
        Usage = "[CONTAINER...]",
        About = "Prints where the files are; without a name, what is mounted. Whoever mounts twice unmounts twice. The container may run, and may be started meanwhile.",
        Offers = Offer.Containers,
        Options = [Option.Switch("all", "All containers", 'a'), Option.Switch("latest", "The one that was made last", 'l'), Option.With("format", "FORMAT", "json, or a Go template for each"), Option.Ignored("notruncate")],
        Examples = [new("ls $(berth mount web)", "Look into one"), new("berth mount", "What is mounted")],
        Run = MountAsync,
    };

    /// <summary>unmount.</summary>
    public static Command Unmount() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Options = [Option.Switch("all", "All that are mounted", 'a'), Option.Switch("latest", "The one that was made last", 'l'), Option.Switch("force", "However often it was mounted", 'f')],
        Examples = [new("berth unmount web", "Take the mount away, if nobody else has asked for it")],
        Run = UnmountAsync,
    };

    private static async Task<int> MountAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineContainers containers = (await session.EngineAsync().ConfigureAwait(false)).Containers;
        if (invocation.Arguments.Count == 0 && !invocation.Has("all") && !invocation.Has("latest"))
        {
            List<Container> mounted = [.. containers.List().Where(static container => container.MountPoint is not null)];
            if (invocation.Find("format") is { } format) Report.Write(session.Out, format, mounted.Select(static container => (Value)Value.Record.Of(Member.Of("id", container.Id), Member.Of("Names", new[] { container.Name }), Member.Of("mountpoint", container.MountPoint!))));
            else foreach (Container container in mounted) session.Out.WriteLine($"{container.Id[..12]}  {container.MountPoint}");
            return 0;
        }
        invocation.RefuseBriefMounts();
        int code = 0;
        List<(string Said, Container? Container, BerthException? Fault)> chosen = Chosen.Of(invocation, containers, null, mayBeNone: false);
        foreach ((string _, Container? container, BerthException? fault) in chosen)
        {
            try
            {
                string path = await (container ?? throw fault!).MountAsync(session.Ending).ConfigureAwait(false);
                session.Out.WriteLine(chosen.Count == 1 ? path : $"{container.Id[..12]}  {path}");
            }
            catch (BerthException e)
            {
                code = Math.Max(code, Failure.Say(session, invocation.Path, e));
            }
        }
        return code;
    }

    private static async Task<int> UnmountAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineContainers containers = (await session.EngineAsync().ConfigureAwait(false)).Containers;
        invocation.RefuseBriefMounts();
        int code = 0;
        foreach ((string said, Container? container, BerthException? fault) in Chosen.Of(invocation, containers, static container => container.MountPoint is not null, mayBeNone: false))
        {
            try
            {
                if (container is null) throw fault!;
                if (!container.Unmount(invocation.Has("force"))) throw new BerthException(Fault.WrongState, $"container {container.Name} is not mounted", "berth mount lists those that are");
                session.Out.WriteLine(said);
            }
            catch (BerthException e)
            {
                code = Math.Max(code, Failure.Say(session, invocation.Path, e));
            }
        }
        return code;
    }
}
