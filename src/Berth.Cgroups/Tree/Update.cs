// Update: new limits for running processes; device rules stay as they are.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    /// <summary>Sets the changed limits and, when one is refused, sets the former ones again.</summary>
    /// <param name="update">From <see cref="ResourcesUpdate.Merge"/>.</param>
    /// <param name="former">What was stored before.</param>
    /// <exception cref="BerthException">A limit was refused; the former ones hold as far as the kernel took them back.</exception>
    public void Update(ResourcesUpdate update, ResourcesSpec? former)
    {
        if (_mode == CgroupMode.Unified) UnifiedLimits.Validate(update.Write);
        else if (update.Write.Unified is { Count: > 0 }) throw new BerthException(Fault.InvalidArgument, "invalid configuration: cannot use unified on cgroup v1");
        try
        {
            Set(update.Write);
        }
        catch (BerthException)
        {
            if (former is not null) TrySet(former);
            throw;
        }
    }

    private void Set(ResourcesSpec resources)
    {
        if (_unit is not null) SetScope(resources);
        else WriteLimits(resources);
    }

    private void TrySet(ResourcesSpec resources)
    {
        try { Set(resources); }
        catch (BerthException) { /* the fault that led here is the one to tell */ }
    }
}
