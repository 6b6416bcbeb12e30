// A template, taken apart.
using Berth.Cli.Values;

namespace Berth.Cli.Templates;

/// <summary>A part of a template.</summary>
internal abstract record Node
{
    /// <summary>Text as it is.</summary>
    internal sealed record Plain(string Text) : Node;

    /// <summary>What a pipeline comes to.</summary>
    internal sealed record Print(Pipeline Pipeline) : Node;

    /// <summary>if, and with, which also makes the value the dot.</summary>
    internal sealed record Choose(Pipeline Condition, bool SetsDot, IReadOnlyList<Node> Then, IReadOnlyList<Node> Otherwise) : Node;

    /// <summary>range.</summary>
    internal sealed record Each(Pipeline Over, IReadOnlyList<Node> Body, IReadOnlyList<Node> Otherwise) : Node;
}

/// <summary>Commands, each of which gets the value of the one before as its last argument; perhaps kept in variables.</summary>
/// <param name="Variables">Names with their $.</param>
/// <param name="Assigns">Whether they are there already.</param>
/// <param name="Commands">The commands.</param>
internal sealed record Pipeline(IReadOnlyList<string> Variables, bool Assigns, IReadOnlyList<IReadOnlyList<Operand>> Commands);

/// <summary>A part of a command.</summary>
internal abstract record Operand
{
    /// <summary>Names behind it: .A.B</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>The dot.</summary>
    internal sealed record Dot : Operand;

    /// <summary>A variable.</summary>
    internal sealed record Variable(string Name) : Operand;

    /// <summary>A value in the template.</summary>
    internal sealed record Constant(Value Value) : Operand;

    /// <summary>A function.</summary>
    internal sealed record Function(string Name) : Operand;

    /// <summary>In parentheses.</summary>
    internal sealed record Inner(Pipeline Pipeline) : Operand;
}
