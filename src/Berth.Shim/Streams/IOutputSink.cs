// Whoever wants what a container writes: logs, attached clients, fifos of an engine.
namespace Berth.Shim.Streams;

/// <summary>Takes a container's output. It never waits: what cannot be passed on now is kept, and <see cref="IsFull"/> says when that is enough.</summary>
internal interface IOutputSink
{
    /// <summary>Nothing more is read from the container while one sink is full.</summary>
    bool IsFull { get; }

    /// <summary>Whether it still has bytes to pass on.</summary>
    bool IsOwed => IsFull;

    /// <summary>Takes all of the bytes; they are the caller's again when this returns.</summary>
    void Write(StandardStream stream, ReadOnlySpan<byte> bytes);

    /// <summary>The stream has ended, or the container has: what was held back to be completed is passed on as it is.</summary>
    void Complete(StandardStream stream);
}
