// Attachments on disk, in libcni's place and format: what another engine attached can be detached here, and the other way round.
using System.Text;
using System.Text.Json;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Network.Contract;
using Berth.Oci.Json;

namespace Berth.Network.Cache;

/// <summary>Files <c>results/NETWORK-CONTAINER-INTERFACE</c>, each a JSON object of kind cniCacheV1.</summary>
/// <param name="folder">The folder above results.</param>
public sealed class ResultCache(string folder)
{
    /// <summary>libcni's.</summary>
    public const string Standard = "/var/lib/cni";

    private const string Kind = "cniCacheV1";

    /// <summary>Remembers an attachment.</summary>
    /// <exception cref="LinuxException">It cannot be written.</exception>
    public void Store(CachedAttachment attachment, CniResult result, string version)
    {
        ArgumentNullException.ThrowIfNull(attachment);
        byte[] text = Write(attachment, result, version);
        string name = Name(attachment.NetworkName, attachment.Attachment);
        KernelPath.MakeDirectories($"{folder}/results", 0x1C0);
        // Beside results, where nobody looks for attachments: half of one is never seen, and none is left by a crash that is counted.
        string temporary = $"{folder}/.{name}.new";
        using (Fd file = KernelPath.Open(temporary, 0x1 | 0x40 | 0x200, 0x180)) KernelPath.WriteAll(file, text, temporary);
        KernelPath.Rename(temporary, Path(name));
    }

    /// <summary>Forgets an attachment; one that is not there is no fault.</summary>
    public void Remove(string network, AttachmentId attachment) => KernelPath.Remove(Path(Name(network, attachment)));

    /// <summary>What is remembered of an attachment; null when nothing is, or nothing that can be read.</summary>
    public CachedAttachment? Find(string network, AttachmentId attachment)
    {
        if (KernelFile.TryRead(Path(Name(network, attachment)), out _) is not { } text) return null;
        CachedAttachment? found = Read(text, out PluginConfiguration? json);
        // Before version 1 of the cache the file was the result and nothing else.
        if (found is null && json is not null) return new CachedAttachment { NetworkName = network, Attachment = attachment, Result = json.Json };
        return found;
    }

    /// <summary>All attachments, by name of their files.</summary>
    /// <param name="containerId">Only this container's.</param>
    /// <exception cref="LinuxException">The folder cannot be listed.</exception>
    public IReadOnlyList<CachedAttachment> All(string? containerId = null)
    {
        List<CachedAttachment> all = [];
        if (KernelDirectory.TryListAll($"{folder}/results", out Errno errno) is not { } names)
        {
            return errno == Errno.ENOENT ? all : throw new LinuxException("list", $"{folder}/results", errno);
        }
        names.Sort(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (containerId is not null && !name.Contains($"-{containerId}-", StringComparison.Ordinal)) continue;
            if (KernelFile.TryRead(Path(name), out _) is not { } text || Read(text, out _) is not { } one) continue;
            if (containerId is not null && one.Attachment.ContainerId != containerId) continue;
            if (one.Attachment.InterfaceName.Length > 0 && one.NetworkName.Length > 0) all.Add(one);
        }
        return all;
    }

    private string Path(string name) => $"{folder}/results/{name}";

    private static string Name(string network, AttachmentId attachment)
    {
        CniNames.RequireNetworkName(network);
        CniNames.RequireContainerId(attachment.ContainerId);
        CniNames.RequireInterfaceName(attachment.InterfaceName);
        return $"{network}-{attachment.ContainerId}-{attachment.InterfaceName}";
    }

    private static byte[] Write(CachedAttachment attachment, CniResult result, string version)
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteText("kind"u8, Kind);
        json.WriteText("containerId"u8, attachment.Attachment.ContainerId);
        json.WriteText("config"u8, Convert.ToBase64String(attachment.Configuration.Span));
        json.WriteText("ifName"u8, attachment.Attachment.InterfaceName);
        json.WriteText("networkName"u8, attachment.NetworkName);
        json.WriteUnlessEmpty("netns"u8, attachment.NetworkNamespace);
        if (attachment.Arguments.Count > 0)
        {
            json.WriteStartArray("cniArgs"u8);
            foreach (KeyValuePair<string, string> pair in attachment.Arguments)
            {
                json.WriteStartArray();
                json.WriteRawValue(JsonText.Quote(pair.Key));
                json.WriteRawValue(JsonText.Quote(pair.Value));
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        if (attachment.Capabilities.Count > 0)
        {
            json.WriteStartObject("capabilityArgs"u8);
            foreach (KeyValuePair<string, string> pair in attachment.Capabilities)
            {
                json.WriteName(pair.Key);
                json.WriteRawValue(pair.Value);
            }
            json.WriteEndObject();
        }
        json.WritePropertyName("result"u8);
        ResultWriter.Write(json, result, version);
        json.WriteEndObject();
        return json.ToArray();
    }

    /// <summary>Null where it is something else; <paramref name="json"/> is null where it is no object at all.</summary>
    private static CachedAttachment? Read(byte[] text, out PluginConfiguration? json)
    {
        json = null;
        try
        {
            json = CniJson.Configuration(text);
            if (json.Text("kind") != Kind) return null;
            Dictionary<string, string> capabilities = [];
            if (json.Object("capabilityArgs") is { } known)
            {
                foreach (JsonProperty capability in known.Json.EnumerateObject()) capabilities[capability.Name] = capability.Value.GetRawText();
            }
            return new CachedAttachment
            {
                NetworkName = json.Text("networkName") ?? "",
                Attachment = new AttachmentId(json.Text("containerId") ?? "", json.Text("ifName") ?? ""),
                NetworkNamespace = json.Text("netns") ?? "",
                Configuration = Base64(json.Text("config") ?? ""),
                Arguments = Arguments(json),
                Capabilities = capabilities,
                Result = json.Object("result")?.Json,
            };
        }
        catch (CniException)
        {
            return null;
        }
    }

    private static List<KeyValuePair<string, string>> Arguments(PluginConfiguration json)
    {
        List<KeyValuePair<string, string>> arguments = [];
        foreach (JsonElement pair in json.Elements("cniArgs"))
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair[0].ValueKind != JsonValueKind.String || pair[1].ValueKind != JsonValueKind.String) continue;
            arguments.Add(new(pair[0].GetString()!, pair[1].GetString()!));
        }
        return arguments;
    }

    private static byte[] Base64(string text)
    {
        byte[] bytes = new byte[Encoding.ASCII.GetMaxByteCount(text.Length)];
        return Convert.TryFromBase64String(text, bytes, out int length) ? bytes[..length] : [];
    }
}
