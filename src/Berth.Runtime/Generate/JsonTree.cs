// JSON that can be edited and keeps what it does not know. The framework's JsonNode would do, and weighs 350 KB in a native program.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Berth.Oci.Json;

namespace Berth.Runtime.Generate;

/// <summary>An object, an array, a string, or another literal, with everything below it.</summary>
internal sealed class JsonTree
{
    private enum Kind { Object, Array, Text, Literal }

    private readonly Kind _kind;
    private readonly string _text = "";
    private readonly List<(string Name, JsonTree Value)> _members = [];

    private JsonTree(Kind kind) => _kind = kind;

    private JsonTree(Kind kind, string text) : this(kind) => _text = text;

    /// <summary>An empty object.</summary>
    public static JsonTree Object() => new(Kind.Object);

    /// <summary>An array of these.</summary>
    public static JsonTree Array(params ReadOnlySpan<JsonTree> items)
    {
        JsonTree array = new(Kind.Array);
        foreach (JsonTree item in items) array.Items.Add(item);
        return array;
    }

    /// <summary>A string.</summary>
    public static JsonTree Of(string text) => new(Kind.Text, text);

    /// <summary>A number.</summary>
    public static JsonTree Of(long number) => new(Kind.Literal, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number.</summary>
    public static JsonTree Of(ulong number) => new(Kind.Literal, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A boolean.</summary>
    public static JsonTree Of(bool value) => new(Kind.Literal, value ? "true" : "false");

    /// <summary>The document as a tree.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A string is not valid Unicode.</exception>
    public static JsonTree Parse(ReadOnlySpan<byte> utf8)
    {
        Utf8JsonReader reader = new(utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8);
        reader.Read();
        JsonTree tree = Parse(ref reader);
        // Only white space may follow.
        reader.Read();
        return tree;
    }

    /// <summary>Whether it is an object.</summary>
    public bool IsObject => _kind == Kind.Object;

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => _kind == Kind.Array;

    /// <summary>The elements of an array.</summary>
    public List<JsonTree> Items { get; } = [];

    /// <summary>The members of an object, in order.</summary>
    public IReadOnlyList<(string Name, JsonTree Value)> Members => _members;

    /// <summary>The text of a string, or null.</summary>
    public string? Text => _kind == Kind.Text ? _text : null;

    /// <summary>A string's text or another literal as written.</summary>
    public string Literal => _text;

    /// <summary>Whether it says nothing: null, false, 0, or an empty string, array or object.</summary>
    public bool IsEmpty => _kind switch
    {
        Kind.Object => _members.Count == 0,
        Kind.Array => Items.Count == 0,
        _ => _text is "" or "null" or "false" or "0",
    };

    /// <summary>The last member of this name, or null where there is none or it is null. Setting replaces it, or takes it away.</summary>
    public JsonTree? this[string name]
    {
        get
        {
            int index = IndexOf(name);
            return index < 0 || _members[index].Value is { _kind: Kind.Literal, _text: "null" } ? null : _members[index].Value;
        }
        set
        {
            int index = IndexOf(name);
            if (value is null)
            {
                for (; index >= 0; index = IndexOf(name)) _members.RemoveAt(index);
            }
            else if (index < 0) _members.Add((name, value));
            else _members[index] = (name, value);
        }
    }

    /// <summary>How the last member is written whose name is this one but for its capitals; the name itself where there is none.</summary>
    public string Spelled(string name)
    {
        for (int i = _members.Count - 1; i >= 0; i--)
        {
            if (string.Equals(_members[i].Name, name, StringComparison.OrdinalIgnoreCase)) return _members[i].Name;
        }
        return name;
    }

    /// <summary>The object of this name below, made where there is none.</summary>
    public JsonTree Below(string name)
    {
        if (this[name] is not { IsObject: true } child) this[name] = child = Object();
        return child;
    }

    /// <summary>The elements of the array of this name below, made where there is none.</summary>
    public List<JsonTree> ListBelow(string name)
    {
        if (this[name] is not { IsArray: true } child) this[name] = child = Array();
        return child.Items;
    }

    /// <summary>The text of a string member, or null.</summary>
    public string? TextOf(string name) => this[name]?.Text;

    /// <summary>The document, indented with tabs.</summary>
    public string ToJson()
    {
        JsonWriter writer = new("\t");
        Write(writer);
        return Encoding.UTF8.GetString(writer.Written);
    }

    private int IndexOf(string name)
    {
        for (int i = _members.Count - 1; i >= 0; i--)
        {
            if (_members[i].Name == name) return i;
        }
        return -1;
    }

    private static JsonTree Parse(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                JsonTree tree = Object();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string name = reader.GetString()!;
                    reader.Read();
                    tree._members.Add((name, Parse(ref reader)));
                }
                return tree;
            case JsonTokenType.StartArray:
                JsonTree array = Array();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) array.Items.Add(Parse(ref reader));
                return array;
            case JsonTokenType.String:
                return Of(reader.GetString()!);
            default:
                return new JsonTree(Kind.Literal, Encoding.UTF8.GetString(reader.ValueSpan));
        }
    }

    private void Write(JsonWriter writer)
    {
        switch (_kind)
        {
            case Kind.Object:
                writer.WriteStartObject();
                foreach ((string name, JsonTree value) in _members)
                {
                    writer.WritePropertyName(name);
                    value.Write(writer);
                }
                writer.WriteEndObject();
                break;
            case Kind.Array:
                writer.WriteStartArray();
                foreach (JsonTree item in Items) item.Write(writer);
                writer.WriteEndArray();
                break;
            case Kind.Text:
                writer.WriteStringValue(_text);
                break;
            default:
                // As it was written: 1e3 stays 1e3, and no digit of a large number is lost.
                writer.WriteRawValue(_text);
                break;
        }
    }
}
