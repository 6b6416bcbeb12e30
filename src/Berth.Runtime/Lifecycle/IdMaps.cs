// Id maps of user namespaces: written directly where we may, else by newuidmap and newgidmap, else a single id.
using System.Globalization;
using System.Text;
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

internal static class IdMaps
{
    /// <summary>Writes the container's maps (user_namespaces(7)).</summary>
    /// <exception cref="BerthException">They cannot be written.</exception>
    public static void Write(int pid, LinuxSpec linux, HostFacts host)
    {
        List<IdMapping> uids = linux.UidMappings ?? [];
        List<IdMapping> gids = linux.GidMappings ?? [];
        if (host.IsRoot)
        {
            WriteMaps(pid, uids, gids);
            return;
        }
        WriteAsUser(pid, "uid_map", "newuidmap", uids, host.UserId);
        // Unprivileged writers of gid_map must give up setgroups first (CVE-2014-8989).
        if (gids.Count == 1 && gids[0].Size == 1 && gids[0].HostId == host.GroupId) KernelFile.TryWrite($"/proc/{pid}/setgroups", "deny", out _);
        WriteAsUser(pid, "gid_map", "newgidmap", gids, host.GroupId);
    }

    /// <summary>Writes both maps as root.</summary>
    public static void WriteMaps(int pid, List<IdMapping> uids, List<IdMapping> gids)
    {
        WriteFile(pid, "gid_map", gids);
        WriteFile(pid, "uid_map", uids);
    }

    /// <summary>Host ids of the container's root, for delegated cgroups.</summary>
    public static CgroupOwner? HostRoot(Spec spec)
    {
        if (!HasUserNamespace(spec)) return null;
        (List<IdMapping>? uids, List<IdMapping>? gids) = (spec.Linux?.UidMappings, spec.Linux?.GidMappings);
        if (uids is not { Count: > 0 } && NamespacePlan.PathOf(spec, "user") is { } joined) (uids, gids) = Of(joined);
        return ToHost(0, uids) is { } uid ? new CgroupOwner(uid, ToHost(0, gids)) : null;
    }

    /// <summary>Whether the container has a user namespace, made or joined.</summary>
    public static bool HasUserNamespace(Spec spec)
    {
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? [])
        {
            if (n.Type == "user") return true;
        }
        return false;
    }

    /// <summary>The maps of an existing user namespace. Only a process in it shows them.</summary>
    private static (List<IdMapping> Uids, List<IdMapping> Gids) Of(string path)
    {
        using Fd? users = KernelPath.TryOpen(path, OpenFlags.ReadOnly);
        (List<IdMapping> uids, List<IdMapping> gids) = ([], []);
        if (users is null) return (uids, gids);
        Linux.Mounts.UserNamespace.Visit(users, pid =>
        {
            uids = Parse(KernelFile.ReadText($"/proc/{pid}/uid_map"));
            gids = Parse(KernelFile.ReadText($"/proc/{pid}/gid_map"));
        });
        return (uids, gids);
    }

    /// <summary>Lines of inside, outside, count.</summary>
    internal static List<IdMapping> Parse(string text)
    {
        List<IdMapping> result = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] numbers = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (numbers.Length == 3) result.Add(new IdMapping { ContainerId = uint.Parse(numbers[0], CultureInfo.InvariantCulture), HostId = uint.Parse(numbers[1], CultureInfo.InvariantCulture), Size = uint.Parse(numbers[2], CultureInfo.InvariantCulture) });
        }
        return result;
    }

    private static uint? ToHost(uint id, List<IdMapping>? mappings)
    {
        foreach (IdMapping m in mappings ?? [])
        {
            if (id >= m.ContainerId && id - m.ContainerId < m.Size) return m.HostId + (id - m.ContainerId);
        }
        return null;
    }

    private static void WriteFile(int pid, string file, List<IdMapping> mappings)
    {
        if (mappings.Count == 0) return;
        string text = Lines(mappings);
        if (KernelFile.TryWrite($"/proc/{pid}/{file}", text, out Errno errno)) return;
        throw new BerthException(Fault.Denied, $"failed to write {file} of the container: {errno.Sentence()}",
            errno == Errno.EINVAL ? "ranges must not overlap, and there may be at most 340" : null);
    }

    private static string Lines(List<IdMapping> mappings)
    {
        StringBuilder text = new();
        foreach (IdMapping m in mappings) text.Append(m.ContainerId).Append(' ').Append(m.HostId).Append(' ').Append(m.Size).Append('\n');
        return text.ToString();
    }

    private static void WriteAsUser(int pid, string file, string helper, List<IdMapping> mappings, uint own)
    {
        if (mappings.Count == 1 && mappings[0].Size == 1 && mappings[0].HostId == own)
        {
            WriteFile(pid, file, mappings);
            return;
        }
        // An administrator may have given us the capability.
        if (KernelFile.TryWrite($"/proc/{pid}/{file}", Lines(mappings), out _)) return;
        List<string> arguments = [helper, pid.ToString()];
        foreach (IdMapping m in mappings)
        {
            arguments.Add(m.ContainerId.ToString());
            arguments.Add(m.HostId.ToString());
            arguments.Add(m.Size.ToString());
        }
        CommandResult result;
        try
        {
            string path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
            result = CommandRunner.Run(new Command { Candidates = Finish.Candidates(helper, ["PATH=" + path]), Arguments = arguments });
        }
        catch (StepFailedException failure)
        {
            throw new BerthException(Fault.Unsupported, $"cannot map ids {Lines(mappings).Trim().Replace('\n', ',')} without root: {helper}: {failure.Errno.Sentence()}",
                $"install the package uidmap, or map only your own id", failure);
        }
        if (result.Status == 0) return;
        throw new BerthException(Fault.Denied, $"{helper} refused to map ids: {result.Output.Trim()}",
            $"the ranges must be listed for you in /etc/{(file == "uid_map" ? "subuid" : "subgid")}");
    }
}
