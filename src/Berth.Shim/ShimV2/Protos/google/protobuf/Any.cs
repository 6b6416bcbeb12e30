// Packing messages into an Any, and finding out what is in one.
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos.Google.Protobuf;

/// <summary>A message of any type.</summary>
internal sealed partial class Any
{
    /// <summary>Packs a message, as containerd does: with its full name alone.</summary>
    /// <param name="fullName">The constant of the message's class.</param>
    /// <param name="message">The message.</param>
    public static Any Of(string fullName, IMessage message) => new() { TypeUrl = fullName, Value = ProtobufWriter.ToBytes(message) };

    /// <summary>Whether it has that message in it. Others write <c>type.googleapis.com/</c> before the name.</summary>
    public bool Is(string fullName) =>
        TypeUrl.EndsWith(fullName, StringComparison.Ordinal) && (TypeUrl.Length == fullName.Length || TypeUrl[TypeUrl.Length - fullName.Length - 1] == '/');

    /// <summary>Reads what is in it into <paramref name="message"/>, and returns that.</summary>
    /// <exception cref="ProtobufException">It is not such a message.</exception>
    public T Unpack<T>(T message) where T : class, IMessage => ProtobufReader.Read(Value, message);
}
