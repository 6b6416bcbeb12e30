// What goes between a plugin and its caller: results of every version of the specification, and errors.
using System.Text.Json;
using Berth.Oci.Json;

namespace Berth.Network.Contract;

/// <summary>Reads and writes results and errors, byte for byte as the reference does.</summary>
public static class CniJson
{
    /// <summary>Reads a configuration.</summary>
    /// <exception cref="CniException">It is no JSON: code 6.</exception>
    public static PluginConfiguration Configuration(ReadOnlyMemory<byte> utf8)
    {
        JsonElement json = JsonText.Parse(utf8, "the network's configuration");
        if (json.ValueKind is JsonValueKind.Object or JsonValueKind.Null) return new PluginConfiguration(json);
        throw new CniException(CniCode.Decoding, "cannot read the network's configuration: it is no object");
    }

    /// <summary>Reads a result of any version.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="assumed">The version where the result names none: that of the configuration.</param>
    /// <exception cref="CniException">It is no result: code 6.</exception>
    public static CniResult ReadResult(ReadOnlyMemory<byte> utf8, string assumed = CniVersions.Oldest) => ReadResult(JsonText.Parse(utf8, "a plugin's result"), assumed);

    /// <inheritdoc cref="ReadResult(ReadOnlyMemory{byte}, string)"/>
    public static CniResult ReadResult(JsonElement json, string assumed = CniVersions.Oldest) => ResultReader.Read(json, assumed);

    /// <summary>A result as a plugin prints it.</summary>
    /// <exception cref="CniException">The version is not spoken (code 1), or cannot say it.</exception>
    public static byte[] WriteResult(CniResult result, string version)
    {
        ArgumentNullException.ThrowIfNull(result);
        JsonWriter json = new("    ");
        ResultWriter.Write(json, result, version);
        return json.ToArray();
    }

    /// <summary>An error as a plugin prints it.</summary>
    public static byte[] WriteError(CniException error, string version)
    {
        ArgumentNullException.ThrowIfNull(error);
        JsonWriter json = new("    ");
        json.WriteStartObject();
        json.WriteText("cniVersion"u8, version);
        json.WriteNumber("code"u8, error.Code);
        json.WriteText("msg"u8, error.Message);
        json.WriteUnlessEmpty("details"u8, error.Details ?? "");
        json.WriteEndObject();
        return json.ToArray();
    }

    /// <summary>Reads what a plugin printed before it ended with an error; null where that is no error object.</summary>
    public static CniException? ReadError(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            PluginConfiguration error = Configuration(utf8);
            if (error.Json.ValueKind != JsonValueKind.Object) return null;
            return new CniException((int)Math.Clamp(error.Number("code") ?? 0, 0, int.MaxValue), error.Text("msg") ?? "", error.Text("details"));
        }
        catch (CniException)
        {
            return null;
        }
    }

    /// <summary>The answer to VERSION.</summary>
    internal static byte[] WriteVersions()
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteText("cniVersion"u8, CniVersions.Current);
        json.WriteStartArray("supportedVersions"u8);
        foreach (string version in CniVersions.All) json.WriteStringValue(version);
        json.WriteEndArray();
        json.WriteEndObject();
        return [.. json.Written, (byte)'\n'];
    }
}
