// Where a container's output is logged to, as --log-path and its relatives say.
using Berth.Linux.Polling;
using Berth.Oci.Faults;
using Berth.Shim.Logs;

namespace Berth.Shim.Conmon;

/// <summary>The logs of one container; several at once, or none.</summary>
internal sealed record LogTargets
{
    /// <summary>File in Kubernetes' format, or null.</summary>
    public string? CriFile { get; init; }

    /// <summary>File in Docker's format, or null.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Marks of entries in the journal, or null.</summary>
    public JournalMarks? Journal { get; init; }

    /// <summary>The container writes to the caller's own streams.</summary>
    public bool Passthrough { get; init; }

    /// <summary>How large files may become.</summary>
    public LogLimits Limits { get; init; } = new();

    /// <summary>Reads the options.</summary>
    /// <exception cref="BerthException">In conmon's words.</exception>
    public static LogTargets Of(ConmonFlags flags, string id)
    {
        if (!flags.Has("log-path")) throw Bad("Log driver not provided. Use --log-path");
        LogTargets targets = new()
        {
            Limits = new LogLimits
            {
                MostBytes = flags.Number("log-size-max", -1),
                MostBytesEver = flags.Number("log-global-size-max", -1),
                Backups = flags.Has("log-rotate") ? (int)flags.Number("log-max-files", 1) : 0,
                AllowedDirectories = flags.Texts("log-allowlist-dir"),
            },
        };
        bool journal = false;
        foreach (string text in flags.Texts("log-path"))
        {
            (string driver, string? path) = Split(text);
            switch (driver)
            {
                case "off" or "null" or "none":
                    break;
                case "passthrough":
                    targets = targets with { Passthrough = true };
                    break;
                case "journald":
                    journal = true;
                    break;
                case "k8s-file":
                    targets = targets with { CriFile = path ?? throw Bad("k8s-file requires a filename") };
                    break;
                case "json-file" when path is not null:
                    targets = targets with { JsonFile = path };
                    break;
                default:
                    throw Bad($"No such log driver {driver}");
            }
        }
        if (!journal)
        {
            if (targets.CriFile is not null && flags.Has("log-tag")) throw Bad("k8s-file doesn't support --log-tag");
            if (targets.CriFile is not null && flags.Has("log-label")) throw Bad("k8s-file doesn't support --log-label");
            return targets;
        }
        if (id.Length <= 12) throw Bad("Container ID must be longer than 12 characters");
        foreach (string label in flags.Texts("log-label")) CheckLabel(label);
        return targets with
        {
            Journal = new JournalMarks
            {
                Id = id,
                Name = flags.Text("name"),
                Tag = flags.Text("log-tag"),
                Labels = flags.Texts("log-label"),
                MarksPartial = !flags.Has("no-container-partial-message"),
            },
        };
    }

    /// <summary>Makes the files, as long as there is somebody to tell why that cannot be.</summary>
    /// <exception cref="BerthException">One cannot be made.</exception>
    public void Prepare()
    {
        if (CriFile is not null) LogFile.Make(CriFile);
        if (JsonFile is not null) LogFile.Make(JsonFile);
    }

    /// <summary>Opens the files.</summary>
    /// <exception cref="BerthException">One cannot be opened.</exception>
    public List<ILogDriver> Open(EventLoop loop, Action drained, Action<string> warn)
    {
        List<ILogDriver> drivers = [];
        if (CriFile is not null) drivers.Add(new CriLog(new LogFile(loop, CriFile, Limits, warn)));
        if (JsonFile is not null) drivers.Add(new JsonLog(new LogFile(loop, JsonFile, Limits, warn)));
        if (Journal is not null) drivers.Add(new JournalLog(loop, Journal, warn) { Drained = drained });
        return drivers;
    }

    /// <summary>At colons, of which many are one, and what stands behind a second one is left out: strtok(3).</summary>
    private static (string Driver, string? Path) Split(string text)
    {
        string[] parts = text.Split(':', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0) throw Bad("log-path must not be empty");
        if (parts.Length > 1) return (parts[0], parts[1]);
        // A lone word is a file, unless it is a driver; behind a colon it is a file in any case.
        bool isDriver = !text.StartsWith(':') && (parts[0] is "off" or "null" or "none" or "passthrough" or "journald" or "k8s-file" || text.Contains(':'));
        return isDriver ? (parts[0], null) : ("k8s-file", parts[0]);
    }

    private static void CheckLabel(string label)
    {
        int equals = label.IndexOf('=');
        if (equals == 0) throw Bad($"Container labels must be in format LABEL=VALUE (no LABEL present in '{label}')");
        if (equals < 0 || label.IndexOf('=', equals + 1) >= 0) throw Bad($"Container labels must be in format LABEL=VALUE (none or more than one '=' present in '{label}')");
        foreach (char c in label.AsSpan(0, equals))
        {
            if (c is not ((>= 'A' and <= 'Z') or (>= '0' and <= '9') or '_')) throw Bad($"Container label names must contain only uppercase letters, numbers and underscore (in '{label}')");
        }
    }

    private static BerthException Bad(string text) => new(Fault.InvalidArgument, text);
}
