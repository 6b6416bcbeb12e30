// pod logs, stats, top: what containers show, for those of a pod.
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Pods;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Pods;

/// <summary>The verbs.</summary>
internal static class PodWatching
{
    /// <summary>logs.</summary>
    public static Command MakeLogs() => new()
    {
        Usage = "POD",
        Most = 1,
        Options = [Option.With("container", "CONTAINER", "Of this one alone", 'c'), .. Logs.Flags],
        Examples = [new("berth pod logs -f --names shop", "All of them, and whose each line is")],
        Run = static async invocation =>
        {
            List<Container> containers = [.. (await OneAsync(invocation).ConfigureAwait(false)).Containers];
            if (invocation.Find("container") is { } wanted)
            {
                containers.RemoveAll(container => container.Name != wanted && !container.Id.StartsWith(wanted, StringComparison.Ordinal));
                if (containers.Count == 0) throw new BerthException(Fault.NotFound, $"there is no container {wanted} in the pod");
            }
            return await Logs.ShowAsync(invocation, containers).ConfigureAwait(false);
        },
    };

    /// <summary>stats.</summary>
    public static Command MakeStats() => new()
    {
        Usage = "[POD...]",
        Options = [.. Stats.Flags],
        Examples = [new("berth pod stats --no-stream shop", "Its containers, once")],
        Run = static async invocation =>
        {
            EnginePods pods = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Pods;
            bool isNamed = invocation.Arguments.Count > 0 || invocation.Has("latest");
            List<Pod> chosen = isNamed ? [.. PodChosen.Of(invocation, pods).Select(static one => one.Pod ?? throw one.Fault!)] : [.. pods.List()];
            return await Stats.ShowAsync(invocation, () => [.. chosen.SelectMany(static pod => pod.Containers).Where(container => invocation.Has("all") || container.Observe().IsAlive)]).ConfigureAwait(false);
        },
    };

    /// <summary>top.</summary>
    public static Command MakeTop() => new()
    {
        Usage = "POD [PS OPTIONS]",
        StopsAtArgument = true,
        Options = [Option.Switch("latest", "The one that was made last", 'l')],
        Examples = [new("berth pod top shop", "The processes of all its containers"), new("berth pod top shop pid user args", "Other columns")],
        Run = static async invocation =>
        {
            Pod pod = await OneAsync(invocation).ConfigureAwait(false);
            // Those that share processes show them once.
            Dictionary<int, ProcessFacts> processes = [];
            foreach (Container container in pod.Containers)
            {
                if (!container.Observe().IsAlive) continue;
                foreach (ProcessFacts process in container.ListProcesses()) processes[process.Pid] = process;
            }
            if (processes.Count == 0) throw new BerthException(Fault.WrongState, $"cannot list the processes of pod {pod.Name}: it is not running", $"berth pod start {pod.Name}");
            return await Top.ShowAsync(invocation, [.. processes.Values.OrderBy(static process => process.Pid)], [.. invocation.Arguments.Skip(invocation.Has("latest") ? 0 : 1)]).ConfigureAwait(false);
        },
    };

    private static async Task<Pod> OneAsync(Invocation invocation)
    {
        EnginePods pods = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Pods;
        if (invocation.Has("latest")) return pods.List() is [{ } latest, ..] ? latest : throw new BerthException(Fault.NotFound, "there is no pod");
        if (invocation.Arguments.Count == 0) throw new BerthException(Fault.InvalidArgument, $"\"{invocation.Path}\" wants a pod", $"usage: {Help.UsageOf(invocation.Command, invocation.Path)}");
        return pods.Find(invocation.Arguments[0]);
    }
}
