// From the numbers of the runtime specification, which are those of cgroup v1, to those of v2.
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>Conversions between the two versions of cgroup.</summary>
public static class Conversions
{
    /// <summary>
    /// cpu.shares (2 to 262144, 1024 by default) as cpu.weight (1 to 10000, 100 by default): the quadratic in the logarithm
    /// that fits both ends and the default, as runc 1.3.2 and crun 1.23 and later do. Zero stays zero: not set.
    /// </summary>
    public static ulong SharesToWeight(ulong shares)
    {
        switch (shares)
        {
            case 0: return 0;
            case <= 2: return 1;
            case >= 262144: return 10000;
        }
        double l = Math.Log2(shares);
        return (ulong)Math.Ceiling(Math.Pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
    }

    /// <summary>blkio.weight (10 to 1000) as io.weight (1 to 10000), linearly. Zero stays zero.</summary>
    public static ulong BlockWeightToIoWeight(ushort weight) => weight == 0 ? 0 : weight < 10 ? 1 : 1 + ((ulong)weight - 10) * 9999 / 990;

    /// <summary>memory+swap of v1 as the swap alone of v2; -1 is unlimited, null is not set.</summary>
    /// <exception cref="BerthException">The two contradict each other.</exception>
    public static long? SwapOnly(long? memoryAndSwap, long? memory)
    {
        long both = memoryAndSwap ?? 0, limit = memory ?? 0;
        switch (limit, both)
        {
            // v1 lifts both limits when memory's is lifted and swap is not mentioned.
            case (-1, 0): return -1;
            case (_, 0): return null;
            case (_, -1): return -1;
            case (-1, _): return both;
            case (0, _): throw Invalid("unable to set swap limit without memory limit");
            case ( < 0, _): throw Invalid($"invalid memory value: {limit}");
        }
        return both < limit ? throw Invalid("memory+swap limit should be >= memory limit") : both - limit;
    }

    private static BerthException Invalid(string message) => new(Fault.InvalidArgument, message);
}
