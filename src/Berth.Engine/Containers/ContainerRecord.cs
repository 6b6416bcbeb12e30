// A container on disk: what was asked, what was settled from it and its image, and what became of its latest run.
using Berth.Oci.Content;

namespace Berth.Engine.Containers;

/// <summary>One container, as it was when this was read. A new state is a new record.</summary>
public sealed record ContainerRecord
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Its name, that no other container has.</summary>
    public required string Name { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>What was asked for.</summary>
    public required ContainerSpec Spec { get; init; }

    /// <summary>What came of it together with the image.</summary>
    public required SettledSpec Settled { get; init; }

    /// <summary>The image's id; null: it has none.</summary>
    public Digest? Image { get; init; }

    /// <summary>Its latest run; null: it was never started.</summary>
    public RunRecord? Run { get; init; }

    /// <summary>Whether somebody has stopped it since it was started: it is not started again by itself.</summary>
    public bool IsStopped { get; init; }

    /// <summary>The first twelve digits of its id.</summary>
    public string ShortId => Id[..12];

    /// <summary>The id under which it is attached to networks: its own, or its pod's where it shares that one's.</summary>
    public string AttachedAs => Spec is { Pod: { } pod, Connection.Networks: [{ Network: "pod" }] } ? pod : Id;
}

/// <summary>What an image and a user's wishes have come to.</summary>
public sealed record SettledSpec
{
    /// <summary>What is executed, entrypoint and command.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>How many words of <see cref="Arguments"/> are the entrypoint.</summary>
    public int EntrypointLength { get; init; }

    /// <summary>KEY=VALUE.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Working folder.</summary>
    public string WorkingFolder { get; init; } = "/";

    /// <summary><c>user[:group]</c>; empty: root.</summary>
    public string User { get; init; } = "";

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Nothing.Texts;

    /// <summary>Number of the signal by which it is stopped.</summary>
    public int StopSignal { get; init; } = 15;

    /// <summary>How it is seen whether it is well; null: it is not looked at.</summary>
    public HealthSpec? Health { get; init; }

    /// <summary>Ports that are said to be open, <c>80/tcp</c>.</summary>
    public IReadOnlyList<string> Exposed { get; init; } = [];

    /// <summary>Mounts: those of the user, of other containers and of the image; volumes have names by now.</summary>
    public IReadOnlyList<SettledMount> Mounts { get; init; } = [];

    /// <summary>Host name; empty where the host's is shared.</summary>
    public string HostName { get; init; } = "";

    /// <summary>Maps of ids, with a user namespace of its own.</summary>
    public IdMaps? Ids { get; init; }
}

/// <summary>A mount with the volume that was found or made for it.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Volume">Name of the volume; null: there is none.</param>
/// <param name="IsAnonymous">Whether the volume was made for this container, and goes with it.</param>
public sealed record SettledMount(MountRequest Request, string? Volume = null, bool IsAnonymous = false);

/// <summary>Maps of ids of a user namespace.</summary>
/// <param name="Uids">Of users.</param>
/// <param name="Gids">Of groups.</param>
public sealed record IdMaps(IReadOnlyList<IdRange> Uids, IReadOnlyList<IdRange> Gids);

/// <summary>A range of ids.</summary>
/// <param name="Inside">First id inside.</param>
/// <param name="Outside">First id outside.</param>
/// <param name="Count">How many.</param>
public readonly record struct IdRange(uint Inside, uint Outside, uint Count);

/// <summary>What became of a run.</summary>
public sealed record RunRecord
{
    /// <summary>When it was started.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Whether it was made by the runtime alone: its process waits, and was not started.</summary>
    public bool IsInitialized { get; init; }

    /// <summary>When it ended; null: it has not, or nobody has looked since.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Exit status; 128 and the signal's number for one that was killed.</summary>
    public int ExitCode { get; init; }

    /// <summary>Whether it was killed for lack of memory.</summary>
    public bool IsOomKilled { get; init; }

    /// <summary>How often it was started again by itself.</summary>
    public int Restarts { get; init; }

    /// <summary>Why it could not be started, or what is not known of its end.</summary>
    public string? Error { get; init; }

    /// <summary>Its first process, as it was started.</summary>
    public int Pid { get; init; }

    /// <summary>When that process began, in ticks since the host's start: another one may get its number.</summary>
    public ulong StartTicks { get; init; }

    /// <summary>This start of the host: what ran then does not run in another.</summary>
    public string Boot { get; init; } = "";
}
