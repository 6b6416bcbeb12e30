// The words of libseccomp and of the runtime specification for actions, operators, architectures and flags.
namespace Berth.Linux.Seccomp;

/// <summary>Translates SCMP_* and SECCOMP_FILTER_FLAG_* words; a word is understood exactly when it is listed.</summary>
public static class SeccompWords
{
    /// <summary>Error number or message of ERRNO and TRACE where a profile gives none.</summary>
    public const Errno DefaultErrno = Errno.EPERM;

    /// <summary>All actions, sorted.</summary>
    public static string[] Actions =>
    [
        "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
    ];

    /// <summary>All operators, sorted.</summary>
    public static string[] Operators =>
    [
        "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE",
    ];

    /// <summary>All architectures, sorted.</summary>
    public static string[] Arches =>
    [
        "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
        "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",
        "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390",
        "SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64",
    ];

    /// <summary>All flags a profile may name.</summary>
    public static string[] Flags =>
    [
        "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ];

    /// <summary>The action a word names.</summary>
    /// <param name="word">One of <see cref="Actions"/>.</param>
    /// <param name="errnoRet">Error number of ERRNO or message of TRACE; the others ignore it.</param>
    /// <param name="action">The action.</param>
    /// <returns>False for an unknown word.</returns>
    public static bool TryAction(ReadOnlySpan<char> word, uint? errnoRet, out FilterAction action)
    {
        uint data = errnoRet ?? (uint)DefaultErrno;
        FilterAction? known = word switch
        {
            "SCMP_ACT_KILL" or "SCMP_ACT_KILL_THREAD" => FilterAction.KillThread,
            "SCMP_ACT_KILL_PROCESS" => FilterAction.KillProcess,
            "SCMP_ACT_TRAP" => FilterAction.Trap,
            "SCMP_ACT_ERRNO" => FilterAction.Errno((Errno)(data & 0xFFFF)),
            "SCMP_ACT_TRACE" => FilterAction.Trace((ushort)(data & 0xFFFF)),
            "SCMP_ACT_ALLOW" => FilterAction.Allow,
            "SCMP_ACT_LOG" => FilterAction.Log,
            "SCMP_ACT_NOTIFY" => FilterAction.Notify,
            _ => null,
        };
        action = known.GetValueOrDefault();
        return known is not null;
    }

    /// <summary>The operator a word names, or null.</summary>
    public static ArgOperator? Operator(ReadOnlySpan<char> word) => word switch
    {
        "SCMP_CMP_NE" => ArgOperator.NotEqual,
        "SCMP_CMP_LT" => ArgOperator.Less,
        "SCMP_CMP_LE" => ArgOperator.LessOrEqual,
        "SCMP_CMP_EQ" => ArgOperator.Equal,
        "SCMP_CMP_GE" => ArgOperator.GreaterOrEqual,
        "SCMP_CMP_GT" => ArgOperator.Greater,
        "SCMP_CMP_MASKED_EQ" => ArgOperator.MaskedEqual,
        _ => null,
    };

    /// <summary>The architecture a word names, or null.</summary>
    public static SeccompArch? Arch(ReadOnlySpan<char> word) => word switch
    {
        "SCMP_ARCH_X86_64" => SeccompArch.X86_64,
        "SCMP_ARCH_X86" => SeccompArch.X86,
        "SCMP_ARCH_X32" => SeccompArch.X32,
        "SCMP_ARCH_ARM" => SeccompArch.Arm,
        "SCMP_ARCH_AARCH64" => SeccompArch.Aarch64,
        "SCMP_ARCH_LOONGARCH64" => SeccompArch.LoongArch64,
        "SCMP_ARCH_M68K" => SeccompArch.M68k,
        "SCMP_ARCH_MIPS" => SeccompArch.Mips,
        "SCMP_ARCH_MIPSEL" => SeccompArch.Mipsel,
        "SCMP_ARCH_MIPS64" => SeccompArch.Mips64,
        "SCMP_ARCH_MIPSEL64" => SeccompArch.Mipsel64,
        "SCMP_ARCH_MIPS64N32" => SeccompArch.Mips64N32,
        "SCMP_ARCH_MIPSEL64N32" => SeccompArch.Mipsel64N32,
        "SCMP_ARCH_PARISC" => SeccompArch.Parisc,
        "SCMP_ARCH_PARISC64" => SeccompArch.Parisc64,
        "SCMP_ARCH_PPC" => SeccompArch.Ppc,
        "SCMP_ARCH_PPC64" => SeccompArch.Ppc64,
        "SCMP_ARCH_PPC64LE" => SeccompArch.Ppc64Le,
        "SCMP_ARCH_RISCV64" => SeccompArch.Riscv64,
        "SCMP_ARCH_S390" => SeccompArch.S390,
        "SCMP_ARCH_S390X" => SeccompArch.S390X,
        "SCMP_ARCH_SH" => SeccompArch.Sh,
        "SCMP_ARCH_SHEB" => SeccompArch.ShEb,
        _ => null,
    };

    /// <summary>The flag a word names, or null.</summary>
    public static FilterFlags? Flag(ReadOnlySpan<char> word) => word switch
    {
        "SECCOMP_FILTER_FLAG_TSYNC" => FilterFlags.TSYNC,
        "SECCOMP_FILTER_FLAG_LOG" => FilterFlags.LOG,
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => FilterFlags.SPEC_ALLOW,
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => FilterFlags.WAIT_KILLABLE_RECV,
        _ => null,
    };
}
