// Which pods a verb means: those that were named, all, the latest, or those whose ids are in files.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Pods;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Pods;

/// <summary>Finds them.</summary>
internal static class PodChosen
{
    /// <summary>The options by which pods are chosen.</summary>
    public static IReadOnlyList<Option> Flags { get; } =
    [
        Option.Switch("all", "All pods", 'a'), Option.Switch("latest", "The one that was made last", 'l'),
        Option.Many("pod-id-file", "FILE", "Those whose ids are in files") with { IsPath = true },
    ];

    /// <summary>Finds them; each that is not there is a fault of its own.</summary>
    /// <exception cref="BerthException">InvalidArgument: nothing was named.</exception>
    public static List<(string Said, Pod? Pod, BerthException? Fault)> Of(Invocation invocation, EnginePods pods)
    {
        List<(string, Pod?, BerthException?)> chosen = [];
        foreach (string name in invocation.Arguments) chosen.Add(Find(pods, name));
        foreach (string file in invocation.All("pod-id-file")) chosen.Add(Find(pods, File.ReadAllText(file).Trim()));
        if (invocation.Has("all")) return [.. pods.List().Select(static pod => (pod.Id, (Pod?)pod, (BerthException?)null))];
        if (invocation.Has("latest") && pods.List() is [{ } latest, ..]) chosen.Add((latest.Id, latest, null));
        if (chosen.Count == 0) throw new BerthException(Fault.InvalidArgument, $"\"{invocation.Path}\" wants at least 1 argument, and got 0", $"usage: {Help.UsageOf(invocation.Command, invocation.Path)}");
        return chosen;
    }

    private static (string, Pod?, BerthException?) Find(EnginePods pods, string name)
    {
        try
        {
            return (name, pods.Find(name), null);
        }
        catch (BerthException e)
        {
            return (name, null, e);
        }
    }
}
