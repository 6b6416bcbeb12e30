// The process that holds a pod's namespaces while containers come and go: a page of memory, no rights, and nothing to see.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Linux.Security;
using Berth.Oci.Faults;

namespace Berth.Shim.ShimV2;

/// <summary>
/// Makes it, and ends one that was left. Its root is an empty directory, so that nobody who shares its pid namespace finds the host's
/// files below /proc/1/root.
/// </summary>
internal static class PodHolder
{
    private const string ProgramName = "pause", RecordName = "pod.pid";
    private const int SIGKILL = 9, SIGCHLD = 17;
    private const uint Nobody = 65534;
    private const ulong NS_GET_USERNS = 0xb701;

    /// <summary>Starts it.</summary>
    /// <param name="pod">What it holds.</param>
    /// <param name="bundle">Where its root is laid out.</param>
    /// <returns>Its pid; it is a child of ours.</returns>
    /// <exception cref="BerthException">A namespace cannot be made or joined.</exception>
    public static int Start(PodSpec pod, string bundle)
    {
        string root = $"{bundle}/pod";
        List<Fd> opened = [];
        try
        {
            KernelPath.MakeDirectory(root, 0x1ED);
            KernelPath.WriteAtomically($"{root}/{ProgramName}", PauseProgram.File(), 0x1ED);
            using Fd nothing = KernelPath.Open("/dev/null", OpenFlags.ReadWrite), proc = KernelPath.Open("/proc", OpenFlags.Path | OpenFlags.Directory);
            using ChildProgram program = new();
            LayOut(program, root);
            Enter(program, pod, opened);
            program.Step("name the pod");
            if (pod.HostName.Length > 0) program.SetHostName(pod.HostName);
            foreach ((string name, string value) in pod.Sysctls)
            {
                program.Step("set sysctl", name);
                program.WriteFile(proc, "sys/" + PodSpec.SysctlPath(name), value, Resolve.Beneath);
            }
            GiveUp(program, nothing, keepsUser: pod.UsersOfNetwork || opened.Count > pod.Joined.Count);
            SpawnedChild child = program.Spawn(new SpawnOptions());
            child.PidFd.Dispose();
            Record(bundle, child.Pid);
            return child.Pid;
        }
        catch (Exception e) when (e is LinuxException or StepFailedException or ChildDiedException)
        {
            throw new BerthException(Fault.Failed, $"failed to start the sandbox: {e.Message}", null, e);
        }
        finally
        {
            foreach (Fd fd in opened) fd.Dispose();
        }
    }

    /// <summary>Takes away what <see cref="Start"/> laid out, when it has ended.</summary>
    public static void Clear(string bundle)
    {
        KernelPath.Remove($"{bundle}/{RecordName}");
        KernelPath.Remove($"{bundle}/pod/{ProgramName}");
        KernelPath.RemoveDirectory($"{bundle}/pod");
    }

    /// <summary>Ends the one that a shim left which was killed.</summary>
    /// <returns>Its pid; null where the bundle is no sandbox's.</returns>
    public static int? TryEndLeft(string bundle)
    {
        string[] words = (KernelFile.TryReadText($"{bundle}/{RecordName}") ?? "").Split(' ');
        if (words.Length != 2 || !int.TryParse(words[0], out int pid) || !ulong.TryParse(words[1], out ulong began)) return null;
        // The number may be another's by now, the time of its start is not.
        if (Self.IsAlive(pid, out ulong start) && start == began) Self.TrySignal(pid, SIGKILL, out _);
        Clear(bundle);
        PodFiles.Clear(bundle);
        return pid;
    }

    private static void LayOut(ChildProgram program, string root)
    {
        program.Step("lay out an empty root", root);
        program.Unshare(Namespaces.Mount);
        program.Mount(null, "/", null, MountFlags.Private | MountFlags.Recursive);
        program.Mount(root, root, null, MountFlags.Bind);
        program.Mount(null, root, null, MountFlags.Bind | MountFlags.Remount | MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev);
        program.ChangeDirectory(root).PivotRootHere().DetachHere().ChangeDirectory("/");
    }

    /// <summary>The user namespace first: the rights to the others come with it.</summary>
    private static void Enter(ChildProgram program, PodSpec pod, List<Fd> opened)
    {
        foreach ((Namespaces kind, string path) in pod.Joined)
        {
            Fd fd = KernelPath.Open(path, 0);
            opened.Add(fd);
            if (kind == Namespaces.User)
            {
                program.Step("join the user namespace", path);
                program.Join(fd, kind);
            }
            else if (kind == Namespaces.Network && pod.UsersOfNetwork)
            {
                program.Step("join the user namespace of the network", path);
                program.Join(program.IoctlFd(fd, NS_GET_USERNS, 0), Namespaces.User);
            }
        }
        if (pod.IdMaps is { } maps)
        {
            Fd users = UserNamespace.Make(pid =>
            {
                KernelFile.Write($"/proc/{pid}/gid_map", maps.Gids);
                KernelFile.Write($"/proc/{pid}/uid_map", maps.Uids);
            });
            opened.Add(users);
            program.Step("join the pod's user namespace");
            program.Join(users, Namespaces.User);
        }
        for (int i = 0; i < pod.Joined.Count; i++)
        {
            if (pod.Joined[i].Kind is Namespaces.User) continue;
            program.Step("join a namespace", pod.Joined[i].Path);
            program.Join(opened[i], pod.Joined[i].Kind);
        }
        program.Step("make namespaces");
        if (pod.Made != Namespaces.None) program.Unshare(pod.Made);
        // A pid namespace takes effect for children only.
        program.CloneAgain();
    }

    /// <summary>It needs nothing but time.</summary>
    private static void GiveUp(ChildProgram program, Fd nothing, bool keepsUser)
    {
        program.Step("give up rights");
        program.DuplicateTo(nothing, 0).DuplicateTo(nothing, 1).DuplicateTo(nothing, 2).CloseOnExecFrom(3);
        program.NewSession().ResetSignals().IgnoreSignal(SIGCHLD).NoNewPrivileges().DropBounding(0, Capabilities.Last);
        // In a user namespace of its own root is nobody, and who nobody is there is not ours to know.
        if (!keepsUser) program.SetGroups([]).SetGroup(Nobody).SetUser(Nobody);
        program.SetCapabilities(default);
        program.Step("execute", ProgramName);
        Slot found = program.FindProgram(["/" + ProgramName]);
        program.Execute(found, ["/" + ProgramName], []);
    }

    private static void Record(string bundle, int pid)
    {
        Self.IsAlive(pid, out ulong start);
        KernelPath.WriteAtomically($"{bundle}/{RecordName}", Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{pid} {start}")), 0x180);
        // As a pause container has it; where that is not permitted it stays as ours is.
        KernelFile.TryWrite($"/proc/{pid}/oom_score_adj", "-998", out _);
    }
}
