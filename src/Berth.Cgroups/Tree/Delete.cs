// Delete: what creation made goes away, with what the payload made below it.
using Berth.Linux;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    /// <summary>Removes the container's cgroups if no process and no cgroup is in them, which asks nobody to be killed.</summary>
    /// <returns>Whether they are gone; if not, some may be. Those that creation found and did not make stay, so they prove nothing.</returns>
    public bool TryDeleteIdle() => _unit is null && DistinctDirectories().TrueForAll(_directories.Has) && _directories.TryRemoveIdle();

    /// <summary>Removes the container's cgroups. Directories that were there before creation stay, as do parents others use.</summary>
    /// <exception cref="BerthException">Processes stay in one of them.</exception>
    public void Delete()
    {
        StopScope();
        List<string> own = DistinctDirectories();
        if (_unitDirectory is not null) own.Add(_unitDirectory);
        if (_directories.RemoveAll(own.Contains) is not { } failed) return;
        throw new BerthException(failed.Errno == Errno.EBUSY ? Fault.WrongState : FaultOf(failed.Errno),
            $"unable to remove container's cgroup: rmdir {failed.Path}: {failed.Errno.Sentence()}",
            failed.Errno == Errno.EBUSY ? "a process is still in it" : null);
    }
}
