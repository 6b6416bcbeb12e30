// What containers are and do, in docker's words.
using System.Globalization;
using Berth.Cli.Output;
using Berth.Engine.Containers;
using Berth.Engine.Networks;

namespace Berth.Cli.Commands.Containers;

/// <summary>Texts of tables.</summary>
internal static class ContainerWords
{
    private const int CommandLength = 20;

    /// <summary>running, exited, ...</summary>
    public static string State(ContainerStatus status) => status switch
    {
        ContainerStatus.Initialized => "initialized",
        ContainerStatus.Running => "running",
        ContainerStatus.Paused => "paused",
        ContainerStatus.Restarting => "restarting",
        ContainerStatus.Exited => "exited",
        _ => "created",
    };

    /// <summary>Up 3 minutes (healthy), Exited (1) 2 hours ago.</summary>
    public static string Status(ContainerState state, DateTimeOffset now) => state.Status switch
    {
        ContainerStatus.Initialized => "Initialized",
        ContainerStatus.Running => $"Up {Span(state.Started, now)}{(state.Health is { } health ? $" ({(health.Status == "starting" ? "health: starting" : health.Status)})" : "")}",
        ContainerStatus.Paused => $"Up {Span(state.Started, now)} (Paused)",
        ContainerStatus.Restarting => string.Create(CultureInfo.InvariantCulture, $"Restarting ({state.ExitCode}) {Words.Ago(state.Ended, now)}"),
        ContainerStatus.Exited => string.Create(CultureInfo.InvariantCulture, $"Exited ({state.ExitCode}) {Words.Ago(state.Ended, now)}"),
        _ => "Created",
    };

    /// <summary>The command, in quotes, cut where it is long.</summary>
    public static string Command(ContainerRecord record, bool whole)
    {
        string command = string.Join(' ', record.Settled.Arguments);
        if (!whole && command.Length > CommandLength) command = command[..(CommandLength - 1)] + "…";
        return $"\"{command}\"";
    }

    /// <summary>0.0.0.0:8080-&gt;80/tcp, 443/tcp.</summary>
    public static string Ports(ContainerRecord record, IReadOnlyList<Attachment> attachments)
    {
        List<string> words = [];
        HashSet<string> published = [];
        foreach (Attachment attachment in attachments)
        {
            foreach (PortBinding port in attachment.Ports)
            {
                string inside = string.Create(CultureInfo.InvariantCulture, $"{port.ContainerPort}/{port.Protocol}");
                published.Add(inside);
                foreach (string host in HostsOf(port)) words.Add(string.Create(CultureInfo.InvariantCulture, $"{host}:{port.HostPort}->{inside}"));
            }
        }
        foreach (string exposed in record.Settled.Exposed)
        {
            if (!published.Contains(exposed)) words.Add(exposed);
        }
        return string.Join(", ", words);
    }

    /// <summary>The addresses of the host at which a port is: all, of both versions, where none was said.</summary>
    public static IReadOnlyList<string> HostsOf(PortBinding port) =>
        port.HostAddress is not { } address ? ["0.0.0.0", "[::]"] : [address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString()];

    /// <summary>Names of its networks.</summary>
    public static string Networks(ContainerRecord record) => Networks(record.Spec.Connection);

    /// <summary>Names of networks.</summary>
    public static string Networks(ConnectionSpec connection) =>
        connection.Networks.Count == 0 ? EngineNetworks.Default : string.Join(',', connection.Networks.Select(static network => network.Network));

    private static string Span(DateTimeOffset? since, DateTimeOffset now) => since is { } then ? Words.Ago(then, now) is { } ago && ago.EndsWith(" ago", StringComparison.Ordinal) ? ago[..^4] : "" : "";
}
