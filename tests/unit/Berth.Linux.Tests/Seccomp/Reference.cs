// What rules mean, without any tree or order: the plain reading that every program has to agree with.
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

/// <summary>Reads a spec rule by rule.</summary>
internal static class Reference
{
    private static readonly string?[] s_socketcalls =
    [
        null, "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv", "sendto",
        "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg",
    ];

    private static readonly string?[] s_ipcs =
    [
        null, "semop", "semget", "semctl", "semtimedop", null, null, null, null, null, null, "msgsnd", "msgrcv", "msgget", "msgctl",
        null, null, null, null, null, null, "shmat", "shmdt", "shmget", "shmctl",
    ];

    /// <summary>The verdict. Only for specs whose rules all have the same action.</summary>
    public static uint Verdict(FilterSpec spec, Call call) => Fixed(spec, call) ?? (Applying(spec, call) is [FilterAction first, ..] ? first : spec.DefaultAction).Value;

    /// <summary>The actions of all rules that apply, in the order of the spec.</summary>
    public static FilterAction[] Applying(FilterSpec spec, Call call)
    {
        bool isX32 = call.Arch == SeccompArch.X86_64.AuditToken() && (call.Number & SeccompArchFacts.X32Bit) != 0;
        SeccompArch? arch = isX32 ? SeccompArch.X32 : Listed(spec, call).Where(a => a != SeccompArch.X32).Cast<SeccompArch?>().FirstOrDefault();
        return arch is null || Fixed(spec, call) is not null ? []
            : [.. spec.Rules.Where(r => r.Action != spec.DefaultAction && r.Names.Any(name => Applies(r, name, arch.Value, call))).Select(r => r.Action)];
    }

    private static SeccompArch[] Listed(FilterSpec spec, Call call) => [.. spec.Architectures.Append(spec.Native).Where(a => a.AuditToken() == call.Arch)];

    // What no rule has a say in.
    private static uint? Fixed(FilterSpec spec, Call call)
    {
        SeccompArch[] listed = Listed(spec, call);
        if (listed.Length == 0) return spec.BadArchAction.Value;
        if (call.Arch != SeccompArch.X86_64.AuditToken() || listed.Contains(SeccompArch.X32)) return null;
        return call.Number == uint.MaxValue ? spec.DefaultAction.Value : call.Number >= SeccompArchFacts.X32Bit ? spec.BadArchAction.Value : null;
    }

    private static bool Applies(FilterRule rule, string name, SeccompArch arch, Call call)
    {
        IReadOnlyList<ArgCheck> checks = rule.Checks ?? [];
        bool distinct = checks.DistinctBy(c => c.Index).Count() == checks.Count;
        if (SyscallTable.Number(arch, name) == call.Number && Hold(checks)) return true;
        bool multiplexes = arch is SeccompArch.X86 or SeccompArch.Mips or SeccompArch.Mipsel or SeccompArch.Ppc or SeccompArch.Ppc64 or SeccompArch.Ppc64Le
            or SeccompArch.S390 or SeccompArch.S390X or SeccompArch.M68k or SeccompArch.Sh or SeccompArch.ShEb;
        if (!multiplexes) return false;
        int socket = Array.IndexOf(s_socketcalls, name), ipc = Array.IndexOf(s_ipcs, name);
        string? through = socket > 0 ? "socketcall" : ipc > 0 ? "ipc" : null;
        if (through is null || SyscallTable.Number(arch, through) != call.Number || (uint)call.Arguments[0] != Math.Max(socket, ipc)) return false;
        if (arch.IsWide() && call.Arguments[0] >> 32 != 0) return false;
        // Without distinct arguments each check stands alone, and one of the first argument is no check at all here.
        return distinct ? Hold([.. checks.Where(c => c.Index != 0)]) : checks.Any(c => c.Index == 0 || Holds(c));

        bool Hold(IReadOnlyList<ArgCheck> which) => distinct ? which.All(Holds) : which.Any(Holds);

        bool Holds(ArgCheck check)
        {
            ulong mask = arch.IsWide() ? ulong.MaxValue : uint.MaxValue;
            ulong left = call.Arguments[check.Index] & mask, right = check.Value & mask;
            return check.Operator switch
            {
                ArgOperator.NotEqual => left != right,
                ArgOperator.Less => left < right,
                ArgOperator.LessOrEqual => left <= right,
                ArgOperator.Equal => left == right,
                ArgOperator.GreaterOrEqual => left >= right,
                ArgOperator.Greater => left > right,
                ArgOperator.MaskedEqual => (left & right) == (check.ValueTwo & right),
                _ => throw new ArgumentOutOfRangeException(nameof(rule)),
            };
        }
    }
}
