// The one exception libraries throw: a kind to decide by, a sentence to read, and a cure where one is known.
namespace Berth.Oci.Faults;

/// <summary>A failure said once: what was tried, on what, why not, and a hint only when the cure is known.</summary>
/// <param name="kind">What callers decide by; never decide by the text.</param>
/// <param name="message">Lower case, no full stop: what was tried, on what, why not.</param>
/// <param name="hint">What the reader can do about it, or null.</param>
/// <param name="inner">The cause.</param>
public sealed class BerthException(Fault kind, string message, string? hint = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The kind callers decide by.</summary>
    public Fault Kind { get; } = kind;

    /// <summary>What the reader can do about it, or null.</summary>
    public string? Hint { get; } = hint;

    /// <summary>What to search for (<see cref="FaultCode"/>), or null: its kind says all, or what caused it has a code.</summary>
    public string? Code { get; init; }

    /// <summary>Names and ids that it is about, for front ends that have sentences of their own: first what was asked for, then what stands in its way.</summary>
    public IReadOnlyList<string> Subjects { get; init; } = [];

    /// <summary>The message, with the hint behind it where there is one.</summary>
    public string Sentence => Hint is null ? Message : $"{Message}; hint: {Hint}";
}
