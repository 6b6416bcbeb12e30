// Random rule sets and calls that come near their borders, all from a seed.
using Berth.Linux.Seccomp;

namespace Berth.Linux.Tests.Seccomp;

/// <summary>Which rule sets are made.</summary>
internal enum RuleMix
{
    /// <summary>All rules have one action, so that their order cannot matter; conditions are joined at will.</summary>
    OneAction,

    /// <summary>As <see cref="OneAction"/>, without what libseccomp cannot digest.</summary>
    OneActionPlain,

    /// <summary>Actions differ and conditions overlap, without what libseccomp cannot digest.</summary>
    SeveralActionsPlain,
}

/// <summary>Makes rule sets and calls.</summary>
/// <remarks>
/// What libseccomp (up to 2.6.1) cannot digest on 64-bit architectures: a check that can hold in two ways (not equal, less,
/// greater) followed by further checks. Two such rules share a subtree there; it hangs while adding the second, or accepts
/// what neither allows. And of two bounds, or two times "not equal", with one high half and different actions it takes one
/// or the other by what a third rule happens to compare with; so those share an action here.
/// </remarks>
internal sealed class RandomRules(int seed)
{
    private static readonly string[] s_names =
        ["read", "write", "openat", "clone", "personality", "setns", "socket", "connect", "accept4", "send", "semop", "shmctl", "socketcall", "ipc", "keyctl"];

    private static readonly ulong[] s_small = [0, 1, 2, 3, 5, 8, 39, 0x7F, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF];

    private static readonly ulong[] s_large =
        [.. s_small, 0x1_00000000, 0x1_00000005, 0x2_00000000, 0x5_00000001, 0xFFFFFFFF_00000000, ulong.MaxValue];

    private static readonly FilterAction[] s_actions =
    [
        FilterAction.Allow, FilterAction.Errno(Errno.EPERM), FilterAction.Errno(Errno.EACCES), FilterAction.Trap,
        FilterAction.KillProcess, FilterAction.Log, FilterAction.Trace(7),
    ];

    private readonly Random _random = new(seed);
    private readonly ulong[] _values = seed % 2 == 0 ? s_small : s_large;

    public FilterSpec Spec(SeccompArch native, IReadOnlyList<SeccompArch> choice, RuleMix mix)
    {
        List<SeccompArch> arches = [.. choice.Where(_ => _random.Next(2) == 0)];
        FilterAction standard = Pick(s_actions);
        FilterAction[] others = [.. s_actions.Where(a => a != standard)];
        FilterAction one = Pick(others), two = Pick(others);
        string[] names = [.. s_names.Where(_ => _random.Next(4) == 0).DefaultIfEmpty("read")];
        FilterRule[] rules = new FilterRule[_random.Next(1, 10)];
        for (int i = 0; i < rules.Length; i++)
        {
            ArgCheck[]? checks = Checks(plain: mix != RuleMix.OneAction);
            FilterAction action = mix != RuleMix.SeveralActionsPlain || Any(checks, ArgOperator.NotEqual, ArgOperator.Greater, ArgOperator.GreaterOrEqual) ? one
                : Any(checks, ArgOperator.Less, ArgOperator.LessOrEqual) ? two : Pick(others);
            rules[i] = new([Pick(names)], action, checks is null ? null : [.. checks]);
        }
        return new() { Native = native, Architectures = arches, DefaultAction = standard, Rules = [.. rules], NewerCallsAreUnknown = false };
    }

    /// <summary>Calls to the numbers that rules name, their neighbours, and some others.</summary>
    public IEnumerable<Call> Calls(FilterSpec spec, int perNumber)
    {
        ulong[] values = [.. _values, .. spec.Rules.SelectMany(r => r.Checks ?? []).SelectMany(c => (ulong[])[c.Value, c.ValueTwo])];
        foreach (SeccompArch arch in spec.Architectures.Prepend(spec.Native).Append(SeccompArch.S390X).Distinct())
        {
            IEnumerable<uint> numbers = spec.Rules.SelectMany(r => r.Names).Append("socketcall").Append("ipc")
                .Select(n => SyscallTable.Number(arch, n)).OfType<uint>()
                .SelectMany(n => (uint[])[n, n - 1, n + 1, n ^ SeccompArchFacts.X32Bit])
                .Concat([0u, uint.MaxValue, 0x80000003, 0xC0000003]).Distinct();
            foreach (uint number in numbers)
                for (int i = 0; i < perNumber; i++)
                    yield return new Call(arch.AuditToken(), number, Arguments(values));
        }
    }

    private ulong[] Arguments(ulong[] values)
    {
        ulong[] arguments = new ulong[6];
        for (int i = 0; i < 6; i++)
        {
            ulong near = Pick(values);
            arguments[i] = _random.Next(6) switch
            {
                0 => near + 1,
                1 => near - 1,
                2 => (ulong)_random.Next(25),
                3 => near ^ 1UL << _random.Next(64),
                _ => near,
            };
        }
        return arguments;
    }

    private ArgCheck[]? Checks(bool plain)
    {
        if (_random.Next(6) == 0) return null;
        ArgCheck[] checks = new ArgCheck[_random.Next(1, 4)];
        for (int i = 0; i < checks.Length; i++)
        {
            ArgOperator op = (ArgOperator)_random.Next(7);
            ulong value = Pick(_values);
            ulong two = op != ArgOperator.MaskedEqual ? 0 : _random.Next(2) == 0 ? Pick(_values) : Pick(_values) & value;
            checks[i] = new((uint)_random.Next(3), op, value, two);
        }
        if (!plain || checks.DistinctBy(c => c.Index).Count() < checks.Length) return checks;
        ArgCheck[] ordered = [.. checks.OrderBy(c => c.Index)];
        for (int i = 0; i < ordered.Length - 1; i++)
            if (ordered[i].Operator != ArgOperator.MaskedEqual) ordered[i] = ordered[i] with { Operator = ArgOperator.Equal };
        return ordered;
    }

    private static bool Any(ArgCheck[]? checks, params ArgOperator[] operators) => checks?.Any(c => operators.Contains(c.Operator)) == true;

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];
}
