// A root file system over an image, as its record has it.
using System.Text.Json;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Places;

namespace Berth.Store.Records;

/// <summary>What a snapshot stands on. It never changes.</summary>
public sealed record SnapshotRecord
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The image below; none: it began empty.</summary>
    public Digest Image { get; init; }

    /// <summary>Whether nothing can be written into it.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether it is a copy of the layers below, since there was no overlayfs.</summary>
    public bool IsCopy { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>The layers below, the lowest first.</summary>
    internal IReadOnlyList<string> Trees { get; init; } = [];

    /// <summary>All of a store.</summary>
    internal static List<SnapshotRecord> ReadAll(StorePlaces places)
    {
        List<SnapshotRecord> snapshots = [];
        foreach (string name in StorePlaces.List(places.Snapshots))
        {
            if (TryRead(places, name) is { } snapshot) snapshots.Add(snapshot);
        }
        return snapshots;
    }

    /// <summary>One by its name; null: there is none.</summary>
    /// <exception cref="BerthException">WrongState: it is damaged.</exception>
    internal static SnapshotRecord? TryRead(StorePlaces places, string name)
    {
        string path = $"{places.Snapshots}/{name}/record";
        if (KernelFile.TryRead(path, out Errno errno) is not { } bytes) return errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw new LinuxException("open", path, errno);
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement record = document.RootElement;
            return new SnapshotRecord
            {
                Name = name,
                Image = Digest.TryParse(record.GetProperty("image").GetString(), out Digest image) ? image : default,
                IsReadOnly = record.GetProperty("readOnly").GetBoolean(),
                IsCopy = record.GetProperty("copy").GetBoolean(),
                Created = record.GetProperty("created").GetDateTimeOffset(),
                Trees = [.. record.GetProperty("trees").EnumerateArray().Select(static tree => tree.GetString()!)],
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BerthException(Fault.WrongState, $"the record of the snapshot {name} in {places.Root} is damaged", $"berth storage snapshots rm {name}", e) { Code = FaultCode.StoreDamaged };
        }
    }

    /// <summary>Its text.</summary>
    internal byte[] Bytes()
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("image"u8, Image.ToString());
            json.WriteBoolean("readOnly"u8, IsReadOnly);
            json.WriteBoolean("copy"u8, IsCopy);
            json.WriteString("created"u8, Created);
            json.WriteStartArray("trees"u8);
            foreach (string tree in Trees) json.WriteStringValue(tree);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return text.ToArray();
    }
}
