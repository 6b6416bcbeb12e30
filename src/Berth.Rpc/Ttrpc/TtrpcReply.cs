// The way to answer a call with the one type of message that its method returns.
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Ttrpc;

/// <summary>A call that wants one <typeparamref name="T"/>.</summary>
/// <param name="call">The call.</param>
public readonly struct TtrpcReply<T>(TtrpcCall call) where T : class, IMessage
{
    /// <summary>The call.</summary>
    public TtrpcCall Call { get; } = call;

    /// <summary>Answers, and ends the call.</summary>
    public void Send(T message) => Call.Answer(message);

    /// <summary>Answers that it cannot be done, and ends the call.</summary>
    public void Fail(StatusCode code, string message) => Call.Fail(code, message);
}
