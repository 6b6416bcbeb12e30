// The beginning of a process's output, kept in memory for whoever asked for all of it at once.
namespace Berth.Shim.Streams;

/// <summary>What a process writes, up to a limit.</summary>
/// <param name="most">Bytes of each stream that are kept.</param>
/// <param name="joined">Both streams are one, in the order in which they were read.</param>
internal sealed class CollectedOutput(int most, bool joined) : IOutputSink
{
    private readonly List<byte> _output = [];
    private readonly List<byte> _error = [];

    /// <inheritdoc/>
    public bool IsFull => false;

    /// <summary>Standard output, or both.</summary>
    public byte[] Output => [.. _output];

    /// <summary>Standard error, unless they are one.</summary>
    public byte[] Error => [.. _error];

    /// <summary>Whether more was written than is kept.</summary>
    public bool IsCut { get; private set; }

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        List<byte> kept = stream == StandardStream.Error && !joined ? _error : _output;
        int room = Math.Min(bytes.Length, most - kept.Count);
        kept.AddRange(bytes[..room]);
        IsCut |= room < bytes.Length;
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream) { }
}
