// Ids of users as a container's processes see them, and as they are on the disk.
namespace Berth.Engine.Files;

/// <summary>Ranges of ids inside, and of those outside that stand for them.</summary>
/// <param name="Uids">Users: first inside, first outside, how many.</param>
/// <param name="Gids">Groups.</param>
internal sealed record IdShift(IReadOnlyList<(uint Inside, uint Outside, uint Count)> Uids, IReadOnlyList<(uint Inside, uint Outside, uint Count)> Gids)
{
    private const uint Nobody = 65534;

    /// <summary>Ids on the disk of ids inside; what the ranges lack is nobody's.</summary>
    public (uint Uid, uint Gid) Outside(uint uid, uint gid) => (Look(Uids, uid, toOutside: true), Look(Gids, gid, toOutside: true));

    /// <summary>Ids inside of those on the disk.</summary>
    public (uint Uid, uint Gid) Inside(uint uid, uint gid) => (Look(Uids, uid, toOutside: false), Look(Gids, gid, toOutside: false));

    private static uint Look(IReadOnlyList<(uint Inside, uint Outside, uint Count)> ranges, uint id, bool toOutside)
    {
        foreach ((uint inside, uint outside, uint count) in ranges)
        {
            uint first = toOutside ? inside : outside;
            if (id >= first && id - first < count) return (toOutside ? outside : inside) + (id - first);
        }
        return Nobody == id || !toOutside ? Nobody : Look(ranges, Nobody, toOutside: true);
    }
}
