// What single rules of a filter do.
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

public sealed class FilterCompilerTests
{
    private static readonly FilterSpec s_base = new() { Native = SeccompArch.X86_64, DefaultAction = FilterAction.Errno(Errno.EPERM), Rules = [], NewerCallsAreUnknown = false };

    [Fact]
    public void A_filter_without_rules_gives_the_default_to_the_native_architecture_and_the_bad_one_to_others()
    {
        Assert.Equal(s_base.DefaultAction.Value, Verdict(s_base, "read"));
        Assert.Equal(FilterAction.KillThread.Value, Verdict(s_base, SeccompArch.X86, 3));
        Assert.Equal(FilterAction.KillThread.Value, Verdict(s_base, SeccompArch.X32, SeccompArchFacts.X32Bit));
        Assert.Equal(FilterAction.KillProcess.Value, Verdict(s_base with { BadArchAction = FilterAction.KillProcess }, SeccompArch.X86, 3));
    }

    [Theory]
    [InlineData(ArgOperator.NotEqual, 5ul, 0ul, 4ul, 5ul)]
    [InlineData(ArgOperator.Less, 5ul, 0ul, 4ul, 5ul)]
    [InlineData(ArgOperator.LessOrEqual, 5ul, 0ul, 5ul, 6ul)]
    [InlineData(ArgOperator.Equal, 5ul, 0ul, 5ul, 0x1_00000005ul)]
    [InlineData(ArgOperator.GreaterOrEqual, 5ul, 0ul, 5ul, 4ul)]
    [InlineData(ArgOperator.Greater, 5ul, 0ul, 0x1_00000000ul, 5ul)]
    [InlineData(ArgOperator.MaskedEqual, 6ul, 4ul, 0xF_0000000Dul, 6ul)]
    public void Each_operator_tells_apart_its_two_sides(ArgOperator op, ulong value, ulong two, ulong holds, ulong fails)
    {
        FilterSpec spec = s_base with { Rules = [new(["ioctl"], FilterAction.Allow, [new(5, op, value, two)])] };
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, "ioctl", 0, 0, 0, 0, 0, holds));
        Assert.Equal(s_base.DefaultAction.Value, Verdict(spec, "ioctl", 0, 0, 0, 0, 0, fails));
    }

    [Fact]
    public void Each_action_is_returned_with_its_data()
    {
        foreach (FilterAction action in (FilterAction[])
            [FilterAction.KillThread, FilterAction.KillProcess, FilterAction.Trap, FilterAction.Errno((Errno)4095), FilterAction.Trace(0xFFFF), FilterAction.Allow, FilterAction.Log, FilterAction.Notify])
            Assert.Equal(action.Value, Verdict(s_base with { Rules = [new(["read"], action)] }, "read"));
    }

    [Fact]
    public void Checks_of_different_arguments_have_to_hold_together()
    {
        FilterSpec spec = s_base with { Rules = [new(["ioctl"], FilterAction.Allow, [new(1, ArgOperator.Equal, 1), new(0, ArgOperator.Equal, 7)])] };
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, "ioctl", 7, 1));
        Assert.Equal(s_base.DefaultAction.Value, Verdict(spec, "ioctl", 7, 2));
        Assert.Equal(s_base.DefaultAction.Value, Verdict(spec, "ioctl", 6, 1));
    }

    [Fact]
    public void Of_checks_that_share_an_argument_any_one_suffices()
    {
        FilterSpec spec = s_base with { Rules = [new(["ioctl"], FilterAction.Allow, [new(0, ArgOperator.Equal, 1), new(0, ArgOperator.Equal, 7), new(2, ArgOperator.Equal, 9)])] };
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, "ioctl", 7));
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, "ioctl", 0, 0, 9));
        Assert.Equal(s_base.DefaultAction.Value, Verdict(spec, "ioctl", 6));
    }

    [Fact]
    public void A_rule_without_checks_stands_above_rules_with_checks_and_the_first_of_them_counts()
    {
        FilterRule conditional = new(["ioctl"], FilterAction.Allow, [new(0, ArgOperator.Equal, 1)]);
        FilterRule trap = new(["ioctl"], FilterAction.Trap), log = new(["ioctl"], FilterAction.Log);
        Assert.Equal(FilterAction.Trap.Value, Verdict(s_base with { Rules = [conditional, trap, log] }, "ioctl", 1));
        Assert.Equal(FilterAction.Log.Value, Verdict(s_base with { Rules = [log, trap, conditional] }, "ioctl", 1));
    }

    [Fact]
    public void A_rule_with_the_default_action_takes_nothing_away_from_other_rules()
    {
        FilterSpec spec = s_base with { Rules = [new(["ioctl"], s_base.DefaultAction), new(["ioctl"], FilterAction.Allow)] };
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, "ioctl"));
    }

    [Fact]
    public void Names_that_nobody_knows_are_skipped_or_refused_on_demand()
    {
        FilterSpec spec = s_base with { Rules = [new(["no_such_call", "read"], FilterAction.Allow)] };
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, "read"));
        FilterException e = Assert.Throws<FilterException>(() => FilterCompiler.Compile(spec with { RefuseUnknownNames = true }));
        Assert.Equal(FilterFault.UnknownName, e.Fault);
        Assert.Contains("'no_such_call'", e.Message, StringComparison.Ordinal);
        // Known elsewhere is known.
        FilterCompiler.Compile(s_base with { Rules = [new(["s390_pci_mmio_read"], FilterAction.Allow)], RefuseUnknownNames = true });
    }

    [Fact]
    public void Two_actions_for_the_same_call_and_arguments_contradict_each_other()
    {
        FilterSpec spec = s_base with
        {
            Rules = [new(["ioctl"], FilterAction.Allow, [new(0, ArgOperator.Equal, 1)]), new(["ioctl"], FilterAction.Trap, [new(0, ArgOperator.Equal, 1)])],
        };
        FilterException e = Assert.Throws<FilterException>(() => FilterCompiler.Compile(spec));
        Assert.Equal(FilterFault.Contradiction, e.Fault);
        Assert.Contains("ioctl", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_seventh_argument_does_not_exist() =>
        Assert.Equal(FilterFault.BadArgument, Assert.Throws<FilterException>(() =>
            FilterCompiler.Compile(s_base with { Rules = [new(["ioctl"], FilterAction.Allow, [new(6, ArgOperator.Equal, 1)])] })).Fault);

    [Fact]
    public void A_program_longer_than_the_kernel_accepts_is_refused_and_a_lengthyone_still_jumps_right()
    {
        FilterSpec With(int count) => s_base with
        {
            Rules = [.. Enumerable.Range(0, count).Select(i => new FilterRule(["ioctl"], FilterAction.Errno((Errno)(i % 3 + 200)), [new(0, ArgOperator.Equal, (ulong)i << 32 | (uint)i)]))],
        };
        Assert.Equal(FilterFault.TooLarge, Assert.Throws<FilterException>(() => FilterCompiler.Compile(With(1500))).Fault);
        FilterSpec lengthy = With(700) with { Architectures = [SeccompArch.X86, SeccompArch.X32] };
        Assert.Equal(FilterFault.TooLarge, Assert.Throws<FilterException>(() => FilterCompiler.Compile(With(100_000))).Fault);
        CompiledFilter filter = FilterCompiler.Compile(With(900));
        Assert.InRange(filter.Count, 3600, 4096);
        for (ulong i = 0; i < 900; i++)
            Assert.Equal(0x50000 + i % 3 + 200, BpfMachine.Run(filter.Instructions.Span, new Call(SeccompArch.X86_64.AuditToken(), 16, i << 32 | i)).Value);
        Assert.Equal(s_base.DefaultAction.Value, BpfMachine.Run(filter.Instructions.Span, new Call(SeccompArch.X86_64.AuditToken(), 16, 77)).Value);
        Assert.Throws<FilterException>(() => FilterCompiler.Compile(lengthy));
    }

    [Fact]
    public void Flags_are_those_asked_for_and_a_listener_where_something_notifies()
    {
        const FilterFlags asked = FilterFlags.TSYNC | FilterFlags.LOG | FilterFlags.SPEC_ALLOW | FilterFlags.WAIT_KILLABLE_RECV;
        FilterSpec silent = s_base with { Flags = asked, Rules = [new(["mkdir"], FilterAction.Allow)] };
        Assert.Equal(FilterFlags.LOG | FilterFlags.SPEC_ALLOW, FilterCompiler.Compile(silent).Flags);
        FilterSpec notifying = silent with { Rules = [new(["mkdir"], FilterAction.Notify)] };
        Assert.Equal(FilterFlags.LOG | FilterFlags.SPEC_ALLOW | FilterFlags.WAIT_KILLABLE_RECV | FilterFlags.NEW_LISTENER, FilterCompiler.Compile(notifying).Flags);
    }

    [Fact]
    public void A_tracer_may_skip_a_call_though_x32_is_not_listed() =>
        Assert.Equal(s_base.DefaultAction.Value, Verdict(s_base, SeccompArch.X86_64, uint.MaxValue));

    // What libseccomp up to 2.6.1 gets wrong: one rule's continuation slips into the other's.
    [Fact]
    public void A_bound_of_one_rule_does_not_open_the_way_into_another()
    {
        FilterSpec spec = s_base with
        {
            Rules =
            [
                new(["ioctl"], FilterAction.Allow, [new(0, ArgOperator.Greater, 5), new(1, ArgOperator.Equal, 1)]),
                new(["ioctl"], FilterAction.Log, [new(0, ArgOperator.Greater, 7), new(1, ArgOperator.Equal, 2)]),
            ],
        };
        Assert.Equal(FilterAction.Allow.Value, Verdict(spec, "ioctl", 6, 1));
        Assert.Equal(s_base.DefaultAction.Value, Verdict(spec, "ioctl", 6, 2));
        Assert.Equal(FilterAction.Log.Value, Verdict(spec, "ioctl", 8, 2));
    }

    [Fact]
    public void Words_of_libseccomp_are_understood_exactly_when_they_are_listed()
    {
        Assert.All(SeccompWords.Actions, w => Assert.True(SeccompWords.TryAction(w, null, out _)));
        Assert.All(SeccompWords.Operators, w => Assert.NotNull(SeccompWords.Operator(w)));
        Assert.All(SeccompWords.Arches, w => Assert.NotNull(SeccompWords.Arch(w)));
        Assert.All(SeccompWords.Flags, w => Assert.NotNull(SeccompWords.Flag(w)));
        Assert.Equal(9, SeccompWords.Actions.Length);
        Assert.Equal(Enum.GetValues<ArgOperator>().Length, SeccompWords.Operators.Select(w => SeccompWords.Operator(w)).Distinct().Count());
        Assert.Equal(Enum.GetValues<SeccompArch>().Length, SeccompWords.Arches.Select(w => SeccompWords.Arch(w)).Distinct().Count());
        Assert.False(SeccompWords.TryAction("SCMP_ACT_MAYBE", null, out _));
        Assert.True(SeccompWords.TryAction("SCMP_ACT_ERRNO", null, out FilterAction errno));
        Assert.Equal(FilterAction.Errno(Errno.EPERM), errno);
        Assert.True(SeccompWords.TryAction("SCMP_ACT_TRACE", 70000, out FilterAction trace));
        Assert.Equal(FilterAction.Trace(70000 - 65536), trace);
        Assert.Null(SeccompWords.Operator("EQ"));
        Assert.Null(SeccompWords.Arch("amd64"));
        Assert.Null(SeccompWords.Flag("SECCOMP_FILTER_FLAG_NEW_LISTENER"));
    }

    [Fact]
    public void The_kernel_is_asked_without_installing_anything()
    {
        Assert.SkipUnless(SeccompKernel.HasFilters, "this kernel has no seccomp filters");
        Assert.True(SeccompKernel.Has(FilterAction.Allow));
        Assert.False(SeccompKernel.Has(new FilterAction(0x12340000)));
        Assert.False(SeccompKernel.Has((FilterFlags)0x40000000));
        Assert.Subset(SeccompWords.Flags.ToHashSet(), SeccompKernel.SupportedFlags().ToHashSet());
        Assert.Contains("\nSeccomp:\t0\n", File.ReadAllText("/proc/self/status"), StringComparison.Ordinal);
    }

    private static uint Verdict(FilterSpec spec, string name, params ulong[] arguments) =>
        Verdict(spec, SeccompArch.X86_64, SyscallTable.Number(SeccompArch.X86_64, name)!.Value, arguments);

    private static uint Verdict(FilterSpec spec, SeccompArch arch, uint number, params ulong[] arguments) =>
        BpfMachine.Run(FilterCompiler.Compile(spec).Instructions.Span, new Call(arch.AuditToken(), number, arguments)).Value;
}
