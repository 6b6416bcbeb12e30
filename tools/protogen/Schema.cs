// What a .proto file declares, as records.
namespace Berth.Protogen;

/// <summary>A file.</summary>
/// <param name="Path">Path below its root, as other files import it.</param>
/// <param name="Package">Package, or empty.</param>
/// <param name="Imports">Files it imports.</param>
/// <param name="Messages">Its messages, nested ones too, in order.</param>
/// <param name="Enums">Its enums, nested ones too, in order.</param>
/// <param name="Services">Its services.</param>
internal sealed record ProtoFile(string Path, string Package, IReadOnlyList<string> Imports, IReadOnlyList<MessageType> Messages, IReadOnlyList<EnumType> Enums, IReadOnlyList<ServiceType> Services);

/// <summary>A message.</summary>
/// <param name="FullName">Name with its package and the messages around it.</param>
/// <param name="Fields">Its fields, in order.</param>
internal sealed record MessageType(string FullName, IReadOnlyList<Field> Fields);

/// <summary>A field.</summary>
/// <param name="Name">Name, as written.</param>
/// <param name="Number">Number.</param>
/// <param name="Kind">How often it may occur.</param>
/// <param name="Type">Type, as written: a scalar's word, or a name to be looked up from inside the message. Of a map: the values' type.</param>
internal sealed record Field(string Name, int Number, FieldKind Kind, string Type)
{
    /// <summary>Of a map: the keys' type.</summary>
    public string? KeyType { get; init; }

    /// <summary>The oneof it belongs to.</summary>
    public string? Oneof { get; init; }

    /// <summary>Whether <c>packed = false</c> was said.</summary>
    public bool Unpacked { get; init; }
}

/// <summary>How often a field may occur.</summary>
internal enum FieldKind
{
    /// <summary>Always there, with a default value.</summary>
    Singular,

    /// <summary>There or not.</summary>
    Optional,

    /// <summary>Any number.</summary>
    Repeated,

    /// <summary>Any number, with keys.</summary>
    Map,
}

/// <summary>An enum.</summary>
/// <param name="FullName">Name with its package and the messages around it.</param>
/// <param name="Values">Names, as written, and numbers.</param>
internal sealed record EnumType(string FullName, IReadOnlyList<(string Name, int Number)> Values);

/// <summary>A service.</summary>
/// <param name="FullName">Name with its package.</param>
/// <param name="Methods">Its methods.</param>
internal sealed record ServiceType(string FullName, IReadOnlyList<Method> Methods);

/// <summary>A method of a service.</summary>
/// <param name="Name">Name.</param>
/// <param name="Request">Type of what goes in, as written.</param>
/// <param name="Response">Type of what comes out, as written.</param>
internal sealed record Method(string Name, string Request, string Response)
{
    /// <summary>Whether the client sends a stream.</summary>
    public bool ClientStreams { get; init; }

    /// <summary>Whether the server sends a stream.</summary>
    public bool ServerStreams { get; init; }
}
