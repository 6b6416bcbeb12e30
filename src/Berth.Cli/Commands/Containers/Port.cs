// port: which ports of the host lead to a container.
using System.Globalization;
using System.Net.Sockets;
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class Port
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "CONTAINER [PORT[/PROTOCOL]]",
        Most = 2,
        Offers = Offer.Containers,
        Options = [Option.Switch("all", "Of all containers", 'a'), Option.Switch("latest", "Of the one that was made last", 'l')],
        Examples = [new("berth port web", "All of them"), new("berth port web 80", "Where port 80 is to be found")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            bool all = invocation.Has("all"), latest = invocation.Has("latest");
            if (all)
            {
                foreach (Container container in engine.Containers.List()) Print(invocation, engine, container, null, container.Record.ShortId + "\t");
                return 0;
            }
            int first = latest ? 0 : 1;
            if (invocation.Arguments.Count < first) throw invocation.WrongCount(0);
            Container chosen = !latest ? engine.Containers.Find(invocation.Arguments[0])
                : engine.Containers.List() is [{ } newest, ..] ? newest : throw new BerthException(Fault.NotFound, "there is no container");
            Print(invocation, engine, chosen, invocation.Arguments.Count > first ? invocation.Arguments[first] : null, "");
            return 0;
        },
    };

    private static void Print(Invocation invocation, Engine.Engine engine, Container container, string? wanted, string head)
    {
        if (wanted is not null && !wanted.Contains('/', StringComparison.Ordinal)) wanted += "/tcp";
        bool any = false;
        IEnumerable<PortBinding> ports = container.Observe().IsAlive ? engine.Networks.AttachmentsOf(container.Record.AttachedAs).SelectMany(static attachment => attachment.Ports) : [];
        foreach (PortBinding port in ports.OrderBy(static port => port.ContainerPort))
        {
            string inside = string.Create(CultureInfo.InvariantCulture, $"{port.ContainerPort}/{port.Protocol}");
            if (wanted is not null && wanted != inside) continue;
            any = true;
            foreach (string host in port.HostAddress is not { } address ? ["0.0.0.0", "[::]"] : address.AddressFamily == AddressFamily.InterNetworkV6 ? [$"[{address}]"] : new[] { address.ToString() })
            {
                string outside = string.Create(CultureInfo.InvariantCulture, $"{host}:{port.HostPort}");
                invocation.Session.Out.WriteLine(wanted is null ? $"{head}{inside} -> {outside}" : outside);
            }
        }
        if (wanted is not null && !any) throw new BerthException(Fault.NotFound, $"no public port '{wanted}' is published for {container.Name}");
    }
}
