// The configuration of an image: what runs, how, and which layers make up its root (image-spec, config.md; Docker's additions with it).
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Oci.Content;

namespace Berth.Oci.ImageSpec;

/// <summary>An image's configuration.</summary>
public sealed record ImageConfig
{
    /// <summary>When it was made, RFC 3339. Kept as it was written: nanoseconds matter to digests.</summary>
    public string? Created { get; init; }

    /// <summary>Who made it.</summary>
    public string? Author { get; init; }

    /// <summary>GOARCH.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>Which of the architecture's processors.</summary>
    public string? Variant { get; init; }

    /// <summary>GOOS.</summary>
    public string Os { get; init; } = "";

    /// <summary>Version of the operating system; Windows only.</summary>
    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>Needed features of the operating system.</summary>
    [JsonPropertyName("os.features")]
    public IReadOnlyList<string>? OsFeatures { get; init; }

    /// <summary>What a container of it starts with.</summary>
    public ContainerConfig? Config { get; init; }

    /// <summary>Its layers, by their content.</summary>
    [JsonPropertyName("rootfs")]
    public RootFs? RootFs { get; init; }

    /// <summary>How it came to be, the oldest step first.</summary>
    public IReadOnlyList<HistoryEntry>? History { get; init; }

    /// <summary>Everything else that somebody put there; written back as it was.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    /// <summary>Where it runs.</summary>
    [JsonIgnore]
    public Platform Platform => new() { Os = Os, Architecture = Architecture, Variant = Variant, OsVersion = OsVersion, OsFeatures = OsFeatures };

    /// <summary>When it was made; null where that is not known.</summary>
    [JsonIgnore]
    public DateTimeOffset? CreatedAt => DateTimeOffset.TryParse(Created, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
}

/// <summary>What a container starts with, unless its user says otherwise.</summary>
public sealed record ContainerConfig
{
    /// <summary>User and perhaps group, by name or number.</summary>
    [JsonPropertyName("User")]
    public string? User { get; init; }

    /// <summary>Ports, as <c>80/tcp</c>.</summary>
    [JsonPropertyName("ExposedPorts")]
    public IReadOnlyDictionary<string, JsonElement>? ExposedPorts { get; init; }

    /// <summary>NAME=VALUE.</summary>
    [JsonPropertyName("Env")]
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>The program and its first arguments.</summary>
    [JsonPropertyName("Entrypoint")]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>The arguments behind these, or the program.</summary>
    [JsonPropertyName("Cmd")]
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>Paths whose content is not the image's.</summary>
    [JsonPropertyName("Volumes")]
    public IReadOnlyDictionary<string, JsonElement>? Volumes { get; init; }

    /// <summary>Where it starts.</summary>
    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }

    /// <summary>Labels.</summary>
    [JsonPropertyName("Labels")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The signal that ends it.</summary>
    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }

    /// <summary>Windows only.</summary>
    [JsonPropertyName("ArgsEscaped")]
    public bool? ArgsEscaped { get; init; }

    /// <summary>Docker's probe.</summary>
    [JsonPropertyName("Healthcheck")]
    public HealthCheckConfig? Healthcheck { get; init; }

    /// <summary>Docker's instructions for images that are built from this one.</summary>
    [JsonPropertyName("OnBuild")]
    public IReadOnlyList<string>? OnBuild { get; init; }

    /// <summary>Docker's shell of RUN and of commands in one string.</summary>
    [JsonPropertyName("Shell")]
    public IReadOnlyList<string>? Shell { get; init; }

    /// <summary>Docker's time to end in, seconds.</summary>
    [JsonPropertyName("StopTimeout")]
    public int? StopTimeout { get; init; }

    /// <summary>Everything else.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>Docker's HEALTHCHECK. Times are nanoseconds.</summary>
public sealed record HealthCheckConfig
{
    /// <summary>NONE, CMD and words, or CMD-SHELL and a line.</summary>
    [JsonPropertyName("Test")]
    public IReadOnlyList<string>? Test { get; init; }

    /// <summary>Between two probes.</summary>
    [JsonPropertyName("Interval")]
    public long? Interval { get; init; }

    /// <summary>In which a probe must end.</summary>
    [JsonPropertyName("Timeout")]
    public long? Timeout { get; init; }

    /// <summary>In which failures do not count.</summary>
    [JsonPropertyName("StartPeriod")]
    public long? StartPeriod { get; init; }

    /// <summary>Between two probes in that time.</summary>
    [JsonPropertyName("StartInterval")]
    public long? StartInterval { get; init; }

    /// <summary>How many failures make it unhealthy.</summary>
    [JsonPropertyName("Retries")]
    public int? Retries { get; init; }
}

/// <summary>The layers by the digests of their tars, uncompressed.</summary>
public sealed record RootFs
{
    /// <summary>Always <c>layers</c>.</summary>
    public string Type { get; init; } = "layers";

    /// <summary>The lowest first.</summary>
    [JsonPropertyName("diff_ids")]
    public IReadOnlyList<Digest>? DiffIds { get; init; }

    /// <summary>Names of the stacks up to each layer (image-spec, config.md, "Layer ChainID").</summary>
    [JsonIgnore]
    public IReadOnlyList<Digest> ChainIds
    {
        get
        {
            List<Digest> chain = [];
            foreach (Digest diff in DiffIds ?? [])
            {
                chain.Add(chain.Count == 0 ? diff : Digest.Of(Encoding.ASCII.GetBytes($"{chain[^1]} {diff}")));
            }
            return chain;
        }
    }
}

/// <summary>A step by which an image came to be.</summary>
public sealed record HistoryEntry
{
    /// <summary>When, RFC 3339.</summary>
    public string? Created { get; init; }

    /// <summary>Who.</summary>
    public string? Author { get; init; }

    /// <summary>The command or instruction.</summary>
    [JsonPropertyName("created_by")]
    public string? CreatedBy { get; init; }

    /// <summary>What was said of it.</summary>
    public string? Comment { get; init; }

    /// <summary>It made no layer.</summary>
    [JsonPropertyName("empty_layer")]
    public bool? EmptyLayer { get; init; }
}
