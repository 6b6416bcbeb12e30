// --filter of pods, as podman has it.
using System.Globalization;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Images;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Engine.Pods;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Pods;

/// <summary>Conditions. Several of one name are alternatives, those of different names must all hold; labels must all hold.</summary>
internal static class PodFilter
{
    /// <summary>Names, for messages.</summary>
    public const string Names = "ctr-ids, ctr-names, ctr-number, ctr-status, id, label, label!, name, network, status, until";

    /// <summary>Reads <c>name=value</c> each.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static Func<Pod, PodState, bool> Parse(IEnumerable<string> filters, DateTimeOffset now)
    {
        List<Func<Pod, PodState, bool>> all = [];
        foreach (IGrouping<string, (string Name, string Value)> group in filters.Select(Split).GroupBy(static one => one.Name))
        {
            Func<Pod, PodState, bool>[] conditions = [.. group.Select(one => One(one.Name, one.Value, now))];
            if (group.Key is "label" or "label!") all.AddRange(conditions);
            else all.Add((pod, state) => Array.Exists(conditions, condition => condition(pod, state)));
        }
        return (pod, state) => all.TrueForAll(condition => condition(pod, state));
    }

    private static (string Name, string Value) Split(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals > 1 && text[equals - 1] == '!') return (text[..equals], text[(equals + 1)..]);
        return equals > 0 ? (text[..equals], text[(equals + 1)..]) : throw new BerthException(Fault.InvalidArgument, $"'{text}' is no filter", $"write NAME=VALUE with one of {Names}");
    }

    private static Func<Pod, PodState, bool> One(string name, string value, DateTimeOffset now)
    {
        switch (name)
        {
            case "id": return (pod, _) => pod.Id.StartsWith(value, StringComparison.Ordinal);
            case "name":
                PosixPattern pattern = Pattern(value);
                return (pod, _) => pattern.Matches(pod.Name);
            case "status":
                if (!Enum.TryParse(value, ignoreCase: true, out PodStatus status) || !Enum.IsDefined(status) || int.TryParse(value, out _)) throw new BerthException(Fault.InvalidArgument, $"'{value}' is no status of a pod", "created, running, degraded, paused, stopped or exited");
                return (_, state) => state.Status == status;
            case "label": return (pod, _) => HasLabel(pod, value);
            case "label!": return (pod, _) => !HasLabel(pod, value);
            case "network": return (pod, _) => pod.Record.Spec.Connection.Networks.Count == 0 ? value is "bridge" or "podman" or "default" || value == EngineNetworks.Default : pod.Record.Spec.Connection.Networks.Any(network => network.Network == value);
            case "until":
                DateTimeOffset until = ImageFilter.Time(value, now);
                return (pod, _) => pod.Record.Created < until;
            case "ctr-ids": return (_, state) => state.Members.Any(member => member.Container.Id.StartsWith(value, StringComparison.Ordinal));
            case "ctr-names":
                PosixPattern names = Pattern(value);
                return (_, state) => state.Members.Any(member => names.Matches(member.Container.Name));
            case "ctr-number":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)) throw new BerthException(Fault.InvalidArgument, $"the filter ctr-number wants a number, not '{value}'");
                return (_, state) => state.Members.Count == number;
            case "ctr-status": return (_, state) => state.Members.Any(member => ContainerWords.State(member.State.Status) == value || (value == "stopped" && member.State.Status == ContainerStatus.Exited));
            default: throw new BerthException(Fault.InvalidArgument, $"the filter '{name}' is unknown", $"there are {Names}");
        }
    }

    private static bool HasLabel(Pod pod, string value)
    {
        int equals = value.IndexOf('=', StringComparison.Ordinal);
        return pod.Record.Spec.Labels.TryGetValue(equals < 0 ? value : value[..equals], out string? there) && (equals < 0 || there == value[(equals + 1)..]);
    }

    private static PosixPattern Pattern(string value) =>
        PosixPattern.Compile(value) ?? throw new BerthException(Fault.InvalidArgument, $"'{value}' is no pattern of names", "an extended regular expression: ^web[0-9]+$");
}
