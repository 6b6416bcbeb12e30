// What a container's record means in the words of the shim's contract.
using System.Globalization;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Shim.Contract.Protos;

namespace Berth.Engine.Containers;

/// <summary>Translates.</summary>
internal static class KeeperWords
{
    private const int UsualRetries = 3;

    /// <summary>When it is started again.</summary>
    public static RestartPolicy PolicyOf(RestartRule rule) => new()
    {
        When = rule.When switch
        {
            RestartKind.Always or RestartKind.UnlessStopped => Restart.Always,
            RestartKind.OnFailure => Restart.OnFailure,
            _ => Restart.Never,
        },
        Most = (uint)rule.Most,
    };

    /// <summary>How it is looked after; null: it is not.</summary>
    public static HealthCheck? HealthOf(ContainerRecord record, BundleFacts facts)
    {
        if (record.Settled.Health is not { IsOff: false, Test.Count: > 0 } health) return null;
        List<string> command = health.Test[0] switch
        {
            "CMD-SHELL" => ["/bin/sh", "-c", .. health.Test.Skip(1)],
            "CMD" => [.. health.Test.Skip(1)],
            "NONE" => [],
            _ => [.. health.Test],
        };
        if (command.Count == 0) return null;
        return new HealthCheck
        {
            Process = SpecWriter.ToJson(SpecBuilder.BuildExec(record, new ExecWish { Command = command }, facts), indented: false),
            IntervalMs = Milliseconds(health.Interval),
            TimeoutMs = Milliseconds(health.Timeout),
            Retries = (uint)(health.Retries is > 0 and int retries ? retries : UsualRetries),
            StartPeriodMs = Milliseconds(health.StartPeriod),
            StartIntervalMs = Milliseconds(health.StartInterval),
            OnUnhealthy = health.OnFailure switch
            {
                "kill" or "stop" => OnUnhealthy.Kill,
                "restart" => OnUnhealthy.Restart,
                _ => OnUnhealthy.Tell,
            },
        };
    }

    /// <summary>Where its output is kept; null: nowhere.</summary>
    /// <exception cref="BerthException">InvalidArgument: the driver or an option is none.</exception>
    public static Log? LogOf(ContainerRecord record, string path)
    {
        LogSpec log = record.Spec.Log;
        string? driver = log.Driver switch
        {
            "json-file" or "" => "json-file",
            "k8s-file" => "cri",
            "journald" => "journald",
            "none" => null,
            _ => throw new BerthException(Fault.InvalidArgument, $"there is no log driver {log.Driver}", "json-file, k8s-file, journald or none") { Code = FaultCode.LogDriverUnknown },
        };
        if (driver is null) return null;
        long most = log.Options.TryGetValue("max-size", out string? size) ? ByteCount.Parse(size, "max-size") : 0;
        int files = log.Options.TryGetValue("max-file", out string? count) && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 1;
        return new Log
        {
            Driver = driver,
            Path = log.Options.GetValueOrDefault("path") ?? path,
            MostBytes = most,
            Backups = (uint)Math.Max(0, files - 1),
            Name = record.Name,
            Tag = log.Options.GetValueOrDefault("tag") ?? "",
        };
    }

    /// <summary>What a health check has said.</summary>
    public static HealthState? StateOf(Health? health) => health is not { Status: not HealthStatus.None } ? null : new HealthState
    {
        Status = health.Status switch { HealthStatus.Healthy => "healthy", HealthStatus.Unhealthy => "unhealthy", _ => "starting" },
        FailingStreak = (int)health.FailingStreak,
        Log = [.. health.Log.Select(static probe => new HealthProbe(Time(probe.StartedAt), Time(probe.EndedAt), probe.ExitStatus, System.Text.Encoding.UTF8.GetString(probe.Output)))],
    };

    /// <summary>Nanoseconds since 1970.</summary>
    public static DateTimeOffset Time(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);

    private static ulong Milliseconds(TimeSpan? span) => span is { } there ? (ulong)Math.Clamp(there.TotalMilliseconds, 0, int.MaxValue) : 0;
}
