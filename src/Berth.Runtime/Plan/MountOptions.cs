// The fstab-style options of config.md as one table, and what a mount's option list asks for.
using System.Globalization;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

/// <summary>What an option does besides attributes and propagation.</summary>
[Flags]
internal enum MountExtra
{
    None = 0,
    Bind = 1,
    RecursiveBind = 2,
    Remount = 4,
    CopyUp = 8,
    CopySymlink = 16,
    DestinationNoFollow = 32,
    SourceNoFollow = 64,
    IdMap = 128,
    RecursiveIdMap = 256,
}

/// <summary>One known option.</summary>
/// <param name="Set">Flags it sets.</param>
/// <param name="Clear">Flags it clears.</param>
/// <param name="TreeSet">Attributes it sets on the mount and all below.</param>
/// <param name="TreeClear">Attributes it clears there.</param>
/// <param name="Propagation">Propagation type, with <see cref="MountFlags.Recursive"/> for the r- forms.</param>
/// <param name="Extra">Anything else.</param>
internal readonly record struct MountOption(
    MountFlags Set = 0,
    MountFlags Clear = 0,
    MountAttributes TreeSet = 0,
    MountAttributes TreeClear = 0,
    MountFlags Propagation = 0,
    MountExtra Extra = 0);

/// <summary>The options of one mount, sorted out.</summary>
internal sealed class MountOptions
{
    /// <summary>Flags that shall be on.</summary>
    public MountFlags Flags { get; private set; }

    /// <summary>Flags that were asked to be off.</summary>
    public MountFlags Cleared { get; private set; }

    /// <summary>Attributes of the mount and all below that shall be on.</summary>
    public MountAttributes TreeSet { get; private set; }

    /// <summary>Attributes of the mount and all below that shall be off.</summary>
    public MountAttributes TreeClear { get; private set; }

    public List<MountFlags> Propagation { get; } = [];

    public MountExtra Extra { get; private set; }

    /// <summary>Options for the file system: key and value, or a bare key.</summary>
    public List<(string Key, string? Value)> Data { get; } = [];

    /// <summary>Mapping given inside an `idmap=` option, or null.</summary>
    public string? IdMapText { get; private set; }

    public bool IsBind => (Extra & (MountExtra.Bind | MountExtra.RecursiveBind)) != 0;

    public bool IsRecursiveBind => (Extra & MountExtra.RecursiveBind) != 0;

    /// <summary>Whether flags are named at all, be it to clear one; a bind without any keeps those of its source.</summary>
    public bool NamesFlags => (Flags | Cleared) != 0;

    public bool NamesTree => (TreeSet | TreeClear) != 0;

    public bool Has(MountExtra extra) => (Extra & extra) != 0;

    /// <summary>Whether ids are mapped: by the options, or by mappings beside them.</summary>
    public bool MapsIds(MountSpec mount) => Has(MountExtra.IdMap | MountExtra.RecursiveIdMap) || mount.UidMappings is { Count: > 0 } || mount.GidMappings is { Count: > 0 };

    /// <summary>Every option this runtime knows, for `features`.</summary>
    public static readonly string[] Names =
    [
        "async", "atime", "bind", "copy-symlink", "defaults", "dest-nofollow", "dev", "diratime", "dirsync", "exec", "idmap", "iversion",
        "lazytime", "loud", "mand", "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime", "nomand",
        "norelatime", "nostrictatime", "nosuid", "nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime",
        "remount", "rexec", "ridmap", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime", "rnostrictatime", "rnosuid",
        "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave", "rstrictatime", "rsuid", "rsymfollow",
        "runbindable", "rw", "shared", "silent", "slave", "src-nofollow", "strictatime", "suid", "symfollow", "sync", "tmpcopyup", "unbindable",
    ];

    /// <summary>Sorts out the options of a mount.</summary>
    public static MountOptions Parse(MountSpec mount)
    {
        MountOptions result = new();
        foreach (string option in mount.Options) result.Add(option);
        return result;
    }

    private void Add(string option)
    {
        if (Known(option) is { } known)
        {
            Apply(known);
            return;
        }
        if (option.StartsWith("idmap=", StringComparison.Ordinal) || option.StartsWith("ridmap=", StringComparison.Ordinal))
        {
            Extra |= option[0] == 'r' ? MountExtra.RecursiveIdMap : MountExtra.IdMap;
            IdMapText = option[(option.IndexOf('=') + 1)..];
            return;
        }
        int equals = option.IndexOf('=');
        Data.Add(equals < 0 ? (option, null) : (option[..equals], option[(equals + 1)..]));
    }

    private void Apply(MountOption o)
    {
        Flags = (Flags & ~o.Clear) | o.Set;
        Cleared = (Cleared & ~o.Set) | o.Clear;
        TreeSet = (TreeSet & ~o.TreeClear) | o.TreeSet;
        TreeClear = (TreeClear & ~o.TreeSet) | o.TreeClear;
        // mount_setattr(2): whoever sets one of the access-time settings must clear the whole field.
        if ((o.TreeSet & MountAttributes.AccessTimeMask) != 0) TreeClear |= MountAttributes.AccessTimeMask;
        if (o.Propagation != 0) Propagation.Add(o.Propagation);
        Extra |= o.Extra;
    }

    /// <summary>The option's row, or null where it is data for the file system.</summary>
    public static MountOption? Known(string option) => option switch
    {
        "defaults" => new(),
        "ro" => new(Set: MountFlags.ReadOnly),
        "rw" => new(Clear: MountFlags.ReadOnly),
        "nosuid" => new(Set: MountFlags.NoSuid),
        "suid" => new(Clear: MountFlags.NoSuid),
        "nodev" => new(Set: MountFlags.NoDev),
        "dev" => new(Clear: MountFlags.NoDev),
        "noexec" => new(Set: MountFlags.NoExec),
        "exec" => new(Clear: MountFlags.NoExec),
        "noatime" => new(Set: MountFlags.NoAccessTime),
        "atime" => new(Clear: MountFlags.NoAccessTime),
        "relatime" => new(Set: MountFlags.RelativeAccessTime),
        "norelatime" => new(Clear: MountFlags.RelativeAccessTime),
        "strictatime" => new(Set: MountFlags.StrictAccessTime),
        "nostrictatime" => new(Clear: MountFlags.StrictAccessTime),
        "nodiratime" => new(Set: MountFlags.NoDirectoryAccessTime),
        "diratime" => new(Clear: MountFlags.NoDirectoryAccessTime),
        "nosymfollow" => new(Set: MountFlags.NoSymFollow),
        "symfollow" => new(Clear: MountFlags.NoSymFollow),
        "sync" => new(Set: MountFlags.Synchronous),
        "async" => new(Clear: MountFlags.Synchronous),
        "dirsync" => new(Set: MountFlags.DirSync),
        "mand" => new(Set: MountFlags.MandatoryLocks),
        "nomand" => new(Clear: MountFlags.MandatoryLocks),
        "lazytime" => new(Set: MountFlags.LazyTime),
        "nolazytime" => new(Clear: MountFlags.LazyTime),
        "iversion" => new(Set: MountFlags.InodeVersion),
        "noiversion" => new(Clear: MountFlags.InodeVersion),
        "silent" => new(Set: MountFlags.Silent),
        "loud" => new(Clear: MountFlags.Silent),
        "rro" => new(TreeSet: MountAttributes.ReadOnly),
        "rrw" => new(TreeClear: MountAttributes.ReadOnly),
        "rnosuid" => new(TreeSet: MountAttributes.NoSuid),
        "rsuid" => new(TreeClear: MountAttributes.NoSuid),
        "rnodev" => new(TreeSet: MountAttributes.NoDev),
        "rdev" => new(TreeClear: MountAttributes.NoDev),
        "rnoexec" => new(TreeSet: MountAttributes.NoExec),
        "rexec" => new(TreeClear: MountAttributes.NoExec),
        "rnodiratime" => new(TreeSet: MountAttributes.NoDirectoryAccessTime),
        "rdiratime" => new(TreeClear: MountAttributes.NoDirectoryAccessTime),
        "rnoatime" => new(TreeSet: MountAttributes.NoAccessTime, TreeClear: MountAttributes.StrictAccessTime),
        // Relatime is the absence of the two others.
        "ratime" or "rrelatime" or "rnorelatime" or "rnostrictatime" => new(TreeClear: MountAttributes.AccessTimeMask),
        "rstrictatime" => new(TreeSet: MountAttributes.StrictAccessTime, TreeClear: MountAttributes.NoAccessTime),
        "rnosymfollow" => new(TreeSet: MountAttributes.NoSymFollow),
        "rsymfollow" => new(TreeClear: MountAttributes.NoSymFollow),
        "remount" => new(Extra: MountExtra.Remount),
        "bind" => new(Extra: MountExtra.Bind),
        "rbind" => new(Extra: MountExtra.RecursiveBind),
        "private" => new(Propagation: MountFlags.Private),
        "rprivate" => new(Propagation: MountFlags.Private | MountFlags.Recursive),
        "shared" => new(Propagation: MountFlags.Shared),
        "rshared" => new(Propagation: MountFlags.Shared | MountFlags.Recursive),
        "slave" => new(Propagation: MountFlags.Slave),
        "rslave" => new(Propagation: MountFlags.Slave | MountFlags.Recursive),
        "unbindable" => new(Propagation: MountFlags.Unbindable),
        "runbindable" => new(Propagation: MountFlags.Unbindable | MountFlags.Recursive),
        "tmpcopyup" => new(Extra: MountExtra.CopyUp),
        "copy-symlink" => new(Extra: MountExtra.CopySymlink),
        "dest-nofollow" => new(Extra: MountExtra.DestinationNoFollow),
        "src-nofollow" => new(Extra: MountExtra.SourceNoFollow),
        "idmap" => new(Extra: MountExtra.IdMap),
        "ridmap" => new(Extra: MountExtra.RecursiveIdMap),
        _ => null,
    };

    /// <summary>Propagation of the root: `linux.rootfsPropagation`.</summary>
    /// <exception cref="BerthException">The word is unknown.</exception>
    public static MountFlags RootPropagation(string? word) => word switch
    {
        null or "" => MountFlags.Slave | MountFlags.Recursive,
        "private" or "rprivate" or "slave" or "rslave" or "shared" or "rshared" or "unbindable" or "runbindable" =>
            Known(word)!.Value.Propagation,
        _ => throw new BerthException(Fault.InvalidArgument, $"linux.rootfsPropagation: unknown value \"{word}\"",
            "use shared, slave, private or unbindable, or their r- forms"),
    };

    /// <summary>Reads `uids=inside-outside-count#…;gids=…`; a leading `@` makes the outside ids relative to the container's own mapping.</summary>
    public static (List<IdMapping> Uids, List<IdMapping> Gids) ParseIdMap(string text, LinuxSpec? linux)
    {
        List<IdMapping> uids = [], gids = [];
        foreach (string part in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=');
            string kind = equals < 0 ? "" : part[..equals];
            List<IdMapping> target = kind switch
            {
                "uids" => uids,
                "gids" => gids,
                _ => throw Bad(text, $"\"{kind}\" is neither uids nor gids"),
            };
            foreach (string range in part[(equals + 1)..].Split(['#', ','], StringSplitOptions.RemoveEmptyEntries))
            {
                bool relative = range[0] == '@';
                string[] numbers = (relative ? range[1..] : range).Split('-');
                if (numbers.Length != 3
                    || !uint.TryParse(numbers[0], CultureInfo.InvariantCulture, out uint inside)
                    || !uint.TryParse(numbers[1], CultureInfo.InvariantCulture, out uint outside)
                    || !uint.TryParse(numbers[2], CultureInfo.InvariantCulture, out uint size))
                {
                    throw Bad(text, $"\"{range}\" is not inside-outside-count");
                }
                if (relative) outside = ToHost(outside, kind == "uids" ? linux?.UidMappings : linux?.GidMappings, text);
                target.Add(new IdMapping { ContainerId = inside, HostId = outside, Size = size });
            }
        }
        return (uids, gids);
    }

    private static uint ToHost(uint id, List<IdMapping>? mappings, string text)
    {
        foreach (IdMapping m in mappings ?? [])
        {
            if (id >= m.ContainerId && id - m.ContainerId < m.Size) return m.HostId + (id - m.ContainerId);
        }
        throw Bad(text, $"id {id} is not mapped in the container's user namespace");
    }

    private static BerthException Bad(string text, string why) =>
        new(Fault.InvalidArgument, $"mount option idmap={text}: {why}", "write uids=0-100000-65536;gids=0-100000-65536");
}
