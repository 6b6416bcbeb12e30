// Options in front of the verb.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Oci.Content;

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

    /// <summary>Ours.</summary>
    public static IReadOnlyList<Option> Table(Role role) =>
    [
        Option.File("root", "DIR", "Folder of the local store [BERTH_ROOT]"),
        Option.File("runroot", "DIR", "Folder of what does not outlive the host's start [BERTH_RUNROOT]"),
        Option.File("registries-conf", "FILE", "Configuration of registries instead of the host's"),
        Option.With("command-timeout", "TIME", "End after this time"),
        Option.Switch("debug", "Tell more of faults", role == Role.Berth ? 'D' : '\0'),
        Option.With("error-format", "WORD", "Tell faults as text or as json [BERTH_ERROR_FORMAT]") with { Words = ["text", "json"] },
        Option.With("override-arch", "ARCH", "Choose images for another architecture"),
        Option.With("override-os", "OS", "Choose images for another system"),
        Option.With("override-variant", "VARIANT", "Choose images for another variant of the architecture"),
        Option.Switch("version", "Print the version", 'v'),
        Option.Ignored("insecure-policy"), Option.Ignored("policy", "FILE"), Option.Ignored("registries.d", "DIR"), Option.Ignored("tmpdir", "DIR"),
        Option.Ignored("log-level", "LEVEL", role == Role.Berth ? 'l' : '\0'), Option.Ignored("events-backend", "WORD"), Option.Ignored("cgroup-manager", "WORD"),
    ];

    /// <summary>From words.</summary>
    public static GlobalOptions Of(Parsed parsed, Func<string, string?> variable)
    {
        (string? architecture, string? os, string? variant) = (parsed.Find("override-arch"), parsed.Find("override-os"), parsed.Find("override-variant"));
        return new GlobalOptions
        {
            Root = parsed.Find("root") ?? (variable("BERTH_ROOT") is { Length: > 0 } root ? root : null),
            RunRoot = parsed.Find("runroot") ?? (variable("BERTH_RUNROOT") is { Length: > 0 } run ? run : null),
            RegistriesFile = parsed.Find("registries-conf"),
            IsDebug = parsed.Has("debug"),
            IsErrorJson = (parsed.Find("error-format") ?? variable("BERTH_ERROR_FORMAT")) == "json",
            Timeout = parsed.Find("command-timeout") is { } text ? Words.ParseSpan(text) : null,
            Platform = (architecture ?? os ?? variant) is null ? null
                : new Platform { Architecture = architecture ?? Platform.Host.Architecture, Os = os ?? Platform.Host.Os, Variant = variant ?? (architecture is null ? Platform.Host.Variant : null) }.Normal(),
        };
    }
}
