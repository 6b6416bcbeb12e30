// Device rules on cgroup v2: a BPF program of ours on the container's directory.
using Berth.Linux;
using Berth.Linux.Bpf;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>Device policies as BPF programs.</summary>
internal static class UnifiedDevices
{
    /// <summary>Makes a policy hold in a directory; the program goes with the directory.</summary>
    /// <exception cref="BerthException">The kernel refuses it.</exception>
    public static void Apply(string directory, DevicePolicy policy, bool isNew)
    {
        ulong[] program = DeviceProgram.Compile(policy);
        try
        {
            using Fd cgroup = KernelDirectory.TryOpenToRead(directory, out Errno errno) ?? throw new LinuxException("open", directory, errno);
            using Fd loaded = DeviceFilter.Load(program);
            DeviceFilter.Attach(cgroup, loaded, mayHaveOthers: !isNew);
        }
        catch (LinuxException e)
        {
            throw new BerthException(CgroupTree.FaultOf(e.Errno), $"cannot set device rules of {directory}: {e.Message}", inner: e);
        }
    }
}
