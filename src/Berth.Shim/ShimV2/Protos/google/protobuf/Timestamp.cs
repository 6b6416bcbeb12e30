// Moments, from and to the framework's.
namespace Berth.Shim.ShimV2.Protos.Google.Protobuf;

/// <summary>A moment.</summary>
internal sealed partial class Timestamp
{
    private const int NanosPerTick = 100;

    /// <summary>That moment.</summary>
    public static Timestamp Of(DateTimeOffset moment)
    {
        long ticks = moment.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        // Nanoseconds count forward, also before 1970.
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        return rest < 0
            ? new() { Seconds = seconds - 1, Nanos = (int)(rest + TimeSpan.TicksPerSecond) * NanosPerTick }
            : new() { Seconds = seconds, Nanos = (int)rest * NanosPerTick };
    }

    /// <summary>The same moment for the framework, as near as that can say it.</summary>
    public DateTimeOffset ToMoment()
    {
        // 0001-01-01 to 9999-12-31, which are the bounds of both.
        long seconds = Math.Clamp(Seconds, -62135596800, 253402300799);
        return DateTimeOffset.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond + Math.Clamp(Nanos, 0, 999_999_999) / NanosPerTick);
    }
}
