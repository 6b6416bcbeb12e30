// --filter of containers, as docker and podman have it.
using System.Globalization;
using Berth.Cli.Commands.Images;
using Berth.Engine.Containers;
using Berth.Engine.Pods;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Conditions. Several of one name are alternatives, those of different names must all hold; labels must all hold.</summary>
internal sealed class ContainerFilter
{
    /// <summary>Names, for messages.</summary>
    public const string Names = "ancestor, before, command, exited, expose, health, id, label, label!, name, network, pod, publish, restart-policy, since, status, until, volume";

    private readonly List<Func<Container, bool>> _all = [];

    /// <summary>Whether states are asked for, so that those that do not run are meant too.</summary>
    public bool HasState { get; private set; }

    /// <summary>Reads <c>name=value</c> each.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static ContainerFilter Parse(IEnumerable<string> filters, EngineContainers containers, EnginePods pods, DateTimeOffset now)
    {
        ContainerFilter filter = new();
        foreach (IGrouping<string, (string Name, string Value)> group in filters.Select(Split).GroupBy(static one => one.Name))
        {
            Func<Container, bool>[] conditions = [.. group.Select(one => One(one.Name, one.Value, containers, pods, now))];
            filter.HasState |= group.Key is "status" or "exited";
            if (group.Key is "label" or "label!") filter._all.AddRange(conditions);
            else filter._all.Add(container => Array.Exists(conditions, condition => condition(container)));
        }
        return filter;
    }

    /// <summary>Whether a container is meant.</summary>
    public bool Means(Container container) => _all.TrueForAll(condition => condition(container));

    private static (string Name, string Value) Split(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals > 1 && text[equals - 1] == '!') return (text[..equals], text[(equals + 1)..]);
        return equals > 0 ? (text[..equals], text[(equals + 1)..]) : throw new BerthException(Fault.InvalidArgument, $"'{text}' is no filter", $"write NAME=VALUE with one of {Names}");
    }

    private static Func<Container, bool> One(string name, string value, EngineContainers containers, EnginePods pods, DateTimeOffset now)
    {
        switch (name)
        {
            case "id" when value.StartsWith('^'):
                PosixPattern beginning = Pattern(value);
                return container => beginning.Matches(container.Id);
            case "id": return container => container.Id.StartsWith(value, StringComparison.OrdinalIgnoreCase);
            case "name":
                PosixPattern pattern = Pattern(value.TrimStart('/'));
                return container => pattern.Matches(container.Name);
            case "label": return container => HasLabel(container, value);
            case "label!": return container => !HasLabel(container, value);
            case "status": return StatusIs(value);
            case "exited":
                if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code)) throw new BerthException(Fault.InvalidArgument, $"the filter exited wants a number, not '{value}'");
                return container => container.Observe() is { Status: ContainerStatus.Exited } state && state.ExitCode == code;
            case "ancestor": return container => IsOf(container, value);
            case "before": return Compared(containers.Find(value), before: true);
            case "since": return Compared(containers.Find(value), before: false);
            case "until":
                DateTimeOffset until = ImageFilter.Time(value, now);
                return container => container.Record.Created < until;
            case "command": return container => container.Record.Settled.Arguments is [{ } first, ..] && first.Contains(value, StringComparison.Ordinal);
            case "volume": return container => container.Record.Settled.Mounts.Any(mount => mount.Volume == value || mount.Request.Destination == value || mount.Request.Source == value);
            case "network": return container => container.Record.Spec.Connection.Networks.Count == 0 ? value is "bridge" or "podman" or "default" : container.Record.Spec.Connection.Networks.Any(network => network.Network == value);
            case "pod":
                string? wanted = pods.TryFind(value)?.Id;
                return container => container.Record.Spec.Pod is { } pod && pod == wanted;
            case "restart-policy": return container => container.Record.Spec.Restart.When == value switch { "always" => RestartKind.Always, "on-failure" => RestartKind.OnFailure, "unless-stopped" => RestartKind.UnlessStopped, _ => RestartKind.Never };
            case "publish": return container => container.Record.Spec.Connection.Ports.Any(port => $"{port.ContainerPort}/{port.Protocol}" == Protocolled(value) || port.HostFirst.ToString(CultureInfo.InvariantCulture) == value);
            case "expose": return container => container.Record.Settled.Exposed.Contains(Protocolled(value)) || container.Record.Spec.Connection.Ports.Any(port => $"{port.ContainerPort}/{port.Protocol}" == Protocolled(value));
            case "health": return container => (container.InspectAsync().GetAwaiter().GetResult().Health?.Status ?? "none") == value;
            case "is-task": return _ => value is "false" or "0";
            default: throw new BerthException(Fault.InvalidArgument, $"the filter '{name}' is unknown", $"there are {Names}");
        }
    }

    private static string Protocolled(string port) => port.Contains('/') ? port : port + "/tcp";

    private static Func<Container, bool> StatusIs(string value)
    {
        ContainerStatus wanted = value switch
        {
            "created" or "configured" => ContainerStatus.Configured,
            "initialized" => ContainerStatus.Initialized,
            "running" => ContainerStatus.Running,
            "paused" => ContainerStatus.Paused,
            "restarting" => ContainerStatus.Restarting,
            "exited" or "stopped" => ContainerStatus.Exited,
            "dead" or "removing" or "stopping" or "unknown" => (ContainerStatus)(-1),
            _ => throw new BerthException(Fault.InvalidArgument, $"'{value}' is no status", "created, running, paused, restarting, exited, removing or dead"),
        };
        return container => container.Observe().Status == wanted;
    }

    private static Func<Container, bool> Compared(Container other, bool before) =>
        container => container.Id != other.Id && (container.Record.Created < other.Record.Created) == before;

    private static bool IsOf(Container container, string image)
    {
        string name = container.Record.Spec.Image;
        return name == image || name == image + ":latest" || name.EndsWith("/" + image, StringComparison.Ordinal) || name.Split('/')[^1].Split(':')[0] == image
            || container.Record.Image is { } id && (id.Encoded.StartsWith(image, StringComparison.Ordinal) || id.ToString() == image);
    }

    private static bool HasLabel(Container container, string value)
    {
        int equals = value.IndexOf('=', StringComparison.Ordinal);
        string key = equals < 0 ? value : value[..equals];
        return container.Record.Settled.Labels.TryGetValue(key, out string? there) && (equals < 0 || there == value[(equals + 1)..]);
    }

    // docker's patterns are Go's; POSIX's extended ones are the part of them that people use.
    internal static PosixPattern Pattern(string value) =>
        PosixPattern.Compile(value) ?? throw new BerthException(Fault.InvalidArgument, $"'{value}' is no pattern of names", "an extended regular expression: ^web[0-9]+$");
}
