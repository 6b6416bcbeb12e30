// What a plugin says to the daemon, and hears: a length in four bytes, big end first, then JSON. The reference's daemon speaks another language.
using System.Buffers.Binary;
using System.Text.Json;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Oci.Json;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Whose lease it is.</summary>
internal readonly record struct LeaseKey(string Network, string ContainerId, string InterfaceName)
{
    public override string ToString() => $"{ContainerId}/{Network}/{InterfaceName}";
}

/// <summary>One request.</summary>
internal sealed record DaemonRequest
{
    /// <summary>A list of valid attachments may be long.</summary>
    public const int Largest = 4 * 1024 * 1024;

    /// <summary>Of an answer: an acknowledgement and what is around it, or a refusal.</summary>
    public const int LargestAnswer = 64 * 1024;

    public const int HeaderSize = 4;

    public required CniCommand Command { get; init; }

    public LeaseKey Key { get; init; }

    public string NetworkNamespace { get; init; } = "";

    /// <summary>Options of the client, as they are on the wire.</summary>
    public byte[] Options { get; init; } = [];

    /// <summary>The address that it must be, or empty.</summary>
    public string Wanted { get; init; } = "";

    public IReadOnlyList<AttachmentId> Valid { get; init; } = [];

    public byte[] Write()
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteText("command"u8, Command.Word());
        json.WriteText("network"u8, Key.Network);
        json.WriteText("container"u8, Key.ContainerId);
        json.WriteText("interface"u8, Key.InterfaceName);
        json.WriteUnlessEmpty("namespace"u8, NetworkNamespace);
        json.WriteUnlessEmpty("options"u8, Convert.ToBase64String(Options));
        json.WriteUnlessEmpty("wanted"u8, Wanted);
        json.WriteStartArray("valid"u8);
        foreach (AttachmentId one in Valid)
        {
            json.WriteStartObject();
            json.WriteText("container"u8, one.ContainerId);
            json.WriteText("interface"u8, one.InterfaceName);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        return Framed(json.Written);
    }

    /// <exception cref="CniException">It is none.</exception>
    public static DaemonRequest Read(ReadOnlyMemory<byte> bytes)
    {
        JsonElement element = JsonText.Parse(bytes, "the request");
        if (element.ValueKind != JsonValueKind.Object) throw new CniException(CniCode.Decoding, "cannot read the request: it is no object");
        PluginConfiguration json = new(element);
        List<AttachmentId> valid = [];
        foreach (PluginConfiguration one in json.Objects("valid")) valid.Add(new AttachmentId(one.Text("container") ?? "", one.Text("interface") ?? ""));
        return new DaemonRequest
        {
            Command = json.Text("command") switch
            {
                "ADD" => CniCommand.Add,
                "DEL" => CniCommand.Delete,
                "CHECK" => CniCommand.Check,
                "GC" => CniCommand.Collect,
                "STATUS" => CniCommand.Status,
                var other => throw new CniException(CniCode.Decoding, $"there is no command {other}"),
            },
            Key = new LeaseKey(json.Text("network") ?? "", json.Text("container") ?? "", json.Text("interface") ?? ""),
            NetworkNamespace = json.Text("namespace") ?? "",
            Options = Bytes(json, "options"),
            Wanted = json.Text("wanted") ?? "",
            Valid = valid,
        };
    }

    /// <summary>A member as bytes; empty where it is missing or is none.</summary>
    public static byte[] Bytes(PluginConfiguration json, string name) =>
        json.Text(name) is { } text && new byte[text.Length] is var bytes && Convert.TryFromBase64String(text, bytes, out int length) ? bytes[..length] : [];

    /// <summary>An answer: the acknowledgement, or an empty one.</summary>
    public static byte[] Answer(ReadOnlySpan<byte> acknowledgement)
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteText("ack"u8, Convert.ToBase64String(acknowledgement));
        json.WriteEndObject();
        return Framed(json.Written);
    }

    /// <summary>An answer that is a refusal.</summary>
    public static byte[] Answer(CniException refusal) => Framed(CniJson.WriteError(refusal, CniVersions.Current));

    /// <summary>Reads an answer.</summary>
    /// <returns>The acknowledgement, or nothing.</returns>
    /// <exception cref="CniException">The refusal that it is.</exception>
    public static byte[] ReadAnswer(ReadOnlyMemory<byte> bytes)
    {
        PluginConfiguration json = CniJson.Configuration(bytes);
        if (json.Member("code") is not null) throw CniJson.ReadError(bytes) ?? CniException.Failed("the DHCP daemon refused without a reason");
        return Bytes(json, "ack");
    }

    /// <summary>The length that a header says; negative where it is none.</summary>
    public static int Length(ReadOnlySpan<byte> header, int largest) => BinaryPrimitives.ReadUInt32BigEndian(header) is var length && length <= largest ? (int)length : -1;

    private static byte[] Framed(ReadOnlySpan<byte> bytes)
    {
        byte[] framed = new byte[HeaderSize + bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(framed, (uint)bytes.Length);
        bytes.CopyTo(framed.AsSpan(HeaderSize));
        return framed;
    }
}
