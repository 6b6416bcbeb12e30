// config.json as records: the top level, mounts and hooks (runtime-spec 1.3, config.md).
namespace Berth.Oci.RuntimeSpec;

/// <summary>The configuration of one container: <c>config.json</c> (runtime-spec, config.md).</summary>
public sealed record Spec
{
    /// <summary>Version of the specification the bundle follows, SemVer 2.</summary>
    public string OciVersion { get; set; } = "";

    /// <summary>The container process; needed by start.</summary>
    public ProcessSpec? Process { get; set; }

    /// <summary>The root file system.</summary>
    public RootSpec? Root { get; set; }

    /// <summary>Host name inside the UTS namespace.</summary>
    public string? Hostname { get; set; }

    /// <summary>NIS domain name inside the UTS namespace.</summary>
    public string? Domainname { get; set; }

    /// <summary>Mounts beyond the root, in the order they are made.</summary>
    public List<MountSpec> Mounts { get; set; } = [];

    /// <summary>Commands run at points of the lifecycle.</summary>
    public HooksSpec? Hooks { get; set; }

    /// <summary>Arbitrary metadata.</summary>
    public Dictionary<string, string> Annotations { get; set; } = [];

    /// <summary>What only Linux has.</summary>
    public LinuxSpec? Linux { get; set; }
}

/// <summary><c>root</c>: the container's root file system on the host.</summary>
public sealed record RootSpec
{
    /// <summary>Absolute, or relative to the bundle.</summary>
    public string Path { get; set; } = "";

    /// <summary>Makes the root read-only before the process is executed (<c>readonly</c>).</summary>
    public bool ReadOnly { get; set; }
}

/// <summary>One entry of <c>mounts</c>.</summary>
public sealed record MountSpec
{
    /// <summary>Where inside the container; relative is taken from its root.</summary>
    public string Destination { get; set; } = "";

    /// <summary>File system type; <c>bind</c> or absent for a bind mount.</summary>
    public string? Type { get; set; }

    /// <summary>Device, directory or file; relative is taken from the bundle.</summary>
    public string? Source { get; set; }

    /// <summary>fstab-style options; unknown ones are data for the file system.</summary>
    public List<string> Options { get; set; } = [];

    /// <summary>Makes the mount id-mapped (<c>uidMappings</c>).</summary>
    public List<IdMapping>? UidMappings { get; set; }

    /// <summary>Makes the mount id-mapped (<c>gidMappings</c>).</summary>
    public List<IdMapping>? GidMappings { get; set; }
}

/// <summary><c>hooks</c>: commands for six points of the lifecycle.</summary>
public sealed record HooksSpec
{
    /// <summary>Deprecated point before the process starts, in the runtime's namespaces.</summary>
    public List<HookSpec>? Prestart { get; set; }

    /// <summary>After the namespaces are made and before pivot_root, in the runtime's namespaces.</summary>
    public List<HookSpec>? CreateRuntime { get; set; }

    /// <summary>Like createRuntime, but in the container's namespaces.</summary>
    public List<HookSpec>? CreateContainer { get; set; }

    /// <summary>Before the user's process is executed, in the container.</summary>
    public List<HookSpec>? StartContainer { get; set; }

    /// <summary>After the user's process was executed, in the runtime's namespaces.</summary>
    public List<HookSpec>? Poststart { get; set; }

    /// <summary>After the container was deleted, in the runtime's namespaces.</summary>
    public List<HookSpec>? Poststop { get; set; }
}

/// <summary>One hook: an executable of the host with the state on standard input.</summary>
public sealed record HookSpec
{
    /// <summary>Absolute path.</summary>
    public string Path { get; set; } = "";

    /// <summary>argv, including argv[0].</summary>
    public List<string>? Args { get; set; }

    /// <summary>Environment, KEY=VALUE.</summary>
    public List<string>? Env { get; set; }

    /// <summary>Seconds until it is killed; absent means never.</summary>
    public int? Timeout { get; set; }
}
