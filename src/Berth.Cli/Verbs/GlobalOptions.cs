// Options in front of the verb.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Cli.Verbs;

/// <summary>What holds for every verb.</summary>
internal sealed record GlobalOptions
{
    /// <summary>Folder of the store.</summary>
    public string? Root { get; init; }

    /// <summary>Folder of what does not outlive the host's start.</summary>
    public string? RunRoot { get; init; }

    /// <summary>registries.conf.</summary>
    public string? RegistriesFile { get; init; }

    /// <summary>Whether faults are told with where they come from.</summary>
    public bool IsDebug { get; init; }

    /// <summary>Whether faults are told as JSON, for programs.</summary>
    public bool IsErrorJson { get; init; }

    /// <summary>How long a verb may take.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>For which machine images are chosen; null: this one.</summary>
    public Platform? Platform { get; init; }

    /// <summary>OCI runtime of containers that name none.</summary>
    public string? Runtime { get; init; }

    /// <summary>Where standard output goes instead.</summary>
    public string? OutputFile { get; init; }

    /// <summary>--storage-opt: told by info, and otherwise without a meaning.</summary>
    public IReadOnlyList<string> StorageOptions { get; init; } = [];

    private static readonly string[] s_levels = ["trace", "debug", "info", "warn", "warning", "error", "fatal", "panic"];

    /// <summary>Ours.</summary>
    public static IReadOnlyList<Option> Table(Role role) =>
    [
        Option.File("root", "DIR", "Folder of the local store [BERTH_ROOT]"),
        Option.File("runroot", "DIR", "Folder of what does not outlive the host's start [BERTH_RUNROOT]"),
        Option.File("registries-conf", "FILE", "Configuration of registries instead of the host's"),
        Option.With("command-timeout", "TIME", "End after this time"),
        Option.Switch("debug", "Tell more of faults", role != Role.Skopeo ? 'D' : '\0'),
        Option.With("error-format", "WORD", "Tell faults as text or as json [BERTH_ERROR_FORMAT]") with { Words = ["text", "json"] },
        Option.With("override-arch", "ARCH", "Choose images for another architecture"),
        Option.With("override-os", "OS", "Choose images for another system"),
        Option.With("override-variant", "VARIANT", "Choose images for another variant of the architecture"),
        Option.Switch("version", "Print the version", 'v'),
        Option.With("runtime", "NAME", "OCI runtime of containers that name none"),
        Option.Switch("noout", "Write nothing to standard output"),
        Option.File("out", "FILE", "Write standard output to a file"),
        Option.With("log-level", "LEVEL", "debug tells more of faults", role != Role.Skopeo ? 'l' : '\0') with { Words = s_levels, IsHidden = true },
        Option.Many("storage-opt", "NAME=VALUE", "Options of the store, as it was made with them") with { IsHidden = true },
        Option.Ignored("storage-driver", "NAME"), Option.Ignored("conmon", "PATH"), Option.Ignored("network-cmd-path", "PATH"), Option.Ignored("db-backend", "WORD"), Option.Ignored("syslog"),
        Option.Refused("imagestore", "DIR", "images are where containers are: --root"), Option.Refused("volumepath", "DIR", "volumes are below --root"), Option.Refused("network-config-dir", "DIR", "networks are below --root"),
        Option.Refused("hooks-dir", "DIR", "hooks of files are not run"), Option.Refused("module", "FILE", "containers.conf is not read"),
        Option.Ignored("insecure-policy"), Option.Ignored("policy", "FILE"), Option.Ignored("registries.d", "DIR"), Option.Ignored("tmpdir", "DIR"),
        Option.Ignored("events-backend", "WORD"), Option.Ignored("cgroup-manager", "WORD"),
    ];

    /// <summary>From words.</summary>
    /// <param name="parsed">The words.</param>
    /// <param name="variable">Variables of the environment.</param>
    /// <param name="before">What stood in front of these words, or null.</param>
    public static GlobalOptions Of(Parsed parsed, Func<string, string?> variable, GlobalOptions? before = null)
    {
        (string? architecture, string? os, string? variant) = (parsed.Find("override-arch"), parsed.Find("override-os"), parsed.Find("override-variant"));
        string? level = parsed.Find("log-level");
        if (level is not null && !s_levels.Contains(level)) throw new BerthException(Fault.InvalidArgument, $"log level '{level}' is not supported", $"there are {string.Join(", ", s_levels)}");
        return new GlobalOptions
        {
            Root = parsed.Find("root") ?? before?.Root ?? (variable("BERTH_ROOT") is { Length: > 0 } root ? root : null),
            RunRoot = parsed.Find("runroot") ?? before?.RunRoot ?? (variable("BERTH_RUNROOT") is { Length: > 0 } run ? run : null),
            Runtime = parsed.Find("runtime") ?? before?.Runtime,
            RegistriesFile = parsed.Find("registries-conf") ?? before?.RegistriesFile,
            OutputFile = parsed.Has("noout") ? "/dev/null" : parsed.Find("out") ?? before?.OutputFile,
            StorageOptions = [.. before?.StorageOptions ?? [], .. parsed.All("storage-opt")],
            IsDebug = parsed.Has("debug") || level is "debug" or "trace" || before is { IsDebug: true },
            IsErrorJson = (parsed.Find("error-format") ?? variable("BERTH_ERROR_FORMAT")) == "json" || before is { IsErrorJson: true },
            Timeout = parsed.Find("command-timeout") is { } text ? Words.ParseSpan(text) : before?.Timeout,
            Platform = (architecture ?? os ?? variant) is null ? before?.Platform
                : new Platform { Architecture = architecture ?? Platform.Host.Architecture, Os = os ?? Platform.Host.Os, Variant = variant ?? (architecture is null ? Platform.Host.Variant : null) }.Normal(),
        };
    }
}
