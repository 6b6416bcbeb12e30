// The rules of a filter by system call: names resolved, redundant rules left out, checks in the order of arguments.
namespace Berth.Linux.Seccomp;

/// <summary>For each call the clauses that speak of it, in the order of the profile.</summary>
internal sealed class CallRules
{
    /// <summary>One way in which a rule applies: all of the checks, each on another argument.</summary>
    internal readonly record struct Clause(ArgCheck[] Checks, FilterAction Action);

    /// <summary>A clause of one call, and the next one of that call.</summary>
    internal readonly struct Link(ushort call, Clause clause)
    {
        public readonly ushort Call = call;
        public readonly Clause Clause = clause;
        public int Next { get; init; }
    }

    private Link[] _links = new Link[512];
    private readonly int[] _first = new int[SyscallTable.Length];
    private readonly int[] _last = new int[SyscallTable.Length];
    private readonly bool[] _named = new bool[SyscallTable.Length];

    /// <summary>How many links there are; they are numbered from 1.</summary>
    public int Count { get; private set; }

    /// <summary>Whether any rule hands calls to a supervisor.</summary>
    public bool Notifies { get; private set; }

    public CallRules(FilterSpec spec)
    {
        Notifies = spec.DefaultAction == FilterAction.Notify;
        foreach (FilterRule rule in spec.Rules)
        {
            Notifies |= rule.Action == FilterAction.Notify;
            // Left out before unknown names are looked at, but its names still count as known to the profile.
            bool redundant = rule.Action == spec.DefaultAction;
            Clause[] clauses = redundant ? [] : Clauses(rule);
            for (int i = 0; i < rule.Names.Count; i++)
            {
                int call = SyscallTable.IndexOf(rule.Names[i]);
                if (call >= 0)
                {
                    _named[call] = true;
                    foreach (Clause clause in clauses) Append(call, clause);
                }
                else if (spec.RefuseUnknownNames)
                {
                    throw new FilterException(FilterFault.UnknownName, $"compile seccomp filter: no architecture has a system call '{rule.Names[i]}'");
                }
            }
        }
    }

    /// <summary>The first link of a call, or 0.</summary>
    public int First(int call) => _first[call];

    public ref readonly Link this[int link] => ref _links[link - 1];

    /// <summary>Whether a rule names the call, be it one that changes nothing.</summary>
    public bool IsNamed(int call) => _named[call];

    private void Append(int call, Clause clause)
    {
        if (Count == _links.Length) Array.Resize(ref _links, Count * 2);
        _links[Count++] = new Link((ushort)call, clause);
        if (_first[call] == 0) _first[call] = Count;
        else _links[_last[call] - 1] = new Link((ushort)call, _links[_last[call] - 1].Clause) { Next = Count };
        _last[call] = Count;
    }

    private static Clause[] Clauses(FilterRule rule)
    {
        if (rule.Checks is not { Count: > 0 } checks) return [new Clause([], rule.Action)];
        ArgCheck[] ordered = new ArgCheck[checks.Count];
        bool distinct = true;
        for (int i = 0; i < ordered.Length; i++)
        {
            ArgCheck check = checks[i];
            if (check.Index > 5)
                throw new FilterException(FilterFault.BadArgument, $"compile seccomp filter: rule for {string.Join(", ", rule.Names)} checks argument {check.Index}, and calls have arguments 0 to 5");
            int at = i;
            for (; at > 0 && ordered[at - 1].Index >= check.Index; at--)
            {
                distinct &= ordered[at - 1].Index != check.Index;
                ordered[at] = ordered[at - 1];
            }
            ordered[at] = check;
        }
        if (distinct) return [new Clause(ordered, rule.Action)];

        Clause[] each = new Clause[ordered.Length];
        for (int i = 0; i < each.Length; i++) each[i] = new Clause([checks[i]], rule.Action);
        return each;
    }
}
