// The machine language of a child program: what one instruction is, and the few operations that are not one system call.
namespace Berth.Linux.Programs;

/// <summary>What an instruction does.</summary>
internal enum Operation : byte
{
    /// <summary>One system call with up to six arguments.</summary>
    Call,

    /// <summary>Go on at another instruction.</summary>
    Jump,

    /// <summary>Go on elsewhere unless the descriptor in slot A0 is of file type A1 (S_IFMT bits).</summary>
    JumpUnlessType,

    /// <summary>Go on elsewhere if slot A0 holds the value A1.</summary>
    JumpIfEqual,

    /// <summary>Store slot A1 as 32 bits at address A0.</summary>
    Poke,

    /// <summary>Set the result slot to A0.</summary>
    Load,

    /// <summary>Tell the parent this point is reached and wait for its answer.</summary>
    Meet,

    /// <summary>Open a path below root slot A0, making what is missing: A1 path, A2 kind, A3 mode, A4 slot to imitate.</summary>
    OpenTarget,

    /// <summary>Clone again as a sibling (child of the same parent), with flags A0; the caller exits.</summary>
    CloneAgain,

    /// <summary>Fail with error A2 unless the descriptor in slot A0 lies on a file system of type A1, or, with A3, if it does.</summary>
    RequireFileSystem,

    /// <summary>Fail unless the working directory can be named below the root.</summary>
    RequireCwdInside,

    /// <summary>Find the program: A0 list of candidate paths; the result slot gets the index found.</summary>
    FindProgram,

    /// <summary>Execute candidate in slot A3 of list A0, argv A1, envp A2.</summary>
    Execute,

    /// <summary>Copy a directory's content: from descriptor slot A0 into descriptor slot A1.</summary>
    CopyTree,

    /// <summary>Replace the mappings of the executable by copies and forget the file: A0 segment list, A1 count.</summary>
    ShedExecutable,

    /// <summary>Write the buffer A1 of length A2 to descriptor slot A0 whole.</summary>
    WriteAll,

    /// <summary>Fail with error A2 unless the character device in slot A0 has number A1.</summary>
    RequireDevice,

    /// <summary>Fail with EEXIST unless the link of name A1 in directory slot A0 says the text A2 of length A3.</summary>
    RequireLink,

    /// <summary>Close all descriptors from A2 on but those in the sorted list A0 of length A1.</summary>
    CloseAllExcept,

    /// <summary>Clear the bits A1 of the 32-bit number at address A0.</summary>
    ClearBits,

    /// <summary>Wait until the fifo in slot A0 is readable, dying of signals as an ordinary process would.</summary>
    AwaitStart,

    /// <summary>Fail with error A2 if of the descriptors in slots A0 and A1 only one is a directory.</summary>
    RequireSameKind,

    /// <summary>Write `self/fd/N` of the descriptor in slot A0 at address A1.</summary>
    NameDescriptor,

    /// <summary>Write the mode of the descriptor in slot A0 as four octal digits at address A1.</summary>
    TellMode,

    /// <summary>Write this process's id into a text, in decimal digits with a zero behind them.</summary>
    TellPid,

    /// <summary>Mount flags: A1 set, A2 cleared, A3 kept from the mount in slot A0; A4 a mount_attr to fill in, or 0.</summary>
    KeepFlags,

    /// <summary>Tell the parent this point is reached, and take a descriptor from it.</summary>
    Ask,

    /// <summary>Fail with error A0.</summary>
    Fail,
}

/// <summary>One instruction, in unmanaged memory.</summary>
internal unsafe struct Instruction
{
    public Operation Operation;

    /// <summary>Bit i: argument i is a slot number, not a value.</summary>
    public byte SlotArguments;

    /// <summary>Slot that gets the result, or -1.</summary>
    public short Result;

    public short Number;

    /// <summary>Index of the step this belongs to.</summary>
    public int Step;

    /// <summary>Where to go on when the call fails with one of the errors below; -1: such a failure ends the program.</summary>
    public int OnError;

    /// <summary>Up to three error numbers; 255 means any.</summary>
    public byte Error1, Error2, Error3;

    /// <summary>Slot of a file system context whose log explains a failure, or 255.</summary>
    public byte LogSlot;

    public fixed long Argument[6];
}

/// <summary>What parent and child share while the program runs: one page, mapped shared.</summary>
internal unsafe struct Board
{
    public const int LogSize = 1024;

    /// <summary>Instruction that failed plus one; 0 while nothing failed.</summary>
    public int FailedAt;

    public int Errno;

    /// <summary>Pid of the process made by <see cref="Operation.CloneAgain"/>, in the caller's pid namespace.</summary>
    public int SiblingPid;

    public int LogLength;

    /// <summary>A descriptor's number that the child shows to the parent.</summary>
    public int Published;

    /// <summary>Set when the program reached its last step: what fails afterwards is the user's program.</summary>
    public int ReachedEnd;

    public fixed byte Log[LogSize];
}
