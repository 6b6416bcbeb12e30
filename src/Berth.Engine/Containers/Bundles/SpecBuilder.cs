// From a container's record to the configuration that every OCI runtime takes.
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Writes specifications. What cannot be done on this host is a fault where it was asked for by name, and a note where it is a limit.</summary>
internal static class SpecBuilder
{
    // What runc 1.1 and crun 1.8 know; nothing later is used.
    private const string Version = "1.1.0";

    /// <summary>The place of the init in a container.</summary>
    public const string InitPlace = "/run/berth-init";

    /// <summary>The specification of a container.</summary>
    /// <param name="record">The container.</param>
    /// <param name="facts">What was prepared; its notes are filled.</param>
    /// <exception cref="BerthException">InvalidArgument, NotFound, Unsupported.</exception>
    public static Spec Build(ContainerRecord record, BundleFacts facts)
    {
        ContainerSpec wish = record.Spec;
        Account account = Accounts.Find(facts.RootPath, record.Settled.User, wish.Groups);
        ulong bounding = CapabilitySet.Bounding(wish.Security, facts.Capabilities);
        foreach (string missing in CapabilitySet.Missing(wish.Security, facts.Capabilities)) facts.Notes.Warnings.Add($"{missing} is left out: this host does not have it to give");
        Spec spec = new()
        {
            OciVersion = Version,
            Root = new RootSpec { Path = facts.RootPath, ReadOnly = wish.Storage.IsReadOnly },
            Process = ProcessBuilder.Build(record, facts, account, bounding),
            Annotations = Annotations(wish),
        };
        LinuxSpec linux = spec.Linux = new LinuxSpec { CgroupsPath = wish.Limits.Cgroups == "disabled" ? null : facts.CgroupsPath };
        NamespaceList.Fill(linux, record, facts);
        if (linux.Namespaces.Exists(static one => one is { Type: "uts", Path: null }))
        {
            if (record.Settled.HostName.Length > 0) spec.Hostname = record.Settled.HostName;
            if (wish.DomainName is { Length: > 0 } domain) spec.Domainname = domain;
        }
        ContainerMounts.Fill(spec, record, facts, account);
        Restrictions.Fill(linux, record, facts, bounding);
        linux.Resources = LimitTable.Build(wish.Limits, facts);
        DeviceList.Fill(spec, record, facts);
        return spec;
    }

    /// <summary>The process of a program that is executed in a container that runs.</summary>
    /// <param name="record">The container.</param>
    /// <param name="wish">The program.</param>
    /// <param name="facts">The root file system, seen from here, and this host's capabilities.</param>
    /// <exception cref="BerthException">InvalidArgument: there is no such user.</exception>
    public static ProcessSpec BuildExec(ContainerRecord record, ExecWish wish, BundleFacts facts)
    {
        Account account = Accounts.Find(facts.RootPath, wish.User ?? record.Settled.User, record.Spec.Groups);
        return ProcessBuilder.BuildExec(record, wish, facts, account);
    }

    private static Dictionary<string, string> Annotations(ContainerSpec wish)
    {
        Dictionary<string, string> annotations = [];
        foreach ((string name, string value) in wish.Annotations) annotations[name] = value;
        foreach (string group in wish.Groups)
        {
            if (group == Accounts.KeepGroups) annotations["run.oci.keep_original_groups"] = "1";
        }
        return annotations;
    }

    /// <summary>Whether the container is in another user namespace than this process.</summary>
    public static bool HasOwnUsers(ContainerRecord record, BundleFacts facts) => record.Settled.Ids is not null || facts.Joined.User is not null || record.Spec.Namespaces.User.StartsWith("ns:", StringComparison.Ordinal);

    /// <summary>Whether it is in the host's network.</summary>
    public static bool HasHostNetwork(ContainerRecord record) => record.Spec.Connection.Networks is [{ Network: "host" }];

    /// <summary>An id of the container's, as it is outside.</summary>
    public static uint Outside(IReadOnlyList<IdRange>? ranges, uint id)
    {
        foreach (IdRange range in ranges ?? [])
        {
            if (id >= range.Inside && id - range.Inside < range.Count) return range.Outside + (id - range.Inside);
        }
        return id;
    }

    /// <summary>Ranges as the specification has them.</summary>
    public static List<IdMapping> Mappings(IReadOnlyList<IdRange> ranges)
    {
        List<IdMapping> mappings = new(ranges.Count);
        foreach (IdRange range in ranges) mappings.Add(new IdMapping { ContainerId = range.Inside, HostId = range.Outside, Size = range.Count });
        return mappings;
    }

    /// <summary>A path that must be there.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public static FileFacts Require(string path, string what, string code) =>
        KernelPath.Facts(path) ?? throw new BerthException(Fault.NotFound, $"cannot {what} {path}: it is not there, or may not be looked at") { Code = code };
}
