// The systemd driver of a tree: the scope is made around the first process, which therefore enters from outside.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    private static CgroupTree CreateForSystemd(CgroupHost host, CgroupRequest request) =>
        throw new BerthException(Fault.Unsupported, "systemd not running on this host, cannot use systemd cgroups manager");

    private void EnterScope(int pid) => throw new BerthException(Fault.Unsupported, $"no scope for {pid}");

    private void SetScope(ResourcesSpec resources) => WriteLimits(resources);

    private void StopScope() { }
}
