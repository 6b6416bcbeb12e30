// Which containers a verb means: those that were named, all, the latest, those of a filter, or those whose ids are in files.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Finds them.</summary>
internal static class Chosen
{
    /// <summary>The options by which containers are chosen.</summary>
    public static IReadOnlyList<Option> Flags { get; } =
    [
        Option.Switch("all", "All containers", 'a'),
        Option.Switch("latest", "The one that was made last", 'l'),
        Option.Many("filter", "NAME=VALUE", $"Those that match: {ContainerFilter.Names}"),
        Option.Many("cidfile", "FILE", "Those whose ids are in files") with { IsPath = true },
    ];

    /// <summary>Finds them.</summary>
    /// <param name="invocation">What was said.</param>
    /// <param name="containers">Where.</param>
    /// <param name="isMeant">With <c>--all</c>: which of them; null: each.</param>
    /// <param name="mayBeNone">Whether it is no fault that nothing was named, where a filter was.</param>
    /// <exception cref="BerthException">InvalidArgument: nothing was named.</exception>
    public static List<(string Said, Container? Container, BerthException? Fault)> Of(Invocation invocation, EngineContainers containers, Func<Container, bool>? isMeant, bool mayBeNone)
    {
        List<(string, Container?, BerthException?)> chosen = [];
        List<string> files = invocation.All("cidfile"), filters = invocation.All("filter");
        foreach (string name in invocation.Arguments) chosen.Add(Find(containers, name));
        foreach (string file in files) chosen.Add(Find(containers, File.ReadAllText(file).Trim()));
        if (invocation.Has("all") || filters.Count > 0)
        {
            ContainerFilter filter = ContainerFilter.Parse(filters, containers, invocation.Session.Opened!.Pods, invocation.Session.Clock.GetUtcNow());
            foreach (Container container in containers.List())
            {
                if ((isMeant is null || isMeant(container)) && filter.Means(container)) chosen.Add((container.Id, container, null));
            }
            return chosen;
        }
        if (invocation.Has("latest"))
        {
            IReadOnlyList<Container> all = containers.List();
            if (all.Count > 0) chosen.Add((all[0].Id, all[0], null));
        }
        if (chosen.Count == 0 && !(mayBeNone && files.Count > 0)) throw invocation.WrongCount(0);
        return chosen;
    }

    private static (string, Container?, BerthException?) Find(EngineContainers containers, string name)
    {
        try
        {
            return (name, containers.Find(name), null);
        }
        catch (BerthException e)
        {
            return (name, null, e);
        }
    }
}
