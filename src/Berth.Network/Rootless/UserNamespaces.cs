// The namespaces of a user's network, held open, and the ids that are in them.
using System.Globalization;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Network.Rootless;

/// <summary>They stay as long as somebody holds them, whoever is in them.</summary>
internal sealed class UserNamespaces
{
    private readonly Fd _user;
    private readonly Fd _mount;
    private readonly Fd _network;

    private UserNamespaces(Fd user, Fd mount, Fd network) => (_user, _mount, _network) = (user, mount, network);

    /// <summary>Those of a process.</summary>
    /// <exception cref="LinuxException">It is gone.</exception>
    public static UserNamespaces Of(int pid) =>
        new(KernelPath.Open($"/proc/{pid}/ns/user", 0), KernelPath.Open($"/proc/{pid}/ns/mnt", 0), KernelPath.Open($"/proc/{pid}/ns/net", 0));

    /// <summary>Those of the process that a file names, which outlived the other half; it is ended.</summary>
    /// <returns>Null where there is none.</returns>
    public static UserNamespaces? OfFile(string path)
    {
        if (KernelFile.TryReadText(path) is not { } text) return null;
        string[] words = text.Trim().Split(' ');
        if (words.Length != 2 || !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)) return null;
        using Fd? process = PidFd.TryOpen(pid);
        if (process is null || !Self.IsAlive(pid, out ulong start) || start.ToString(CultureInfo.InvariantCulture) != words[1]) return null;
        UserNamespaces namespaces = Of(pid);
        PidFd.TrySignal(process, 9);
        return namespaces;
    }

    /// <summary>Goes into them.</summary>
    public void Join()
    {
        Self.Join(_user, Namespaces.User);
        Self.Join(_mount, Namespaces.Mount);
        Self.Join(_network, Namespaces.Network);
    }
}

/// <summary>Ids of a user namespace: root is the user, and all others are lent (subuid(5)).</summary>
internal static class IdMaps
{
    private const int PatienceMilliseconds = 10_000;

    /// <summary>Gives a process's new user namespace its ids; where none are lent, root alone.</summary>
    public static void Write(int pid)
    {
        uint uid = Self.UserId, gid = Self.GroupId;
        if (LentIds.Of("/etc/subuid", uid) is { } uids && LentIds.Of("/etc/subgid", uid) is { } gids && Helper("newuidmap") is { } forUsers && Helper("newgidmap") is { } forGroups)
        {
            Map(forUsers, pid, uid, uids);
            Map(forGroups, pid, gid, gids);
            return;
        }
        KernelFile.Write($"/proc/{pid}/setgroups", "deny");
        KernelFile.Write($"/proc/{pid}/uid_map", $"0 {Text(uid)} 1");
        KernelFile.Write($"/proc/{pid}/gid_map", $"0 {Text(gid)} 1");
    }

    private static void Map(string helper, int pid, uint own, (uint First, uint Count) lent)
    {
        CommandResult result = StartedProgram.Run(helper, [helper, Text((uint)pid), "0", Text(own), "1", "1", Text(lent.First), Text(lent.Count)], PatienceMilliseconds);
        if (result.TimedOut || result.Status != 0) throw new BerthException(Fault.Unsupported, $"{helper} refused to map ids: {result.Output.Trim()}", "the ranges must be listed for you in /etc/subuid and /etc/subgid, and the program must be setuid root");
    }

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Helper(string name)
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } folders ? folders : "/usr/bin:/bin").Split(':'))
        {
            if (KernelFile.IsExecutable($"{folder}/{name}", out _)) return $"{folder}/{name}";
        }
        return null;
    }
}
