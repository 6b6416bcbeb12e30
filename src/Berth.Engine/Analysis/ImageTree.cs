// Which layers images share: a tree whose branches are stacks of layers.
using Berth.Oci.Content;
using Berth.Store.Records;

namespace Berth.Engine.Analysis;

/// <summary>A layer above another one, as one or several images have it.</summary>
public sealed class ImageTreeNode
{
    private readonly List<ImageTreeNode> _children = [];
    private readonly List<StoredImage> _images = [];

    private ImageTreeNode(Digest diffId, long size, long whole) => (DiffId, Size, Whole) = (diffId, size, whole);

    /// <summary>The layer; none for what stands below all.</summary>
    public Digest DiffId { get; }

    /// <summary>Bytes of the files in it.</summary>
    public long Size { get; }

    /// <summary>Bytes of it and all layers below.</summary>
    public long Whole { get; }

    /// <summary>Layers that stand on it.</summary>
    public IReadOnlyList<ImageTreeNode> Children => _children;

    /// <summary>Images that end here.</summary>
    public IReadOnlyList<StoredImage> Images => _images;

    /// <summary>The tree of some images; its root is no layer.</summary>
    public static ImageTreeNode Of(IEnumerable<StoredImage> images)
    {
        ImageTreeNode root = new(default, 0, 0);
        foreach (StoredImage image in images)
        {
            ImageTreeNode node = root;
            foreach (StoredLayer layer in image.Layers)
            {
                ImageTreeNode? next = node._children.Find(child => child.DiffId == layer.DiffId);
                if (next is null) node._children.Add(next = new ImageTreeNode(layer.DiffId, layer.Size, node.Whole + layer.Size));
                node = next;
            }
            node._images.Add(image);
        }
        return root;
    }
}
