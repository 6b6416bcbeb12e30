// Membership: the ways in which a process becomes a member of a container's cgroups, the cheap one first.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>How a new process gets into a container's cgroups.</summary>
/// <remarks>
/// Writing a process number into <c>cgroup.procs</c> takes the kernel's lock of all thread groups, which after a pause of
/// some milliseconds waits for an RCU grace period (7 to 12 ms measured). Two ways do without that lock: to be born in the
/// v2 cgroup (clone3 with CLONE_INTO_CGROUP), and, on v1, to write <c>0</c> into <c>tasks</c> oneself while one still has a
/// single thread (0.2 ms for nine hierarchies).
/// </remarks>
public sealed class Membership
{
    private readonly List<string> _taskFiles = [];
    private readonly List<bool> _mayFail = [];
    private readonly string? _unified;
    private readonly bool _borne;
    private readonly int _initPid;

    internal Membership(string?[] paths, bool borne, int initPid)
    {
        _borne = borne;
        _initPid = initPid;
        _unified = paths[(int)Controller.Unified];
        for (int i = 0; i < (int)Controller.Unified; i++)
        {
            if (paths[i] is not { } path || Knows(path)) continue;
            // Hierarchies without limits are joined for the sake of order.
            _taskFiles.Add(path + "/tasks");
            _mayFail.Add(borne || i is (int)Controller.NamedSystemd or (int)Controller.Misc);
        }
    }

    /// <summary>Files of v1 hierarchies into each of which the new process itself writes <c>0</c>, before it has a second thread.</summary>
    public IReadOnlyList<string> TaskFiles => _taskFiles;

    /// <summary>Whether a refusal of the n-th of <see cref="TaskFiles"/> is borne.</summary>
    public bool MayFail(int index) => _mayFail[index];

    /// <summary>Whether there is a v2 cgroup to be born in or to be moved into.</summary>
    public bool HasUnified => _unified is not null;

    /// <summary>Opens the v2 directory for CLONE_INTO_CGROUP; null where there is none, or (when refusals are borne) none in reach.</summary>
    /// <exception cref="BerthException">It is not there.</exception>
    public Fd? OpenUnified()
    {
        if (_unified is null) return null;
        if (KernelDirectory.TryOpen(_unified, out Errno errno) is { } fd) return fd;
        if (InitDirectory() is { } init && KernelDirectory.TryOpen(init, out _) is { } other) return other;
        return _borne ? null : throw NotAdded("of the new process", $"open {_unified}", errno);
    }

    /// <summary>Checks that all directories are there, for callers whose new process could not tell.</summary>
    /// <exception cref="BerthException">One is missing.</exception>
    public void RequireDirectories()
    {
        for (int i = 0; i < _taskFiles.Count; i++)
        {
            if (!_mayFail[i] && !KernelFile.Exists(_taskFiles[i])) throw NotAdded("of the new process", $"open {_taskFiles[i]}", Errno.ENOENT);
        }
        if (_unified is not null && InitDirectory() is null && !KernelFile.Exists(_unified) && !_borne)
        {
            throw NotAdded("of the new process", $"open {_unified}", Errno.ENOENT);
        }
    }

    /// <summary>Moves a process from outside into all cgroups, in one burst.</summary>
    /// <exception cref="BerthException">One of them refuses it.</exception>
    public void Enter(int pid)
    {
        for (int i = 0; i < _taskFiles.Count; i++)
        {
            string directory = DirectoryOf(_taskFiles[i]);
            if (!TryEnter(directory, pid, out Errno errno) && !_mayFail[i]) throw NotAdded(pid, directory, errno);
        }
        EnterUnified(pid);
    }

    /// <summary>Moves a process from outside into the v2 cgroup alone, for a clone that could not do it.</summary>
    /// <exception cref="BerthException">It refuses the process.</exception>
    public void EnterUnified(int pid)
    {
        if (_unified is null || TryEnter(_unified, pid, out Errno errno)) return;
        // A payload that manages cgroups itself has moved its init below and enabled controllers: the kernel then admits
        // nobody above, and whoever comes later lives where init lives.
        if (InitDirectory() is { } init && TryEnter(init, pid, out _)) return;
        if (!_borne) throw NotAdded(pid, _unified, errno);
    }

    private bool Knows(string directory)
    {
        foreach (string file in _taskFiles)
        {
            if (DirectoryOf(file) == directory) return true;
        }
        return false;
    }

    private static string DirectoryOf(string taskFile) => taskFile[..^"/tasks".Length];

    internal static bool TryEnter(string directory, int pid, out Errno errno)
    {
        string number = pid.ToString(System.Globalization.CultureInfo.InvariantCulture);
        for (int i = 0; ; i++)
        {
            if (KernelFile.TryWrite(directory + "/cgroup.procs", number, out errno)) return true;
            // EINVAL may mean that the task is not yet fully there.
            if (errno != Errno.EINVAL || i == 5) return false;
            ShortPause.Microseconds(30_000);
        }
    }

    /// <summary>The directory of init's own cgroup, as far as it can be told from a path of the kernel and one of ours.</summary>
    private string? InitDirectory()
    {
        if (_initPid == 0 || _unified is null || CgroupLine.UnifiedOf(_initPid) is not { } own) return null;
        if (CgroupLine.Below(_unified, own) is { } below) return _unified + below;
        return CgroupHost.UsualRoot + own;
    }

    private static BerthException NotAdded(int pid, string directory, Errno errno) =>
        NotAdded(pid.ToString(System.Globalization.CultureInfo.InvariantCulture), $"write to {directory}/cgroup.procs", errno);

    private static BerthException NotAdded(string who, string what, Errno errno) =>
        new(CgroupTree.FaultOf(errno), $"error adding pid {who} to cgroups: {what}: {errno.Sentence()}");
}

public sealed partial class CgroupTree
{
    /// <summary>How the container's first process, or one executed in it later, becomes a member.</summary>
    /// <param name="below">Cgroups below the container's own ones, for exec; null for those themselves.</param>
    /// <param name="initPid">For exec without <paramref name="below"/>: a process to follow when the v2 cgroup admits nobody.</param>
    /// <exception cref="BerthException">A path leaves the container's cgroup, or names a controller the container has not.</exception>
    public Membership Membership(SubCgroups? below = null, int initPid = 0)
    {
        int follow = below is null && _mode == CgroupMode.Unified ? initPid : 0;
        if (below is null) return new Membership(_paths, MayDoWithoutLater, follow);
        string?[] paths = (string?[])_paths.Clone();
        below.Place(paths);
        return new Membership(paths, MayDoWithoutLater, follow);
    }

    /// <summary>For exec the record does not tell whether a path was asked for; a rootless container bears all refusals then.</summary>
    private bool MayDoWithoutLater => _request is null ? _rootless : MayDoWithout;

    /// <summary>
    /// Moves the first process into the cgroups from outside. Under systemd this is what makes them: the scope is started
    /// around the process and then gets its limits. Elsewhere <see cref="Membership"/> offers cheaper ways.
    /// </summary>
    /// <exception cref="BerthException">The process is refused, or systemd is.</exception>
    public void Enter(int pid)
    {
        if (_unit is not null) EnterScope(pid);
        else Membership().Enter(pid);
    }
}
