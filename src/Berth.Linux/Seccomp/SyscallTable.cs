// Names of system calls to numbers and back: constant data in the program file, nothing is built at start.
using System.Text;

namespace Berth.Linux.Seccomp;

/// <summary>The system calls of every architecture that seccomp filters know, up to Linux 7.2.</summary>
public static partial class SyscallTable
{
    /// <summary>How many names there are; indexes from <see cref="IndexOf"/> are smaller.</summary>
    public static int Length => Count;

    /// <summary>The place of a name in the table, or -1 where no architecture has such a call.</summary>
    public static int IndexOf(ReadOnlySpan<char> name)
    {
        uint hash = 0;
        foreach (char c in name) hash = unchecked(hash * 31 + c);
        ReadOnlySpan<ushort> buckets = Buckets;
        for (int slot = (int)((hash ^ hash >> 15) & BucketMask); buckets[slot] != 0; slot = (slot + 1) & BucketMask)
        {
            int index = buckets[slot] - 1;
            if (IsName(index, name)) return index;
        }
        return -1;
    }

    /// <summary>The number of a call (x32's with its bit), or null where the architecture lacks it.</summary>
    /// <param name="arch">The architecture.</param>
    /// <param name="index">From <see cref="IndexOf"/>.</param>
    public static uint? Number(SeccompArch arch, int index)
    {
        ushort number = Column(arch)[index];
        if (number == None) return null;
        // Arm's private calls lie at 0xf0000 and do not fit into sixteen bits; no other number is that high.
        if (number >= ArmPrivate) return 0xF0000u + number - ArmPrivate;
        return arch == SeccompArch.X32 ? number | SeccompArchFacts.X32Bit : number;
    }

    /// <summary>The number of a call, or null where the name is unknown or the architecture lacks the call.</summary>
    public static uint? Number(SeccompArch arch, ReadOnlySpan<char> name) => IndexOf(name) is >= 0 and int index ? Number(arch, index) : null;

    /// <summary>The name at a place of the table.</summary>
    public static string NameAt(int index) => Encoding.ASCII.GetString(Bytes(index));

    /// <summary>The name of a call by its number, or null; a walk through the table, for people's eyes.</summary>
    public static string? NameOf(SeccompArch arch, uint number)
    {
        for (int i = 0; i < Count; i++)
            if (Number(arch, i) == number) return NameAt(i);
        return null;
    }

    private const ushort None = 0xFFFF;
    private const ushort ArmPrivate = 0xF000;

    private static ReadOnlySpan<byte> Bytes(int index) => Names[Offsets[index]..Offsets[index + 1]];

    private static bool IsName(int index, ReadOnlySpan<char> name)
    {
        ReadOnlySpan<byte> bytes = Bytes(index);
        if (bytes.Length != name.Length) return false;
        for (int i = 0; i < bytes.Length; i++)
            if (bytes[i] != name[i]) return false;
        return true;
    }

    private static ReadOnlySpan<ushort> Column(SeccompArch arch) => arch switch
    {
        SeccompArch.X86_64 => X86_64Numbers,
        SeccompArch.X86 => X86Numbers,
        SeccompArch.X32 => X32Numbers,
        SeccompArch.Arm => ArmNumbers,
        SeccompArch.Aarch64 => Aarch64Numbers,
        SeccompArch.LoongArch64 => LoongArch64Numbers,
        SeccompArch.M68k => M68kNumbers,
        SeccompArch.Mips or SeccompArch.Mipsel => MipsNumbers,
        SeccompArch.Mips64 or SeccompArch.Mipsel64 => Mips64Numbers,
        SeccompArch.Mips64N32 or SeccompArch.Mipsel64N32 => Mips64N32Numbers,
        SeccompArch.Parisc => PariscNumbers,
        SeccompArch.Parisc64 => Parisc64Numbers,
        SeccompArch.Ppc => PpcNumbers,
        SeccompArch.Ppc64 or SeccompArch.Ppc64Le => Ppc64Numbers,
        SeccompArch.Riscv64 => Riscv64Numbers,
        SeccompArch.S390 => S390Numbers,
        SeccompArch.S390X => S390XNumbers,
        SeccompArch.Sh or SeccompArch.ShEb => ShNumbers,
        _ => throw new ArgumentOutOfRangeException(nameof(arch)),
    };
}
