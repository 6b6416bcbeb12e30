// update: limits, restarts, health and variables of containers that are there.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class Update
{
    private static readonly string[] s_limits =
    [
        "blkio-weight", "blkio-weight-device", "cpu-period", "cpu-quota", "cpu-rt-period", "cpu-rt-runtime", "cpu-shares", "cpus", "cpuset-cpus", "cpuset-mems", "device-read-bps", "device-read-iops",
        "device-write-bps", "device-write-iops", "kernel-memory", "memory", "memory-reservation", "memory-swap", "memory-swappiness", "pids-limit",
    ];

    private static readonly string[] s_care = ["health-cmd", "health-interval", "health-on-failure", "health-retries", "health-start-interval", "health-start-period", "health-timeout", "no-healthcheck"];

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "CONTAINER...",
        About = "Limits and --restart hold at once in a container that runs; health checks and variables from its next start on.",
        Offers = Offer.Containers,
        Options = [.. RunOptions.Table(starts: false).Where(static option => s_limits.Contains(option.Name) || s_care.Contains(option.Name) || option.Name is "restart" or "env" or "unsetenv" || option.Name.StartsWith("health-", StringComparison.Ordinal)), Option.Switch("latest", "The one that was made last", 'l')],
        Examples = [new("berth update -m 1g --cpus 2 web", "More of both"), new("berth update --restart unless-stopped web", "Started again from now on")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        (List<string> set, List<string> removed) = VariableWords.Read(invocation);
        ContainerChanges changes = new()
        {
            Limits = Array.Exists(s_limits, name => invocation.Find(name) is not null) ? LimitWords.Read(invocation) : null,
            Restart = invocation.Find("restart") is { } restart ? HealthWords.Restart(restart) : null,
            Health = HealthWords.Read(invocation),
            Environment = set,
            EnvironmentRemoved = removed,
        };
        EngineContainers containers = (await session.EngineAsync().ConfigureAwait(false)).Containers;
        int code = 0;
        foreach ((string said, Container? container, BerthException? fault) in Chosen.Of(invocation, containers, null, mayBeNone: false))
        {
            try
            {
                if (container is null) throw fault!;
                await container.UpdateAsync(changes, session.Ending).ConfigureAwait(false);
                session.Out.WriteLine(said);
            }
            catch (BerthException e)
            {
                code = Math.Max(code, Failure.Say(session, invocation.Path, e));
            }
        }
        foreach (string warning in containers.TakeWarnings()) session.Warn(warning);
        return code;
    }
}
