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
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>: there is no cgroup.</exception>
    public void SignalAll(int signal)
    {
        if (!Exists) throw new BerthException(Fault.NotFound, "cgroup does not exist");
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
