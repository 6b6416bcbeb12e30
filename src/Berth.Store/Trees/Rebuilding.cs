// A layer unpacked once more from its blob, to be compared with what is there, or to take its place.
using System.Buffers;
using System.Security.Cryptography;
using Berth.Images.Compressed;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Store.Content;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;

namespace Berth.Store.Trees;

/// <summary>Unpacks stored blobs.</summary>
internal sealed class Rebuilding(StorePlaces places, UnpackOptions options)
{
    private readonly BlobStore _blobs = new(places);
    private readonly TreeStore _trees = new(places);

    /// <summary>Unpacks a blob of the store into a tree that is being made.</summary>
    public async Task<UnpackedLayer> UnpackAsync(Digest blob, Digest diffId, MakingTree making, CancellationToken ct)
    {
        await using LayerPipeline pipeline = LayerPipeline.Start(making.Files, diffId, options, ct);
        await using Stream content = _blobs.Open(blob);
        while (true)
        {
            byte[] block = BlockPipe.Rent();
            int length = await content.ReadAsync(block.AsMemory(0, BlockPipe.BlockSize), ct).ConfigureAwait(false);
            if (length == 0)
            {
                ArrayPool<byte>.Shared.Return(block);
                return await pipeline.CompleteAsync().ConfigureAwait(false);
            }
            await pipeline.SendAsync(block, length, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a layer's files are those of its blob; if they are not, they may be replaced.</summary>
    public async Task<(bool Same, bool Replaced)> CompareAsync(StoredImage image, int index, bool replace, CancellationToken ct)
    {
        StoredLayer layer = image.Layers[index];
        using Lease lease = Lease.Take(places, LeaseKind.Using, new Holdings([layer.Blob.Digest], [layer.Tree]));
        try
        {
            using MakingTree making = _trees.Begin(lease);
            UnpackedLayer fresh = await UnpackAsync(layer.Blob.Digest, layer.DiffId, making, ct).ConfigureAwait(false);
            if (TreeStore.Needs(fresh) is { Count: > 0 } needs)
            {
                List<string> below = [.. image.Layers.Take(index).Select(static lower => lower.Tree).Where(static tree => tree.Length > 0)];
                await Task.Run(() => LayerUnpacker.Complete(making.Files, needs, fresh.HidesLowers ? [] : _trees.Stack(below), options), ct).ConfigureAwait(false);
            }
            if (_trees.Has(layer.Tree) && Same(making.Files, _trees.FilesOf(layer.Tree))) return (true, false);
            if (!replace) return (false, false);
            if (_trees.Has(layer.Tree))
            {
                string old = $"{places.Trash}/{StorePlaces.NewName()}";
                KernelPath.Rename(places.TreePath(layer.Tree), old);
                making.Place(layer.Tree, fresh);
                TreeEraser.Erase(old);
            }
            else
            {
                making.Place(layer.Tree, fresh);
            }
            return (false, true);
        }
        finally { lease.End(); }
    }

    // The packer leaves nothing out that a tree has, and is the same for the same tree.
    private bool Same(string one, string other) => Packed(one) == Packed(other);

    private Digest Packed(string tree)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (HashStream stream = new(hash)) LayerPacker.Pack(tree, stream, new PackOptions { UserAttributes = options.UserAttributes }, CancellationToken.None);
        return Digest.From(Digest.Sha256, hash.GetHashAndReset());
    }

    private sealed class HashStream(IncrementalHash hash) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => hash.AppendData(buffer);
    }
}
