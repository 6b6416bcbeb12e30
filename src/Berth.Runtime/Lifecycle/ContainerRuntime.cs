// The façade of the runtime: every verb has a file of its own beside this one.
using Berth.Linux;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.State;

namespace Berth.Runtime;

/// <summary>How a runtime works, for all its containers.</summary>
public sealed record RuntimeOptions
{
    /// <summary>Directory of the containers' states; null chooses the usual one.</summary>
    public string? Root { get; init; }

    /// <summary>Ask systemd for cgroups.</summary>
    public bool SystemdCgroup { get; init; }

    /// <summary>No cgroups at all (crun's `--cgroup-manager disabled`).</summary>
    public bool CgroupsDisabled { get; init; }

    /// <summary>Bear what only root may do; null: when we are not root.</summary>
    public bool? Rootless { get; init; }

    /// <summary>
    /// Refuse, as runc does, what crun bears: a bundle without a process, and a profile or mount label of a security module that this kernel has not.
    /// Hooks that run before the start are then told the status `creating`, else `created`.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>CRIU's executable.</summary>
    public string Criu { get; init; } = "criu";

    /// <summary>Receives what only a debugger wants to know.</summary>
    public Action<string> Debug { get; init; } = static _ => { };

    /// <summary>Receives warnings.</summary>
    public Action<string> Warn { get; init; } = static _ => { };
}

/// <summary>
/// Containers on one machine, one verb at a time, synchronously. Safe in a program with no other threads: the first
/// process of a container is a clone of the caller (docs/decisions/0001).
/// </summary>
/// <example><code>
/// ContainerRuntime runtime = new(new RuntimeOptions());
/// int exitCode = runtime.Run(new CreateRequest { Id = "hello", Bundle = "/bundles/hello" });
/// </code></example>
public sealed partial class ContainerRuntime
{
    private readonly RuntimeOptions _options;
    private readonly StateStore _store;
    private Berth.Cgroups.CgroupHost? _cgroupHost;

    /// <summary>A runtime with these options.</summary>
    public ContainerRuntime(RuntimeOptions options)
    {
        _options = options;
        _store = new StateStore(options.Root ?? TrustedRoot());
    }

    /// <summary>The directory of states.</summary>
    public StateStore Store => _store;

    /// <summary>/run/berth for root, a directory of the user's own otherwise.</summary>
    public static string DefaultRoot()
    {
        string? own = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        if (Linux.Processes.Self.UserId == 0) return "/run/berth";
        return string.IsNullOrEmpty(own) ? BelowTmp : $"{own}/berth";
    }

    private static string BelowTmp => $"/tmp/berth-{Linux.Processes.Self.UserId}";

    /// <summary>Anybody can make a directory below /tmp before us: what its owner puts into a state, our hooks among it, would run as us.</summary>
    private static string TrustedRoot()
    {
        string path = DefaultRoot();
        if (path != BelowTmp) return path;
        Linux.Files.KernelPath.MakeDirectory(path, 0x1C0);
        if (Linux.Files.KernelPath.Facts(path, followLink: false) is { IsDirectory: true } facts && facts.Uid == Linux.Processes.Self.UserId && (facts.Mode & 0x12) == 0) return path;
        throw new BerthException(Fault.Denied, $"{path} is not a directory that only we can write to", "set XDG_RUNTIME_DIR, or give a directory of your own with --root");
    }

    /// <summary>State as runtime.md describes it.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>.</exception>
    public (ContainerRecord Record, ContainerStatus Status) State(string id)
    {
        ContainerRecord record = _store.Load(id);
        return (record, Facts.Observe(record, _store));
    }

    private Spec LoadSpec(string id)
    {
        Spec spec = SpecReader.Read(Linux.Files.KernelFile.Read(_store.ConfigOf(id)));
        // What there is to warn of was said when the container was created.
        if (!_options.Strict) Bundles.Leniency.Apply(spec, static _ => { });
        return spec;
    }

    private string StatusBeforeStart => _options.Strict ? "creating" : "created";

    private static ContainerState StateFor(ContainerRecord record, string status) => new()
    {
        OciVersion = record.OciVersion,
        Id = record.Id,
        Status = status,
        Pid = status == "stopped" ? 0 : record.Pid,
        Bundle = record.Bundle,
        Annotations = record.Annotations,
    };

    private static Fd OpenProc()
    {
        Fd proc = Linux.Files.KernelPath.Open("/proc", Linux.Programs.OpenFlags.Path | Linux.Programs.OpenFlags.Directory);
        const long ProcMagic = 0x9FA0;
        if (Linux.Files.KernelPath.FileSystemType(proc) == ProcMagic) return proc;
        proc.Dispose();
        throw new BerthException(Fault.Unsupported, "/proc is no procfs", "mount -t proc proc /proc");
    }
}
