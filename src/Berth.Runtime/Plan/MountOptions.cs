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

    /// <summary>Only mount(2) can express it.</summary>
    OldCallOnly = 512,
}

/// <summary>One known option.</summary>
/// <param name="Set">Attributes it sets.</param>
/// <param name="Clear">Attributes it clears.</param>
/// <param name="Recursive">On the whole tree below.</param>
/// <param name="Propagation">Propagation type, with <see cref="MountFlags.Recursive"/> for the r- forms.</param>
/// <param name="Extra">Anything else.</param>
/// <param name="SuperblockFlag">Name of a superblock flag to pass to the file system.</param>
/// <param name="OldFlag">The same for mount(2).</param>
internal readonly record struct MountOption(
    MountAttributes Set = 0,
    MountAttributes Clear = 0,
    bool Recursive = false,
    MountFlags Propagation = 0,
    MountExtra Extra = 0,
    string? SuperblockFlag = null,
    MountFlags OldFlag = 0);

/// <summary>The options of one mount, sorted out.</summary>
internal sealed class MountOptions
{
    public MountAttributes Set { get; private set; }

    public MountAttributes Clear { get; private set; }

    public MountAttributes RecursiveSet { get; private set; }

    public MountAttributes RecursiveClear { get; private set; }

    public List<MountFlags> Propagation { get; } = [];

    public MountExtra Extra { get; private set; }

    public List<string> SuperblockFlags { get; } = [];

    public MountFlags OldFlags { get; private set; }

    /// <summary>Options for the file system: key and value, or a bare key.</summary>
    public List<(string Key, string? Value)> Data { get; } = [];

    /// <summary>Mapping given inside an `idmap=` option, or null.</summary>
    public string? IdMapText { get; private set; }

    public bool IsBind => (Extra & (MountExtra.Bind | MountExtra.RecursiveBind)) != 0;

    public bool IsRecursiveBind => (Extra & MountExtra.RecursiveBind) != 0;

    public bool Has(MountExtra extra) => (Extra & extra) != 0;

    /// <summary>Every option this runtime knows, for `features`.</summary>
    public static readonly string[] Names =
    [
        "acl", "async", "atime", "bind", "copy-symlink", "defaults", "dest-nofollow", "dev", "diratime", "dirsync", "exec", "idmap", "iversion",
        "lazytime", "loud", "mand", "noacl", "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime", "nomand",
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
        if (o.Recursive)
        {
            RecursiveSet = (RecursiveSet & ~o.Clear) | o.Set;
            RecursiveClear = (RecursiveClear & ~o.Set) | o.Clear;
            if ((o.Set & MountAttributes.AccessTimeMask) != 0) RecursiveClear |= MountAttributes.AccessTimeMask;
        }
        else
        {
            Set = (Set & ~o.Clear) | o.Set;
            Clear = (Clear & ~o.Set) | o.Clear;
            if ((o.Set & MountAttributes.AccessTimeMask) != 0) Clear |= MountAttributes.AccessTimeMask;
        }
        if (o.Propagation != 0) Propagation.Add(o.Propagation);
        Extra |= o.Extra;
        OldFlags |= o.OldFlag;
        if (o.SuperblockFlag is not null) SuperblockFlags.Add(o.SuperblockFlag);
    }

    /// <summary>The option's row, or null where it is data for the file system.</summary>
    public static MountOption? Known(string option) => option switch
    {
        "defaults" or "loud" or "silent" or "norelatime" => new(),
        "ro" => new(Set: MountAttributes.ReadOnly),
        "rw" => new(Clear: MountAttributes.ReadOnly),
        "nosuid" => new(Set: MountAttributes.NoSuid),
        "suid" => new(Clear: MountAttributes.NoSuid),
        "nodev" => new(Set: MountAttributes.NoDev),
        "dev" => new(Clear: MountAttributes.NoDev),
        "noexec" => new(Set: MountAttributes.NoExec),
        "exec" => new(Clear: MountAttributes.NoExec),
        "noatime" => new(Set: MountAttributes.NoAccessTime, Clear: MountAttributes.StrictAccessTime),
        "atime" or "relatime" or "nostrictatime" => new(Clear: MountAttributes.AccessTimeMask),
        "strictatime" => new(Set: MountAttributes.StrictAccessTime, Clear: MountAttributes.NoAccessTime),
        "nodiratime" => new(Set: MountAttributes.NoDirectoryAccessTime),
        "diratime" => new(Clear: MountAttributes.NoDirectoryAccessTime),
        "nosymfollow" => new(Set: MountAttributes.NoSymFollow),
        "symfollow" => new(Clear: MountAttributes.NoSymFollow),
        "rro" => new(Set: MountAttributes.ReadOnly, Recursive: true),
        "rrw" => new(Clear: MountAttributes.ReadOnly, Recursive: true),
        "rnosuid" => new(Set: MountAttributes.NoSuid, Recursive: true),
        "rsuid" => new(Clear: MountAttributes.NoSuid, Recursive: true),
        "rnodev" => new(Set: MountAttributes.NoDev, Recursive: true),
        "rdev" => new(Clear: MountAttributes.NoDev, Recursive: true),
        "rnoexec" => new(Set: MountAttributes.NoExec, Recursive: true),
        "rexec" => new(Clear: MountAttributes.NoExec, Recursive: true),
        "rnodiratime" => new(Set: MountAttributes.NoDirectoryAccessTime, Recursive: true),
        "rdiratime" => new(Clear: MountAttributes.NoDirectoryAccessTime, Recursive: true),
        "rnoatime" => new(Set: MountAttributes.NoAccessTime, Clear: MountAttributes.StrictAccessTime, Recursive: true),
        "ratime" or "rrelatime" or "rnostrictatime" => new(Clear: MountAttributes.AccessTimeMask, Recursive: true),
        "rnorelatime" => new(Recursive: true),
        "rstrictatime" => new(Set: MountAttributes.StrictAccessTime, Clear: MountAttributes.NoAccessTime, Recursive: true),
        "rnosymfollow" => new(Set: MountAttributes.NoSymFollow, Recursive: true),
        "rsymfollow" => new(Clear: MountAttributes.NoSymFollow, Recursive: true),
        "sync" => new(SuperblockFlag: "sync", OldFlag: MountFlags.Synchronous),
        "async" => new(SuperblockFlag: "async"),
        "dirsync" => new(SuperblockFlag: "dirsync", OldFlag: MountFlags.DirSync),
        "mand" => new(SuperblockFlag: "mand", OldFlag: MountFlags.MandatoryLocks),
        "nomand" => new(SuperblockFlag: "nomand"),
        "lazytime" => new(SuperblockFlag: "lazytime", OldFlag: MountFlags.LazyTime),
        "nolazytime" => new(SuperblockFlag: "nolazytime"),
        "iversion" => new(Extra: MountExtra.OldCallOnly, OldFlag: MountFlags.InodeVersion),
        "noiversion" => new(),
        "acl" or "noacl" => new(Extra: MountExtra.OldCallOnly),
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
