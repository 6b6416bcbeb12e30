// A limit as data: which file gets which value, and what a refusal means. Plans of these are made without touching the host.
using System.Globalization;

namespace Berth.Cgroups;

/// <summary>What to do when the kernel refuses a write.</summary>
[Flags]
internal enum OnRefusal
{
    /// <summary>The limit is not set: that is a fault.</summary>
    Fail = 0,

    /// <summary>A missing file means that there is nothing to limit.</summary>
    IgnoreMissing = 1,

    /// <summary>
    /// EINVAL may come from a value that is still to be written (period and quota, burst and quota, memory and swap depend
    /// on each other): try again after the next write to the same controller.
    /// </summary>
    RetryAfterNext = 2,

    /// <summary>The next write is for hosts without this file: it is done if, and only if, this file is missing.</summary>
    NextIfMissing = 4,

    /// <summary>EBUSY means that the usage is above the new limit: say so.</summary>
    ExplainUsage = 8,

    /// <summary>The kernel moves the value into its range in silence: read it back and refuse.</summary>
    RefuseClamping = 16,

    /// <summary>From the unified map: say the key.</summary>
    ExplainKey = 32,
}

/// <summary>One write of a plan.</summary>
internal readonly struct LimitWrite(Controller controller, string file, string value, OnRefusal onRefusal = OnRefusal.Fail)
{
    public Controller Controller { get; } = controller;

    public string File { get; } = file;

    public string Value { get; } = value;

    public OnRefusal OnRefusal { get; } = onRefusal;

    public override string ToString() => $"{File}={Value}";
}

/// <summary>Small words of limits.</summary>
internal static class LimitText
{
    public static string Of(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Of(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Device(long major, long minor) => $"{Of(major)}:{Of(minor)}";

    /// <summary>pids.max of both versions. Zero becomes one: systemd knows no zero, and both drivers shall do the same.</summary>
    public static string Pids(long limit) => limit switch { < 0 => "max", 0 => "1", _ => Of(limit) };
}
