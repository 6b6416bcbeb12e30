// The one exception for bytes that are not a message, and for messages that are too large to be one.
namespace Berth.Rpc.Protobuf;

/// <summary>Bytes are not the message they should be, or a message is beyond the limits.</summary>
/// <param name="message">Lower case, no full stop: what was read or written, and why that is wrong.</param>
public sealed class ProtobufException(string message) : Exception(message);
