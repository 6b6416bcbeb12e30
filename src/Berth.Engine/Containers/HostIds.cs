// Which ids this host lends to containers, and which of them no other container has: facts for user namespaces.
using System.Globalization;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Engine.Containers;

/// <summary>Looks for ids.</summary>
internal static class HostIds
{
    /// <summary>Whose ids of /etc/subuid and /etc/subgid <c>auto</c> takes as root.</summary>
    public const string Owner = "containers";

    /// <summary>The facts.</summary>
    /// <param name="wish">The wish.</param>
    /// <param name="isRootless">Whether this process is root of an ordinary user's namespace.</param>
    /// <param name="taken">Maps of other containers.</param>
    /// <param name="largest">The largest id that the image's users have; not known: 65534.</param>
    /// <param name="folder">Where subuid and subgid lie.</param>
    public static IdFacts Facts(NamespacesSpec wish, bool isRootless, IEnumerable<IdMaps> taken, uint largest = 65534, string folder = "/etc")
    {
        IdFacts facts = new() { IsRootless = isRootless };
        uint available = 0;
        if (isRootless)
        {
            List<IdRange> uids = Map("/proc/self/uid_map"), gids = Map("/proc/self/gid_map");
            available = Math.Min(Contiguous(uids), Contiguous(gids));
            facts = facts with { Uid = First(uids), Gid = First(gids), Available = available };
        }
        if (wish.SubordinateUser is { Length: > 0 } name) facts = facts with { Subordinate = Lent(name, folder) };
        if (!UserNamespaces.IsAuto(wish)) return facts;
        uint count = UserNamespaces.AutoSize(wish, largest);
        (uint First, uint Count)? whole = isRootless ? (available > 1 ? (1, available - 1) : null) : Common(Lent(Owner, folder));
        return facts with { AutoCount = count, AutoFirst = whole is { } range ? Free(range.First, range.Count, count, taken) : null };
    }

    /// <summary>The first of so many ids in a range that nobody has; null: there are not so many.</summary>
    internal static uint? Free(uint first, uint count, uint wanted, IEnumerable<IdMaps> taken)
    {
        List<IdRange> used = [];
        foreach (IdMaps maps in taken)
        {
            used.AddRange(maps.Uids);
            used.AddRange(maps.Gids);
        }
        used.Sort(static (one, other) => one.Outside.CompareTo(other.Outside));
        ulong at = first, end = (ulong)first + count;
        foreach (IdRange range in used)
        {
            if (at + wanted <= range.Outside) break;
            at = Math.Max(at, (ulong)range.Outside + range.Count);
        }
        return wanted > 0 && at + wanted <= end ? (uint)at : null;
    }

    private static IdMaps? Lent(string name, string folder)
    {
        string id = uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? name : "";
        (uint First, uint Count)? uids = LentIds.Range(KernelFile.TryReadText($"{folder}/subuid") ?? "", name, id), gids = LentIds.Range(KernelFile.TryReadText($"{folder}/subgid") ?? "", name, id);
        return uids is { } users && gids is { } groups ? new IdMaps([new IdRange(0, users.First, users.Count)], [new IdRange(0, groups.First, groups.Count)]) : null;
    }

    // One range serves for users and for groups.
    private static (uint First, uint Count)? Common(IdMaps? lent)
    {
        if (lent is null) return null;
        IdRange uids = lent.Uids[0], gids = lent.Gids[0];
        uint first = Math.Max(uids.Outside, gids.Outside), end = Math.Min(uids.Outside + uids.Count, gids.Outside + gids.Count);
        return end > first ? (first, end - first) : null;
    }

    private static List<IdRange> Map(string path)
    {
        List<IdRange> ranges = [];
        foreach (ReadOnlySpan<char> line in (KernelFile.TryReadText(path) ?? "").AsSpan().EnumerateLines())
        {
            string[] numbers = line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (numbers.Length == 3 && uint.TryParse(numbers[0], out uint inside) && uint.TryParse(numbers[1], out uint outside) && uint.TryParse(numbers[2], out uint count)) ranges.Add(new IdRange(inside, outside, count));
        }
        ranges.Sort(static (one, other) => one.Inside.CompareTo(other.Inside));
        return ranges;
    }

    // Root of the namespace is the user himself.
    private static uint First(List<IdRange> map) => map.Count > 0 && map[0].Inside == 0 ? map[0].Outside : 0;

    private static uint Contiguous(List<IdRange> map)
    {
        uint end = 0;
        foreach (IdRange range in map)
        {
            if (range.Inside != end) break;
            end += range.Count;
        }
        return end;
    }
}
