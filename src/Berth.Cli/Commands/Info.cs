// info: where things are, and what is there.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Content;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Info
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Most = 0,
        Options = [Option.With("format", "FORMAT", "json, or a Go template", 'f')],
        Examples = [new("berth info", "Where the store is, and how much is in it"), new("berth info --format '{{.Store.Root}}'", "The folder alone")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
            ContainerStatus[] states = [.. engine.Containers.List().Select(static container => container.Observe().Status)];
            if (session.Role == Role.Podman)
            {
                if (invocation.Find("format") is null) session.Out.Write(ValueYaml.Write(PodmanInfo.Of(session, engine, states)));
                else Report.WriteOne(session.Out, invocation.Find("format") == "json" ? null : invocation.Find("format"), PodmanInfo.Of(session, engine, states));
                return 0;
            }
            int[] counts = new int[Enum.GetValues<ContainerStatus>().Length];
            foreach (ContainerStatus state in states) counts[(int)state]++;
            int running = counts[(int)ContainerStatus.Running] + counts[(int)ContainerStatus.Restarting], paused = counts[(int)ContainerStatus.Paused], stopped = counts[(int)ContainerStatus.Exited] + counts[(int)ContainerStatus.Configured] + counts[(int)ContainerStatus.Initialized];
            Value value = Value.Record.Of(
                Member.Of("Version", Version.Number),
                Member.Of("OsArch", Platform.Host.ToString()),
                Member.Of("Kernel", Environment.OSVersion.Version.ToString()),
                Member.Of("Rootless", !Engine.Rootless.UserSession.IsRoot),
                Member.Of("Containers", running + paused + stopped),
                Member.Of("ContainersRunning", running),
                Member.Of("ContainersPaused", paused),
                Member.Of("ContainersStopped", stopped),
                Member.Of("Images", engine.Images.List().Count),
                new Member("Store", Value.Record.Of(Member.Of("Root", engine.Images.Root), Member.Of("Driver", "overlay"), Member.Of("Images", engine.Images.List().Count), Member.Of("Snapshots", engine.Snapshots.Walk().Count))),
                new Member("Registries", Value.Record.Of(Member.Of("Search", engine.Images.SearchRegistries), Member.Of("AuthFile", engine.Images.AuthFile))),
                Member.Of("Transports", ImagePlaces.Shapes.Split(", ")));
            Report.WriteOne(session.Out, invocation.Find("format"), value);
            return 0;
        },
    };
}
