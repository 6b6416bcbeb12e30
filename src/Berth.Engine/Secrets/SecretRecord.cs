// Secrets as values: what is asked for, and what is known of one.
namespace Berth.Engine.Secrets;

/// <summary>What is asked for.</summary>
public sealed record SecretSpec
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Who keeps the value: <c>file</c> (the engine, in a file that its owner alone may read), <c>pass</c> (a GPG file) or <c>shell</c> (commands).</summary>
    public string Driver { get; init; } = "file";

    /// <summary>Options of the driver: <c>path</c>; <c>root</c>, <c>key</c>, <c>gpghomedir</c>; <c>store</c>, <c>lookup</c>, <c>delete</c>, <c>list</c>.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>What is known of a secret: everything but its value.</summary>
public sealed record SecretRecord
{
    /// <summary>25 digits of base 16.</summary>
    public required string Id { get; init; }

    /// <summary>What was asked for.</summary>
    public required SecretSpec Spec { get; init; }

    /// <summary>Its name.</summary>
    public string Name => Spec.Name;

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When its value was last set.</summary>
    public required DateTimeOffset Updated { get; init; }
}
