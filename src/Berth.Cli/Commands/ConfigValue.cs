// An image's configuration with the names that Go's templates know it by.
using System.Text.Json;
using Berth.Cli.Values;
using Berth.Oci.ImageSpec;

namespace Berth.Cli.Commands;

/// <summary>Configurations as values.</summary>
internal static class ConfigValue
{
    /// <summary>All of it.</summary>
    public static Value Of(ImageConfig config) => Value.Record.Of(
        new Member("Created", config.Created is { } created ? new Value.Moment(created) : Value.None),
        Member.Of("Author", config.Author ?? ""),
        Member.Of("Architecture", config.Architecture),
        Member.Of("Variant", config.Variant ?? ""),
        Member.Of("OS", config.Os),
        Member.Of("OSVersion", config.OsVersion ?? ""),
        new Member("Config", Of(config.Config ?? new ContainerConfig())),
        new Member("RootFS", Value.Record.Of(Member.Of("Type", config.RootFs?.Type ?? "layers"), Member.Of("DiffIDs", config.RootFs?.DiffIds?.Select(static diff => diff.ToString())))),
        new Member("History", new Value.List([.. (config.History ?? []).Select(static entry => (Value)Value.Record.Of(
            new Member("Created", entry.Created is { } at ? new Value.Moment(at) : Value.None), Member.Of("CreatedBy", entry.CreatedBy ?? ""), Member.Of("Author", entry.Author ?? ""), Member.Of("Comment", entry.Comment ?? ""), Member.Of("EmptyLayer", entry.EmptyLayer == true)))])));

    /// <summary>What a container starts with.</summary>
    public static Value Of(ContainerConfig config) => Value.Record.Of(
        Member.Of("User", config.User ?? ""),
        Keys("ExposedPorts", config.ExposedPorts),
        Member.Of("Env", config.Env),
        config.Cmd is null ? new Member("Cmd", Value.NoList) : Member.Of("Cmd", config.Cmd),
        Keys("Volumes", config.Volumes),
        Member.Of("WorkingDir", config.WorkingDir ?? ""),
        config.Entrypoint is null ? new Member("Entrypoint", Value.NoList) : Member.Of("Entrypoint", config.Entrypoint),
        config.OnBuild is null ? new Member("OnBuild", Value.NoList) : Member.Of("OnBuild", config.OnBuild),
        Member.Of("Labels", config.Labels),
        Member.Of("StopSignal", config.StopSignal ?? ""),
        config.Healthcheck is not { } probe ? null : new Member("Healthcheck", Value.Record.Of(
            Member.Of("Test", probe.Test), Member.Of("Interval", probe.Interval ?? 0), Member.Of("Timeout", probe.Timeout ?? 0), Member.Of("StartPeriod", probe.StartPeriod ?? 0), Member.Of("Retries", probe.Retries ?? 0))),
        config.Shell is null ? null : Member.Of("Shell", config.Shell));

    private static Member Keys(string name, IReadOnlyDictionary<string, JsonElement>? map) =>
        new(name, map is null ? Value.NoMap : new Value.Map([.. map.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => new Member(pair.Key, new Value.Map([])))]));
}
