// A service: what tools/protogen derives the dispatch of a .proto's service from.
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Ttrpc;

/// <summary>Takes the calls of one service. Generated classes know the methods; what they mean is said by a class derived from those.</summary>
public abstract class TtrpcService
{
    /// <summary>Handles a call: answers it, or keeps it to answer later. An unknown method and a malformed request are answered here.</summary>
    /// <remarks>Other exceptions of the method pass through: the caller has the words for them, and fails the call if it is still open.</remarks>
    public void Handle(TtrpcCall call)
    {
        try
        {
            if (!Dispatch(call)) call.Fail(StatusCode.Unimplemented, "method " + call.Method);
        }
        catch (ProtobufException fault) when (call.IsOpen)
        {
            call.Fail(StatusCode.Internal, "ttrpc: error unmarshalling payload: " + fault.Message);
        }
    }

    /// <summary>Answers a call to a service that there is not, in the words that Go's clients know.</summary>
    public static void Refuse(TtrpcCall call) => call.Fail(StatusCode.Unimplemented, "service " + call.Service);

    /// <summary>Whether a call of a method that answers with a stream says that it expects one; otherwise it is refused.</summary>
    protected static bool ExpectsStream(TtrpcCall call)
    {
        if (call.IsStreaming) return true;
        call.Fail(StatusCode.InvalidArgument, "method " + call.Method + " answers with a stream, and one message is asked for");
        return false;
    }

    /// <summary>Whether a call of a method that takes a stream says that it is one; otherwise it is refused.</summary>
    protected static bool BringsStream(TtrpcCall call)
    {
        if (call.RemoteIsOpen) return true;
        call.Fail(StatusCode.InvalidArgument, "method " + call.Method + " takes a stream, and one message was sent");
        return false;
    }

    /// <summary>Reads the request and calls the method; false if there is no such method.</summary>
    protected abstract bool Dispatch(TtrpcCall call);
}
