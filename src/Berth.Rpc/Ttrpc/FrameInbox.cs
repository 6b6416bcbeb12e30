// Bytes as they came from a connection, cut into frames.
namespace Berth.Rpc.Ttrpc;

/// <summary>Collects bytes until they are a frame. A frame beyond the limit is announced, and its data thrown away as it comes.</summary>
internal sealed class FrameInbox
{
    // What an idle connection may keep for the next frame.
    private const int Kept = 16 << 10;

    // One whole frame and a generous read behind it.
    private const int Limit = Frame.HeaderLength + Frame.MaxData + (4 << 20);

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _frame;
    private long _thrownAway;

    /// <summary>The data of the frame that <see cref="Next"/> returned, until it is called again.</summary>
    public ReadOnlySpan<byte> Data => _buffer.AsSpan(_start, _frame);

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        int skipped = (int)Math.Min(_thrownAway, bytes.Length);
        _thrownAway -= skipped;
        bytes = bytes[skipped..];
        if (bytes.Length == 0) return;
        if (bytes.Length > _buffer.Length - _end) MakeRoom(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>The next frame, if all of it is here. <see cref="Frame.Length"/> beyond the limit means that its data is not.</summary>
    public bool Next(out Frame frame)
    {
        Done();
        int held = _end - _start;
        if (held < Frame.HeaderLength)
        {
            frame = default;
            return false;
        }
        frame = Frame.Read(_buffer.AsSpan(_start));
        if (frame.Length > Frame.MaxData)
        {
            int here = (int)Math.Min(frame.Length, (uint)(held - Frame.HeaderLength));
            _thrownAway = frame.Length - here;
            _start += Frame.HeaderLength + here;
            return true;
        }
        if (held - Frame.HeaderLength < (int)frame.Length) return false;
        _start += Frame.HeaderLength;
        _frame = (int)frame.Length;
        return true;
    }

    /// <summary>The present frame is no longer needed.</summary>
    public void Done()
    {
        _start += _frame;
        _frame = 0;
        if (_start != _end) return;
        _start = _end = 0;
        if (_buffer.Length > Kept) _buffer = [];
    }

    private void MakeRoom(int count)
    {
        int held = _end - _start;
        if (held > Limit - count) throw new InvalidOperationException("bytes were received that nobody wanted");
        byte[] target = _buffer;
        // It grows with what has come, never with what a header announces.
        if (held + count > _buffer.Length) target = GC.AllocateUninitializedArray<byte>(Math.Max(Math.Max(512, held + count), Math.Min(_buffer.Length * 2, Limit)));
        _buffer.AsSpan(_start, held).CopyTo(target);
        _buffer = target;
        (_start, _end) = (0, held);
    }
}
