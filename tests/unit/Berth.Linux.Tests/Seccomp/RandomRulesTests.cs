// Random rule sets: our program against the plain reading of the rules, and against libseccomp's program and pseudo code.
using System.Globalization;
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

public sealed class RandomRulesTests(ITestOutputHelper output)
{
    private static readonly int s_seeds = int.Parse(Environment.GetEnvironmentVariable("BERTH_SEEDS") ?? "400", CultureInfo.InvariantCulture);

    private static readonly SeccompArch[] s_littleEndian =
        [SeccompArch.X86, SeccompArch.X32, SeccompArch.Aarch64, SeccompArch.Arm, SeccompArch.Mipsel, SeccompArch.Ppc64Le];

    private static readonly SeccompArch[] s_bigEndian =
        [SeccompArch.S390, SeccompArch.Ppc64, SeccompArch.Ppc, SeccompArch.Mips, SeccompArch.Parisc64, SeccompArch.M68k, SeccompArch.ShEb];

    [Theory]
    [InlineData(SeccompArch.X86_64)]
    [InlineData(SeccompArch.S390X)]
    public void Rules_of_one_action_apply_exactly_where_one_of_them_says_so(SeccompArch native)
    {
        bool bigEndian = native.IsBigEndian();
        for (int seed = 0; seed < s_seeds; seed++)
        {
            RandomRules random = new(seed);
            FilterSpec spec = random.Spec(native, bigEndian ? s_bigEndian : s_littleEndian, RuleMix.OneAction);
            byte[] ours = FilterCompiler.Compile(spec).Instructions.ToArray();
            foreach (Call call in random.Calls(spec, perNumber: 3))
            {
                uint expected = Reference.Verdict(spec, call), actual = BpfMachine.Run(ours, call, bigEndian).Value;
                if (actual != expected) Assert.Fail($"seed {seed}, {call}: {actual:x} instead of {expected:x}\n{Show(spec)}");
            }
        }
    }

    [Theory]
    [InlineData(nameof(RuleMix.OneActionPlain))]
    [InlineData(nameof(RuleMix.SeveralActionsPlain))]
    public void Verdicts_equal_those_of_libseccomp_wherever_it_agrees_with_itself(string mixName)
    {
        Libseccomp.Require();
        RuleMix mix = Enum.Parse<RuleMix>(mixName);
        int alike = 0, byMeaning = 0, byReading = 0, refused = 0;
        for (int seed = 0; seed < s_seeds; seed++)
        {
            RandomRules random = new(seed);
            FilterSpec spec = random.Spec(SeccompArch.X86_64, s_littleEndian, mix);
            Libseccomp.Result? theirs = Libseccomp.Compile(spec);
            CompiledFilter? ours = TryCompile(spec);
            if (theirs is null || ours is null)
            {
                refused++;
                continue;
            }
            bool program = true, meaning = true;
            foreach (Call call in random.Calls(spec, perNumber: 8))
            {
                uint actual = BpfMachine.Run(ours.Instructions.Span, call).Value;
                if (actual == BpfMachine.Run(theirs.Program, call).Value) continue;
                program = false;
                if (theirs.Meaning.Knows(call) && actual == (theirs.Meaning.Run(call) ?? spec.DefaultAction.Value)) continue;
                meaning = false;
                // Its search for rules that others make needless takes "equal" for "not equal", and drops one that is needed.
                if (theirs.Meaning.Run(call) is null && Reference.Applying(spec, call).Contains(new FilterAction(actual))) continue;
                Assert.Fail($"seed {seed}, {call}: {actual:x}\n{Show(spec)}");
            }
            if (program) alike++;
            else if (meaning) byMeaning++;
            else byReading++;
        }
        output.WriteLine($"{alike} programs alike, {byMeaning} that contradict their own pseudo code, {byReading} that dropped a rule, {refused} refused");
        Assert.True(alike > 4 * byMeaning && byReading <= s_seeds / 100, "libseccomp is hardly an oracle any more");
    }

    [Fact]
    public void What_libseccomp_refuses_for_contradicting_itself_is_refused()
    {
        Libseccomp.Require();
        int both = 0, onlyThey = 0, onlyWe = 0;
        for (int seed = 0; seed < s_seeds; seed++)
        {
            FilterSpec spec = new RandomRules(seed).Spec(SeccompArch.X86_64, s_littleEndian, RuleMix.SeveralActionsPlain);
            bool they = Libseccomp.Compile(spec) is null, we = TryCompile(spec) is null;
            if (they && we) both++;
            else if (they) onlyThey++;
            else if (we) onlyWe++;
        }
        output.WriteLine($"refused by both {both}, by libseccomp alone {onlyThey}, by us alone {onlyWe}");
        // It refuses contradictions between rules that a later rule without checks makes void; and see "needless" above.
        Assert.True(both > s_seeds / 10 && onlyThey < both / 8 && onlyWe <= s_seeds / 200);
    }

    private static CompiledFilter? TryCompile(FilterSpec spec)
    {
        try
        {
            return FilterCompiler.Compile(spec);
        }
        catch (FilterException e) when (e.Fault == FilterFault.Contradiction)
        {
            return null;
        }
    }

    private static string Show(FilterSpec spec) =>
        $"default {spec.DefaultAction.Value:x}, {spec.Native} {string.Join(' ', spec.Architectures)}\n" + string.Join('\n', spec.Rules.Select(r =>
            $"  {r.Names[0]} {r.Action.Value:x} {string.Join(" & ", (r.Checks ?? []).Select(c => $"a{c.Index} {c.Operator} {c.Value:x} {c.ValueTwo:x}"))}"));
}
