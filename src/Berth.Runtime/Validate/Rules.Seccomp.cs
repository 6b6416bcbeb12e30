// The table of `validate`: the system call filter.
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Validate;

internal static partial class Rules
{
    private static Rule[] SeccompRules() =>
    [
        OfSeccomp(RuleLevel.Must, "seccomp-action", "config-linux.md#seccomp", (i, seccomp) =>
        {
            i.Expect(IsAction(seccomp.DefaultAction), "linux.seccomp.defaultAction", $"'{seccomp.DefaultAction}' is no action");
            EachCallRule(seccomp, (rule, path) => i.Expect(IsAction(rule.Action), $"{path}.action", $"'{rule.Action}' is no action"));
        }),
        OfSeccomp(RuleLevel.Must, "seccomp-names", "config-linux.md#seccomp", (i, seccomp) => EachCallRule(seccomp, (rule, path) =>
            i.Expect(rule.Names.Count > 0, $"{path}.names", "it names no system call"))),
        OfSeccomp(RuleLevel.Should, "seccomp-name-form", "config-linux.md#seccomp", (i, seccomp) => EachCallRule(seccomp, (rule, path) =>
        {
            for (int n = 0; n < rule.Names.Count; n++)
            {
                i.Expect(IsCallName(rule.Names[n]), $"{path}.names[{n}]", $"'{rule.Names[n]}' is no name of a system call");
            }
        })),
        OfSeccomp(RuleLevel.Must, "seccomp-errno", "config-linux.md#seccomp", (i, seccomp) =>
        {
            i.Expect(seccomp.DefaultErrnoRet is null || TakesErrno(seccomp.DefaultAction), "linux.seccomp.defaultErrnoRet", $"{seccomp.DefaultAction} has no errno");
            EachCallRule(seccomp, (rule, path) => i.Expect(rule.ErrnoRet is null || TakesErrno(rule.Action), $"{path}.errnoRet", $"{rule.Action} has no errno"));
        }),
        OfSeccomp(RuleLevel.Must, "seccomp-condition", "config-linux.md#seccomp", (i, seccomp) => EachCallRule(seccomp, (rule, path) =>
        {
            for (int n = 0; n < rule.Args?.Count; n++)
            {
                SeccompArg argument = rule.Args[n];
                i.Expect(argument.Index <= 5, $"{path}.args[{n}].index", $"a system call has six arguments, 0 to 5, not {argument.Index}");
                i.Expect(IsOneOf(argument.Op, "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"),
                    $"{path}.args[{n}].op", $"'{argument.Op}' is no comparison");
            }
        })),
        OfSeccomp(RuleLevel.Must, "seccomp-architecture", "config-linux.md#seccomp", (i, seccomp) =>
        {
            for (int n = 0; n < seccomp.Architectures?.Count; n++)
            {
                string arch = seccomp.Architectures[n];
                i.Expect(IsOneOf(arch, "SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64", "SCMP_ARCH_LOONGARCH64",
                    "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
                    "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_SH",
                    "SCMP_ARCH_SHEB", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64"), $"linux.seccomp.architectures[{n}]", $"'{arch}' is no architecture");
            }
        }),
        OfSeccomp(RuleLevel.Must, "seccomp-flag", "config-linux.md#seccomp", (i, seccomp) =>
        {
            for (int n = 0; n < seccomp.Flags?.Count; n++)
            {
                i.Expect(IsOneOf(seccomp.Flags[n], "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"), $"linux.seccomp.flags[{n}]", $"'{seccomp.Flags[n]}' is no flag");
            }
        }),
        OfSeccomp(RuleLevel.Must, "seccomp-listener", "config-linux.md#seccomp", (i, seccomp) =>
        {
            bool notifies = seccomp.DefaultAction == "SCMP_ACT_NOTIFY" || seccomp.Syscalls?.Exists(rule => rule.Action == "SCMP_ACT_NOTIFY") == true;
            i.Expect(seccomp.ListenerMetadata is null || seccomp.ListenerPath is not null, "linux.seccomp.listenerMetadata", "there is no listenerPath to send it to");
            i.Expect(!notifies || seccomp.ListenerPath is not null, "linux.seccomp.listenerPath", "SCMP_ACT_NOTIFY needs somebody to notify");
        }),
    ];

    private static Rule OfSeccomp(RuleLevel level, string id, string section, Action<Inspection, SeccompSpec> check) =>
        new(id, level, section, i =>
        {
            if (i.Spec.Linux?.Seccomp is { } seccomp) check(i, seccomp);
        });

    private static void EachCallRule(SeccompSpec seccomp, Action<SeccompRule, string> check)
    {
        for (int n = 0; n < seccomp.Syscalls?.Count; n++) check(seccomp.Syscalls[n], $"linux.seccomp.syscalls[{n}]");
    }

    private static bool IsCallName(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '_') return false;
        }
        return name.Length > 0;
    }

    private static bool IsAction(string action) => IsOneOf(action, "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
        "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY");

    private static bool TakesErrno(string action) => action is "SCMP_ACT_ERRNO" or "SCMP_ACT_TRACE";
}
