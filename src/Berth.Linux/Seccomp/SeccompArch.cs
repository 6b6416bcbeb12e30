// The architectures a filter can tell apart, and what the compiler has to know of each.
using System.Runtime.InteropServices;

namespace Berth.Linux.Seccomp;

/// <summary>An architecture (more exactly: a system call ABI) as seccomp filters distinguish them.</summary>
public enum SeccompArch : byte
{
#pragma warning disable CS1591 // the names are those of the architectures
    X86_64, X86, X32, Arm, Aarch64, LoongArch64, M68k, Mips, Mipsel, Mips64, Mipsel64, Mips64N32, Mipsel64N32,
    Parisc, Parisc64, Ppc, Ppc64, Ppc64Le, Riscv64, S390, S390X, Sh, ShEb,
#pragma warning restore CS1591
}

/// <summary>Facts about architectures.</summary>
public static class SeccompArchFacts
{
    /// <summary>The x32 ABI shares x86_64's audit token; its calls carry this bit in their number.</summary>
    public const uint X32Bit = 0x40000000;

    /// <summary>The architecture this process runs on.</summary>
    /// <exception cref="PlatformNotSupportedException">It is none of <see cref="SeccompArch"/>.</exception>
    public static SeccompArch Native => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => SeccompArch.X86_64,
        Architecture.Arm64 => SeccompArch.Aarch64,
        Architecture.X86 => SeccompArch.X86,
        Architecture.Arm or Architecture.Armv6 => SeccompArch.Arm,
        Architecture.S390x => SeccompArch.S390X,
        Architecture.Ppc64le => SeccompArch.Ppc64Le,
        Architecture.LoongArch64 => SeccompArch.LoongArch64,
        Architecture.RiscV64 => SeccompArch.Riscv64,
        _ => throw new PlatformNotSupportedException(),
    };

    /// <summary>What the kernel puts into <c>seccomp_data.arch</c>: AUDIT_ARCH_* of linux/audit.h.</summary>
    public static uint AuditToken(this SeccompArch arch) => arch switch
    {
        SeccompArch.X86_64 or SeccompArch.X32 => 0xC000003E,
        SeccompArch.X86 => 0x40000003,
        SeccompArch.Arm => 0x40000028,
        SeccompArch.Aarch64 => 0xC00000B7,
        SeccompArch.LoongArch64 => 0xC0000102,
        SeccompArch.M68k => 0x00000004,
        SeccompArch.Mips => 0x00000008,
        SeccompArch.Mipsel => 0x40000008,
        SeccompArch.Mips64 => 0x80000008,
        SeccompArch.Mipsel64 => 0xC0000008,
        SeccompArch.Mips64N32 => 0xA0000008,
        SeccompArch.Mipsel64N32 => 0xE0000008,
        SeccompArch.Parisc => 0x0000000F,
        SeccompArch.Parisc64 => 0x8000000F,
        SeccompArch.Ppc => 0x00000014,
        SeccompArch.Ppc64 => 0x80000015,
        SeccompArch.Ppc64Le => 0xC0000015,
        SeccompArch.Riscv64 => 0xC00000F3,
        SeccompArch.S390 => 0x00000016,
        SeccompArch.S390X => 0x80000016,
        SeccompArch.Sh => 0x4000002A,
        SeccompArch.ShEb => 0x0000002A,
        _ => throw new ArgumentOutOfRangeException(nameof(arch)),
    };

    /// <summary>Whether arguments are compared in all their 64 bits; elsewhere only the low half is looked at.</summary>
    internal static bool IsWide(this SeccompArch arch) => arch is SeccompArch.X86_64 or SeccompArch.Aarch64 or SeccompArch.LoongArch64
        or SeccompArch.Mips64 or SeccompArch.Mipsel64 or SeccompArch.Parisc64 or SeccompArch.Ppc64 or SeccompArch.Ppc64Le
        or SeccompArch.Riscv64 or SeccompArch.S390X;

    internal static bool IsBigEndian(this SeccompArch arch) => arch is SeccompArch.M68k or SeccompArch.Mips or SeccompArch.Mips64
        or SeccompArch.Mips64N32 or SeccompArch.Parisc or SeccompArch.Parisc64 or SeccompArch.Ppc or SeccompArch.Ppc64
        or SeccompArch.S390 or SeccompArch.S390X or SeccompArch.ShEb;

    /// <summary>Whether sockets and System V IPC can also be had through socketcall(2) and ipc(2).</summary>
    internal static bool Multiplexes(this SeccompArch arch) => arch is SeccompArch.X86 or SeccompArch.M68k or SeccompArch.Mips
        or SeccompArch.Mipsel or SeccompArch.Ppc or SeccompArch.Ppc64 or SeccompArch.Ppc64Le or SeccompArch.S390
        or SeccompArch.S390X or SeccompArch.Sh or SeccompArch.ShEb;
}
