// The record of an image as a line: two JSON values with a tab between them, the second of which most readers need not look at.
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Store.Records;

/// <summary>Writes and reads lines. By hand: the list of images is shown in milliseconds, and a serializer needs as long to wake up.</summary>
internal static class RecordText
{
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(StoredImage image)
    {
        using MemoryStream line = new(1024);
        using (Utf8JsonWriter json = new(line, s_plain))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, image.Id.ToString());
            Write(json, "manifest"u8, image.Manifest);
            if (!image.Config.IsEmpty) json.WriteString("config"u8, image.Config.ToString());
            Write(json, "names"u8, image.Names);
            Write(json, "digests"u8, image.RepoDigests);
            if (image.Created is { } created) json.WriteString("created"u8, created.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("stored"u8, image.Stored.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("os"u8, image.Platform.Os);
            json.WriteString("architecture"u8, image.Platform.Architecture);
            if (image.Platform.Variant is { } variant) json.WriteString("variant"u8, variant);
            json.WriteNumber("size"u8, image.Size);
            if (image.IsPinned) json.WriteBoolean("pinned"u8, true);
            json.WriteEndObject();
        }
        line.WriteByte((byte)'\t');
        line.Write(image.LayerText.Span);
        line.WriteByte((byte)'\n');
        return line.ToArray();
    }

    public static byte[] WriteLayers(IReadOnlyList<StoredLayer> layers)
    {
        using MemoryStream text = new(256);
        using (Utf8JsonWriter json = new(text, s_plain))
        {
            json.WriteStartArray();
            foreach (StoredLayer layer in layers)
            {
                json.WriteStartObject();
                Write(json, "blob"u8, layer.Blob);
                json.WriteString("diff"u8, layer.DiffId.ToString());
                json.WriteString("tree"u8, layer.Tree);
                json.WriteNumber("size"u8, layer.Size);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return text.ToArray();
    }

    /// <summary>Reads a line without its end.</summary>
    /// <exception cref="BerthException">WrongState: it is damaged.</exception>
    public static StoredImage Read(ReadOnlyMemory<byte> line)
    {
        int tab = line.Span.IndexOf((byte)'\t');
        if (tab < 0) throw Damaged(null);
        Digest id = default, config = default;
        Descriptor manifest = new();
        IReadOnlyList<string> names = [], digests = [];
        DateTimeOffset? created = null;
        DateTimeOffset stored = default;
        string os = "", architecture = "";
        string? variant = null;
        long size = 0;
        bool pinned = false;
        try
        {
            Utf8JsonReader json = new(line.Span[..tab]);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("id"u8)) id = ReadDigest(ref json);
                else if (json.ValueTextEquals("manifest"u8)) manifest = ReadDescriptor(ref json);
                else if (json.ValueTextEquals("config"u8)) config = ReadDigest(ref json);
                else if (json.ValueTextEquals("names"u8)) names = ReadStrings(ref json);
                else if (json.ValueTextEquals("digests"u8)) digests = ReadStrings(ref json);
                else if (json.ValueTextEquals("created"u8)) created = ReadTime(ref json);
                else if (json.ValueTextEquals("stored"u8)) stored = ReadTime(ref json);
                else if (json.ValueTextEquals("os"u8)) os = ReadString(ref json);
                else if (json.ValueTextEquals("architecture"u8)) architecture = ReadString(ref json);
                else if (json.ValueTextEquals("variant"u8)) variant = ReadString(ref json);
                else if (json.ValueTextEquals("size"u8)) { json.Read(); size = json.GetInt64(); }
                else if (json.ValueTextEquals("pinned"u8)) { json.Read(); pinned = json.GetBoolean(); }
                else { json.Read(); json.Skip(); }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException) { throw Damaged(e); }
        return new StoredImage
        {
            Id = id, Manifest = manifest, Config = config, Names = names, RepoDigests = digests, Created = created, Stored = stored, Size = size, IsPinned = pinned,
            Platform = new Platform { Os = os, Architecture = architecture, Variant = variant }, LayerText = line[(tab + 1)..],
        };
    }

    public static IReadOnlyList<StoredLayer> ReadLayers(ReadOnlySpan<byte> text)
    {
        List<StoredLayer> layers = [];
        try
        {
            Utf8JsonReader json = new(text);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.StartObject)
            {
                Descriptor blob = new();
                Digest diff = default;
                string tree = "";
                long size = 0;
                while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
                {
                    if (json.ValueTextEquals("blob"u8)) blob = ReadDescriptor(ref json);
                    else if (json.ValueTextEquals("diff"u8)) diff = ReadDigest(ref json);
                    else if (json.ValueTextEquals("tree"u8)) tree = ReadString(ref json);
                    else if (json.ValueTextEquals("size"u8)) { json.Read(); size = json.GetInt64(); }
                    else { json.Read(); json.Skip(); }
                }
                layers.Add(new StoredLayer { Blob = blob, DiffId = diff, Tree = tree, Size = size });
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException) { throw Damaged(e); }
        return layers;
    }

    private static BerthException Damaged(Exception? inner) => new(Fault.WrongState, "the list of images is damaged", "berth storage check --repair", inner) { Code = FaultCode.StoreDamaged };

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, Descriptor descriptor)
    {
        json.WriteStartObject(name);
        json.WriteString("type"u8, descriptor.MediaType);
        json.WriteString("digest"u8, descriptor.Digest.ToString());
        json.WriteNumber("size"u8, descriptor.Size);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static Descriptor ReadDescriptor(ref Utf8JsonReader json)
    {
        string type = "";
        Digest digest = default;
        long size = 0;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("type"u8)) type = ReadString(ref json);
            else if (json.ValueTextEquals("digest"u8)) digest = ReadDigest(ref json);
            else if (json.ValueTextEquals("size"u8)) { json.Read(); size = json.GetInt64(); }
            else { json.Read(); json.Skip(); }
        }
        return new Descriptor { MediaType = type, Digest = digest, Size = size };
    }

    private static IReadOnlyList<string> ReadStrings(ref Utf8JsonReader json)
    {
        List<string> texts = [];
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.String) texts.Add(json.GetString()!);
        return texts;
    }

    private static string ReadString(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetString() ?? "";
    }

    private static Digest ReadDigest(ref Utf8JsonReader json) => Digest.TryParse(ReadString(ref json), out Digest digest) ? digest : throw new FormatException("no digest");

    private static DateTimeOffset ReadTime(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetDateTimeOffset();
    }
}
