// Signals for every process of the container, also for those in cgroups it made below.
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    private const int SigKill = 9;

    /// <summary>Kills all members at once, even frozen ones.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>: there is no cgroup.</exception>
    public void KillAll() => SignalAll(SigKill);

    /// <summary>Sends a signal to all members; none can fork away meanwhile.</summary>
    /// <exception cref="BerthException">
    /// <see cref="Fault.NotFound"/>: there is no cgroup. <see cref="Fault.WrongState"/>: we are in it ourselves, so it is not the
    /// container's alone, whatever the record says.
    /// </exception>
    public void SignalAll(int signal)
    {
        if (!Exists) throw new BerthException(Fault.NotFound, "cgroup does not exist");
        RequireForeign();
        if (signal == SigKill && UnifiedDirectory is { } path && KernelFile.TryWrite(path + "/cgroup.kill", "1", out _))
        {
            // What a v1 freezer holds dies only when it is let go.
            if (LegacyFreezer is { } freezer && LegacyState(freezer) == FreezerState.Frozen) KernelFile.TryWrite(freezer + "/freezer.state", "THAWED", out _);
            return;
        }
        bool frozen = TryFreeze();
        try
        {
            foreach (int pid in Pids(recursive: true)) Self.TrySignal(pid, signal, out _);
        }
        finally
        {
            if (frozen) TryThaw();
        }
    }

    /// <summary>
    /// Refuses to act on all processes of a cgroup that cannot be a container's: a hierarchy's root, or one with ourselves in
    /// it. A wrong path in a configuration or a record would otherwise kill or freeze the host.
    /// </summary>
    private void RequireForeign()
    {
        foreach (ReadOnlySpan<char> line in (KernelFile.TryReadText("/proc/self/cgroup") ?? "").AsSpan().EnumerateLines())
        {
            if (!CgroupLine.TryParse(line, out ReadOnlySpan<char> list, out ReadOnlySpan<char> own)) continue;
            int comma = list.IndexOf(',');
            if (ControllerNames.Parse(comma < 0 ? list : list[..comma]) is not { } controller || _paths[(int)controller] is not { } path) continue;
            // One that is gone already, perhaps with its parent, has no members.
            if (!KernelFile.Exists(path)) continue;
            bool isRoot = !KernelFile.Exists(path[..path.LastIndexOf('/')] + "/cgroup.procs");
            if (!isRoot && CgroupLine.Below(path, own) is null) continue;
            throw new BerthException(Fault.WrongState, $"refusing to act on all processes in {path}: "
                + (isRoot ? "it is the root of a hierarchy" : "this process is one of them"));
        }
    }

    private bool TryFreeze()
    {
        try { Freeze(); return true; }
        catch (BerthException) { return false; }
    }

    private void TryThaw()
    {
        try { Thaw(); }
        catch (BerthException) { /* the cgroup may be gone with its last process */ }
    }
}
