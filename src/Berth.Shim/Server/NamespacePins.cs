// Namespaces that are there before any container of a pod is, and stay when all have ended: held by bind mounts (namespaces(7)).
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Shim.Contract.Protos;

namespace Berth.Shim.Server;

/// <summary>Makes and removes such namespaces; they belong to no process, so they outlive the shim too.</summary>
internal static class NamespacePins
{
    // The order in which the kernel would have them joined; a pid namespace ends with its first process, and one of mounts cannot be
    // held by a mount that is seen in it.
    private static readonly (string Kind, Namespaces Flag)[] s_kinds =
        [("user", Namespaces.User), ("ipc", Namespaces.Ipc), ("net", Namespaces.Network), ("uts", Namespaces.Uts), ("cgroup", Namespaces.Cgroup), ("time", Namespaces.Time)];

    /// <summary>Makes them, all or none.</summary>
    /// <returns>Their paths, in the order in which they were asked for.</returns>
    /// <exception cref="BerthException">Asked for wrongly, there already, or not permitted.</exception>
    public static List<string> Pin(PinRequest request)
    {
        string directory = Checked(request.Directory);
        Namespaces all = Namespaces.None;
        foreach (string kind in request.Kinds)
        {
            Namespaces flag = FlagOf(kind);
            if ((all & flag) != 0) throw new BerthException(Fault.InvalidArgument, $"the {kind} namespace is asked for twice");
            all |= flag;
        }
        if (all == Namespaces.None) throw new BerthException(Fault.InvalidArgument, "no namespace is asked for");
        bool users = (all & Namespaces.User) != 0;
        if (!users && request.Uids.Count + request.Gids.Count > 0) throw new BerthException(Fault.InvalidArgument, "id maps need a user namespace");
        if (users && (request.Uids.Count == 0 || request.Gids.Count == 0)) throw new BerthException(Fault.InvalidArgument, "a user namespace needs maps of uids and gids");
        if (request.Hostname.Length > 0 && (all & Namespaces.Uts) == 0) throw new BerthException(Fault.InvalidArgument, "a host name needs a uts namespace");

        bool madeDirectory = false;
        List<string> made = [];
        try
        {
            madeDirectory = KernelPath.MakeDirectory(directory, 0x1C0);
            foreach (string kind in request.Kinds)
            {
                string path = $"{directory}/{kind}";
                KernelPath.Open(path, 0x40 | 0x80 | OpenFlags.NoFollow, 0x180).Dispose(); // O_CREAT | O_EXCL, 0600
                made.Add(path);
            }
            Hold(request, all, made);
            return made;
        }
        catch (Exception e) when (e is LinuxException or StepFailedException or BerthException or ChildDiedException)
        {
            foreach (string path in made)
            {
                HostMount.Detach(path);
                KernelPath.Remove(path);
            }
            if (madeDirectory) KernelPath.RemoveDirectory(directory);
            if (e is BerthException) throw;
            Fault kind = e is LinuxException linux ? KindOf(linux.Errno) : Fault.Failed;
            throw new BerthException(kind, $"failed to pin namespaces in {directory}: {e.Message}");
        }
    }

    /// <summary>Lets them go; whoever is in them keeps them. What is not there is no fault.</summary>
    /// <exception cref="BerthException">No absolute path.</exception>
    public static void Unpin(string directory)
    {
        directory = Checked(directory);
        foreach ((string kind, _) in s_kinds)
        {
            string path = $"{directory}/{kind}";
            HostMount.Detach(path);
            KernelPath.Remove(path);
        }
        // Somebody else's files may be there too.
        KernelPath.RemoveDirectory(directory);
    }

    /// <summary>Has a process in them that lives until they are bound.</summary>
    private static void Hold(PinRequest request, Namespaces all, List<string> paths)
    {
        using ChildProgram program = new();
        program.Step("hold the namespaces");
        program.SetParentDeathSignal(9);
        program.Meet(child =>
        {
            if (request.Uids.Count > 0)
            {
                WriteMap(child.Pid, "gid_map", request.Gids);
                WriteMap(child.Pid, "uid_map", request.Uids);
            }
        });
        if (request.Hostname.Length > 0) program.SetHostName(request.Hostname);
        program.Meet(child =>
        {
            for (int i = 0; i < paths.Count; i++) HostMount.Mount($"/proc/{child.Pid}/ns/{request.Kinds[i]}", paths[i], null, MountFlags.Bind);
        });
        program.Spawn(new SpawnOptions { Namespaces = all }).PidFd.Dispose();
    }

    private static void WriteMap(int pid, string file, List<IdMap> maps)
    {
        StringBuilder text = new();
        foreach (IdMap map in maps) text.Append(map.Inside).Append(' ').Append(map.Outside).Append(' ').Append(map.Count).Append('\n');
        if (KernelFile.TryWrite($"/proc/{pid}/{file}", text.ToString(), out Errno errno)) return;
        throw new BerthException(KindOf(errno), $"failed to write {file} of a user namespace: {errno.Sentence()}",
            errno == Errno.EINVAL ? "ranges must not overlap, and there may be at most 340" : null);
    }

    private static Namespaces FlagOf(string kind)
    {
        foreach ((string known, Namespaces flag) in s_kinds)
        {
            if (known == kind) return flag;
        }
        throw kind switch
        {
            "pid" => new BerthException(Fault.Unsupported, "a pid namespace cannot be pinned: it ends with its first process", "let the pod's other containers join that of the first one"),
            "mnt" => new BerthException(Fault.Unsupported, "a mount namespace cannot be pinned where it would be seen in itself"),
            _ => new BerthException(Fault.InvalidArgument, $"'{kind}' is no kind of namespace", "ipc, net, uts, user, cgroup, time"),
        };
    }

    private static Fault KindOf(Errno errno) => errno switch
    {
        Errno.EEXIST => Fault.Conflict,
        Errno.ENOENT or Errno.ENOTDIR => Fault.NotFound,
        Errno.EPERM or Errno.EACCES => Fault.Denied,
        Errno.EINVAL => Fault.InvalidArgument,
        Errno.ENOSPC => Fault.Exhausted,
        _ => Fault.Failed,
    };

    private static string Checked(string directory) =>
        directory.StartsWith('/') && directory.Length > 1 ? directory.TrimEnd('/') : throw new BerthException(Fault.InvalidArgument, $"'{directory}' is no absolute path");
}
