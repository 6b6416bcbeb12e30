// Executes seccomp programs as the kernel would, and counts instructions.
using System.Runtime.InteropServices;

namespace Berth.Linux.Tests.Seccomp;

/// <summary>What a program looks at: <c>struct seccomp_data</c>.</summary>
internal sealed record Call(uint Arch, uint Number, params ulong[] Arguments)
{
    public override string ToString() => $"arch {Arch:x} call {Number:x} ({string.Join(", ", Arguments.Select(a => a.ToString("x")))})";
}

/// <summary>A verdict and what it cost.</summary>
internal readonly record struct Verdict(uint Value, int Instructions);

/// <summary>Classic BPF as far as seccomp permits it.</summary>
internal static class BpfMachine
{
    /// <summary>Runs a program.</summary>
    /// <param name="program"><c>struct sock_filter</c> one behind the other.</param>
    /// <param name="call">What it looks at.</param>
    /// <param name="bigEndian">Lay out 64-bit arguments with the high word first.</param>
    public static Verdict Run(ReadOnlySpan<byte> program, Call call, bool bigEndian = false)
    {
        ReadOnlySpan<Instruction> code = MemoryMarshal.Cast<byte, Instruction>(program);
        Assert.InRange(code.Length, 1, 4096);
        uint a = 0;
        for (int pc = 0, executed = 1; ; pc++, executed++)
        {
            Instruction i = code[pc];
            switch (i.Code)
            {
                case 0x20: a = Word(call, i.K, bigEndian); break;
                case 0x54: a &= i.K; break;
                case 0x05: pc += (int)i.K; break;
                case 0x15: pc += a == i.K ? i.IfTrue : i.IfFalse; break;
                case 0x25: pc += a > i.K ? i.IfTrue : i.IfFalse; break;
                case 0x35: pc += a >= i.K ? i.IfTrue : i.IfFalse; break;
                case 0x45: pc += (a & i.K) != 0 ? i.IfTrue : i.IfFalse; break;
                case 0x06: return new Verdict(i.K, executed);
                default: throw new InvalidOperationException($"instruction {i.Code:x}");
            }
        }
    }

    private static uint Word(Call call, uint offset, bool bigEndian)
    {
        if (offset % 4 != 0) throw new InvalidOperationException($"offset {offset}");
        return offset switch
        {
            0 => call.Number,
            4 => call.Arch,
            >= 16 and < 64 => (uint)(Argument(call, (int)(offset - 16) / 8) >> ((offset % 8 != 0) != bigEndian ? 32 : 0)),
            _ => throw new InvalidOperationException($"offset {offset}"),
        };
    }

    private static ulong Argument(Call call, int index) => index < call.Arguments.Length ? call.Arguments[index] : 0;

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction
    {
        public readonly ushort Code;
        public readonly byte IfTrue;
        public readonly byte IfFalse;
        public readonly uint K;
    }
}
