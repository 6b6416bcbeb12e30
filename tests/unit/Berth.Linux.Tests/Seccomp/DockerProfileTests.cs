// Docker's default profile: every system call of every architecture, with arguments on both sides of each condition.
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

public sealed class DockerProfileTests(ITestOutputHelper output)
{
    private static readonly ulong[] s_arguments =
    [
        0, 1, 2, 7, 8, 9, 20, 24, 37, 38, 39, 40, 41, 0x1FFFF, 0x20000, 0x20001, 0x20008, 0x20009, 0x7E020000, 0x01000000, 0x10000000,
        0x40000000, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x1_00000000, 0x1_00000008, 0x1_00000028, 0x1_FFFFFFFF, 0x8000_0000_0000_0000, ulong.MaxValue,
    ];

    [Theory]
    [InlineData(SeccompArch.X86_64, false)]
    [InlineData(SeccompArch.X86_64, true)]
    [InlineData(SeccompArch.Aarch64, false)]
    [InlineData(SeccompArch.Aarch64, true)]
    public void Every_verdict_equals_that_of_libseccomp(SeccompArch native, bool binaryTree)
    {
        Libseccomp.Require();
        FilterSpec whole = DockerProfile.On(native);
        FilterSpec spec = Libseccomp.Restrict(whole, whole.Architectures) with { NewerCallsAreUnknown = false };
        byte[] theirs = Libseccomp.Compile(spec, binaryTree)!.Program;
        byte[] ours = FilterCompiler.Compile(spec).Instructions.ToArray();
        int compared = 0;
        double costThere = 0, costHere = 0;
        foreach (Call call in Calls(spec))
        {
            Verdict expected = BpfMachine.Run(theirs, call), actual = BpfMachine.Run(ours, call);
            if (expected.Value != actual.Value) Assert.Fail($"{call}: {actual.Value:x} instead of {expected.Value:x}");
            compared++;
            if (call.Arch != native.AuditToken() || call.Number >= 470 || call.Arguments is not [1, 0, ..]) continue;
            costThere += expected.Instructions / 470.0;
            costHere += actual.Instructions / 470.0;
        }
        output.WriteLine($"{compared} calls; {theirs.Length / 8} instructions there, {ours.Length / 8} here; per native call {costThere:f1} there, {costHere:f1} here");
    }

    [Theory]
    [InlineData(SeccompArch.X86_64)]
    [InlineData(SeccompArch.Aarch64)]
    public void Every_verdict_equals_the_plain_reading_of_the_rules(SeccompArch native)
    {
        FilterSpec spec = DockerProfile.On(native) with { NewerCallsAreUnknown = false };
        byte[] ours = FilterCompiler.Compile(spec).Instructions.ToArray();
        foreach (Call call in Calls(spec).Where((_, i) => i % 16 == 0))
        {
            // The one rule of another action speaks of a call that no other rule speaks of.
            uint expected = Reference.Verdict(spec, call), actual = BpfMachine.Run(ours, call).Value;
            if (expected != actual) Assert.Fail($"{call}: {actual:x} instead of {expected:x}");
        }
    }

    [Theory]
    [InlineData(SeccompArch.X86_64)]
    [InlineData(SeccompArch.Aarch64)]
    public void No_call_costs_more_than_twenty_instructions_and_the_program_is_a_third_of_libseccomps(SeccompArch native)
    {
        FilterSpec spec = DockerProfile.On(native);
        CompiledFilter filter = FilterCompiler.Compile(spec);
        int worst = 0, total = 0, calls = 0;
        for (uint number = 0; number < 470; number++)
        {
            int cost = BpfMachine.Run(filter.Instructions.Span, new Call(native.AuditToken(), number, 1)).Instructions;
            worst = Math.Max(worst, cost);
            total += cost;
            calls++;
        }
        output.WriteLine($"{filter.Count} instructions; per call {(double)total / calls:f1}, at worst {worst}");
        Assert.True(worst <= 20);
        Assert.True(filter.Count < 350);
    }

    /// <summary>All numbers up to well beyond the tables, with and without the bit of x32, and some from everywhere else.</summary>
    private static IEnumerable<Call> Calls(FilterSpec spec)
    {
        HashSet<(SeccompArch Arch, uint Number)> conditional =
        [
            .. from arch in Enum.GetValues<SeccompArch>() from name in (string[])["socket", "personality", "clone", "clone3", "socketcall", "ipc"]
               let number = SyscallTable.Number(arch, name) where number is not null select (arch, number.Value),
        ];
        uint[] lows = [.. Enumerable.Range(0, 1200).Concat(Enumerable.Range(0xF0000, 16)).Select(n => (uint)n), 0x0FFFFFFF, 0x3FFFFFFF];
        foreach (SeccompArch arch in spec.Architectures.Append(SeccompArch.S390X).DistinctBy(a => a.AuditToken()))
        {
            foreach (uint low in lows)
            {
                foreach (uint high in (uint[])[0, SeccompArchFacts.X32Bit, 0x80000000, 0xC0000000])
                {
                    bool checks = conditional.Contains((arch, low | high));
                    foreach (ulong first in checks ? s_arguments : s_arguments.AsSpan(0, 2).ToArray())
                        foreach (ulong second in checks && arch == SeccompArch.X86 ? s_arguments : s_arguments.AsSpan(0, 1).ToArray())
                            yield return new Call(arch.AuditToken(), low | high, first, second, 3, 4, 5, 6);
                }
            }
            yield return new Call(arch.AuditToken(), uint.MaxValue, 0);
            yield return new Call(arch.AuditToken(), uint.MaxValue - 1, 0);
        }
    }
}
