// network rm, prune, reload, exists, update.
using System.Net;
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Networks;

/// <summary>The verbs.</summary>
internal static class NetworkUpkeep
{
    /// <summary>How rm is said.</summary>
    public static Command Remove() => new()
    {
        Usage = "NETWORK...",
        Least = 1,
        Offers = Offer.Networks,
        Options = [Option.Switch("force", "Take off what is attached; it is no fault that there is none of that name", 'f'), Option.Ignored("time", "SECONDS", 't')],
        Examples = [new("berth network rm web", "With its bridge"), new("berth network rm -f web db", "Even where containers are attached")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            EngineNetworks networks = (await session.EngineAsync().ConfigureAwait(false)).Networks;
            int code = 0;
            foreach (string name in invocation.Arguments)
            {
                try
                {
                    networks.Remove(name, invocation.Has("force"));
                    session.Out.WriteLine(name);
                }
                catch (BerthException e) when (e.Kind == Fault.NotFound && invocation.Has("force"))
                {
                }
                // The others go all the same.
                catch (BerthException e) when (invocation.Arguments.Count > 1)
                {
                    code = Failure.Say(session, invocation.Path, e);
                }
            }
            return code;
        },
    };

    /// <summary>How prune is said.</summary>
    public static Command Prune() => new()
    {
        About = "Attachments whose network namespace is gone are undone too, with their addresses, rules and names.",
        Most = 0,
        Options = [Option.Many("filter", "NAME=VALUE", $"Only networks so: {NetworkFilter.Names}"), Option.Switch("force", "Do not ask", 'f')],
        Examples = [new("berth network prune -f --filter until=24h", "Networks that are older than a day, and that nothing is attached to")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            EngineNetworks networks = (await session.EngineAsync().ConfigureAwait(false)).Networks;
            NetworkFilter filter = NetworkFilter.Parse(invocation.All("filter"), networks, session.Clock.GetUtcNow());
            if (!invocation.Has("force") && !SecretInput.Confirm(session, "Remove all networks that nothing is attached to?")) throw new BerthException(Fault.InvalidArgument, "nothing was removed: it was not confirmed", "write --force where nobody can be asked");
            IReadOnlyList<NetworkRecord> removed = networks.Prune(filter.Means);
            if (removed.Count == 0) return 0;
            session.Out.WriteLine("Deleted Networks:");
            foreach (NetworkRecord network in removed) session.Out.WriteLine(network.Name);
            return 0;
        },
    };

    /// <summary>How reload is said.</summary>
    public static Command Reload() => new()
    {
        Usage = "[NETWORK...]",
        About = "After 'nft flush ruleset', a restart of firewalld, or a bridge that somebody removed: rules, links, addresses, leases and names become what they were.",
        Offers = Offer.Networks,
        Options = [Option.Switch("all", "All networks, as without a name", 'a')],
        Examples = [new("berth network reload", "All networks")],
        Run = static async invocation =>
        {
            foreach (Attachment attachment in (await invocation.Session.EngineAsync().ConfigureAwait(false)).Networks.Reload(invocation.Arguments)) invocation.Session.Out.WriteLine($"{attachment.NetworkName} {attachment.ContainerId}");
            return 0;
        },
    };

    /// <summary>How exists is said.</summary>
    public static Command Exists() => new()
    {
        Usage = "NETWORK",
        Least = 1,
        Most = 1,
        Offers = Offer.Networks,
        Examples = [new("berth network exists web || berth network create web", "Make it if it is not there")],
        Run = static async invocation => (await invocation.Session.EngineAsync().ConfigureAwait(false)).Networks.TryFind(invocation.Arguments[0]) is null ? 1 : 0,
    };

    /// <summary>How update is said.</summary>
    public static Command Update() => new()
    {
        Usage = "NETWORK",
        Least = 1,
        Most = 1,
        Offers = Offer.Networks,
        Options = [Option.Many("dns-add", "ADDRESS", "One more server that is asked for other names"), Option.Many("dns-drop", "ADDRESS", "One that is asked no more")],
        Examples = [new("berth network update --dns-drop 1.1.1.1 --dns-add 9.9.9.9 web", "Its containers hear of it at once")],
        Run = static async invocation =>
        {
            List<IPAddress> more = [.. NetworkCreate.Split(invocation.All("dns-add")).Select(static text => NetworkCreate.Address(text, "dns-add"))], fewer = [.. NetworkCreate.Split(invocation.All("dns-drop")).Select(static text => NetworkCreate.Address(text, "dns-drop"))];
            (await invocation.Session.EngineAsync().ConfigureAwait(false)).Networks.ChangeNameServers(invocation.Arguments[0], now => [.. now.Except(fewer), .. more.Except(now)]);
            invocation.Session.Out.WriteLine(invocation.Arguments[0]);
            return 0;
        },
    };
}
