// Instructions on mounts by mount(2), on targets and sources that are open descriptors, and on flags known only in the child.
namespace Berth.Linux.Programs;

/// <summary>A text in the memory of a child program. The child may write over it, but not beyond it.</summary>
public readonly struct ProgramText
{
    internal ProgramText(nint address) => Address = address;

    internal nint Address { get; }

    /// <summary>The text from its n-th byte on.</summary>
    public ProgramText From(int offset) => new(Address + offset);
}

/// <summary>A change of a mount's flags.</summary>
/// <param name="Set">Flags that shall be on.</param>
/// <param name="Cleared">Flags that were asked to be off: one that is locked is then an error.</param>
/// <param name="Keep">Flags that stay as they are unless they are set.</param>
public readonly record struct FlagChange(MountFlags Set, MountFlags Cleared, MountFlags Keep)
{
    /// <summary>Nothing but the given flags remains on, as in `mount --bind -o`.</summary>
    public static FlagChange To(MountFlags set, MountFlags cleared) => new(set, cleared, MountFlags.None);

    /// <summary>The given flags are added.</summary>
    public static FlagChange Add(MountFlags set) => new(set & BindFlags.Own, MountFlags.None, BindFlags.Own);

    /// <summary>Whether it only adds.</summary>
    public bool Adds => Keep == BindFlags.Own;

    /// <summary>The same with all kept that another user namespace may have locked.</summary>
    public FlagChange KeepingLocked => this with { Keep = BindFlags.Lockable };
}

public sealed unsafe partial class ChildProgram
{
    /// <summary>A text for the child to use, or to write over.</summary>
    public ProgramText Text(string? text) => text is null ? default : new ProgramText((nint)_arena.String(text));

    /// <summary>
    /// The descriptor's name in a procfs that is the working directory: container and image cannot redirect it, and it needs
    /// no procfs at /proc.
    /// </summary>
    public ProgramText NameOf(ProgramFd fd)
    {
        ProgramText text = new((nint)_arena.Take(32));
        Instruction* at = Emit(Operation.NameDescriptor);
        Set(at, 0, fd.Operand);
        at->Argument[1] = text.Address;
        return text;
    }

    /// <summary>Writes the permission bits of a file as four octal digits over the text's first four.</summary>
    public ChildProgram TellMode(ProgramFd file, ProgramText text)
    {
        Instruction* at = Emit(Operation.TellMode);
        Set(at, 0, file.Operand);
        at->Argument[1] = text.Address;
        return this;
    }

    /// <summary>mount(2).</summary>
    public ChildProgram Mount(ProgramText source, ProgramText target, string? type, MountFlags flags, ProgramText data = default)
    {
        Call(Syscall.Mount, source.Address, target.Address, OrNull(type), (long)flags, data.Address);
        return this;
    }

    /// <summary>mount(2) with MS_BIND and MS_REMOUNT: these flags, and no others.</summary>
    public ChildProgram Remount(ProgramText target, MountFlags flags)
    {
        Call(Syscall.Mount, 0L, target.Address, 0L, (long)(flags | MountFlags.Remount | MountFlags.Bind), 0L);
        return this;
    }

    /// <summary>mount(2) with MS_BIND and MS_REMOUNT: flags on top of those the mount has and that are to be kept.</summary>
    public ChildProgram Remount(ProgramFd mount, ProgramText target, FlagChange change)
    {
        Slot flags = NewSlot();
        KeepFlags(mount, change with { Set = change.Set | MountFlags.Remount | MountFlags.Bind }, null)->Result = flags.Index;
        Call(Syscall.Mount, 0L, target.Address, 0L, flags, 0L);
        ReleaseSlots(flags);
        return this;
    }

    /// <summary>mount_setattr(2): flags on top of those the mount has and that are to be kept.</summary>
    public ChildProgram SetAttributes(ProgramFd mount, FlagChange change)
    {
        ulong* attributes = _arena.Take<ulong>(4);
        KeepFlags(mount, change, attributes);
        Call(Syscall.MountSetAttr, mount.Operand, Empty, AT_EMPTY_PATH, attributes, 32);
        return this;
    }

    /// <summary>setxattr(2) of an SELinux label, by the descriptor's name in procfs, since O_PATH descriptors take none.</summary>
    public ChildProgram SetLabel(ProgramFd file, Fd? proc, string label)
    {
        if (proc is null) return this;
        ChangeDirectory(proc);
        ProgramText name = NameOf(file);
        Call(Syscall.SetXAttr, name.Address, _arena.String("security.selinux"), _arena.String(label), System.Text.Encoding.UTF8.GetByteCount(label), 0L);
        return this;
    }

    private Instruction* KeepFlags(ProgramFd mount, FlagChange change, ulong* attributes)
    {
        Instruction* at = Emit(Operation.KeepFlags);
        Set(at, 0, mount.Operand);
        at->Argument[1] = (long)change.Set;
        at->Argument[2] = (long)change.Cleared;
        at->Argument[3] = (long)change.Keep;
        at->Argument[4] = (long)attributes;
        return at;
    }
}
