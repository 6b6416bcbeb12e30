// The part of a filter that decides the calls of one architecture: a search over number ranges.
namespace Berth.Linux.Seccomp;

/// <summary>Writes the blocks of single architectures.</summary>
internal sealed class ArchCompiler(FilterSpec spec, CallRules rules, BpfWriter writer)
{
    /// <summary>Numbers from <paramref name="Start"/> up to the next range have the same outcome.</summary>
    private readonly record struct Range(uint Start, BpfTarget Outcome);

    private readonly List<Range> _ranges = new(128);
    private readonly List<BpfTarget> _outcomes = new(64);
    private readonly int _socketcall = SyscallTable.IndexOf("socketcall");
    private readonly int _ipc = SyscallTable.IndexOf("ipc");
    private Multiplexer.Selector[]? _selectors;

    /// <summary>Writes a block that is entered with anything in the accumulator.</summary>
    /// <param name="arch">The architecture.</param>
    /// <param name="withX32">For x86_64: the filter covers x32 as well.</param>
    public BpfTarget Write(SeccompArch arch, bool withX32)
    {
        _ranges.Clear();
        if (arch == SeccompArch.X86_64) CoverX86_64(withX32);
        else if (arch == SeccompArch.X32) CoverX32Alone();
        else Cover(arch, 0, uint.MaxValue);

        BpfTarget search = arch is SeccompArch.X86_64 or SeccompArch.X32 ? SearchX86_64() : Search(0, _ranges.Count - 1);
        if (search.Label == 0) return search;
        writer.Continue(search);
        return writer.Then(Bpf.Load, Bpf.NumberOffset);
    }

    // What lies beyond both tables follows from how the incumbents test for x32: libseccomp by comparing with the bit as a
    // number, runc's stub by the bit alone. -1 is what a tracer writes to skip a call.
    private void CoverX86_64(bool withX32)
    {
        bool unknown = Cover(SeccompArch.X86_64, 0, SeccompArchFacts.X32Bit - 1) > 0;
        if (withX32)
        {
            bool unknownX32 = Cover(SeccompArch.X32, SeccompArchFacts.X32Bit, 0x7FFFFFFF) > 0;
            Add(0x80000000, unknown ? UnknownCall : spec.DefaultAction);
            Add(0xC0000000, unknownX32 ? UnknownCall : spec.DefaultAction);
        }
        else
        {
            Add(SeccompArchFacts.X32Bit, spec.BadArchAction);
            Add(0x80000000, unknown ? UnknownCall : spec.BadArchAction);
            Add(0xC0000000, spec.BadArchAction);
            Add(uint.MaxValue, spec.DefaultAction);
        }
    }

    private void CoverX32Alone()
    {
        Add(0, spec.BadArchAction);
        bool unknown = Cover(SeccompArch.X32, SeccompArchFacts.X32Bit, 0x7FFFFFFF) > 0;
        Add(0x80000000, spec.DefaultAction);
        if (unknown) Add(0xC0000000, UnknownCall);
    }

    /// <summary>Adds the ranges of an architecture's table.</summary>
    /// <returns>The highest number the profile names where higher ones are answered with ENOSYS, otherwise 0.</returns>
    private uint Cover(SeccompArch arch, uint from, uint to)
    {
        uint newest = spec.NewerCallsAreUnknown && !spec.DefaultAction.IsPermissive ? Newest(arch) : 0;
        _outcomes.Clear();
        ulong[] calls = new ulong[SyscallTable.Length + 2];
        int count = 0;
        for (int call = 0; call < SyscallTable.Length; call++)
        {
            if (SyscallTable.Number(arch, call) is { } number && Outcome(arch, call) is { } outcome)
            {
                calls[count++] = (ulong)number << 16 | (uint)_outcomes.Count;
                _outcomes.Add(outcome);
            }
        }
        if (newest > 0 && arch is SeccompArch.S390 or SeccompArch.S390X)
        {
            // Calls that do not fit into the instruction arrive as number 0 when the kernel does not know them.
            calls[count++] = (uint)_outcomes.Count;
            _outcomes.Add(UnknownCall);
        }
        calls.AsSpan(0, count).Sort();

        uint next = from;
        for (int i = 0; i < count; i++)
        {
            uint number = (uint)(calls[i] >> 16);
            if (number > next) AddGap(next, number - 1, newest);
            Add(number, _outcomes[(int)(calls[i] & 0xFFFF)]);
            next = number + 1;
        }
        AddGap(next, to, newest);
        return newest;
    }

    private static FilterAction UnknownCall => FilterAction.Errno(Errno.ENOSYS);

    private void AddGap(uint from, uint to, uint newest)
    {
        if (newest == 0 || from <= newest) Add(from, spec.DefaultAction);
        if (newest != 0 && to > newest) Add(Math.Max(from, newest + 1), UnknownCall);
    }

    private void Add(uint start, BpfTarget outcome)
    {
        if (_ranges.Count > 0 && _ranges[^1].Outcome == outcome) return;
        _ranges.Add(new Range(start, outcome));
    }

    // Calls that are reached through a multiplexer do not count, not even where they have a number too: the incumbent
    // knows them by made-up negative numbers.
    private uint Newest(SeccompArch arch)
    {
        Multiplexer.Selector[]? selectors = arch.Multiplexes() ? _selectors ??= Multiplexer.Selectors() : null;
        uint newest = 0;
        for (int call = 0; call < SyscallTable.Length; call++)
        {
            if (rules.IsNamed(call) && (selectors is null || selectors[call].IsNone) && SyscallTable.Number(arch, call) is { } number && number > newest)
                newest = number;
        }
        return newest;
    }

    /// <summary>What becomes of a call: a verdict, the tests just written, or null for the default.</summary>
    private BpfTarget? Outcome(SeccompArch arch, int call)
    {
        int first = rules.First(call);
        bool? ipc = arch.Multiplexes() ? call == _ipc ? true : call == _socketcall ? false : null : null;
        if (first == 0 && ipc is null) return null;

        // A rule without checks stands above all others.
        for (int link = first; link != 0; link = rules[link].Next)
            if (!ArgumentTree.Matter(rules[link].Clause.Checks, arch.IsWide())) return rules[link].Clause.Action;

        ArgumentTree tree = new(arch.IsWide(), arch.IsBigEndian());
        if (ipc is { } isIpc) AddReached(tree, arch, call, isIpc);
        else
            for (int link = first; link != 0; link = rules[link].Next) Add(tree, rules[link].Clause.Checks, rules[link].Clause.Action, call);
        return tree.IsEmpty ? null : tree.Write(writer, spec.DefaultAction);
    }

    // Rules of the multiplexer itself and those of the calls reached through it, in the order of the profile.
    private void AddReached(ArgumentTree tree, SeccompArch arch, int call, bool isIpc)
    {
        Multiplexer.Selector[] selectors = _selectors ??= Multiplexer.Selectors();
        for (int link = 1; link <= rules.Count; link++)
        {
            ref readonly CallRules.Link rule = ref rules[link];
            Multiplexer.Selector selector = selectors[rule.Call];
            if (rule.Call == call) Add(tree, rule.Clause.Checks, rule.Clause.Action, call);
            else if (!selector.IsNone && selector.IsIpc == isIpc) Add(tree, Select(rule.Clause.Checks, selector.Call), rule.Clause.Action, call);
        }
    }

    // The multiplexer's first argument says which call is meant; a check of that call's own first argument cannot be made,
    // because its arguments lie in memory. Checks of other arguments are kept as libseccomp keeps them.
    private static ArgCheck[] Select(ArgCheck[] checks, byte call)
    {
        int skipped = checks.Length > 0 && checks[0].Index == 0 ? 1 : 0;
        ArgCheck[] selected = new ArgCheck[checks.Length - skipped + 1];
        selected[0] = new ArgCheck(0, ArgOperator.Equal, call);
        checks.AsSpan(skipped).CopyTo(selected.AsSpan(1));
        return selected;
    }

    private static void Add(ArgumentTree tree, ArgCheck[] checks, FilterAction action, int call)
    {
        if (!tree.Add(checks, action))
            throw new FilterException(FilterFault.Contradiction,
                $"compile seccomp filter: rules for {SyscallTable.NameAt(call)} give different actions to the same arguments");
    }

    private BpfTarget SearchX86_64()
    {
        int x32 = 0;
        while (x32 < _ranges.Count && _ranges[x32].Start < SeccompArchFacts.X32Bit) x32++;
        if (x32 == _ranges.Count || _ranges[x32].Start != SeccompArchFacts.X32Bit) return Search(0, _ranges.Count - 1);
        // First of all, for the ordinary calls should not pay for the many ranges of the others.
        BpfTarget high = Search(x32, _ranges.Count - 1);
        return writer.Branch(Bpf.IfAtLeast, SeccompArchFacts.X32Bit, high, Search(0, x32 - 1));
    }

    /// <summary>Writes a search over neighbouring ranges.</summary>
    private BpfTarget Search(int first, int last)
    {
        if (first == last) return _ranges[first].Outcome;
        if (last - first == 2 && _ranges[first].Outcome == _ranges[last].Outcome && _ranges[first + 1].Start + 1 == _ranges[last].Start)
            return writer.Branch(Bpf.IfEqual, _ranges[first + 1].Start, _ranges[first + 1].Outcome, _ranges[first].Outcome);
        int middle = (first + last + 1) / 2;
        BpfTarget upper = Search(middle, last);
        BpfTarget lower = Search(first, middle - 1);
        return writer.Branch(Bpf.IfAtLeast, _ranges[middle].Start, upper, lower);
    }
}
