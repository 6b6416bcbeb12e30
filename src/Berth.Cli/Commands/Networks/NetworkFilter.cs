// --filter of networks, as docker and podman have it.
using Berth.Cli.Commands.Images;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Networks;

/// <summary>Conditions. Several of one name are alternatives, those of different names must all hold; labels must all hold.</summary>
internal sealed class NetworkFilter
{
    /// <summary>Names, for messages.</summary>
    public const string Names = "dangling, driver, id, label, label!, name, scope, type, until";

    private readonly List<Func<NetworkRecord, bool>> _all = [];

    /// <summary>Reads <c>name=value</c> each.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static NetworkFilter Parse(IEnumerable<string> filters, EngineNetworks networks, DateTimeOffset now)
    {
        NetworkFilter filter = new();
        foreach (IGrouping<string, (string Name, string Value)> group in filters.Select(Split).GroupBy(static one => one.Name))
        {
            Func<NetworkRecord, bool>[] conditions = [.. group.Select(one => One(one.Name, one.Value, networks, now))];
            if (group.Key is "label" or "label!") filter._all.AddRange(conditions);
            else filter._all.Add(network => Array.Exists(conditions, condition => condition(network)));
        }
        return filter;
    }

    /// <summary>Whether a network is meant.</summary>
    public bool Means(NetworkRecord network) => _all.TrueForAll(condition => condition(network));

    private static (string Name, string Value) Split(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? (text[..equals], text[(equals + 1)..]) : throw new BerthException(Fault.InvalidArgument, $"'{text}' is no filter", $"write NAME=VALUE with one of {Names}");
    }

    private static Func<NetworkRecord, bool> One(string name, string value, EngineNetworks networks, DateTimeOffset now)
    {
        switch (name)
        {
            case "driver": return network => NetworkInspect.DriverOf(network) == value || network.Driver == value;
            case "id": return network => network.Id.StartsWith(value, StringComparison.Ordinal);
            case "name": return network => network.Name.Contains(value, StringComparison.Ordinal);
            case "scope": return _ => value == "local";
            case "type":
                bool custom = value switch { "custom" => true, "builtin" => false, _ => throw new BerthException(Fault.InvalidArgument, $"the filter type is custom or builtin, not '{value}'") };
                return network => network.IsPredefined != custom;
            case "label": return network => HasLabel(network, value);
            case "label!": return network => !HasLabel(network, value);
            case "dangling":
                bool dangling = value switch { "true" or "1" => true, "false" or "0" => false, _ => throw new BerthException(Fault.InvalidArgument, $"the filter dangling is true or false, not '{value}'") };
                HashSet<string> used = [.. networks.Attachments().Select(static attachment => attachment.NetworkId)];
                return network => (network.IsPredefined || used.Contains(network.Id)) != dangling;
            case "until":
                DateTimeOffset until = ImageFilter.Time(value, now);
                return network => network.Created < until;
            default: throw new BerthException(Fault.InvalidArgument, $"the filter '{name}' is unknown", $"there are {Names}");
        }
    }

    private static bool HasLabel(NetworkRecord network, string wanted)
    {
        int equals = wanted.IndexOf('=', StringComparison.Ordinal);
        return network.Spec.Labels.TryGetValue(equals < 0 ? wanted : wanted[..equals], out string? value) && (equals < 0 || value == wanted[(equals + 1)..]);
    }
}
