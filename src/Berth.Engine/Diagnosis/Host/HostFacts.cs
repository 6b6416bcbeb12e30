// A host as checks see it: this one, or one that was recorded.
using Berth.Engine.Keeping;
using Berth.Linux.Files;

namespace Berth.Engine.Diagnosis.Host;

/// <summary>What checks ask. A recorded host answers from tables.</summary>
internal sealed record HostFacts
{
    /// <summary>The text of a file; null: it is not there.</summary>
    public Func<string, string?> Read { get; init; } = static path => KernelFile.TryReadText(path);

    /// <summary>Whether a path is there.</summary>
    public Func<string, bool> Exists { get; init; } = KernelFile.Exists;

    /// <summary>Whether it can be written.</summary>
    public Func<string, bool> IsWritable { get; init; } = KernelFile.IsWritable;

    /// <summary>Permission bits; null: it is not there.</summary>
    public Func<string, uint?> ModeOf { get; init; } = static path => KernelPath.Facts(path)?.Mode;

    /// <summary>Whether a program's file gives it capabilities.</summary>
    public Func<string, bool> HasCapabilities { get; init; } = static path =>
    {
        using Berth.Linux.Fd? folder = KernelPath.TryOpen(path[..(path.LastIndexOf('/') + 1)], 0);
        return folder is not null && ExtendedAttributes.TryRead(folder, System.Text.Encoding.UTF8.GetBytes(path[(path.LastIndexOf('/') + 1)..]), "security.capability", out _) is { Length: > 0 };
    };

    /// <summary>The place of a program; null: it is not there.</summary>
    public Func<string, string?> Find { get; init; } = EnginePrograms.TryFind;

    /// <summary>What a program says of its version, its first line; null: nothing.</summary>
    public Func<string, string?> VersionOf { get; init; } = ProgramVersion.Of;

    /// <summary>Room below a folder, or below the nearest one above it that is there.</summary>
    public Func<string, FileSystemRoom?> Room { get; init; } = RoomOf;

    /// <summary>Whether whoever asks is root of the host.</summary>
    public bool IsRoot { get; init; } = Rootless.UserSession.IsRoot;

    /// <summary>The name of whoever asks.</summary>
    public string User { get; init; } = Environment.UserName;

    /// <summary>The kernel.</summary>
    public Version Kernel { get; init; } = Environment.OSVersion.Version;

    /// <summary>The folder of the store.</summary>
    public required string Root { get; init; }

    /// <summary>The run folder.</summary>
    public required string Run { get; init; }

    /// <summary>The time.</summary>
    public DateTimeOffset Now { get; init; } = DateTimeOffset.UtcNow;

    /// <summary>When this program was built, or a time before that.</summary>
    public DateTimeOffset Built { get; init; } = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A number in a file; null: it is not there.</summary>
    public long? Number(string path) => Read(path) is { } text && long.TryParse(text.Trim(), out long number) ? number : null;

    private static FileSystemRoom? RoomOf(string path)
    {
        for (string at = path; at.Length > 1; at = Path.GetDirectoryName(at) ?? "/")
        {
            if (KernelFile.Exists(at)) return KernelPath.Room(at);
        }
        return KernelPath.Room("/");
    }
}
