// How a mount comes to be: what the plan says of mounts, said once, for kernels with detached mounts and for those without.
using Berth.Linux.Programs;

namespace Berth.Runtime.Plan;

/// <summary>What is to appear elsewhere too.</summary>
/// <param name="Fd">Its descriptor; of the kind the calls make that handed it out.</param>
/// <param name="Recursive">With what is mounted below it.</param>
/// <param name="Owned">Whether binding it closes the descriptor.</param>
internal readonly record struct BindSource(Slot Fd, bool Recursive, bool Owned);

/// <summary>Where something is mounted: an open file or directory, and how to find it again when the mount covers it.</summary>
/// <param name="Fd">Opened before the mount.</param>
/// <param name="Root">Where the path starts.</param>
/// <param name="Path">The path.</param>
/// <param name="How">How it is resolved.</param>
/// <param name="NoFollow">Whether what is mounted or covered may be a link, and is meant itself.</param>
internal readonly record struct MountPoint(Slot Fd, ProgramFd Root, string Path, Resolve How = Resolve.InRoot | Resolve.NoMagicLinks, bool NoFollow = false);

/// <summary>A file system to be mounted.</summary>
internal sealed record NewFileSystem
{
    public required string Type { get; init; }

    public string? Source { get; init; }

    /// <summary>Flags of the mount and of the file system, as mount(2) takes them.</summary>
    public MountFlags Flags { get; init; }

    /// <summary>Options for the file system: key and value, or a bare key.</summary>
    public List<(string Key, string? Value)> Data { get; init; } = [];

    /// <summary>tmpfs: 1 in this slot makes its top directory's mode that of the directory it covers; a new one has 1777.</summary>
    public Slot? CoversExisting { get; init; }

    /// <summary>The step that copies what the directory holds into the new file system, or null.</summary>
    public string? CopyUp { get; init; }
}

/// <summary>
/// The two ways to mount. With detached mounts (Linux 5.12) a mount is finished before it is attached to an open
/// descriptor; with mount(2) it is made in place, on the name that procfs gives to that descriptor, and finished afterwards.
/// </summary>
internal abstract class MountCalls(ChildProgram program)
{
    protected ChildProgram Program { get; } = program;

    public static MountCalls For(ChildProgram program, PlanInput input) =>
        input.Host.HasMountApi ? new DetachedMounts(program) : new MountsInPlace(program, input.Proc);

    /// <summary>Whether attributes can be set on a whole tree, and ids be mapped.</summary>
    public abstract bool HasTreeAttributes { get; }

    /// <summary>What lies at a path. The last instruction is the one that fails where the path cannot be walked.</summary>
    public abstract BindSource Source(ProgramFd directory, string path, bool recursive, bool noFollow = false);

    /// <summary>What lies at an open descriptor, which stays open.</summary>
    public abstract BindSource Source(ProgramFd file, bool recursive);

    /// <summary>As the other form, into a source whose own instruction has failed.</summary>
    public abstract void SourceInstead(ProgramFd file, BindSource failed);

    /// <summary>Binds and closes the source.</summary>
    /// <returns>The new mount.</returns>
    public abstract Slot Bind(BindSource source, MountPoint point, string subject = "", FlagChange? change = null);

    /// <summary>Mounts a file system.</summary>
    /// <param name="fileSystem">Which.</param>
    /// <param name="point">Where.</param>
    /// <param name="refused">Where to go on when the kernel says EPERM or EBUSY; null fails.</param>
    /// <returns>The new mount.</returns>
    public abstract Slot Make(NewFileSystem fileSystem, MountPoint point, Label? refused = null);

    /// <summary>Changes a mount's flags. What the owner of another user namespace has locked stays on unless it was asked to be off.</summary>
    public abstract void SetFlags(Slot mount, FlagChange change);

    /// <summary>Changes how mount events are passed on.</summary>
    public abstract void SetPropagation(Slot mount, MountFlags propagation);

    /// <summary>Sets and clears attributes of a mount and of all below it.</summary>
    public abstract void SetTreeAttributes(Slot mount, MountAttributes set, MountAttributes clear);

    /// <summary>What <see cref="CoverWithEmpty"/> needs.</summary>
    public abstract Slot PrepareEmpty();

    /// <summary>Puts an empty read-only directory over another; all share one file system.</summary>
    public abstract void CoverWithEmpty(Slot empty, MountPoint point);

    /// <summary>Closes what <see cref="PrepareEmpty"/> made.</summary>
    public virtual void CloseEmpty(Slot empty) => Program.Close(empty);

    /// <summary>The option string of mount(2).</summary>
    protected static string? Join(NewFileSystem fileSystem)
    {
        List<string> data = [];
        if (fileSystem.CoversExisting is not null) data.Add("mode=1777");
        foreach ((string key, string? value) in fileSystem.Data) data.Add(value is null ? key : $"{key}={value}");
        return data.Count == 0 ? null : string.Join(',', data);
    }
}
