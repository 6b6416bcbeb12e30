// The scalar types: one table of how each is said in C#, and how it goes over the wire.
namespace Berth.Protogen;

/// <summary>A type that is neither message nor map.</summary>
/// <param name="CSharp">Its type in C#.</param>
/// <param name="Encoding">0 varint, 1 eight bytes, 2 with a length, 5 four bytes.</param>
/// <param name="Read">The expression that reads it.</param>
/// <param name="Verb">The writer's method.</param>
/// <param name="Value">What the writer takes, with {0} for the value.</param>
internal sealed record Scalar(string CSharp, int Encoding, string Read, string Verb, string Value)
{
    private static readonly Dictionary<string, Scalar> All = new()
    {
        ["bool"] = new("bool", 0, "from.Varint() != 0", "Varint", "{0} ? 1UL : 0"),
        ["int32"] = new("int", 0, "(int)from.Varint()", "Varint", "(ulong){0}"),
        ["int64"] = new("long", 0, "(long)from.Varint()", "Varint", "(ulong){0}"),
        ["uint32"] = new("uint", 0, "(uint)from.Varint()", "Varint", "{0}"),
        ["uint64"] = new("ulong", 0, "from.Varint()", "Varint", "{0}"),
        ["sint32"] = new("int", 0, "from.ZigZag32()", "Varint", "ProtobufWriter.ZigZag({0})"),
        ["sint64"] = new("long", 0, "from.ZigZag64()", "Varint", "ProtobufWriter.ZigZag({0})"),
        ["fixed32"] = new("uint", 5, "from.Fixed32()", "Fixed32", "{0}"),
        ["sfixed32"] = new("int", 5, "(int)from.Fixed32()", "Fixed32", "(uint){0}"),
        ["float"] = new("float", 5, "BitConverter.UInt32BitsToSingle(from.Fixed32())", "Fixed32", "BitConverter.SingleToUInt32Bits({0})"),
        ["fixed64"] = new("ulong", 1, "from.Fixed64()", "Fixed64", "{0}"),
        ["sfixed64"] = new("long", 1, "(long)from.Fixed64()", "Fixed64", "(ulong){0}"),
        ["double"] = new("double", 1, "BitConverter.UInt64BitsToDouble(from.Fixed64())", "Fixed64", "BitConverter.DoubleToUInt64Bits({0})"),
        ["string"] = new("string", 2, "from.String()", "String", "{0}"),
        ["bytes"] = new("byte[]", 2, "from.Bytes()", "Bytes", "{0}"),
    };

    /// <summary>Whether a word of a .proto file is a scalar type.</summary>
    public static bool IsOne(string word) => All.ContainsKey(word);

    /// <summary>The scalar type of that word.</summary>
    public static Scalar Of(string word) => All[word];

    /// <summary>An enum, as it is written in C#.</summary>
    public static Scalar OfEnum(string type) => new(type, 0, $"({type})(int)from.Varint()", "Varint", "(ulong){0}");

    /// <summary>Whether C# gives it a default value by itself.</summary>
    public bool IsValue => CSharp is not ("string" or "byte[]");

    /// <summary>Its default value, where C# would have null.</summary>
    public string Default => CSharp == "string" ? "\"\"" : "[]";
}
