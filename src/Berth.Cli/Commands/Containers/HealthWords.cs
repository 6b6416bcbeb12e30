// --health-cmd and its like, and --restart: how a container is looked after.
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads care.</summary>
internal static class HealthWords
{
    /// <summary>The health check; null: nothing was said of it.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static HealthSpec? Read(Invocation invocation)
    {
        string? command = invocation.Find("health-cmd"), interval = invocation.Find("health-interval");
        bool isOff = invocation.Has("no-healthcheck");
        HealthSpec health = new()
        {
            IsOff = isOff || command == "none",
            Test = command is null or "" or "none" ? [] : Test(command),
            // podman's: it is looked at by hand alone.
            Interval = interval is null ? null : interval == "disable" ? TimeSpan.MaxValue : Time(interval, "health-interval"),
            Timeout = invocation.Find("health-timeout") is { } timeout ? Time(timeout, "health-timeout") : null,
            StartPeriod = invocation.Find("health-start-period") is { } period ? Time(period, "health-start-period") : null,
            StartInterval = invocation.Find("health-start-interval") is { } start ? Time(start, "health-start-interval") : null,
            Retries = invocation.Number("health-retries") is { } retries ? retries >= 0 ? retries : throw Quantities.Wrong("health-retries", "a number that is not negative", $"{retries}") : null,
            OnFailure = invocation.Find("health-on-failure") switch
            {
                null or "" => "none",
                "none" or "kill" or "restart" or "stop" => invocation.Find("health-on-failure")!,
                string other => throw Quantities.Wrong("health-on-failure", "none, kill, restart or stop", other),
            },
        };
        if (isOff && (command is { Length: > 0 } || interval is not null || health.Retries is not null || health.Timeout is not null || health.StartPeriod is not null)) throw new BerthException(Fault.InvalidArgument, "--no-healthcheck stands alone: other options of health checks are said", "leave one of them out");
        return health == new HealthSpec() ? null : health;
    }

    private static string[] Test(string command)
    {
        if (!command.StartsWith('[')) return ["CMD-SHELL", command];
        string[]? words = RunReading.Words(command);
        if (words is null) return ["CMD-SHELL", command];
        return words is ["CMD" or "CMD-SHELL" or "NONE", ..] ? words : ["CMD", .. words];
    }

    // 0 is as is usual; docker takes nothing below a millisecond.
    private static TimeSpan? Time(string text, string option)
    {
        TimeSpan time = Quantities.Time(text, option);
        if (time == TimeSpan.Zero) return null;
        return time >= TimeSpan.FromMilliseconds(1) ? time : throw Quantities.Wrong(option, "at least a millisecond", text);
    }

    /// <summary>--restart.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static RestartRule Restart(string? text)
    {
        (string name, string? most) = text?.IndexOf(':', StringComparison.Ordinal) is >= 0 and int colon ? (text[..colon], text[(colon + 1)..]) : (text ?? "", null);
        if (most is not null && name != "on-failure") throw Quantities.Wrong("restart", "a number of times with on-failure alone", text!);
        return name switch
        {
            "" or "no" or "never" => RestartRule.Never,
            "on-failure" => new RestartRule(RestartKind.OnFailure, most is null ? 0 : (int)Math.Min(int.MaxValue, Quantities.Positive(most, "restart"))),
            "always" => new RestartRule(RestartKind.Always),
            "unless-stopped" => new RestartRule(RestartKind.UnlessStopped),
            _ => throw Quantities.Wrong("restart", "no, on-failure[:N], always or unless-stopped", text!),
        };
    }

    /// <summary>Where output is kept.</summary>
    /// <exception cref="BerthException">Unsupported.</exception>
    public static LogSpec Log(Invocation invocation) => new()
    {
        Driver = invocation.Find("log-driver") switch
        {
            null or "" => "json-file",
            "json-file" or "k8s-file" or "journald" or "none" => invocation.Find("log-driver")!,
            "local" => "json-file",
            "passthrough" or "passthrough-tty" => throw new BerthException(Fault.Unsupported, "--log-driver passthrough is not supported: a container's output goes through its keeper", "none keeps nothing, and shows it in the foreground all the same"),
            string other => throw new BerthException(Fault.Unsupported, $"--log-driver {other} is not supported: output is kept in files or in the journal", "json-file, k8s-file, journald or none") { Code = FaultCode.LogDriverUnknown },
        },
        Options = Fields.Pairs(invocation.All("log-opt"), "log-opt"),
    };
}
