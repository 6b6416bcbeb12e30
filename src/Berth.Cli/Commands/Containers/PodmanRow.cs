// A row of ps --format json as podman prints it: lists, maps and seconds, where docker has texts.
using Berth.Cli.Output;
using Berth.Cli.Values;
using Berth.Engine.Containers;
using Berth.Engine.Networks;

namespace Berth.Cli.Commands.Containers;

/// <summary>Makes one.</summary>
internal static class PodmanRow
{
    /// <summary>A container.</summary>
    public static Value Of(ContainerRecord record, ContainerState state, IReadOnlyList<Attachment> attachments, string pod, DateTimeOffset now) => Value.Record.Of(
        Member.Of("AutoRemove", record.Spec.IsRemovedAtEnd),
        Member.Of("Command", record.Settled.Arguments),
        Member.Of("CreatedAt", Words.Ago(record.Created, now)),
        Member.Of("Exited", state.Status == ContainerStatus.Exited),
        Member.Of("ExitedAt", state.Ended?.ToUnixTimeSeconds() ?? -62135596800),
        Member.Of("ExitCode", state.ExitCode),
        Member.Of("Id", record.Id),
        Member.Of("Image", record.Spec.Image),
        Member.Of("ImageID", record.Image?.Encoded ?? ""),
        Member.Of("IsInfra", false),
        Member.Of("Labels", record.Settled.Labels),
        Member.Of("Mounts", record.Settled.Mounts.Select(static mount => mount.Request.Destination)),
        Member.Of("Names", new[] { record.Name }),
        new Member("Namespaces", Value.Record.Of()),
        Member.Of("Networks", attachments.Select(static attachment => attachment.NetworkName)),
        Member.Of("Pid", state.Pid),
        Member.Of("Pod", record.Spec.Pod ?? ""),
        Member.Of("PodName", pod),
        new Member("Ports", attachments.Any(static attachment => attachment.Ports.Count > 0) ? new Value.List([.. attachments.SelectMany(static attachment => attachment.Ports).Select(Port)]) : Value.NoList),
        Member.Of("Restarts", state.Restarts),
        new Member("Size", Value.None),
        Member.Of("StartedAt", state.Started?.ToUnixTimeSeconds() ?? -62135596800),
        Member.Of("State", ContainerWords.State(state.Status)),
        Member.Of("Status", ContainerWords.Status(state, now)),
        Member.Of("Created", record.Created.ToUnixTimeSeconds()));

    private static Value Port(PortBinding port) => Value.Record.Of(
        Member.Of("host_ip", port.HostAddress?.ToString() ?? ""),
        Member.Of("container_port", port.ContainerPort),
        Member.Of("host_port", port.HostPort),
        Member.Of("range", 1),
        Member.Of("protocol", port.Protocol.ToString()));
}
