// Which capabilities a container has: docker's fourteen, those that were added, without those that were dropped.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Known = Berth.Linux.Security.Capabilities;

namespace Berth.Engine.Containers;

/// <summary>Capabilities as a set of bits.</summary>
internal static class CapabilitySet
{
    /// <summary>What everybody has who asks for nothing.</summary>
    // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, SETPCAP 8, NET_BIND_SERVICE 10, NET_RAW 13, SYS_CHROOT 18, MKNOD 27, AUDIT_WRITE 29, SETFCAP 31
    public const ulong Usual = 1UL << 0 | 1UL << 1 | 1UL << 3 | 1UL << 4 | 1UL << 5 | 1UL << 6 | 1UL << 7 | 1UL << 8 | 1UL << 10 | 1UL << 13 | 1UL << 18 | 1UL << 27 | 1UL << 29 | 1UL << 31;

    /// <summary>Refuses words that are no capability.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static void Check(IReadOnlyList<string> names)
    {
        foreach (string name in names) BitOf(name);
    }

    /// <summary>The bounding set: what the container has at most.</summary>
    /// <param name="security">The wish.</param>
    /// <param name="possible">What this host can give.</param>
    public static ulong Bounding(SecuritySpec security, ulong possible) => security.IsPrivileged ? possible : Changed(Usual, security.CapabilitiesAdded, security.CapabilitiesDropped, possible);

    /// <summary>What was asked for by name: an ordinary user in the container has it too.</summary>
    public static ulong Added(SecuritySpec security, ulong possible) => security.IsPrivileged ? 0 : Changed(0, security.CapabilitiesAdded, security.CapabilitiesDropped, possible);

    /// <summary>The names of those that were asked for by name and that this host does not have.</summary>
    public static List<string> Missing(SecuritySpec security, ulong possible)
    {
        List<string> missing = [];
        foreach (string name in security.CapabilitiesAdded)
        {
            if (BitOf(name) is { } bit && (possible & 1UL << bit) == 0) missing.Add(Known.Names[bit]);
        }
        return missing;
    }

    /// <summary>The five sets of a process.</summary>
    /// <param name="bounding">Bounding set.</param>
    /// <param name="added">What was asked for by name.</param>
    /// <param name="isRoot">Whether it begins as root: another user has nothing but what is ambient.</param>
    public static CapabilitiesSpec Spec(ulong bounding, ulong added, bool isRoot)
    {
        List<string> most = Names(bounding);
        if (isRoot) return new CapabilitiesSpec { Bounding = most, Effective = most, Permitted = most };
        List<string> own = Names(added & bounding);
        return own.Count == 0 ? new CapabilitiesSpec { Bounding = most } : new CapabilitiesSpec { Bounding = most, Effective = own, Permitted = own, Inheritable = own, Ambient = own };
    }

    /// <summary>Names of a set, in the kernel's order.</summary>
    public static List<string> Names(ulong set)
    {
        List<string> names = new(System.Numerics.BitOperations.PopCount(set));
        for (int bit = 0; bit < Known.Names.Length; bit++)
        {
            if ((set & 1UL << bit) != 0) names.Add(Known.Names[bit]);
        }
        return names;
    }

    // Docker's order: with ALL added, what is dropped by name is taken away from all; with ALL dropped, only what is added is there.
    private static ulong Changed(ulong set, IReadOnlyList<string> added, IReadOnlyList<string> dropped, ulong possible)
    {
        ulong plus = 0, minus = 0;
        bool addsAll = false, dropsAll = false;
        foreach (string name in added)
        {
            if (BitOf(name) is { } bit) plus |= 1UL << bit;
            else addsAll = true;
        }
        foreach (string name in dropped)
        {
            if (BitOf(name) is { } bit) minus |= 1UL << bit;
            else dropsAll = true;
        }
        if (addsAll) set = possible;
        else if (dropsAll) set = 0;
        return ((set & ~minus) | plus) & possible;
    }

    // Null: ALL.
    private static int? BitOf(string name)
    {
        string upper = name.ToUpperInvariant();
        if (upper is "ALL" or "CAP_ALL") return null;
        string whole = upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper : "CAP_" + upper;
        return Known.BitOf(whole) ?? throw new BerthException(Fault.InvalidArgument, $"there is no capability '{name}'", "capabilities(7) lists them; ALL are all") { Code = FaultCode.CapabilityUnknown };
    }
}
