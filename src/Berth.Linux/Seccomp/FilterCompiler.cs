// A filter's rules become BPF: the architecture first, then a search over call numbers, then tests of arguments.
namespace Berth.Linux.Seccomp;

/// <summary>Compiles seccomp filters.</summary>
/// <remarks>
/// The program reads: load the architecture; for each architecture load the call's number, find its range by halving,
/// end with the range's verdict or test the arguments. Neighbouring numbers with one verdict are one range, so a profile
/// that allows most calls needs some ten instructions per call whichever it is.
/// </remarks>
public static class FilterCompiler
{
    /// <summary>Changes whenever the same spec compiles to another program; part of every cache key.</summary>
    public const int Version = 1;

    /// <summary>Compiles a filter.</summary>
    /// <exception cref="FilterException">The spec contradicts itself or the program becomes too long.</exception>
    public static CompiledFilter Compile(FilterSpec spec)
    {
        CallRules rules = new(spec);
        BpfWriter writer = new();
        List<SeccompArch> arches = Architectures(spec);
        ArchCompiler compiler = new(spec, rules, writer);

        BpfTarget dispatch = spec.BadArchAction;
        for (int i = arches.Count - 1; i >= 0; i--)
        {
            BpfTarget block = compiler.Write(arches[i], withX32: arches[i] == SeccompArch.X86_64 && Contains(spec.Architectures, SeccompArch.X32));
            dispatch = writer.Branch(Bpf.IfEqual, arches[i].AuditToken(), block, dispatch);
        }
        writer.Continue(dispatch);
        writer.Then(Bpf.Load, Bpf.ArchOffset);
        return new CompiledFilter(writer.ToArray(), InstallFlags(spec.Flags, rules.Notifies));
    }

    /// <summary>One for each audit token, the native one first: x32 is compiled together with x86_64.</summary>
    private static List<SeccompArch> Architectures(FilterSpec spec)
    {
        List<SeccompArch> arches = new(spec.Architectures.Count + 1) { spec.Native };
        bool hasX86_64 = spec.Native == SeccompArch.X86_64 || Contains(spec.Architectures, SeccompArch.X86_64);
        for (int i = 0; i < spec.Architectures.Count; i++)
        {
            SeccompArch arch = spec.Architectures[i];
            if (!Contains(arches, arch) && !(arch == SeccompArch.X32 && hasX86_64)) arches.Add(arch);
        }
        return arches;
    }

    private static bool Contains(List<SeccompArch> arches, SeccompArch wanted)
    {
        for (int i = 0; i < arches.Count; i++)
            if (arches[i] == wanted) return true;
        return false;
    }

    private static FilterFlags InstallFlags(FilterFlags asked, bool notifies)
    {
        FilterFlags flags = asked & ~(FilterFlags.TSYNC | FilterFlags.TSYNC_ESRCH);
        return notifies ? flags | FilterFlags.NEW_LISTENER : flags & ~(FilterFlags.NEW_LISTENER | FilterFlags.WAIT_KILLABLE_RECV);
    }
}
