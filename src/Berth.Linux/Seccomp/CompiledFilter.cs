// The result of compiling: instructions and flags, ready for seccomp(2).
namespace Berth.Linux.Seccomp;

/// <summary>A program for SECCOMP_SET_MODE_FILTER, and the flags to install it with.</summary>
public sealed class CompiledFilter
{
    /// <summary>Most instructions the kernel accepts (BPF_MAXINSNS).</summary>
    public const int LargestCount = 4096;

    /// <summary>Size of one <c>struct sock_filter</c>.</summary>
    public const int InstructionSize = 8;

    /// <summary>Takes a finished program, for instance one that somebody else compiled.</summary>
    /// <param name="instructions"><c>struct sock_filter</c> one behind the other, in the machine's byte order.</param>
    /// <param name="flags">Flags for seccomp(2).</param>
    /// <exception cref="FilterException">It is empty, too long, or ends within an instruction.</exception>
    public CompiledFilter(ReadOnlyMemory<byte> instructions, FilterFlags flags)
    {
        if (instructions.Length is 0 or > LargestCount * InstructionSize || instructions.Length % InstructionSize != 0)
            throw new FilterException(FilterFault.TooLarge, $"use a seccomp program of {instructions.Length} bytes: it has to be 1 to {LargestCount} instructions of {InstructionSize} bytes");
        Instructions = instructions;
        Flags = flags;
    }

    /// <summary><c>struct sock_filter</c> one behind the other, in the machine's byte order.</summary>
    public ReadOnlyMemory<byte> Instructions { get; }

    /// <summary>How many instructions there are: <c>sock_fprog.len</c>.</summary>
    public int Count => Instructions.Length / InstructionSize;

    /// <summary>Flags for seccomp(2).</summary>
    public FilterFlags Flags { get; }
}
