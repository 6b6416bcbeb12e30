// Calls newer than the profile get ENOSYS: runc's rule for that, stated once more and compared.
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

public sealed class NewerCallsTests
{
    private static readonly uint s_enosys = FilterAction.Errno(Errno.ENOSYS).Value;

    [Theory]
    [InlineData(SeccompArch.X86_64, new[] { SeccompArch.X86, SeccompArch.X32 })]
    [InlineData(SeccompArch.X86_64, new[] { SeccompArch.X32 })]
    [InlineData(SeccompArch.X86_64, new[] { SeccompArch.X86 })]
    [InlineData(SeccompArch.X86_64, new SeccompArch[0])]
    [InlineData(SeccompArch.Aarch64, new[] { SeccompArch.Arm })]
    [InlineData(SeccompArch.S390X, new[] { SeccompArch.S390 })]
    [InlineData(SeccompArch.Mips64, new[] { SeccompArch.Mips, SeccompArch.Mips64N32 })]
    public void A_number_above_all_that_the_profile_names_is_an_unknown_call(SeccompArch native, SeccompArch[] others)
    {
        FilterSpec spec = new()
        {
            Native = native,
            Architectures = [.. others],
            DefaultAction = FilterAction.Errno(Errno.EPERM),
            Rules = [new(["read", "write", "exit_group", "openat2", "reboot"], FilterAction.Allow), new(["faccessat2"], FilterAction.Errno(Errno.EPERM))],
        };
        byte[] program = FilterCompiler.Compile(spec).Instructions.ToArray();
        byte[] without = FilterCompiler.Compile(spec with { NewerCallsAreUnknown = false }).Instructions.ToArray();
        foreach (SeccompArch arch in others.Append(native).Append(SeccompArch.Riscv64))
        {
            IEnumerable<int> numbers = [.. Enumerable.Range(0, 700), .. Enumerable.Range(3990, 500), .. Enumerable.Range(5990, 500), 0xF0005];
            foreach (uint number in numbers.Select(n => (uint)n))
            {
                foreach (uint high in (uint[])[0, SeccompArchFacts.X32Bit, 0x80000000, 0xC0000000, 0xFFFFE000])
                {
                    Call call = new(arch.AuditToken(), number | high);
                    uint expected = IsAnsweredByRunc(spec, call) ? s_enosys : BpfMachine.Run(without, call).Value;
                    Assert.True(expected == BpfMachine.Run(program, call).Value, $"{call}: {expected:x}");
                }
            }
        }
    }

    // Numbers are compared unsigned; x32 calls, told by their bit alone, have a limit of their own; an architecture whose
    // highest number is 0 or that is not listed is left to the filter; so is one all of whose calls go through a
    // multiplexer. On s390 the number 0 stands for calls that the kernel does not know.
    private static bool IsAnsweredByRunc(FilterSpec spec, Call call)
    {
        foreach (SeccompArch arch in spec.Architectures.Append(spec.Native).Where(a => a.AuditToken() == call.Arch))
        {
            if (call.Arch == SeccompArch.X86_64.AuditToken() && (call.Number & SeccompArchFacts.X32Bit) != 0 != (arch == SeccompArch.X32)) continue;
            uint newest = spec.Rules.SelectMany(r => r.Names).Max(name => SyscallTable.Number(arch, name) ?? 0);
            if (newest == 0) return false;
            return call.Number > newest || (call.Number == 0 && arch is SeccompArch.S390 or SeccompArch.S390X && call.Number == 0);
        }
        return false;
    }

    [Theory]
    [InlineData("SCMP_ACT_ALLOW")]
    [InlineData("SCMP_ACT_LOG")]
    [InlineData("SCMP_ACT_TRACE")]
    public void A_default_that_lets_calls_through_is_left_alone(string word)
    {
        Assert.True(SeccompWords.TryAction(word, null, out FilterAction standard));
        Assert.Equal(standard.Value, Verdict(new() { DefaultAction = standard, Rules = [new(["read"], FilterAction.Trap), new(["write"], FilterAction.Trap)] }, 5000));
    }

    [Theory]
    [InlineData("SCMP_ACT_ERRNO")]
    [InlineData("SCMP_ACT_KILL")]
    [InlineData("SCMP_ACT_KILL_PROCESS")]
    [InlineData("SCMP_ACT_TRAP")]
    public void Any_other_default_gives_way_to_ENOSYS(string word)
    {
        Assert.True(SeccompWords.TryAction(word, 13, out FilterAction standard));
        FilterSpec spec = new() { Native = SeccompArch.X86_64, DefaultAction = standard, Rules = [new(["write"], FilterAction.Allow)] };
        Assert.Equal(s_enosys, Verdict(spec, 2));
        Assert.Equal(standard.Value, Verdict(spec, 0));
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, 1));
    }

    [Fact]
    public void A_profile_that_names_nothing_but_number_nought_has_no_newest_call()
    {
        FilterSpec spec = new() { Native = SeccompArch.X86_64, DefaultAction = FilterAction.Trap, Rules = [new(["read"], FilterAction.Allow)] };
        Assert.Equal(FilterAction.Trap.Value, Verdict(spec, 400));
    }

    // Here runc answers ENOSYS to calls that the profile allows: those that can go through socketcall or ipc do not count
    // for it when it looks for the highest number, but their numbers lie beyond.
    [Fact]
    public void A_call_that_has_a_rule_is_never_unknown()
    {
        FilterSpec spec = new()
        {
            Native = SeccompArch.X86_64,
            Architectures = [SeccompArch.X86],
            DefaultAction = FilterAction.Errno(Errno.EPERM),
            Rules = [new(["read", "write", "socket"], FilterAction.Allow)],
        };
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, 359, SeccompArch.X86));
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, 102, SeccompArch.X86, 1));
        Assert.Equal(FilterAction.Errno(Errno.EPERM).Value, Verdict(spec, 102, SeccompArch.X86, 2));
        Assert.Equal(s_enosys, Verdict(spec, 200, SeccompArch.X86));
    }

    private static uint Verdict(FilterSpec spec, uint number, SeccompArch arch = SeccompArch.X86_64, params ulong[] arguments) =>
        BpfMachine.Run(FilterCompiler.Compile(spec with { Native = SeccompArch.X86_64 }).Instructions.Span, new Call(arch.AuditToken(), number, arguments)).Value;
}
