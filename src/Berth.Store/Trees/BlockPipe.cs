// Blocks of bytes from one thread to another, a few at a time, without copying them.
using System.Buffers;
using System.Threading.Channels;
using Berth.Images.Compressed;

namespace Berth.Store.Trees;

/// <summary>One writer, one reader. The writer waits when the reader is behind; a reader that fails fails the writer.</summary>
internal sealed class BlockPipe : IDisposable
{
    /// <summary>Bytes of a block. Twice as large and twice as many waiting took 12 MB more for six layers at once, and no less time; smaller ones cost CPU.</summary>
    public const int BlockSize = 128 * 1024;

    private const int Waiting = 2;

    private readonly Channel<Block> _blocks = Channel.CreateBounded<Block>(new BoundedChannelOptions(Waiting) { SingleReader = false, SingleWriter = true });

    private readonly record struct Block(byte[] Bytes, int Length);

    /// <summary>The reading end, for a thread that may wait.</summary>
    public Stream Reader => _reader ??= new ReadingEnd(this);

    private ReadingEnd? _reader;

    /// <summary>A block to be filled.</summary>
    public static byte[] Rent() => ArrayPool<byte>.Shared.Rent(BlockSize);

    /// <summary>Hands a filled block over.</summary>
    public ValueTask SendAsync(byte[] block, int length, CancellationToken ct) => _blocks.Writer.WriteAsync(new Block(block, length), ct);

    /// <summary>As <see cref="SendAsync"/>, by a thread that may wait.</summary>
    public void Send(byte[] block, int length)
    {
        while (!_blocks.Writer.TryWrite(new Block(block, length)))
        {
            if (!Wait(_blocks.Writer.WaitToWriteAsync())) throw new ChannelClosedException(Failure);
        }
    }

    /// <summary>No more comes; with a fault: and the reader is to know why.</summary>
    public void End(Exception? fault = null) => _blocks.Writer.TryComplete(fault);

    /// <summary>Nothing more is read: the writer's next block is refused with this.</summary>
    public void Refuse(Exception? fault)
    {
        Failure = fault;
        _blocks.Writer.TryComplete(fault);
        while (_blocks.Reader.TryRead(out Block block)) ArrayPool<byte>.Shared.Return(block.Bytes);
    }

    /// <summary>Why nothing more is read.</summary>
    public Exception? Failure { get; private set; }

    public void Dispose() => Refuse(null);

    private static bool Wait(ValueTask<bool> ready) => ready.IsCompleted ? ready.Result : ready.AsTask().GetAwaiter().GetResult();

    private sealed class ReadingEnd(BlockPipe pipe) : ReadOnlyStream
    {
        private Block _block;
        private int _at;

        public override int Read(Span<byte> into)
        {
            if (into.IsEmpty) return 0;
            while (_at == _block.Length)
            {
                if (_block.Bytes is not null) ArrayPool<byte>.Shared.Return(_block.Bytes);
                (_block, _at) = (default, 0);
                while (!pipe._blocks.Reader.TryRead(out _block))
                {
                    if (!Wait(pipe._blocks.Reader.WaitToReadAsync())) return 0;
                }
            }
            int count = Math.Min(into.Length, _block.Length - _at);
            _block.Bytes.AsSpan(_at, count).CopyTo(into);
            _at += count;
            return count;
        }
    }
}
