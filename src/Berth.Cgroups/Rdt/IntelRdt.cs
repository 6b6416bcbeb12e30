// Resource Director Technology: the container's group in the resctrl file system (runtime-spec, config-linux.md, Intel RDT).
using System.Globalization;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

/// <summary>What is stored of a container's resctrl group.</summary>
/// <param name="Root">Mount point of resctrl.</param>
/// <param name="Group">Directory of the class of service.</param>
/// <param name="IsOurs">Whether creation made it, for this container alone: only then deletion removes it.</param>
/// <param name="Monitoring">Directory of the monitoring group, or null.</param>
public sealed record IntelRdtRecord(string Root, string Group, bool IsOurs, string? Monitoring);

/// <summary>The class of service and the monitoring group of one container.</summary>
public sealed class IntelRdt
{
    /// <summary>Where resctrl is mounted by convention.</summary>
    public const string UsualRoot = "/sys/fs/resctrl";

    private IntelRdt(IntelRdtRecord record) => Record = record;

    /// <summary>What to store so that <see cref="Open"/> finds the groups again.</summary>
    public IntelRdtRecord Record { get; }

    /// <summary>The mount point of resctrl, or null.</summary>
    public static string? FindRoot()
    {
        FileSystemType type = KernelDirectory.TypeOf(UsualRoot);
        if (type == FileSystemType.Resctrl) return UsualRoot;
        // The kernel makes the usual directory wherever it can resctrl: without it there is no need to look further.
        if (type == FileSystemType.None) return null;
        foreach (ReadOnlySpan<char> line in (KernelFile.TryReadText("/proc/self/mountinfo") ?? "").AsSpan().EnumerateLines())
        {
            if (!line.Contains(" - resctrl ", StringComparison.Ordinal)) continue;
            int field = 0;
            foreach (Range part in line.Split(' '))
            {
                if (field++ == 4) return line[part].ToString();
            }
        }
        return null;
    }

    /// <summary>Whether caches can be allocated (CAT).</summary>
    public static bool HasCacheAllocation(string root) => KernelFile.Exists(root + "/info/L3");

    /// <summary>Whether memory bandwidth can be allocated (MBA).</summary>
    public static bool HasBandwidthAllocation(string root) => KernelFile.Exists(root + "/info/MB");

    /// <summary>Makes the groups a configuration asks for.</summary>
    /// <param name="spec"><c>linux.intelRdt</c>.</param>
    /// <param name="id">The container; names the class when the configuration does not.</param>
    /// <param name="root">From <see cref="FindRoot"/>.</param>
    /// <param name="announce">Gets the record before anything is made, so that whatever a sudden death leaves is known by it.</param>
    /// <exception cref="BerthException">The host lacks what is asked for, or refuses it.</exception>
    public static IntelRdt Create(IntelRdtSpec spec, string id, string? root, Action<IntelRdtRecord>? announce = null)
    {
        if (root is null) throw Invalid("intelRdt is specified in config, but Intel RDT is not enabled");
        if (spec.ClosId is "." or ".." || spec.ClosId is { Length: > 1 } name && name.Contains('/', StringComparison.Ordinal))
        {
            throw Invalid($"invalid intelRdt.ClosID \"{spec.ClosId}\"");
        }
        Require(root, spec.L3CacheSchema, spec.MemBwSchema);
        string group = spec.ClosId == "/" ? root : $"{root}/{(string.IsNullOrEmpty(spec.ClosId) ? CgroupPath.Clean("/" + id)[1..] : spec.ClosId)}";
        if (!string.IsNullOrEmpty(spec.ClosId) && Schemata(spec).Length == 0 && !KernelFile.Exists(group))
        {
            throw new BerthException(Fault.NotFound, "unable to apply Intel RDT configuration: clos dir not accessible "
                + $"(must be pre-created when schemata, l3CacheSchema and memBwSchema are empty): {group}");
        }
        string? monitoring = spec.EnableMonitoring || spec.EnableCmt || spec.EnableMbm ? $"{group}/mon_groups/{CgroupPath.Clean("/" + id)[1..]}" : null;
        announce?.Invoke(new IntelRdtRecord(root, group, string.IsNullOrEmpty(spec.ClosId) && !KernelFile.Exists(group), monitoring));
        bool made = Make(root, group);
        if (monitoring is not null)
        {
            try { Make(root, monitoring); }
            catch (BerthException) when (made)
            {
                KernelDirectory.TryRemove(group, out _);
                throw;
            }
        }
        return new IntelRdt(new IntelRdtRecord(root, group, made && string.IsNullOrEmpty(spec.ClosId), monitoring));
    }

    /// <summary>The groups a record tells of.</summary>
    public static IntelRdt Open(IntelRdtRecord record) => new(record);

    /// <summary>Moves a process into the groups.</summary>
    /// <exception cref="BerthException">The kernel refuses it.</exception>
    public void Enter(int pid)
    {
        string number = pid.ToString(CultureInfo.InvariantCulture);
        EnterGroup(Record.Group);
        if (Record.Monitoring is { } monitoring) EnterGroup(monitoring);

        void EnterGroup(string group)
        {
            if (!KernelFile.TryWrite(group + "/tasks", number, out Errno errno)) throw Refused($"unable to add pid {number} to {group}", errno);
        }
    }

    /// <summary>Writes the schemata of a configuration or of an update.</summary>
    /// <exception cref="BerthException">The kernel refuses them.</exception>
    public void Apply(IntelRdtSpec spec)
    {
        Require(Record.Root, spec.L3CacheSchema, spec.MemBwSchema);
        string schemata = Schemata(spec);
        if (schemata.Length == 0) return;
        if (!KernelFile.TryWrite(Record.Group + "/schemata", schemata, out Errno errno))
        {
            throw Refused($"unable to write \"{schemata.Replace("\n", "\\n", StringComparison.Ordinal)}\"", errno);
        }
    }

    /// <summary>Removes what <see cref="Create"/> made for this container alone.</summary>
    /// <exception cref="BerthException">The kernel refuses.</exception>
    public void Delete()
    {
        // The monitoring group goes with its class.
        string? path = Record.IsOurs ? Record.Group : Record.Monitoring;
        if (path is null || KernelDirectory.TryRemove(path, out Errno errno) || errno == Errno.ENOENT) return;
        throw Refused($"unable to remove {path}", errno);
    }

    /// <summary>Schemata, limits and counters of the groups.</summary>
    public IntelRdtStats Stats() => IntelRdtStats.Read(Record);

    private static string Schemata(IntelRdtSpec spec)
    {
        string lines = "";
        Add(spec.L3CacheSchema);
        Add(spec.MemBwSchema);
        foreach (string line in spec.Schemata ?? []) Add(line);
        return lines;

        void Add(string? line)
        {
            if (!string.IsNullOrEmpty(line)) lines += line + "\n";
        }
    }

    private static void Require(string root, string? cache, string? bandwidth)
    {
        if (!string.IsNullOrEmpty(cache) && !HasCacheAllocation(root))
        {
            throw Invalid("intelRdt.l3CacheSchema is specified in config, but Intel RDT/CAT is not enabled");
        }
        if (!string.IsNullOrEmpty(bandwidth) && !HasBandwidthAllocation(root))
        {
            throw Invalid("intelRdt.memBwSchema is specified in config, but Intel RDT/MBA is not enabled");
        }
    }

    private static bool Make(string root, string path)
    {
        if (KernelDirectory.TryMake(path, 0x1ed /* 0755 */, out Errno errno)) return true;
        return errno == Errno.EEXIST ? false : throw Refused(root, $"mkdir {path}", errno);
    }

    private BerthException Refused(string what, Errno errno) => Refused(Record.Root, what, errno);

    private static BerthException Refused(string root, string what, Errno errno)
    {
        // resctrl tells its reasons in a file of its own.
        string? status = KernelFile.TryReadText(root + "/info/last_cmd_status");
        string why = status is null or "" or "ok" ? "" : $", last_cmd_status: {status}";
        return new BerthException(CgroupTree.FaultOf(errno), $"unable to apply Intel RDT configuration: {what}: {errno.Sentence()}{why}");
    }

    private static BerthException Invalid(string message) => new(Fault.InvalidArgument, message);
}
