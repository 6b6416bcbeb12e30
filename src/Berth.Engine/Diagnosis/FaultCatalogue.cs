// What is known of faults: the entry of a code, and the code of whatever was thrown.
using Berth.Linux;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Engine.Diagnosis;

/// <summary>What is known of one code of faults.</summary>
/// <param name="Code">The code, <c>port-taken</c>.</param>
/// <param name="Meaning">What it means, a sentence.</param>
public sealed record FaultEntry(string Code, string Meaning)
{
    /// <summary>What it mostly comes from.</summary>
    public IReadOnlyList<string> Causes { get; init; } = [];

    /// <summary>What helps: commands to look or to cure with.</summary>
    public IReadOnlyList<string> Cures { get; init; } = [];
}

/// <summary>The codes of faults: stable words to search for, to compare and to look up.</summary>
public static partial class FaultCatalogue
{
    private static FaultEntry[]? s_all;

    /// <summary>All entries: the special ones first, then one for each <see cref="Fault"/>.</summary>
    public static IReadOnlyList<FaultEntry> All => s_all ??= Table();

    /// <summary>The entry of a code; null: there is no such code.</summary>
    public static FaultEntry? Find(string code)
    {
        foreach (FaultEntry entry in All)
        {
            if (entry.Code == code) return entry;
        }
        return null;
    }

    /// <summary>The code of a fault: its own, that of what caused it, or that of its kind. It always has an entry.</summary>
    public static string CodeOf(Exception fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        for (Exception? one = fault; one is not null; one = one.InnerException)
        {
            if (Special(one) is { } code) return code;
        }
        return CodeOf((fault as BerthException)?.Kind ?? Fault.Failed);
    }

    /// <summary>The code of a kind.</summary>
    public static string CodeOf(Fault kind) => kind switch
    {
        Fault.NotFound => "not-found",
        Fault.Conflict => "conflict",
        Fault.InvalidArgument => "invalid-argument",
        Fault.WrongState => "wrong-state",
        Fault.Denied => "denied",
        Fault.Unsupported => "unsupported",
        Fault.Unavailable => "unavailable",
        Fault.TimedOut => "timed-out",
        Fault.Exhausted => "exhausted",
        Fault.CommandNotFound => FaultCode.CommandNotFound,
        Fault.CommandNotExecutable => FaultCode.CommandNotExecutable,
        _ => "failed",
    };

    // A full disk can show itself in any call: nobody on the way needs to think of it.
    private static string? Special(Exception one) => one switch
    {
        BerthException { Code: { } code } => code,
        LinuxException { Errno: Errno.ENOSPC or Errno.EDQUOT } => FaultCode.DiskFull,
        LinuxException { Errno: Errno.EROFS } => FaultCode.StoreReadOnly,
        IOException { HResult: (int)Errno.ENOSPC or (int)Errno.EDQUOT } => FaultCode.DiskFull,
        IOException { HResult: (int)Errno.EROFS } => FaultCode.StoreReadOnly,
        CniException { Code: CniCode.PortTaken } => FaultCode.PortTaken,
        _ => null,
    };
}
