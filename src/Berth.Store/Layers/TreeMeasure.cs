// What a tree takes on the disk, as du counts it: blocks, and a node with several names once.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Store.Layers;

/// <summary>Size of a tree.</summary>
/// <param name="Bytes">On the disk.</param>
/// <param name="Nodes">Nodes, the top too.</param>
internal readonly record struct TreeSize(long Bytes, long Nodes);

/// <summary>Measures trees.</summary>
internal static class TreeMeasure
{
    /// <summary>Of a directory and everything below it; nothing where it is not there.</summary>
    public static TreeSize Measure(string path, CancellationToken ct = default)
    {
        using Fd? top = KernelPath.TryOpen(path, OpenFlags.Path | OpenFlags.Directory);
        if (top is null) return default;
        using TreeWalk walk = new(top);
        HashSet<(DeviceNumber, ulong)> seen = [];
        long blocks = walk.HereFacts.Blocks, nodes = 1;
        while (true)
        {
            while (walk.Next(out byte[]? name, out NodeFacts facts))
            {
                ct.ThrowIfCancellationRequested();
                if (facts is { IsDirectory: false, Links: > 1 } && !seen.Add((facts.Device, facts.Inode))) continue;
                nodes++;
                blocks += facts.Blocks;
                if (facts.IsDirectory) walk.Enter(name, facts);
            }
            if (walk.Depth == 0) return new TreeSize(blocks * 512, nodes);
            walk.Leave();
        }
    }
}
