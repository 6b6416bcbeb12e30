// What a seccomp filter shall do, before it is compiled: a default, and rules that differ from it.
namespace Berth.Linux.Seccomp;

/// <summary>What becomes of a call: the value a filter returns to the kernel.</summary>
/// <param name="Value">SECCOMP_RET_* with its data in the low 16 bits.</param>
public readonly record struct FilterAction(uint Value)
{
    /// <summary>The thread is killed.</summary>
    public static FilterAction KillThread => new(0);

    /// <summary>The process is killed, with a core dump.</summary>
    public static FilterAction KillProcess => new(0x80000000);

    /// <summary>SIGSYS.</summary>
    public static FilterAction Trap => new(0x00030000);

    /// <summary>A supervisor answers through the notification descriptor.</summary>
    public static FilterAction Notify => new(0x7FC00000);

    /// <summary>Allowed, and logged where the host's actions_logged permits.</summary>
    public static FilterAction Log => new(0x7FFC0000);

    /// <summary>Allowed.</summary>
    public static FilterAction Allow => new(0x7FFF0000);

    /// <summary>The call is not made and fails with this error number.</summary>
    public static FilterAction Errno(Errno errno) => new(0x00050000 | ((uint)errno & 0xFFFF));

    /// <summary>A tracer decides; it reads this message.</summary>
    public static FilterAction Trace(ushort message) => new(0x7FF00000 | (uint)message);

    /// <summary>Whether calls that no rule names go through (perhaps watched): allow, log and trace.</summary>
    internal bool IsPermissive => Value is 0x7FFC0000 or 0x7FFF0000 || (Value & 0xFFFF0000) == 0x7FF00000;
}

/// <summary>How an argument is compared.</summary>
public enum ArgOperator : byte
{
    /// <summary>Not equal.</summary>
    NotEqual,

    /// <summary>Less, unsigned.</summary>
    Less,

    /// <summary>Less or equal, unsigned.</summary>
    LessOrEqual,

    /// <summary>Equal.</summary>
    Equal,

    /// <summary>Greater or equal, unsigned.</summary>
    GreaterOrEqual,

    /// <summary>Greater, unsigned.</summary>
    Greater,

    /// <summary>The bits of <see cref="ArgCheck.Value"/> equal those of <see cref="ArgCheck.ValueTwo"/>.</summary>
    MaskedEqual,
}

/// <summary>A comparison of one argument. On 32-bit architectures only the low half of both sides counts.</summary>
/// <param name="Index">Which argument, 0 to 5.</param>
/// <param name="Operator">How.</param>
/// <param name="Value">The right-hand side, or the mask of <see cref="ArgOperator.MaskedEqual"/>.</param>
/// <param name="ValueTwo">The right-hand side of <see cref="ArgOperator.MaskedEqual"/>.</param>
public readonly record struct ArgCheck(uint Index, ArgOperator Operator, ulong Value, ulong ValueTwo = 0);

/// <summary>An action for some calls, perhaps only with certain arguments.</summary>
/// <param name="Names">The calls. Names that no architecture knows are skipped, or refused on demand.</param>
/// <param name="Action">What becomes of them.</param>
/// <param name="Checks">
/// All must hold; null or empty always holds. Where two of them look at the same argument, each check is a rule of its
/// own and any of them suffices: so profiles were understood before checks could be joined, and so they still are.
/// </param>
public sealed record FilterRule(List<string> Names, FilterAction Action, List<ArgCheck>? Checks = null);

/// <summary>SECCOMP_FILTER_FLAG_* of seccomp(2).</summary>
[Flags]
public enum FilterFlags : uint
{
#pragma warning disable CS1591 // the names are those of seccomp(2)
    None = 0, TSYNC = 1, LOG = 2, SPEC_ALLOW = 4, NEW_LISTENER = 8, TSYNC_ESRCH = 16, WAIT_KILLABLE_RECV = 32,
#pragma warning restore CS1591
}

/// <summary>A filter to compile.</summary>
/// <remarks>
/// Which of several rules for one call decides: one without checks before those with checks, and the earlier one among
/// those without. Rules with checks form a tree as libseccomp forms it: checks of later arguments come first, then
/// equalities, then upper bounds, then lower bounds, narrower bounds before wider ones; the first leaf reached decides.
/// Rules whose action is the default action are left out, so they take nothing away from other rules.
/// Lists are lists, not interfaces: a native program that fills an interface from a collection expression carries 210 KB
/// of type loader for it.
/// </remarks>
public sealed record FilterSpec
{
    /// <summary>What becomes of calls that no rule names.</summary>
    public required FilterAction DefaultAction { get; init; }

    /// <summary>The rules, in the order of the profile.</summary>
    public required List<FilterRule> Rules { get; init; }

    /// <summary>Architectures besides <see cref="Native"/>.</summary>
    public List<SeccompArch> Architectures { get; init; } = [];

    /// <summary>The architecture of the machine; always part of the filter.</summary>
    public SeccompArch Native { get; init; } = SeccompArchFacts.Native;

    /// <summary>What becomes of calls of architectures that are not listed.</summary>
    public FilterAction BadArchAction { get; init; } = FilterAction.KillThread;

    /// <summary>
    /// Calls with a higher number than any the profile names fail with ENOSYS instead of the default action, unless that
    /// lets them through: so a C library newer than the profile falls back to an older call, as on an older kernel.
    /// </summary>
    public bool NewerCallsAreUnknown { get; init; } = true;

    /// <summary>Refuse names that are in no architecture's table; otherwise they are skipped.</summary>
    public bool RefuseUnknownNames { get; init; }

    /// <summary>
    /// Flags for installing. <see cref="FilterFlags.TSYNC"/> is accepted and dropped (the filter is installed by a process
    /// of one thread), so is <see cref="FilterFlags.WAIT_KILLABLE_RECV"/> where nothing notifies (the kernel refuses it
    /// there); <see cref="FilterFlags.NEW_LISTENER"/> follows from the rules.
    /// </summary>
    public FilterFlags Flags { get; init; }
}
