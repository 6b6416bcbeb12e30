// pod start, stop, restart, kill, pause, unpause, rm, prune, exists.
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Verbs;
using Berth.Engine.Pods;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Pods;

/// <summary>The verbs.</summary>
internal static class PodLifecycle
{
    private const int Kill = 9;

    /// <summary>start.</summary>
    public static Command Start() => Of("start", "berth pod start shop", "Its containers in the order in which they were made", [], static (_, pod) => pod.StartAsync());

    /// <summary>stop.</summary>
    public static Command Stop() => Of("stop", "berth pod stop -t 1 shop", "Its containers are stopped, and addresses and ports are let go",
        [Option.With("time", "SECONDS", "Kill a container that has not ended by then; -1: never", 't'), Option.Switch("ignore", "It is no fault when there is none", 'i')],
        static (invocation, pod) => pod.StopAsync(GraceOf(invocation)));

    /// <summary>restart.</summary>
    public static Command Restart() => Of("restart", "berth pod restart shop", "Stop and start", [Option.With("time", "SECONDS", "Kill a container that has not ended by then", 't')], static (invocation, pod) => pod.RestartAsync(GraceOf(invocation)));

    /// <summary>kill.</summary>
    public static Command MakeKill() => Of("kill", "berth pod kill -s HUP shop", "A signal to the first process of each container", [Option.With("signal", "SIGNAL", "Name or number; KILL", 's')],
        static (invocation, pod) => pod.KillAsync(invocation.Find("signal") is { } word ? SignalWords.Parse(word) : Kill));

    /// <summary>pause.</summary>
    public static Command Pause() => Of("pause", "berth pod pause shop", "Its processes stand still", [], static (_, pod) => pod.PauseAsync());

    /// <summary>unpause.</summary>
    public static Command Unpause() => Of("unpause", "berth pod unpause shop", "They go on", [], static (_, pod) => pod.ResumeAsync());

    /// <summary>rm.</summary>
    public static Command Remove() => Of("rm", "berth pod rm -f shop", "With all of its containers, whatever they do",
        [Option.Switch("force", "End containers that run; and it is no fault when there is none", 'f'), Option.Switch("ignore", "It is no fault when there is none", 'i'), Option.With("time", "SECONDS", "With --force: time to end by themselves", 't')],
        static (invocation, pod) => pod.RemoveAsync(invocation.Has("force"), GraceOf(invocation) ?? TimeSpan.Zero));

    /// <summary>prune.</summary>
    public static Command Prune() => new()
    {
        Most = 0,
        Options = [Option.Switch("force", "Do not ask", 'f')],
        Examples = [new("berth pod prune -f", "Those that have ended, with their containers")],
        Run = static async invocation =>
        {
            foreach (Pod pod in (await invocation.Session.EngineAsync().ConfigureAwait(false)).Pods.List())
            {
                if (pod.Observe().Status is not (PodStatus.Exited or PodStatus.Stopped)) continue;
                try
                {
                    await pod.RemoveAsync().ConfigureAwait(false);
                    invocation.Session.Out.WriteLine(pod.Id);
                }
                catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.WrongState)
                {
                    // Somebody was faster, or has started it.
                }
            }
            return 0;
        },
    };

    /// <summary>exists.</summary>
    public static Command Exists() => new()
    {
        Usage = "POD",
        Least = 1,
        Most = 1,
        Examples = [new("berth pod exists shop || berth pod create shop", "By the exit code: 0, or 1")],
        Run = static async invocation => (await invocation.Session.EngineAsync().ConfigureAwait(false)).Pods.TryFind(invocation.Arguments[0]) is null ? 1 : 0,
    };

    private static Command Of(string verb, string line, string meaning, IReadOnlyList<Option> options, Func<Invocation, Pod, Task> act) => new()
    {
        Usage = "POD...",
        Options = [.. options, .. PodChosen.Flags],
        Examples = [new(line, meaning)],
        Run = invocation => EachAsync(invocation, verb, act),
    };

    /// <summary>Faults of one pod do not keep the others.</summary>
    private static async Task<int> EachAsync(Invocation invocation, string verb, Func<Invocation, Pod, Task> act)
    {
        Session session = invocation.Session;
        Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
        bool mayBeMissing = invocation.Has("ignore") || (verb == "rm" && invocation.Has("force"));
        int code = 0;
        foreach ((_, Pod? pod, BerthException? missing) in PodChosen.Of(invocation, engine.Pods))
        {
            if (pod is null)
            {
                if (!mayBeMissing || missing!.Kind != Fault.NotFound) code = Math.Max(code, Failure.Say(session, invocation.Path, missing!));
                continue;
            }
            try
            {
                await act(invocation, pod).ConfigureAwait(false);
                session.Out.WriteLine(pod.Id);
            }
            catch (BerthException e)
            {
                code = Math.Max(code, Failure.Say(session, invocation.Path, e));
            }
            foreach (string warning in engine.Containers.TakeWarnings()) session.Warn($"warning: {warning}");
        }
        return code;
    }

    private static TimeSpan? GraceOf(Invocation invocation) => invocation.Number("time") is not { } seconds ? null : seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);
}
