// Writes classic BPF from the last instruction to the first, so that every jump knows where it goes when it is written.
using System.Runtime.InteropServices;

namespace Berth.Linux.Seccomp;

/// <summary>One <c>struct sock_filter</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct BpfInstruction(ushort code, byte ifTrue, byte ifFalse, uint k)
{
    public readonly ushort Code = code;
    public readonly byte IfTrue = ifTrue;
    public readonly byte IfFalse = ifFalse;
    public readonly uint K = k;
}

/// <summary>Operation codes of the few instructions that filters need (linux/filter.h).</summary>
internal static class Bpf
{
    /// <summary>A = the word of seccomp_data at offset k.</summary>
    public const ushort Load = 0x20;

    /// <summary>A &amp;= k.</summary>
    public const ushort And = 0x54;

    /// <summary>Skips k instructions.</summary>
    public const ushort Jump = 0x05;

    /// <summary>A == k.</summary>
    public const ushort IfEqual = 0x15;

    /// <summary>A &gt; k.</summary>
    public const ushort IfGreater = 0x25;

    /// <summary>A &gt;= k.</summary>
    public const ushort IfAtLeast = 0x35;

    /// <summary>Ends with verdict k.</summary>
    public const ushort Return = 0x06;

    /// <summary>Offsets in <c>struct seccomp_data</c>.</summary>
    public const uint NumberOffset = 0, ArchOffset = 4, ArgumentsOffset = 16;
}

/// <summary>Where a branch goes: an instruction already written, or a verdict that is written where it is needed.</summary>
/// <param name="Label">Distance of the instruction from the end of the program, or 0 for a verdict.</param>
/// <param name="Action">The verdict.</param>
internal readonly record struct BpfTarget(int Label, FilterAction Action)
{
    public static implicit operator BpfTarget(FilterAction action) => new(0, action);
}

/// <summary>Collects a program backwards.</summary>
internal sealed class BpfWriter
{
    // An offset has eight bits, and two helpers may still be written between the look and the jump.
    private const int Near = 250;

    private BpfInstruction[] _code = new BpfInstruction[1024];
    private int _count;
    private readonly List<BpfTarget> _returns = new(8);

    /// <summary>The instruction written last, which is the next one in the order of execution.</summary>
    public BpfTarget Here => new(_count, default);

    /// <summary>Writes an instruction that continues with the one written last.</summary>
    public BpfTarget Then(ushort code, uint k) => Write(new BpfInstruction(code, 0, 0, k));

    /// <summary>Writes a conditional jump; nothing where both ways lead to the same.</summary>
    public BpfTarget Branch(ushort code, uint k, BpfTarget ifTrue, BpfTarget ifFalse)
    {
        if (ifTrue == ifFalse) return ifTrue;
        int yes = Reach(ifTrue);
        int no = Reach(ifFalse);
        return Write(new BpfInstruction(code, (byte)(_count - yes), (byte)(_count - no), k));
    }

    /// <summary>Makes the target the instruction that is executed next.</summary>
    public void Continue(BpfTarget target)
    {
        if (target.Label == 0) Write(new BpfInstruction(Bpf.Return, 0, 0, target.Action.Value));
        else if (target.Label != _count) Write(new BpfInstruction(Bpf.Jump, 0, 0, (uint)(_count - target.Label)));
    }

    /// <summary>The program in the order of execution.</summary>
    public byte[] ToArray() => MemoryMarshal.AsBytes(_code.AsSpan(_code.Length - _count)).ToArray();

    /// <summary>The fault of a program that the kernel would refuse.</summary>
    public static FilterException TooLarge() =>
        new(FilterFault.TooLarge, $"compile seccomp filter: it needs more than {CompiledFilter.LargestCount} instructions");

    // The label itself, or that of a verdict or a long jump that is near enough.
    private int Reach(BpfTarget target)
    {
        if (target.Label != 0)
            return _count - target.Label <= Near ? target.Label : Write(new BpfInstruction(Bpf.Jump, 0, 0, (uint)(_count - target.Label))).Label;
        for (int i = 0; i < _returns.Count; i++)
        {
            if (_returns[i].Action != target.Action) continue;
            if (_count - _returns[i].Label <= Near) return _returns[i].Label;
            _returns.RemoveAt(i);
            break;
        }
        int label = Write(new BpfInstruction(Bpf.Return, 0, 0, target.Action.Value)).Label;
        _returns.Add(new BpfTarget(label, target.Action));
        return label;
    }

    private BpfTarget Write(BpfInstruction instruction)
    {
        if (_count == CompiledFilter.LargestCount) throw TooLarge();
        if (_count == _code.Length)
        {
            BpfInstruction[] larger = new BpfInstruction[_code.Length * 2];
            _code.CopyTo(larger, _code.Length);
            _code = larger;
        }
        _code[_code.Length - ++_count] = instruction;
        return new BpfTarget(_count, default);
    }
}
