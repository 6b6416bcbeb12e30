// The incumbent as an oracle: builds the same filter with the host's libseccomp, and hands out its program and its meaning.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

/// <summary>libseccomp.so.2 (or what BERTH_LIBSECCOMP names), used as runc uses it.</summary>
internal static class Libseccomp
{
    /// <summary>The program libseccomp makes, and what it says the program means. Where the two differ its generator is wrong.
    /// The meaning is empty for a binary tree.</summary>
    internal sealed record Result(byte[] Program, PseudoCode Meaning);

    [StructLayout(LayoutKind.Sequential)]
    private struct ArgCompare
    {
        public uint Argument;
        public int Operator;
        public ulong First;
        public ulong Second;
    }

    private delegate nint Init(uint defaultAction);
    private delegate void Release(nint context);
    private delegate int ArchChange(nint context, uint token);
    private delegate int AttributeSet(nint context, int attribute, uint value);
    private delegate int Resolve(uint token, [MarshalAs(UnmanagedType.LPStr)] string name);
    private delegate int RuleAdd(nint context, uint action, int number, uint count, [In] ArgCompare[] arguments);
    private delegate int Export(nint context, int fd);

    private const int Optimize = 8;
    private static readonly nint s_library = Load();
    private static readonly Init s_init = Get<Init>("seccomp_init");
    private static readonly Release s_release = Get<Release>("seccomp_release");
    private static readonly ArchChange s_archAdd = Get<ArchChange>("seccomp_arch_add");
    private static readonly ArchChange s_archRemove = Get<ArchChange>("seccomp_arch_remove");
    private static readonly AttributeSet s_attributeSet = Get<AttributeSet>("seccomp_attr_set");
    private static readonly Resolve s_resolve = Get<Resolve>("seccomp_syscall_resolve_name_arch");
    private static readonly RuleAdd s_ruleAdd = Get<RuleAdd>("seccomp_rule_add_array");
    private static readonly Export s_exportProgram = Get<Export>("seccomp_export_bpf");
    private static readonly Export s_exportMeaning = Get<Export>("seccomp_export_pfc");

    /// <summary>Skips the test where there is no libseccomp.</summary>
    public static void Require() => Assert.SkipWhen(s_library == 0, "libseccomp.so.2 is not installed");

    /// <summary>The number libseccomp knows a call by; negative where it has none of the architecture's own.</summary>
    public static int Number(SeccompArch arch, string name) => s_resolve(Token(arch), name);

    /// <summary>The same filter without the names that this libseccomp is too old for.</summary>
    public static FilterSpec Restrict(FilterSpec spec, IEnumerable<SeccompArch> arches)
    {
        bool Agrees(string name) => Number(SeccompArchFacts.Native, name) != -1
            && arches.All(arch => SyscallTable.Number(arch, name) is not { } ours || Number(arch, name) is var theirs && (theirs == ours || theirs is < -100 and > -300));
        return spec with { Rules = [.. spec.Rules.Select(rule => rule with { Names = [.. rule.Names.Where(Agrees)] })] };
    }

    /// <summary>The filter for a spec, or null where libseccomp refuses a rule.</summary>
    /// <param name="spec">As for our compiler.</param>
    /// <param name="binaryTree">Turn on its optimisation, as runc does from 32 rules on.</param>
    public static Result? Compile(FilterSpec spec, bool binaryTree = false)
    {
        nint context = s_init(spec.DefaultAction.Value);
        Assert.NotEqual(0, context);
        foreach (SeccompArch arch in spec.Architectures.Prepend(spec.Native).Distinct().Where(arch => arch != SeccompArchFacts.Native))
            Expect(s_archAdd(context, Token(arch)));
        if (spec.Native != SeccompArchFacts.Native && !spec.Architectures.Contains(SeccompArchFacts.Native))
            Expect(s_archRemove(context, Token(SeccompArchFacts.Native)));
        if (binaryTree) Expect(s_attributeSet(context, Optimize, 2));
        foreach (FilterRule rule in spec.Rules.Where(rule => rule.Action != spec.DefaultAction))
        {
            foreach (string name in rule.Names)
            {
                int number = Number(SeccompArchFacts.Native, name);
                // Never released: before 2.5.6 a refused rule leaves a tree behind that cannot be freed.
                if (number != -1 && !Add(context, rule, number)) return null;
            }
        }
        Result result = new(Write(s_exportProgram, context), new PseudoCode(binaryTree ? "" : Encoding.ASCII.GetString(Write(s_exportMeaning, context))));
        s_release(context);
        return result;
    }

    private static bool Add(nint context, FilterRule rule, int number)
    {
        IReadOnlyList<ArgCheck> checks = rule.Checks ?? [];
        bool distinct = checks.DistinctBy(c => c.Index).Count() == checks.Count;
        IEnumerable<IEnumerable<ArgCheck>> rules = distinct ? [checks] : checks.Select(c => (IEnumerable<ArgCheck>)[c]);
        foreach (IEnumerable<ArgCheck> joined in rules)
        {
            ArgCompare[] arguments =
            [
                .. joined.Select(c => new ArgCompare { Argument = c.Index, Operator = (int)c.Operator + 1, First = c.Value, Second = c.ValueTwo }),
            ];
            if (s_ruleAdd(context, rule.Action.Value, number, (uint)arguments.Length, arguments) < 0) return false;
        }
        return true;
    }

    private static byte[] Write(Export export, nint context)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
        Expect(export(context, (int)file.SafeFileHandle.DangerousGetHandle()));
        file.Position = 0;
        byte[] written = new byte[file.Length];
        file.ReadExactly(written);
        return written;
    }

    // Its token for x32 is made up, because the kernel's is x86_64's.
    private static uint Token(SeccompArch arch) => arch == SeccompArch.X32 ? 0x4000003E : arch.AuditToken();

    private static void Expect(int result) => Assert.True(result >= 0, $"libseccomp: {result}");

    private static nint Load() =>
        NativeLibrary.TryLoad(Environment.GetEnvironmentVariable("BERTH_LIBSECCOMP") ?? "libseccomp.so.2", out nint library) ? library : 0;

    private static T Get<T>(string name) where T : Delegate =>
        s_library == 0 ? null! : Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(s_library, name));
}
