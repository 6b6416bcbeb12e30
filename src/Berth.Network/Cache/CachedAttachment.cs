// An attachment as it was made, kept until it is undone.
using System.Text.Json;
using Berth.Network.Contract;

namespace Berth.Network.Cache;

/// <summary>What is remembered of an ADD.</summary>
public sealed record CachedAttachment
{
    /// <summary>networkName.</summary>
    public required string NetworkName { get; init; }

    /// <summary>containerId and ifName.</summary>
    public required AttachmentId Attachment { get; init; }

    /// <summary>netns, or empty.</summary>
    public string NetworkNamespace { get; init; } = "";

    /// <summary>The list, as it was then.</summary>
    public ReadOnlyMemory<byte> Configuration { get; init; }

    /// <summary>cniArgs.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Arguments { get; init; } = [];

    /// <summary>capabilityArgs: each as JSON.</summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; init; } = new Dictionary<string, string>();

    /// <summary>result, or null.</summary>
    public JsonElement? Result { get; init; }
}
