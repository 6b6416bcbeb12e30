// The table of checks: a name, why it matters, and what is looked at.
namespace Berth.Engine.Diagnosis.Host;

/// <summary>What a check has seen.</summary>
/// <param name="Level">How well it is.</param>
/// <param name="Words">What was seen.</param>
/// <param name="Cure">What cures it.</param>
internal readonly record struct Seen(FindingLevel Level, string Words, string? Cure = null)
{
    public static Seen Ok(string words) => new(FindingLevel.Ok, words);

    public static Seen Warning(string words, string? cure = null) => new(FindingLevel.Warning, words, cure);

    public static Seen Failure(string words, string? cure = null) => new(FindingLevel.Failure, words, cure);
}

/// <summary>A check.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Why">Why it matters.</param>
/// <param name="Look">Looks.</param>
internal sealed record HostCheck(string Name, string Why, Func<HostFacts, Seen> Look);

/// <summary>All checks of the host alone.</summary>
internal static class HostChecks
{
    /// <summary>The table.</summary>
    public static IReadOnlyList<HostCheck> All { get; } =
    [
        new("kernel", "older kernels lack calls that berth needs (clone3, openat2, pidfd), or that spare it work (mapped mounts, mount_setattr)", KernelChecks.Version),
        new("overlay", "root file systems of containers are layers of images, one over the other", KernelChecks.Overlay),
        new("user-namespaces", "ordinary users need them, and --userns", KernelChecks.UserNamespaces),
        new("seccomp", "without it, containers can make every system call", KernelChecks.Seccomp),
        new("packet-filter", "published ports and the way out of bridges are rules of nftables", KernelChecks.PacketFilter),
        new("links", "a container has an end of a veth pair, and a bridge has the other", KernelChecks.Links),
        new("tun", "the network of ordinary users goes through a tap device", KernelChecks.Tun),
        new("security-modules", "their policies can forbid what containers need, and say so only in the kernel's log", KernelChecks.SecurityModules),
        new("cgroup", "limits, pause and the list of a container's processes are cgroups", CgroupChecks.Tree),
        new("cgroup-controllers", "a limit is left out where its controller is not there", CgroupChecks.Controllers),
        new("lent-ids", "files of images belong to many users: an ordinary one needs ids that are lent to him", UserChecks.LentIds),
        new("id-mappers", "newuidmap and newgidmap give lent ids to a namespace: they need the setuid bit or a capability", UserChecks.Mappers),
        new("user-network", "it is pasta or slirp4netns that connects containers of ordinary users with the world", UserChecks.Network),
        new("low-ports", "ordinary users can publish ports from this number on", UserChecks.LowPorts),
        new("resolver", "names are looked up as this host does it", NetworkChecks.Resolver),
        new("ip-forward", "packets of containers are forwarded by the host", NetworkChecks.Forward),
        new("other-firewalls", "another program's rules can drop what berth lets through", NetworkChecks.Firewalls),
        new("disk-space", "nothing is pulled, and nothing written, on a full disk", PlaceChecks.Space),
        new("inodes", "images have many small files: inodes can be used up while there are bytes", PlaceChecks.Inodes),
        new("store-file-system", "overlayfs cannot stand on each kind of file system", PlaceChecks.Kind),
        new("run-folder", "what must not outlive a start of the host lies in memory", PlaceChecks.RunFolder),
        new("clock", "certificates are not valid yet for a clock that is behind", PlaceChecks.Clock),
        new("programs", "berth executes them, and they must be of its own version", ProgramChecks.Own),
        new("runtimes", "other OCI runtimes that --runtime can name", ProgramChecks.Others),
        new("open-files", "each container costs its shim some descriptors", LimitChecks.OpenFiles),
        new("processes", "each process of each container counts", LimitChecks.Processes),
        new("keyrings", "each container has a session keyring, and root's number of keys is small on some kernels", LimitChecks.Keyrings),
        new("inotify", "programs that watch files fail with \"too many open files\" when these are used up", LimitChecks.Inotify),
    ];

    /// <summary>Runs them.</summary>
    public static IEnumerable<HostFinding> Run(HostFacts facts)
    {
        foreach (HostCheck check in All)
        {
            (FindingLevel level, string words, string? cure) = check.Look(facts);
            yield return new HostFinding(check.Name, level, words) { Why = check.Why, Cure = cure };
        }
    }
}
