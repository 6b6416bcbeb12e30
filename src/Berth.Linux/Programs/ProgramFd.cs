// A descriptor as a child program names it: one the parent opened before the clone, or one the child opens itself.
namespace Berth.Linux.Programs;

/// <summary>A descriptor in a child program. One of the parent's must stay open until the clone.</summary>
public readonly struct ProgramFd
{
    private readonly long _value;
    private readonly bool _isSlot;

    private ProgramFd(long value, bool isSlot) => (_value, _isSlot) = (value, isSlot);

    /// <summary>The working directory (AT_FDCWD).</summary>
    public static ProgramFd Cwd => new(Interpreter.AT_FDCWD, false);

    /// <summary>A standard stream or another number known to be open.</summary>
    public static ProgramFd Number(int number) => new(number, false);

    /// <summary>One of the parent's.</summary>
    public static implicit operator ProgramFd(Fd fd) => new(fd.Number, false);

    /// <summary>One the child opens.</summary>
    public static implicit operator ProgramFd(Slot slot) => new(slot.Index, true);

    internal ChildProgram.Operand Operand => _isSlot ? new Slot((short)_value) : (ChildProgram.Operand)_value;
}
