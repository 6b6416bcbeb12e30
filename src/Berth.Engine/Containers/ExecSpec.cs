// A program to be executed in a container that runs.
namespace Berth.Engine.Containers;

/// <summary>What is executed, and how.</summary>
public sealed record ExecSpec
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>KEY=VALUE, over those of the container.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary><c>user[:group]</c>; null: the container's.</summary>
    public string? User { get; init; }

    /// <summary>Working folder; null: the container's.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>Whether it has a terminal.</summary>
    public bool HasTerminal { get; init; }

    /// <summary>Whether it has an input.</summary>
    public bool HasInput { get; init; }

    /// <summary>Whether it has all capabilities.</summary>
    public bool IsPrivileged { get; init; }

    /// <summary>Rows and columns of its terminal at the start.</summary>
    public (ushort Rows, ushort Columns)? Size { get; init; }

    /// <summary>Open descriptors of this process that it gets, with the same numbers: 3 or more.</summary>
    public IReadOnlyList<int> Descriptors { get; init; } = [];

    /// <summary>Whether nobody will attach: its output goes nowhere.</summary>
    public bool IsDetached { get; init; }
}

/// <summary>A process that was executed in a container.</summary>
public sealed class ContainerProcess : IDisposable
{
    private readonly Container _container;

    internal ContainerProcess(Container container, string id, int pid, ContainerStreams? streams) => (_container, Id, Pid, Streams) = (container, id, pid, streams);

    /// <summary>Its id within the container.</summary>
    public string Id { get; }

    /// <summary>Its number on the host.</summary>
    public int Pid { get; }

    /// <summary>Its streams; null: it is detached.</summary>
    public ContainerStreams? Streams { get; }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit status; 128 and the signal's number for one that was killed.</returns>
    public Task<int> WaitAsync(CancellationToken ct = default) => _container.WaitProcessAsync(Id, ct);

    /// <summary>Sends it a signal.</summary>
    public Task KillAsync(int signal, CancellationToken ct = default) => _container.SignalProcessAsync(Id, signal, ct);

    /// <summary>Says how large its terminal is.</summary>
    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken ct = default) => _container.ResizeProcessAsync(Id, rows, columns, ct);

    /// <inheritdoc/>
    public void Dispose() => Streams?.Dispose();
}
