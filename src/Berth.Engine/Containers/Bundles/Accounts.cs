// Who a process is, by the image's /etc/passwd and /etc/group: files that somebody else wrote.
using System.Globalization;
using System.Text;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>A user of a container.</summary>
/// <param name="Uid">User.</param>
/// <param name="Gid">Group.</param>
/// <param name="Groups">Groups besides.</param>
/// <param name="Home">Home folder.</param>
internal sealed record Account(uint Uid, uint Gid, List<uint> Groups, string Home)
{
    /// <summary>Whether it is root.</summary>
    public bool IsRoot => Uid == 0;
}

/// <summary>Finds users and groups below a root that is not trusted: bounded, links resolved inside, the first line that fits.</summary>
internal static class Accounts
{
    private const int Largest = 4 * 1024 * 1024;

    // What a signed integer holds, as everywhere else.
    private const uint LargestId = int.MaxValue;

    /// <summary>Finds a user.</summary>
    /// <param name="root">The root file system.</param>
    /// <param name="wish"><c>user[:group]</c>, by name or number; empty: root.</param>
    /// <param name="further">Groups besides.</param>
    /// <exception cref="BerthException">InvalidArgument: a name is in neither file.</exception>
    public static Account Find(string root, string wish, IReadOnlyList<string> further)
    {
        string passwd = Text(root, "/etc/passwd");
        Lazily groups = new(root);
        int colon = wish.IndexOf(':', StringComparison.Ordinal);
        ReadOnlySpan<char> user = colon < 0 ? wish : wish.AsSpan(0, colon), group = colon < 0 ? default : wish.AsSpan(colon + 1);
        uint? number = Number(user);
        bool isKnown = FindUser(passwd, user, user.IsEmpty ? 0 : number, out User found);
        if (!isKnown && !user.IsEmpty && number is null) throw Unknown("user", user, "/etc/passwd");
        uint uid = isKnown ? found.Uid : number ?? 0, gid = isKnown ? found.Gid : 0;
        List<uint> list = [];
        if (!group.IsEmpty) gid = FindGroup(groups, group);
        // A group that is said takes the place of all those that the user has.
        else if (isKnown) AddMemberships(groups.Text, found.Name, list);
        foreach (string name in further)
        {
            if (name != KeepGroups) Add(list, FindGroup(groups, name));
        }
        // The group itself too: a process that gives it up must not lose what it denies (CVE-2022-36109).
        if (!list.Contains(gid)) list.Insert(0, gid);
        return new Account(uid, gid, list, isKnown && found.Home.Length > 0 && found.Home[0] == '/' ? found.Home : "/");
    }

    /// <summary>The word for the groups of whoever runs it.</summary>
    public const string KeepGroups = "keep-groups";

    private readonly record struct User(string Name, uint Uid, uint Gid, string Home);

    private sealed class Lazily(string root)
    {
        private string? _text;

        public string Text => _text ??= Accounts.Text(root, "/etc/group");
    }

    private static string Text(string root, string path) => RootedFile.TryRead(root, path, Largest) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";

    // A number is never a name: an image could have a user that is called 1000 and is root.
    private static bool FindUser(string passwd, ReadOnlySpan<char> name, uint? number, out User user)
    {
        foreach (ReadOnlySpan<char> raw in passwd.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> line = raw.Trim();
            if (line.IsEmpty || line[0] == '#' || Number(Field(line, 2)) is not { } uid || Number(Field(line, 3)) is not { } gid) continue;
            ReadOnlySpan<char> called = Field(line, 0);
            if (number is null ? !called.SequenceEqual(name) : uid != number) continue;
            user = new User(called.ToString(), uid, gid, Field(line, 5).ToString());
            return true;
        }
        user = default;
        return false;
    }

    private static uint FindGroup(Lazily groups, ReadOnlySpan<char> name)
    {
        if (Number(name) is { } number) return number;
        foreach (ReadOnlySpan<char> raw in groups.Text.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> line = raw.Trim();
            if (line.IsEmpty || line[0] == '#' || !Field(line, 0).SequenceEqual(name)) continue;
            if (Number(Field(line, 2)) is { } gid) return gid;
        }
        throw Unknown("group", name, "/etc/group");
    }

    private static void AddMemberships(string text, string user, List<uint> list)
    {
        if (user.Length == 0) return;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> line = raw.Trim();
            if (line.IsEmpty || line[0] == '#' || Number(Field(line, 2)) is not { } gid) continue;
            ReadOnlySpan<char> members = Field(line, 3);
            foreach (Range member in members.Split(','))
            {
                if (!members[member].SequenceEqual(user)) continue;
                Add(list, gid);
                break;
            }
            // More than the kernel takes (NGROUPS_MAX) is nobody's.
            if (list.Count >= 65536) return;
        }
    }

    private static void Add(List<uint> list, uint gid)
    {
        if (!list.Contains(gid)) list.Add(gid);
    }

    private static ReadOnlySpan<char> Field(ReadOnlySpan<char> line, int index)
    {
        for (; index > 0; index--)
        {
            int colon = line.IndexOf(':');
            if (colon < 0) return default;
            line = line[(colon + 1)..];
        }
        int end = line.IndexOf(':');
        return end < 0 ? line : line[..end];
    }

    private static uint? Number(ReadOnlySpan<char> text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number <= LargestId ? number : null;

    private static BerthException Unknown(string what, ReadOnlySpan<char> name, string file)
    {
        if (name.IndexOfAnyExceptInRange('0', '9') < 0) return new BerthException(Fault.InvalidArgument, $"{what} id {name} is above {LargestId}");
        return new BerthException(Fault.InvalidArgument, $"cannot run as {what} '{name}': the image's {file} does not have it", "give a number, which needs no entry") { Code = FaultCode.UserUnknown };
    }
}
