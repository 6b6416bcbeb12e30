// Words of the command line and of the configuration in CRIU's terms, and what of CRIU is needed.
using Berth.Oci.Faults;

namespace Berth.Runtime.Checkpoint;

internal static class CriuWords
{
    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>.</exception>
    public static CriuCgroupMode CgroupMode(string? word) => word switch
    {
        null or "" => CriuCgroupMode.Default,
        "soft" => CriuCgroupMode.Soft,
        "full" => CriuCgroupMode.Full,
        "strict" => CriuCgroupMode.Strict,
        "ignore" => CriuCgroupMode.Ignore,
        _ => throw new BerthException(Fault.InvalidArgument, $"invalid manage-cgroups-mode value: {word}", "use soft, full, strict or ignore"),
    };

    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>.</exception>
    public static CriuNetworkLock? NetworkLock(string? word) => word switch
    {
        null or "" => null,
        "iptables" => CriuNetworkLock.IpTables,
        "nftables" => CriuNetworkLock.NfTables,
        "skip" => CriuNetworkLock.Skip,
        _ => throw new BerthException(Fault.InvalidArgument, $"invalid network-lock value: {word}", "use iptables, nftables or skip"),
    };

    /// <summary>CRIU's kind, and the key under which runc and crun know such a namespace in an image; null for those it joins otherwise.</summary>
    public static (string Kind, string Key)? ExternalNamespace(string type) => type switch
    {
        "network" => ("net", "extRootNetNS"),
        "pid" => ("pid", "extRootPidNS"),
        _ => null,
    };
}

internal static class CriuVersions
{
    /// <summary>3.15: freezing by cgroup version 2, external pid namespaces, status-ready.</summary>
    public const int Least = 31500;

    /// <summary>3.16: another security profile.</summary>
    public const int LsmProfile = 31600;

    /// <exception cref="BerthException"><see cref="Fault.Unsupported"/>.</exception>
    public static void Require(int version, int least, string who)
    {
        if (version >= least) return;
        throw new BerthException(Fault.Unsupported, $"CRIU version {version} must be {least} or higher for {who}");
    }

    /// <exception cref="BerthException"><see cref="Fault.Unsupported"/>.</exception>
    public static void Require(CriuFeatures wanted, CriuFeatures found)
    {
        string missing = (wanted.TracksMemory && !found.TracksMemory ? " MemTrack" : "") + (wanted.LazyPages && !found.LazyPages ? " LazyPages" : "");
        if (missing.Length == 0) return;
        throw new BerthException(Fault.Unsupported, $"criu is missing features:{missing}", "it depends on the kernel: see `criu check --all`");
    }
}
