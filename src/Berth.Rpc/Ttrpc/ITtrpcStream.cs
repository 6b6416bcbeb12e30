// Who takes the messages of a caller that sends more than one.
namespace Berth.Rpc.Ttrpc;

/// <summary>The receiving half of a streaming call. Both methods are called from <see cref="TtrpcServerConnection.Next"/>.</summary>
public interface ITtrpcStream
{
    /// <summary>One message. The bytes are gone when this returns; a <see cref="Protobuf.ProtobufException"/> ends the call as refused.</summary>
    void Receive(TtrpcCall call, ReadOnlySpan<byte> message);

    /// <summary>No more will come: the caller has ended its half, or, if the call is no longer open, is gone.</summary>
    void End(TtrpcCall call);
}
