// Why a filter could not be compiled.
namespace Berth.Linux.Seccomp;

/// <summary>What is wrong with a <see cref="FilterSpec"/>.</summary>
public enum FilterFault
{
    /// <summary>A check looks at an argument beyond the sixth.</summary>
    BadArgument,

    /// <summary>A name is in no architecture's table and unknown names are refused.</summary>
    UnknownName,

    /// <summary>Two rules give different actions to the same call with the same arguments.</summary>
    Contradiction,

    /// <summary>The program has more instructions than the kernel accepts.</summary>
    TooLarge,
}

/// <summary>A filter that cannot be compiled. The message is lower case and names the call.</summary>
/// <param name="fault">What callers decide by.</param>
/// <param name="message">What was tried, on what, why not.</param>
public sealed class FilterException(FilterFault fault, string message) : Exception(message)
{
    /// <summary>What callers decide by.</summary>
    public FilterFault Fault { get; } = fault;
}
