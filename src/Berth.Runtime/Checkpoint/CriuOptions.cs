// criu_opts: what CRIU is told for a dump or a restore, field by field with the numbers of criu's images/rpc.proto.
namespace Berth.Runtime.Checkpoint;

/// <summary>criu_cg_mode: what becomes of the cgroups' own properties.</summary>
internal enum CriuCgroupMode
{
    Ignore = 0,
    Soft = 3,
    Full = 4,
    Strict = 5,
    Default = 6,
}

/// <summary>criu_network_lock_method.</summary>
internal enum CriuNetworkLock
{
    IpTables = 1,
    NfTables = 2,
    Skip = 3,
}

/// <summary>Options; what is null is left to CRIU.</summary>
internal sealed class CriuOptions
{
    /// <summary>Descriptor in this process, which CRIU opens again through procfs.</summary>
    public int ImagesFd { get; set; }

    public int? WorkFd { get; set; }

    public required string LogFile { get; init; }

    public required string Root { get; init; }

    public int? Pid { get; init; }

    public bool LeaveRunning { get; init; }

    public bool ExternalUnixSockets { get; init; }

    public bool TcpEstablished { get; init; }

    public bool TcpSkipInFlight { get; init; }

    public bool TcpClose { get; init; }

    public bool EvasiveDevices { get; init; }

    public bool ShellJob { get; init; }

    public bool FileLocks { get; init; }

    public bool LinkRemap { get; init; }

    public bool AutoDedup { get; init; }

    public bool LazyPages { get; init; }

    public bool RestoreAsSibling { get; init; }

    public (string Address, int Port)? PageServer { get; init; }

    public string? ParentImage { get; init; }

    public CriuCgroupMode CgroupMode { get; init; } = CriuCgroupMode.Default;

    public CriuNetworkLock? NetworkLock { get; init; }

    /// <summary>Namespaces that are made but left empty; CLONE_NEWNET is the only one CRIU knows.</summary>
    public uint EmptyNamespaces { get; init; }

    public string? FreezeCgroup { get; init; }

    public string? ConfigFile { get; init; }

    public string? LsmProfile { get; init; }

    public string? LsmMountContext { get; init; }

    /// <summary>Things outside of the image: <c>mnt[...]:...</c>, <c>net[...]:...</c>, <c>file[...]</c>.</summary>
    public List<string> External { get; } = [];

    /// <summary>Descriptors of the CRIU process that take the place of something external.</summary>
    public List<(string Key, int Fd)> Inherit { get; } = [];

    /// <summary>Namespaces that are joined: kind and path.</summary>
    public List<(string Kind, string Path)> Join { get; } = [];

    /// <summary>Where each hierarchy's tree is restored: controllers and path.</summary>
    public List<(string Controllers, string Path)> CgroupRoots { get; } = [];

    public WireWriter Write()
    {
        WireWriter w = new WireWriter()
            .Number(1, ImagesFd)
            .Number(2, Pid)
            .Flag(3, LeaveRunning)
            .Flag(4, ExternalUnixSockets)
            .Flag(5, TcpEstablished)
            .Flag(6, EvasiveDevices)
            .Flag(7, ShellJob)
            .Flag(8, FileLocks)
            .Number(9, 4)
            .Text(10, LogFile)
            .Message(11, PageServer is { } server ? new WireWriter().Text(1, server.Address).Number(2, server.Port) : null)
            .Flag(12, true)
            .Text(13, Root)
            .Text(14, ParentImage);
        if (ParentImage is not null) w.Flag(15, true);
        w.Flag(16, AutoDedup).Number(17, WorkFd).Flag(18, LinkRemap).Flag(24, true);
        foreach ((string controllers, string path) in CgroupRoots) w.Message(25, new WireWriter().Text(1, controllers).Text(2, path));
        if (RestoreAsSibling) w.Flag(26, true);
        foreach ((string key, int fd) in Inherit) w.Message(27, new WireWriter().Text(1, key).Number(2, fd));
        w.Number(34, (int)CgroupMode);
        foreach (string external in External) w.Text(37, external);
        w.Number(38, EmptyNamespaces);
        foreach ((string kind, string path) in Join) w.Message(39, new WireWriter().Text(1, kind).Text(2, path));
        w.Text(44, FreezeCgroup).Flag(46, TcpSkipInFlight).Flag(48, LazyPages).Flag(50, true).Text(51, ConfigFile);
        if (TcpClose) w.Flag(52, true);
        return w.Text(53, LsmProfile).Text(63, LsmMountContext).Number(64, NetworkLock is { } method ? (int)method : null);
    }
}
