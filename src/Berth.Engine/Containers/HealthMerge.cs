// How it is seen whether a container is well: the user's words over the image's HEALTHCHECK, as docker joins them.
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Containers;

/// <summary>Joins two health checks.</summary>
internal static class HealthMerge
{
    /// <summary>What is looked at; null: nothing.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static HealthSpec? Of(HealthSpec? asked, HealthCheckConfig? image)
    {
        if (asked?.IsOff == true) return null;
        IReadOnlyList<string> test = asked?.Test.Count > 0 ? asked.Test : image?.Test ?? [];
        if (test.Count == 0 || test[0] == "NONE") return null;
        if (test[0] is not ("CMD" or "CMD-SHELL"))
        {
            if (asked?.Test.Count > 0) throw new BerthException(Fault.InvalidArgument, $"a health check begins with CMD, CMD-SHELL or NONE, not with '{test[0]}'");
            return null;
        }
        if (test.Count < 2 || test[1].Length == 0) return null;
        return new HealthSpec
        {
            Test = test,
            Interval = asked?.Interval ?? Time(image?.Interval) ?? TimeSpan.FromSeconds(30),
            Timeout = asked?.Timeout ?? Time(image?.Timeout) ?? TimeSpan.FromSeconds(30),
            StartPeriod = asked?.StartPeriod ?? Time(image?.StartPeriod) ?? TimeSpan.Zero,
            StartInterval = asked?.StartInterval ?? Time(image?.StartInterval) ?? TimeSpan.FromSeconds(5),
            Retries = asked?.Retries is > 0 and int retries ? retries : image?.Retries is > 0 and int ofImage ? ofImage : 3,
            OnFailure = asked?.OnFailure ?? "none",
        };
    }

    // Nanoseconds; zero is "as is usual".
    private static TimeSpan? Time(long? nanoseconds) => nanoseconds is > 0 and long some ? TimeSpan.FromTicks(Math.Max(1, some / 100)) : null;
}
