// Writes down what a container's output brings.
using System.Text;
using Berth.Shim.Streams;

namespace Berth.Shim.Tests;

internal sealed class RecordingSink : IOutputSink
{
    private readonly List<byte> _bytes = [];

    public string Text => Encoding.UTF8.GetString([.. _bytes]);

    public int Length => _bytes.Count;

    public int Completed { get; private set; }

    public bool IsFull { get; set; }

    public Action? OnWrite { get; set; }

    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        OnWrite?.Invoke();
    }

    public void Complete(StandardStream stream) => Completed++;
}
