// start, stop, restart, kill, rm, pause, unpause, wait, rename: what is done to containers that are there.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verbs.</summary>
internal static class Lifecycle
{
    private const int Kill = 9;

    /// <summary>init.</summary>
    public static Command Initialize() => new()
    {
        Usage = "CONTAINER...",
        About = "Namespaces, mounts and network of a container are made, and its process waits: what is to be looked at or changed before its program runs can be. start lets it go on; stop, kill and rm end it.",
        Offers = Offer.Containers,
        Options = [.. Chosen.Flags],
        Examples = [new("berth init web", "All but its program is there"), new("berth start web", "That is started now")],
        Run = static invocation => EachAsync(invocation, "init", static container => container.Observe() is { IsAlive: false, Status: not ContainerStatus.Restarting }, static container => container.InitializeAsync()),
    };

    /// <summary>stop.</summary>
    public static Command Stop() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Options = [Option.With("time", "SECONDS", "Kill it when it has not ended by then; -1: never", 't'), Option.With("timeout", "SECONDS", "The same"), Option.With("signal", "SIGNAL", "Another signal than its own", 's'), Option.Switch("ignore", "It is no fault when there is none", 'i'), .. Chosen.Flags],
        Examples = [new("berth stop web", "Its stop signal, and SIGKILL after ten seconds"), new("berth stop -t 1 --all", "All that run, in a hurry")],
        Run = invocation => EachAsync(invocation, "stop", static container => container.Observe() is { IsAlive: true } or { Status: ContainerStatus.Restarting }, async container =>
        {
            if (SignalOf(invocation) is { } signal && container.Observe().IsAlive)
            {
                await container.KillAsync(signal).ConfigureAwait(false);
            }
            TimeSpan grace = GraceOf(invocation) ?? TimeSpan.FromSeconds(container.Record.Spec.StopTimeout ?? 10);
            await container.StopAsync(GraceOf(invocation)).ConfigureAwait(false);
            if (invocation.Session.Role == Role.Podman && grace != TimeSpan.Zero) WarnOfKill(invocation.Session, container, grace);
        }, ignoreMissing: invocation.Has("ignore")),
    };

    // What did not end by its own signal: podman says so.
    private static void WarnOfKill(Session session, Container container, TimeSpan grace)
    {
        const int Killed = 137;
        int signal = container.Record.Settled.StopSignal;
        if (signal == Kill || (session.Opened!.Containers.TryFind(container.Id)?.Record.Run)?.ExitCode != Killed) return;
        lock (session.Error) session.Warn($"StopSignal SIG{Linux.Processes.Signals.NameOf(signal)} failed to stop container {container.Name} in {(int)grace.TotalSeconds} seconds, resorting to SIGKILL");
    }

    /// <summary>restart.</summary>
    public static Command Restart() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Options = [Option.With("time", "SECONDS", "Kill it when it has not ended by then", 't'), Option.With("timeout", "SECONDS", "The same"), Option.With("signal", "SIGNAL", "Another signal than its own", 's'), Option.Switch("running", "Those that run only"), .. Chosen.Flags],
        Examples = [new("berth restart web", "Stop and start")],
        Run = invocation => EachAsync(invocation, "restart", container => !invocation.Has("running") || container.Observe().IsAlive, container => container.RestartAsync(GraceOf(invocation))),
    };

    /// <summary>kill.</summary>
    public static Command MakeKill() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Options = [Option.With("signal", "SIGNAL", "Name or number; KILL", 's'), .. Chosen.Flags],
        Examples = [new("berth kill web", "At once"), new("berth kill -s HUP web", "Another signal")],
        Run = invocation => EachAsync(invocation, "kill", static container => container.Observe().IsAlive, container => container.KillAsync(SignalOf(invocation) ?? Kill)),
    };

    /// <summary>rm.</summary>
    public static Command Remove() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Options =
        [
            Option.Switch("force", "Kill it if it runs; and it is no fault when there is none", 'f'),
            Option.Switch("volumes", "Remove its volumes without names too", 'v'),
            Option.Switch("ignore", "It is no fault when there is none", 'i'),
            Option.With("time", "SECONDS", "With --force: time to end by itself", 't'),
            Option.Ignored("link"), Option.Switch("depend", "Remove those that share its namespaces too"),
            .. Chosen.Flags,
        ],
        Examples = [new("berth rm web", "One that has ended"), new("berth rm -f $(berth ps -aq)", "All, whatever they do")],
        Run = invocation => EachAsync(invocation, "rm", null, container => RemoveAsync(invocation, container), ignoreMissing: invocation.Has("force") || invocation.Has("ignore")),
    };

    private static async Task RemoveAsync(Invocation invocation, Container container)
    {
        List<Container> sharing = Sharing(invocation.Session.Opened!.Containers, container);
        // docker takes a network away from under those who share it; podman does not.
        if (sharing.Count > 0 && !invocation.Has("depend") && !invocation.Has("all") && invocation.Session.Role == Role.Podman) throw new BerthException(Fault.InvalidArgument, $"container {container.Id} has dependent containers which must be removed before it: {string.Join(", ", sharing.Select(static one => one.Id))}: container already exists");
        foreach (Container one in invocation.Has("depend") ? sharing : [])
        {
            await RemoveAsync(invocation, one).ConfigureAwait(false);
            lock (invocation.Session.Out) invocation.Session.Out.WriteLine(one.Id);
        }
        await container.RemoveAsync(invocation.Has("force"), invocation.Has("volumes"), GraceOf(invocation) ?? TimeSpan.Zero).ConfigureAwait(false);
    }

    /// <summary>Those that have namespaces of it.</summary>
    private static List<Container> Sharing(EngineContainers containers, Container container) => [.. containers.List().Where(one =>
    {
        NamespacesSpec spaces = one.Record.Spec.Namespaces;
        return one.Id != container.Id && one.Record.Spec.Connection.Networks.Select(static network => network.Network).Concat([spaces.Pid, spaces.Ipc, spaces.Uts, spaces.User, spaces.Cgroup])
            .Any(text => text.StartsWith("container:", StringComparison.Ordinal) && containers.TryFind(text[10..])?.Id == container.Id);
    })];

    /// <summary>pause.</summary>
    public static Command Pause() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Options = [.. Chosen.Flags],
        Examples = [new("berth pause web", "Its processes stand still")],
        Run = static invocation => EachAsync(invocation, "pause", static container => container.Observe().Status == ContainerStatus.Running, static container => container.PauseAsync()),
    };

    /// <summary>unpause.</summary>
    public static Command Unpause() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Options = [.. Chosen.Flags],
        Examples = [new("berth unpause web", "They go on")],
        Run = static invocation => EachAsync(invocation, "unpause", static container => container.Observe().Status == ContainerStatus.Paused, static container => container.ResumeAsync()),
    };

    /// <summary>wait.</summary>
    public static Command Wait() => new()
    {
        Usage = "CONTAINER...",
        Offers = Offer.Containers,
        Least = 1,
        Options = [Option.Switch("ignore", "Print -1 for one that is not there"), Option.Ignored("interval", "TIME", 'i'), Option.Ignored("condition", "STATE")],
        Examples = [new("berth wait job", "Prints its exit code when it has ended")],
        Run = static async invocation =>
        {
            EngineContainers containers = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Containers;
            foreach (string name in invocation.Arguments)
            {
                Container? container = invocation.Has("ignore") ? containers.TryFind(name) : containers.Find(name);
                int code = container is null ? -1 : await container.WaitAsync(invocation.Session.Ending).ConfigureAwait(false);
                invocation.Session.Out.WriteLine(code.ToString(CultureInfo.InvariantCulture));
                invocation.Session.Out.Flush();
            }
            return 0;
        },
    };

    /// <summary>rename.</summary>
    public static Command Rename() => new()
    {
        Usage = "CONTAINER NAME",
        Offers = Offer.Containers,
        Least = 2,
        Most = 2,
        Examples = [new("berth rename web old", "Another name")],
        Run = static async invocation =>
        {
            (await invocation.Session.EngineAsync().ConfigureAwait(false)).Containers.Find(invocation.Arguments[0]).Rename(invocation.Arguments[1]);
            return 0;
        },
    };

    /// <summary>container cleanup: what a shim executes when nobody waits.</summary>
    public static Command Cleanup() => new()
    {
        Usage = "CONTAINER...",
        About = "Takes away what containers leave that have ended while no program waited for them: mounts, networks, and themselves where they were run with --rm. A shim calls it; without a name it looks at all.",
        Offers = Offer.Containers,
        Examples = [new("berth container cleanup", "All that have ended")],
        Run = static async invocation =>
        {
            EngineContainers containers = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Containers;
            if (invocation.Arguments.Count == 0) await containers.SettleAsync().ConfigureAwait(false);
            foreach (string name in invocation.Arguments)
            {
                if (containers.TryFind(name) is { } container) await container.SettleAsync().ConfigureAwait(false);
            }
            return 0;
        },
    };

    /// <summary>container exists.</summary>
    public static Command Exists() => new()
    {
        Usage = "CONTAINER",
        Offers = Offer.Containers,
        Least = 1,
        Most = 1,
        Options = [Option.Ignored("external")],
        Examples = [new("berth container exists web && berth start web", "By the exit code: 0, or 1")],
        Run = static async invocation => (await invocation.Session.EngineAsync().ConfigureAwait(false)).Containers.TryFind(invocation.Arguments[0]) is null ? 1 : 0,
    };

    /// <summary>Does something to each container that was named, and prints what was done; faults of one do not keep the others.</summary>
    private static async Task<int> EachAsync(Invocation invocation, string verb, Func<Container, bool>? isMeant, Func<Container, Task> act, bool ignoreMissing = false)
    {
        Session session = invocation.Session;
        EngineContainers containers = (await session.EngineAsync().ConfigureAwait(false)).Containers;
        Task<BerthException?>[] doing = [.. Chosen.Of(invocation, containers, isMeant, verb == "rm" || ignoreMissing).Select(chosen => DoAsync(chosen))];
        int code = 0;
        foreach (Task<BerthException?> one in doing)
        {
            if (await one.ConfigureAwait(false) is { } fault) code = Math.Max(code, Failure.Say(session, invocation.Path, fault));
        }
        return code;

        async Task<BerthException?> DoAsync((string Said, Container? Container, BerthException? Fault) chosen)
        {
            if (chosen.Container is null) return ignoreMissing && chosen.Fault!.Kind == Fault.NotFound ? null : chosen.Fault;
            try
            {
                await act(chosen.Container).ConfigureAwait(false);
                lock (session.Out) session.Out.WriteLine(chosen.Said);
                return null;
            }
            catch (BerthException e)
            {
                return e;
            }
            catch (Linux.LinuxException e)
            {
                return new BerthException(Fault.Failed, $"cannot {verb} {chosen.Said}: {e.Message}", inner: e);
            }
        }
    }

    private static TimeSpan? GraceOf(Invocation invocation) => (invocation.Number("time") ?? invocation.Number("timeout")) is not { } seconds ? null
        : seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    private static int? SignalOf(Invocation invocation) => invocation.Find("signal") is { } word ? SignalWords.Parse(word) : null;
}
