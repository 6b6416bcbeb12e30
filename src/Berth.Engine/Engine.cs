// The engine: the front that a program opens, and what the command line is made of.
using Berth.Engine.Images;

namespace Berth.Engine;

/// <summary>
/// Images on this machine and in registries. No daemon runs: several engines, in several processes, may work on one store at the same time.
/// <code>
/// await using Engine engine = await Engine.OpenAsync();
/// Image debian = await engine.Images.PullAsync("debian:12");
/// </code>
/// </summary>
public sealed class Engine : IAsyncDisposable
{
    private readonly Ends _ends;

    private Engine(EngineOptions options)
    {
        _ends = new Ends(options);
        Images = new EngineImages(_ends);
    }

    /// <summary>Images.</summary>
    public EngineImages Images { get; }

    /// <summary>Opens one. The store is made, or looked at, when it is first needed.</summary>
    public static ValueTask<Engine> OpenAsync(EngineOptions? options = null) => new(new Engine(options ?? new EngineOptions()));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _ends.Dispose();
        return ValueTask.CompletedTask;
    }
}
