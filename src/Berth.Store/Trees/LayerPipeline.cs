// A layer unpacked while it comes: one thread decompresses and hashes, another one makes files.
using System.Buffers;
using System.Security.Cryptography;
using Berth.Images.Compressed;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Layers;

namespace Berth.Store.Trees;

/// <summary>
/// <code>
/// the copy         | decompressing     | unpacking
/// blob, its digest | tar, its digest   | files
/// SendAsync     -> | -> BlockPipe   -> | -> LayerUnpacker
/// </code>
/// </summary>
internal sealed class LayerPipeline : IAsyncDisposable
{
    private readonly BlockPipe _packed = new(), _plain = new();
    private readonly CancellationTokenSource _stop;
    private readonly Task<Digest> _decompressing;
    private readonly Task<UnpackedLayer> _unpacking;
    private readonly Digest _diffId;
    private long _packedBytes;

    private LayerPipeline(string directory, Digest diffId, UnpackOptions options, CancellationToken ct)
    {
        _diffId = diffId;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        options = options with { PackedBytes = () => Interlocked.Read(ref _packedBytes) };
        // Threads of their own: both wait for one another, and the pool's are needed by what feeds them.
        _decompressing = Task.Factory.StartNew(Decompress, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _unpacking = Task.Factory.StartNew(() => Unpack(directory, options), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Begins.</summary>
    public static LayerPipeline Start(string directory, Digest diffId, UnpackOptions options, CancellationToken ct) => new(directory, diffId, options, ct);

    /// <summary>The next bytes of the blob, in a block of <see cref="BlockPipe.Rent"/>.</summary>
    /// <exception cref="BerthException">The layer cannot be unpacked.</exception>
    public async ValueTask SendAsync(byte[] block, int length, CancellationToken ct)
    {
        Interlocked.Add(ref _packedBytes, length);
        try { await _packed.SendAsync(block, length, ct).ConfigureAwait(false); }
        catch (System.Threading.Channels.ChannelClosedException)
        {
            // Whoever reads has failed, and knows why.
            await CompleteAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The blob has ended, and was the right one.</summary>
    /// <exception cref="BerthException">The layer cannot be unpacked, or is another than the configuration tells.</exception>
    public async Task<UnpackedLayer> CompleteAsync()
    {
        _packed.End();
        UnpackedLayer layer = await _unpacking.ConfigureAwait(false);
        Digest found = await _decompressing.ConfigureAwait(false);
        return found == _diffId ? layer : throw new BerthException(Fault.InvalidArgument, $"the layer {_diffId} cannot be used: its tar has the digest {found}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _packed.Refuse(null);
        _plain.Refuse(null);
        // Their faults have been told, or there is a better one.
        await Task.WhenAll(_decompressing, _unpacking).ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
        _stop.Dispose();
    }

    private Digest Decompress()
    {
        try
        {
            using Stream tar = LayerCompression.Open(_packed.Reader);
            using IncrementalHash hash = _diffId.NewHash();
            while (true)
            {
                byte[] block = BlockPipe.Rent();
                int length = tar.ReadAtLeast(block.AsSpan(0, BlockPipe.BlockSize), BlockPipe.BlockSize, throwOnEndOfStream: false);
                if (length == 0)
                {
                    ArrayPool<byte>.Shared.Return(block);
                    break;
                }
                hash.AppendData(block, 0, length);
                _plain.Send(block, length);
            }
            // Behind the end of the compressed stream there may be something that the blob's digest covers.
            _packed.Reader.CopyTo(Stream.Null);
            _plain.End();
            return Digest.From(_diffId.Algorithm, hash.GetHashAndReset());
        }
        catch (Exception e)
        {
            _plain.End(e);
            _packed.Refuse(e);
            throw;
        }
    }

    private UnpackedLayer Unpack(string directory, UnpackOptions options)
    {
        try
        {
            UnpackedLayer layer = LayerUnpacker.Unpack(_plain.Reader, directory, options, _stop.Token);
            // What stands behind the archive's end is part of its digest.
            _plain.Reader.CopyTo(Stream.Null);
            return layer;
        }
        catch (Exception e)
        {
            _plain.Refuse(e);
            _packed.Refuse(e);
            throw;
        }
    }
}
