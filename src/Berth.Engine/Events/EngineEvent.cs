// Something that has happened to an object of the engine.
namespace Berth.Engine.Events;

/// <summary>An event.</summary>
public sealed record EngineEvent
{
    /// <summary>When.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary><c>container</c>, <c>image</c>, <c>network</c>, <c>volume</c> or <c>pod</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>create</c>, <c>start</c>, <c>died</c>, <c>remove</c>, ...</summary>
    public required string Action { get; init; }

    /// <summary>Id of the object; a volume's is its name.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>What else there is to say: <c>image</c>, <c>exitCode</c>, labels.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();
}
