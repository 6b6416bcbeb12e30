// set_mempolicy(2): names of modes and flags, and node lists as bit masks.
using System.Globalization;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal static class MemoryPolicies
{
    public static readonly string[] Modes = ["MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"];

    public static readonly string[] Flags = ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"];

    public static int ModeOf(MemoryPolicySpec policy)
    {
        int mode = Array.IndexOf(Modes, policy.Mode);
        if (mode < 0) throw new BerthException(Fault.InvalidArgument, $"linux.memoryPolicy: invalid memory policy mode \"{policy.Mode}\"");
        foreach (string flag in policy.Flags ?? [])
        {
            mode |= flag switch
            {
                "MPOL_F_NUMA_BALANCING" => 1 << 13,
                "MPOL_F_RELATIVE_NODES" => 1 << 14,
                "MPOL_F_STATIC_NODES" => 1 << 15,
                _ => throw new BerthException(Fault.InvalidArgument, $"linux.memoryPolicy: invalid memory policy flag: {flag}"),
            };
        }
        return mode;
    }

    /// <summary>The nodes, as many as the mode wants: the kernel's EINVAL would not say what is wrong.</summary>
    public static byte[] NodeMask(MemoryPolicySpec policy)
    {
        byte[] mask = string.IsNullOrEmpty(policy.Nodes) ? [] : BitList(policy.Nodes, 1024, "linux.memoryPolicy: invalid memory policy nodes");
        int count = 0;
        foreach (byte b in mask) count += System.Numerics.BitOperations.PopCount(b);
        return policy.Mode switch
        {
            "MPOL_DEFAULT" or "MPOL_LOCAL" when count > 0 => throw new BerthException(Fault.InvalidArgument, $"linux.memoryPolicy: memory policy mode requires 0 nodes but got {count}"),
            "MPOL_BIND" or "MPOL_INTERLEAVE" or "MPOL_PREFERRED_MANY" or "MPOL_WEIGHTED_INTERLEAVE" when count == 0 =>
                throw new BerthException(Fault.InvalidArgument, "linux.memoryPolicy: memory policy mode requires at least one node but got 0"),
            _ => mask,
        };
    }

    /// <summary>Reads `0-3,7` into a bit mask of whole 64-bit words.</summary>
    public static byte[] BitList(string list, int limit, string field)
    {
        byte[] mask = new byte[limit / 8];
        int last = 0;
        foreach (string part in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int dash = part.IndexOf('-');
            if (!int.TryParse(dash < 0 ? part : part[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(dash < 0 ? part : part[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int end)
                || first > end || end >= limit)
            {
                throw new BerthException(Fault.InvalidArgument, $"{field}: \"{part}\" is no number or range", "write a list such as 0-3,7");
            }
            for (int i = first; i <= end; i++) mask[i / 8] |= (byte)(1 << (i % 8));
            last = Math.Max(last, end);
        }
        return mask.AsSpan(0, (last / 64 + 1) * 8).ToArray();
    }
}
