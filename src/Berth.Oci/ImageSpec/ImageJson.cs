// JSON of images, read within bounds.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Oci.Content;

namespace Berth.Oci.ImageSpec;

/// <summary>The documents of the image specification.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(DigestConverter)], MaxDepth = 32, PropertyNameCaseInsensitive = false)]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(Descriptor))]
public sealed partial class ImageJson : JsonSerializerContext
{
    /// <summary>With all characters as they are that JSON allows so.</summary>
    // Not a static initialiser: those of the generated part may come later.
    public static ImageJson Plain => s_plain ??= new ImageJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static ImageJson? s_plain;

    /// <summary>The bytes of an index.</summary>
    public static byte[] Bytes(ImageIndex index) => JsonSerializer.SerializeToUtf8Bytes(index, Plain.ImageIndex);

    /// <summary>The bytes of a manifest.</summary>
    public static byte[] Bytes(ImageManifest manifest) => JsonSerializer.SerializeToUtf8Bytes(manifest, Plain.ImageManifest);

    /// <summary>The bytes of a configuration.</summary>
    public static byte[] Bytes(ImageConfig config) => JsonSerializer.SerializeToUtf8Bytes(config, Plain.ImageConfig);
}

/// <summary>A digest as a string; what is none is an error at its place.</summary>
internal sealed class DigestConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.GetString();
        if (string.IsNullOrEmpty(text)) return default;
        return Digest.TryParse(text, out Digest digest) ? digest : throw new JsonException($"'{(text.Length > 100 ? text[..100] + "…" : text)}' is no digest");
    }

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
