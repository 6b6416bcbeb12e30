// The rules with argument checks of one call on one architecture, as a tree of 32-bit tests.
namespace Berth.Linux.Seccomp;

/// <summary>
/// Tests of argument words in the order in which the filter makes them. 64-bit comparisons consist of tests of the high
/// and the low half. The order is libseccomp's (see <see cref="FilterSpec"/>), because with rules that overlap and differ
/// in their action the order decides, and profiles are written against libseccomp.
/// </summary>
/// <remarks>
/// Other than there, a rule's continuation behind each way in which a comparison can hold is a tree of its own. Sharing
/// it, as libseccomp up to 2.6.1 does, lets a later rule slip into a way that is not its own: with
/// <c>a0 &gt; 5 &amp;&amp; a1 == 1</c> and <c>a0 &gt; 7 &amp;&amp; a1 == 2</c> it lets pass <c>a0 == 6, a1 == 2</c>.
/// </remarks>
internal sealed class ArgumentTree(bool wide, bool bigEndian)
{
    /// <summary>How tests on the same word follow each other.</summary>
    private enum Rank : byte
    {
        LowerBound = 1,
        UpperBound = 2,
        Equality = 3,
    }

    /// <summary>What follows when a test holds or fails: a verdict, further tests, or nothing (the next test of the level).</summary>
    private struct Outcome
    {
        public Test? Level;
        public FilterAction? Verdict;

        // The whole value of the comparison that gave the verdict.
        public ulong Bound;

        public readonly bool IsOpen => Level is null && Verdict is null;
    }

    /// <summary>One test, and the next one of the same level.</summary>
    private sealed class Test
    {
        public required ushort Code;
        public required int Word;
        public required uint Value;
        public required uint Mask;
        public required bool IsMasked;
        public required Rank Rank;
        public Outcome Holds;
        public Outcome Fails;
        public Test? Next;

        public bool IsSameAs(Test other) =>
            Word == other.Word && Code == other.Code && Value == other.Value && Mask == other.Mask && IsMasked == other.IsMasked;

        public bool ComesAfter(Test other)
        {
            if (Word != other.Word) return Word < other.Word;
            if (Rank != other.Rank) return Rank < other.Rank;
            return Rank == Rank.UpperBound ? Value > other.Value : Value < other.Value;
        }
    }

    private Outcome _root;
    private int _tests;

    /// <summary>Whether there are no rules.</summary>
    public bool IsEmpty => _root.IsOpen;

    /// <summary>Whether any of the checks says something on this architecture; one whose mask is nought always holds.</summary>
    public static bool Matter(ReadOnlySpan<ArgCheck> checks, bool wide)
    {
        foreach (ref readonly ArgCheck check in checks)
            if (check.Operator != ArgOperator.MaskedEqual || (wide ? check.Value : (uint)check.Value) != 0) return true;
        return false;
    }

    /// <summary>Adds a rule.</summary>
    /// <param name="checks">In the order of arguments, each argument once, of which some <see cref="Matter"/>.</param>
    /// <param name="action">What becomes of the call when all hold.</param>
    /// <returns>False where another rule gives the very same call another action.</returns>
    public bool Add(ReadOnlySpan<ArgCheck> checks, FilterAction action) => Add(ref _root, checks, action);

    private bool Add(ref Outcome at, ReadOnlySpan<ArgCheck> checks, FilterAction action)
    {
        while (!Matter(checks[..1], wide)) checks = checks[1..];
        ArgCheck check = checks[0];
        ReadOnlySpan<ArgCheck> rest = Matter(checks[1..], wide) ? checks[1..] : [];
        return wide ? AddWide(ref at, check, rest, action) : AddNarrow(ref at, check, rest, action);
    }

    private bool AddNarrow(ref Outcome at, in ArgCheck check, ReadOnlySpan<ArgCheck> rest, FilterAction action)
    {
        Test? test = Place(ref at, LowTest(check));
        if (test is null) return true;
        return check.Operator is ArgOperator.NotEqual or ArgOperator.Less or ArgOperator.LessOrEqual
            ? Continue(ref test.Fails, check, rest, action, Half.Low)
            : Continue(ref test.Holds, check, rest, action, Half.Low);
    }

    private bool AddWide(ref Outcome at, in ArgCheck check, ReadOnlySpan<ArgCheck> rest, FilterAction action)
    {
        switch (check.Operator)
        {
            case ArgOperator.Equal or ArgOperator.MaskedEqual:
                return Place(ref at, HighTest(check, Bpf.IfEqual)) is not { } both
                    || Place(ref both.Holds, LowTest(check)) is not { } lowEqual
                    || Continue(ref lowEqual.Holds, check, rest, action, Half.Low);

            case ArgOperator.NotEqual:
                return Place(ref at, HighTest(check, Bpf.IfEqual)) is not { } high
                    || (Continue(ref high.Fails, check, rest, action, Half.High)
                        && (Place(ref high.Holds, LowTest(check)) is not { } lowDiffers
                            || Continue(ref lowDiffers.Fails, check, rest, action, Half.Low)));

            case ArgOperator.Greater or ArgOperator.GreaterOrEqual:
                return Place(ref at, HighTest(check, Bpf.IfGreater)) is not { } above
                    || (Continue(ref above.Holds, check, rest, action, Half.High)
                        && (Place(ref above.Fails, HighTest(check, Bpf.IfEqual)) is not { } level
                            || Place(ref level.Holds, LowTest(check)) is not { } lowAbove
                            || Continue(ref lowAbove.Holds, check, rest, action, Half.Low)));

            default:
                return Place(ref at, HighTest(check, Bpf.IfGreater)) is not { } over
                    || Place(ref over.Fails, HighTest(check, Bpf.IfEqual)) is not { } same
                    || (Continue(ref same.Fails, check, rest, action, Half.High)
                        && (Place(ref same.Holds, LowTest(check)) is not { } lowBelow
                            || Continue(ref lowBelow.Fails, check, rest, action, Half.Low)));
        }
    }

    private enum Half : byte
    {
        Low,
        High,
    }

    private bool Continue(ref Outcome at, in ArgCheck check, ReadOnlySpan<ArgCheck> rest, FilterAction action, Half half)
    {
        if (rest.Length > 0) return Add(ref at, rest, action);
        if (at.Level is not null)
        {
            // Every call that the rules below decide is this rule's as well.
            if (!AgreesWith(at.Level, action)) return false;
            at.Level = null;
        }
        else if (at.Verdict is { } other && other != action)
        {
            if (half == Half.Low) return false;
            // Only their low halves tell these two checks apart, and here those do not matter: the order they give decides.
            bool first = check.Operator is ArgOperator.Less or ArgOperator.LessOrEqual ? check.Value < at.Bound : check.Value > at.Bound;
            if (!first) return true;
        }
        at.Verdict = action;
        at.Bound = check.Value;
        return true;
    }

    private static bool AgreesWith(Test? level, FilterAction action)
    {
        for (; level is not null; level = level.Next)
        {
            if ((level.Holds.Verdict ?? action) != action || (level.Fails.Verdict ?? action) != action) return false;
            if (!AgreesWith(level.Holds.Level, action) || !AgreesWith(level.Fails.Level, action)) return false;
        }
        return true;
    }

    /// <summary>Finds the test in a level or puts it there; null where a shorter rule already decides.</summary>
    private Test? Place(ref Outcome at, Test test)
    {
        if (at.Verdict is not null) return null;
        Test? before = null;
        for (Test? here = at.Level; here is not null; before = here, here = here.Next)
        {
            if (here.IsSameAs(test)) return here;
            if (!here.ComesAfter(test)) continue;
            test.Next = here;
            break;
        }
        // Each test becomes an instruction at least; to notice it here bounds the depth of the walk that writes them.
        if (++_tests > CompiledFilter.LargestCount) throw BpfWriter.TooLarge();
        if (before is null) at.Level = test;
        else before.Next = test;
        return test;
    }

    private static Test HighTest(in ArgCheck check, ushort code) =>
        NewTest(check, code, (int)check.Index * 2 + 1, (uint)(RightSide(check) >> 32), (uint)(Mask(check) >> 32));

    private static Test LowTest(in ArgCheck check) => NewTest(check, check.Operator switch
    {
        ArgOperator.Greater or ArgOperator.LessOrEqual => Bpf.IfGreater,
        ArgOperator.GreaterOrEqual or ArgOperator.Less => Bpf.IfAtLeast,
        _ => Bpf.IfEqual,
    }, (int)check.Index * 2, (uint)RightSide(check), (uint)Mask(check));

    private static Test NewTest(in ArgCheck check, ushort code, int word, uint value, uint mask) => new()
    {
        Code = code,
        Word = word,
        Value = value & mask,
        Mask = mask,
        IsMasked = check.Operator == ArgOperator.MaskedEqual,
        Rank = check.Operator switch
        {
            ArgOperator.Less or ArgOperator.LessOrEqual => Rank.UpperBound,
            ArgOperator.Greater or ArgOperator.GreaterOrEqual => Rank.LowerBound,
            _ => Rank.Equality,
        },
    };

    private static ulong RightSide(in ArgCheck check) => check.Operator == ArgOperator.MaskedEqual ? check.ValueTwo : check.Value;

    private static ulong Mask(in ArgCheck check) => check.Operator == ArgOperator.MaskedEqual ? check.Value : ulong.MaxValue;

    // Writing. The accumulator still holds a word when control comes from a test of that word; such ways skip the load.

    /// <summary>What the accumulator holds: a word under a mask; or it differs by the way taken; or no way leads here.</summary>
    private readonly record struct Held(int Word, uint Mask)
    {
        public static readonly Held Various = new(-1, 0);
        public static readonly Held Unreached = new(-2, 0);

        public Held Or(Held other) => this == Unreached ? other : other == Unreached || other == this ? this : Various;
    }

    /// <summary>Entries into a test for ways that hold its masked word, its word, or something else.</summary>
    private readonly record struct Entry(BpfTarget Compare, BpfTarget MaskFirst, BpfTarget LoadFirst, Held Needs)
    {
        public static Entry At(BpfTarget target) => new(target, target, target, Held.Various);

        public BpfTarget For(Held held) =>
            held == Needs ? Compare : held.Word == Needs.Word && (held.Mask & Needs.Mask) == Needs.Mask ? MaskFirst : LoadFirst;
    }

    /// <summary>Writes the tests; what none of them decides continues at <paramref name="otherwise"/>.</summary>
    public BpfTarget Write(BpfWriter writer, FilterAction otherwise) =>
        Write(writer, _root.Level!, Entry.At(otherwise), Held.Various).For(Held.Various);

    private Entry Write(BpfWriter writer, Test test, Entry otherwise, Held arriving)
    {
        Held leaving = Leaving(test);
        Entry next = test.Next is null || leaving == Held.Unreached ? otherwise : Write(writer, test.Next, otherwise, leaving);
        // Nothing of this half is looked at: the test of the other half is all there is.
        if (test.Mask == 0) return test.Holds.Level is { } half ? Write(writer, half, next, arriving) : Entry.At(test.Holds.Verdict!.Value);
        Held after = new(test.Word, test.Mask);
        BpfTarget holds = Write(writer, test.Holds, next, after);
        BpfTarget fails = Write(writer, test.Fails, next, after);
        BpfTarget compare = writer.Branch(test.Code, test.Value, holds, fails);
        if (compare == holds) return Entry.At(compare);
        if (arriving == after) return new Entry(compare, compare, compare, after);
        BpfTarget maskFirst = test.Mask == uint.MaxValue ? compare : writer.Then(Bpf.And, test.Mask);
        if (arriving.Word == test.Word && (arriving.Mask & test.Mask) == test.Mask) return new Entry(compare, maskFirst, maskFirst, after);
        return new Entry(compare, maskFirst, writer.Then(Bpf.Load, Offset(test.Word)), after);
    }

    private BpfTarget Write(BpfWriter writer, in Outcome outcome, Entry next, Held after) =>
        outcome.Verdict is { } verdict ? verdict
        : outcome.Level is { } level ? Write(writer, level, next, after).For(after)
        : next.For(after);

    // What the accumulator holds when a test has not led to a verdict.
    private static Held Leaving(Test test) =>
        test.Mask == 0 ? Leaving(test.Holds, test) : Leaving(test.Holds, test).Or(Leaving(test.Fails, test));

    private static Held Leaving(in Outcome outcome, Test test)
    {
        if (outcome.Verdict is not null) return Held.Unreached;
        if (outcome.IsOpen) return new Held(test.Word, test.Mask);
        Held held = Held.Unreached;
        for (Test? inner = outcome.Level; inner is not null; inner = inner.Next)
        {
            held = Leaving(inner);
            if (held == Held.Unreached) break;
        }
        return held;
    }

    private uint Offset(int word)
    {
        bool second = (word & 1) != 0 != bigEndian;
        return Bpf.ArgumentsOffset + (uint)(word >> 1) * 8 + (second ? 4u : 0u);
    }
}
