// Ids of a user namespace and what they are outside of it (user_namespaces(7)).
using Berth.Linux.Files;

namespace Berth.Store.Layers;

/// <summary>A line of uid_map or gid_map.</summary>
/// <param name="Inside">First id inside.</param>
/// <param name="Outside">What that is outside.</param>
/// <param name="Count">How many follow.</param>
internal readonly record struct IdRange(uint Inside, uint Outside, uint Count);

/// <summary>Both maps.</summary>
internal sealed record IdMapping(IReadOnlyList<IdRange> Uids, IReadOnlyList<IdRange> Gids)
{
    /// <summary>A node's owner and group outside, as they are inside; null where one of them is nobody there.</summary>
    public (uint Uid, uint Gid)? Inside(NodeFacts facts) =>
        Find(Uids, facts.Uid, toOutside: false) is { } uid && Find(Gids, facts.Gid, toOutside: false) is { } gid ? (uid, gid) : null;

    /// <summary>The other way.</summary>
    public (uint Uid, uint Gid)? Outside(NodeFacts facts) =>
        Find(Uids, facts.Uid, toOutside: true) is { } uid && Find(Gids, facts.Gid, toOutside: true) is { } gid ? (uid, gid) : null;

    private static uint? Find(IReadOnlyList<IdRange> ranges, uint id, bool toOutside)
    {
        foreach (IdRange range in ranges)
        {
            uint first = toOutside ? range.Inside : range.Outside;
            if (id >= first && id - first < range.Count) return id - first + (toOutside ? range.Outside : range.Inside);
        }
        return null;
    }
}
