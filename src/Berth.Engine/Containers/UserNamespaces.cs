// User namespaces as people ask for them (auto, keep-id, nomap, maps), and the ranges of ids that come of it.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>What is known of whoever runs the container.</summary>
internal sealed record IdFacts
{
    /// <summary>Whether he is not root of the host: this process is root of a user namespace of his.</summary>
    public bool IsRootless { get; init; }

    /// <summary>His own user id on the host.</summary>
    public uint Uid { get; init; }

    /// <summary>His own group id on the host.</summary>
    public uint Gid { get; init; }

    /// <summary>How many ids there are in this process's namespace, beginning with 0 (rootless: his own and those lent to him).</summary>
    public uint Available { get; init; } = 65537;

    /// <summary>The first id of the range that was chosen for <c>auto</c>, for as many as <see cref="UserNamespaces.AutoSize"/> says.</summary>
    public uint? AutoFirst { get; init; }

    /// <summary>How many ids that range has; 0: as many as are usual.</summary>
    public uint AutoCount { get; init; }

    /// <summary>Ranges of /etc/subuid and /etc/subgid of <see cref="NamespacesSpec.SubordinateUser"/>.</summary>
    public IdMaps? Subordinate { get; init; }
}

/// <summary>Settles user namespaces.</summary>
internal static class UserNamespaces
{
    private const uint UsualSize = 65536, LeastAuto = 1024;

    /// <summary>Whether the wish is one of the modes that have a namespace of their own made.</summary>
    public static bool IsAuto(NamespacesSpec wish) => Mode(wish).Name == "auto";

    /// <summary>How many ids <c>auto</c> takes.</summary>
    /// <param name="wish">The wish.</param>
    /// <param name="largest">The largest id that the image's users have.</param>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static uint AutoSize(NamespacesSpec wish, uint largest)
    {
        (_, string options) = Mode(wish);
        foreach (string option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (option.StartsWith("size=", StringComparison.Ordinal)) return Number(option[5..], option);
        }
        return Math.Max(LeastAuto, Math.Min(largest, UsualSize - 2) + 2);
    }

    /// <summary>The maps; null: no namespace of its own is made.</summary>
    /// <exception cref="BerthException">InvalidArgument, Unsupported.</exception>
    public static IdMaps? Settle(NamespacesSpec wish, IdFacts facts)
    {
        (string name, string options) = Mode(wish);
        if (wish.UidMaps.Count > 0 || wish.GidMaps.Count > 0)
        {
            // One that is said counts for both.
            return new IdMaps(Ranges(wish.UidMaps.Count > 0 ? wish.UidMaps : wish.GidMaps), Ranges(wish.GidMaps.Count > 0 ? wish.GidMaps : wish.UidMaps));
        }
        if (wish.SubordinateUser is { Length: > 0 } owner && name is "" or "private") return Stacked(facts.Subordinate ?? throw new BerthException(Fault.NotFound, $"no ids are lent to {owner}", "usermod --add-subuids 100000-165535 --add-subgids 100000-165535"));
        switch (name)
        {
            case "" or "host" or "container" or "ns" or "pod": return null;
            case "private": throw new BerthException(Fault.InvalidArgument, "a user namespace needs to know which ids it maps", "say --uidmap, --subuidname or --userns=auto");
            case "auto": return Auto(options, wish, facts);
            case "keep-id": return KeepId(options, facts);
            case "nomap": return facts.IsRootless ? Both(NoMap(facts)) : throw OfUsers(name);
            default: throw new BerthException(Fault.InvalidArgument, $"'{wish.User}' is no user namespace", "host, auto, keep-id, nomap, container:NAME or ns:PATH");
        }
    }

    /// <summary>With <c>keep-id</c>, who runs it where neither the wish nor the image says so: whoever starts it. Null: it is not that mode.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static string? KeptUser(NamespacesSpec wish, IdFacts facts)
    {
        (string name, string options) = Mode(wish);
        if (name != "keep-id") return null;
        (uint uid, uint gid) = Kept(options, facts);
        return string.Create(CultureInfo.InvariantCulture, $"{uid}:{gid}");
    }

    private static (string Name, string Options) Mode(NamespacesSpec wish)
    {
        int colon = wish.User.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (wish.User, "") : (wish.User[..colon], wish.User[(colon + 1)..]);
    }

    private static IdMaps Auto(string options, NamespacesSpec wish, IdFacts facts)
    {
        List<string> uids = [], gids = [];
        foreach (string option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (option.StartsWith("uidmapping=", StringComparison.Ordinal)) uids.Add(option[11..]);
            else if (option.StartsWith("gidmapping=", StringComparison.Ordinal)) gids.Add(option[11..]);
            else if (!option.StartsWith("size=", StringComparison.Ordinal)) throw new BerthException(Fault.InvalidArgument, $"--userns=auto has no option '{option}'", "size=N, uidmapping=INSIDE:OUTSIDE:COUNT, gidmapping=INSIDE:OUTSIDE:COUNT");
        }
        uint first = facts.AutoFirst ?? throw new BerthException(Fault.Exhausted, "no range of ids is free for --userns=auto", "lend more: usermod --add-subuids FIRST-LAST --add-subgids FIRST-LAST containers") { Code = FaultCode.IdsMissing };
        IdRange range = new(0, first, facts.AutoCount > 0 ? facts.AutoCount : AutoSize(wish, 0));
        return new IdMaps(Around(range, Ranges(uids)), Around(range, Ranges(gids)));
    }

    // Ids that are said take the place of those of the range.
    private static List<IdRange> Around(IdRange range, List<IdRange> said)
    {
        List<IdRange> all = [range];
        foreach (IdRange one in said)
        {
            List<IdRange> cut = [];
            foreach (IdRange other in all)
            {
                uint end = other.Inside + other.Count, from = Math.Max(other.Inside, one.Inside), to = Math.Min(end, one.Inside + one.Count);
                if (from >= to)
                {
                    cut.Add(other);
                    continue;
                }
                if (from > other.Inside) cut.Add(other with { Count = from - other.Inside });
                if (to < end) cut.Add(new IdRange(to, other.Outside + (to - other.Inside), end - to));
            }
            cut.Add(one);
            all = cut;
        }
        return all;
    }

    private static IdMaps KeepId(string options, IdFacts facts)
    {
        if (!facts.IsRootless) throw OfUsers("keep-id");
        (uint uid, uint gid) = Kept(options, facts);
        return new IdMaps(Keep(uid, facts.Available), Keep(gid, facts.Available));
    }

    private static (uint Uid, uint Gid) Kept(string options, IdFacts facts)
    {
        uint uid = facts.Uid, gid = facts.Gid;
        foreach (string option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (option.StartsWith("uid=", StringComparison.Ordinal)) uid = Number(option[4..], option);
            else if (option.StartsWith("gid=", StringComparison.Ordinal)) gid = Number(option[4..], option);
            else throw new BerthException(Fault.InvalidArgument, $"--userns=keep-id has no option '{option}'", "uid=N, gid=N");
        }
        return (uid, gid);
    }

    // In this process's namespace he is 0; the ids lent to him, from 1 on, fill what is below and above his own.
    private static List<IdRange> Keep(uint id, uint available)
    {
        uint lent = available > 0 ? available - 1 : 0, below = Math.Min(id, lent);
        List<IdRange> ranges = [];
        if (below > 0) ranges.Add(new IdRange(0, 1, below));
        ranges.Add(new IdRange(id, 0, 1));
        if (lent > below) ranges.Add(new IdRange(id + 1, below + 1, lent - below));
        return ranges;
    }

    // All that was lent, without his own id.
    private static List<IdRange> NoMap(IdFacts facts) => facts.Available > 1 ? [new IdRange(0, 1, facts.Available - 1)] : throw new BerthException(Fault.Exhausted, "--userns=nomap needs ids besides your own, and none are lent to you", "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");

    private static IdMaps Both(List<IdRange> ranges) => new(ranges, ranges);

    private static IdMaps Stacked(IdMaps lent) => new(Stack(lent.Uids), Stack(lent.Gids));

    private static List<IdRange> Stack(IReadOnlyList<IdRange> lent)
    {
        List<IdRange> ranges = [];
        uint inside = 0;
        foreach (IdRange range in lent)
        {
            ranges.Add(range with { Inside = inside });
            inside += range.Count;
        }
        return ranges;
    }

    private static List<IdRange> Ranges(IReadOnlyList<string> texts)
    {
        List<IdRange> ranges = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split(':');
            if (parts.Length is not (2 or 3)) throw WrongMap(text);
            IdRange range = new(Number(parts[0], text), Number(parts[1].TrimStart('@'), text), parts.Length == 3 ? Number(parts[2], text) : 1);
            if (range.Count == 0) throw WrongMap(text);
            foreach (IdRange other in ranges)
            {
                if (range.Inside < (ulong)other.Inside + other.Count && other.Inside < (ulong)range.Inside + range.Count) throw new BerthException(Fault.InvalidArgument, $"the map '{text}' has ids that another has");
            }
            ranges.Add(range);
        }
        return ranges;
    }

    private static uint Number(string text, string whole) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : throw WrongMap(whole);

    private static BerthException WrongMap(string text) => new(Fault.InvalidArgument, $"'{text}' is no map of ids", "write INSIDE:OUTSIDE:COUNT, such as 0:100000:65536");

    private static BerthException OfUsers(string name) => new(Fault.Unsupported, $"--userns={name} is for containers of ordinary users: root's ids are the host's", "run it as an ordinary user, or with --userns=auto");
}
