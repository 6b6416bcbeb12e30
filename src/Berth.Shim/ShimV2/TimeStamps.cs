// Times between ours, nanoseconds since 1970, and protobuf's.
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.ShimV2;

internal static class TimeStamps
{
    /// <summary>The time as a message; null for 0, which is "not yet".</summary>
    public static Timestamp? Of(long nanoseconds) => nanoseconds == 0 ? null : new Timestamp { Seconds = nanoseconds / 1_000_000_000, Nanos = (int)(nanoseconds % 1_000_000_000) };
}
