// Frames that wait to be written to a connection.
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Ttrpc;

/// <summary>Builds frames in place behind those that wait. A frame that cannot be built (<see cref="ProtobufException"/>) leaves nothing behind.</summary>
internal sealed class FrameOutbox
{
    private readonly ProtobufWriter _waiting = new();
    private int _sent;

    public ReadOnlySpan<byte> Waiting => _waiting.Written[_sent..];

    public int Length => _waiting.Length - _sent;

    public void Sent(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Length, nameof(count));
        _sent += count;
        // What was sent is dropped when that is all, or much and most of it.
        if (_sent != _waiting.Length && (_sent < 64 << 10 || _sent < _waiting.Length / 2)) return;
        _waiting.Drop(_sent);
        _sent = 0;
    }

    public void Empty()
    {
        _waiting.Clear();
        _sent = 0;
    }

    public void AddRequest(uint stream, byte flags, TtrpcMethod method, IMessage message, in TtrpcOptions options)
    {
        int frame = Begin();
        try
        {
            TtrpcRequest.Write(_waiting, method, message, options);
            End(frame, stream, Frame.Request, flags);
        }
        catch
        {
            _waiting.Truncate(frame);
            throw;
        }
    }

    public void AddResponse(uint stream, StatusCode code, string message, IMessage? payload)
    {
        int frame = Begin();
        try
        {
            TtrpcResponse.Write(_waiting, code, message, payload);
            End(frame, stream, Frame.Response, 0);
        }
        catch
        {
            _waiting.Truncate(frame);
            throw;
        }
    }

    /// <summary>One message of a stream, or, if there is none, the end of the sender's half.</summary>
    public void AddData(uint stream, IMessage? message)
    {
        int frame = Begin();
        try
        {
            message?.Write(_waiting);
            End(frame, stream, Frame.Data, message is null ? (byte)(Frame.RemoteClosed | Frame.NoData) : (byte)0);
        }
        catch
        {
            _waiting.Truncate(frame);
            throw;
        }
    }

    private int Begin()
    {
        int frame = _waiting.Length;
        _waiting.Reserve(Frame.HeaderLength);
        return frame;
    }

    private void End(int frame, uint stream, byte kind, byte flags)
    {
        int length = _waiting.Length - frame - Frame.HeaderLength;
        if (length > Frame.MaxData) throw new ProtobufException(Frame.TooLong(length));
        Frame.Write(_waiting.Patch(frame, Frame.HeaderLength), stream, kind, flags, length);
    }
}
