// A verb: its words, its options, what it does. The table of a verb is made when somebody says it.
using Berth.Cli.Arguments;

namespace Berth.Cli.Verbs;

/// <summary>The name of a verb, and what makes the rest of it.</summary>
/// <param name="Name">Its word.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Make">Makes it.</param>
internal sealed record CommandEntry(string Name, string Summary, Func<Command> Make)
{
    /// <summary>Other words for it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Whether it has nothing to do with the store: an ordinary user runs it as himself.</summary>
    public bool IsOutside { get; init; }

    /// <summary>For an ordinary user it is run in the network of his containers.</summary>
    public bool IsInNetwork { get; init; }

    /// <summary>Under which heading the help shows it; null: not at all.</summary>
    public string? Group { get; init; }
}

/// <summary>An example for the help.</summary>
/// <param name="Line">What to type.</param>
/// <param name="Meaning">What it does.</param>
internal sealed record Example(string Line, string Meaning);

/// <summary>A verb, or a group of verbs.</summary>
internal sealed record Command
{
    /// <summary>What follows its name in the usage line, behind the options.</summary>
    public string Usage { get; init; } = "";

    /// <summary>More than the summary, in sentences.</summary>
    public string About { get; init; } = "";

    /// <summary>Its options.</summary>
    public IReadOnlyList<Option> Options { get; init; } = [];

    /// <summary>What it can be used for.</summary>
    public IReadOnlyList<Example> Examples { get; init; } = [];

    /// <summary>Least number of arguments.</summary>
    public int Least { get; init; }

    /// <summary>Largest number of arguments.</summary>
    public int Most { get; init; } = int.MaxValue;

    /// <summary>Whether what follows its first argument is not ours to read.</summary>
    public bool StopsAtArgument { get; init; }

    /// <summary>What completion offers for its arguments.</summary>
    public Offer Offers { get; init; }

    /// <summary>Verbs below it.</summary>
    public IReadOnlyList<CommandEntry> Verbs { get; init; } = [];

    /// <summary>Does it; the answer is the exit code.</summary>
    public Func<Invocation, Task<int>>? Run { get; init; }
}

/// <summary>What an argument is, for completion.</summary>
internal enum Offer
{
    /// <summary>Nothing is known of it.</summary>
    Nothing,

    /// <summary>A path.</summary>
    Files,

    /// <summary>An image of the store.</summary>
    Images,

    /// <summary>A network.</summary>
    Networks,

    /// <summary>A container.</summary>
    Containers,

    /// <summary>A volume.</summary>
    Volumes,
}
