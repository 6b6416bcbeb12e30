// The device rules of a container, by the means its host has.
using Berth.Linux;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    /// <summary>Sets device rules: v1 where it is mounted, else BPF. Inside a user namespace devices cannot be made nor used anyhow.</summary>
    private void ApplyDevices()
    {
        if (_request is not { InUserNamespace: false } request) return;
        string? legacy = _mode == CgroupMode.Unified ? null : _paths[(int)Controller.Devices];
        if ((legacy ?? UnifiedDirectory) is not { } directory) return;
        DevicePolicy policy = DevicePolicy.For(request.Resources?.Devices, request.Devices);
        bool isNew = IsCreated(directory);
        try
        {
            if (legacy is not null) LegacyDevices.Apply(legacy, policy, isNew);
            else UnifiedDevices.Apply(directory, policy, isNew);
        }
        catch (BerthException) when (_rootless) { /* without privileges over devices there is nothing to take away */ }
        catch (LinuxException) when (_rootless) { /* as above */ }
    }

    private bool IsCreated(string directory)
    {
        foreach (string created in _directories.Created)
        {
            if (created == directory) return true;
        }
        return false;
    }
}
