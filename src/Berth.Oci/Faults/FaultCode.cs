// The codes by which faults can be searched for: docs/errors.md says of each what it means and what helps.
namespace Berth.Oci.Faults;

/// <summary>Codes of faults (<see cref="BerthException.Code"/>). They are stable: a code that was given out keeps its meaning.</summary>
public static class FaultCode
{
    /// <summary>The image is not in the store.</summary>
    public const string ImageUnknown = "image-unknown";

    /// <summary>The name has no registry, and none is searched.</summary>
    public const string ImageNameShort = "image-name-short";

    /// <summary>What was typed may mean several images.</summary>
    public const string ImageAmbiguous = "image-ambiguous";

    /// <summary>The image cannot be removed: something stands on it.</summary>
    public const string ImageInUse = "image-in-use";

    /// <summary>The registry did not answer.</summary>
    public const string RegistryUnreachable = "registry-unreachable";

    /// <summary>The registry does not let this user do that.</summary>
    public const string RegistryDenied = "registry-denied";

    /// <summary>The registry has no such image.</summary>
    public const string ManifestUnknown = "manifest-unknown";

    /// <summary>There is no such container.</summary>
    public const string ContainerUnknown = "container-unknown";

    /// <summary>Several containers have ids that begin so.</summary>
    public const string ContainerAmbiguous = "container-ambiguous";

    /// <summary>Another container has that name.</summary>
    public const string ContainerNameTaken = "container-name-taken";

    /// <summary>That cannot be the name of a container.</summary>
    public const string ContainerNameInvalid = "container-name-invalid";

    /// <summary>The container runs, and what was asked needs one that does not.</summary>
    public const string ContainerRunning = "container-running";

    /// <summary>The container does not run, and what was asked needs one that does.</summary>
    public const string ContainerNotRunning = "container-not-running";

    /// <summary>The container's processes stand still.</summary>
    public const string ContainerPaused = "container-paused";

    /// <summary>The process that stays with a container does not answer.</summary>
    public const string ShimGone = "shim-gone";

    /// <summary>There is no such file or folder, in the container or here.</summary>
    public const string PathUnknown = "path-unknown";

    /// <summary>A folder was to be copied over a file.</summary>
    public const string PathKindMismatch = "path-kind-mismatch";

    /// <summary>There is no command to run.</summary>
    public const string CommandMissing = "command-missing";

    /// <summary>The program is not in the container.</summary>
    public const string CommandNotFound = "command-not-found";

    /// <summary>The program is there and cannot be executed.</summary>
    public const string CommandNotExecutable = "command-not-executable";

    /// <summary>The program is for another machine, or is no program.</summary>
    public const string CommandWrongFormat = "command-wrong-format";

    /// <summary>The image has no such user or group.</summary>
    public const string UserUnknown = "user-unknown";

    /// <summary>The working folder cannot be used.</summary>
    public const string WorkdirInvalid = "workdir-invalid";

    /// <summary>What was to be mounted is not on the host.</summary>
    public const string MountSourceMissing = "mount-source-missing";

    /// <summary>A folder was to be mounted on a file, or a file on a folder.</summary>
    public const string MountKindMismatch = "mount-kind-mismatch";

    /// <summary>Nothing can be mounted at that place in the container.</summary>
    public const string MountTargetInvalid = "mount-target-invalid";

    /// <summary>There is no such volume.</summary>
    public const string VolumeUnknown = "volume-unknown";

    /// <summary>There is a volume of that name.</summary>
    public const string VolumeNameTaken = "volume-name-taken";

    /// <summary>The volume cannot be removed: containers use it.</summary>
    public const string VolumeInUse = "volume-in-use";

    /// <summary>There is no such volume driver.</summary>
    public const string VolumeDriverUnknown = "volume-driver-unknown";

    /// <summary>The memory limit is too small for a container.</summary>
    public const string MemoryTooSmall = "memory-too-small";

    /// <summary>A limit is not one that this host can give.</summary>
    public const string LimitInvalid = "limit-invalid";

    /// <summary>The kernel did not take a limit.</summary>
    public const string LimitRefused = "limit-refused";

    /// <summary>The container's cgroup cannot be made or written.</summary>
    public const string CgroupNotWritable = "cgroup-not-writable";

    /// <summary>A limit of processes (--ulimit) cannot be set so high.</summary>
    public const string UlimitRefused = "ulimit-refused";

    /// <summary>The device is not there, or is none.</summary>
    public const string DeviceMissing = "device-missing";

    /// <summary>The seccomp profile cannot be used.</summary>
    public const string SeccompInvalid = "seccomp-invalid";

    /// <summary>An AppArmor profile was asked for, and the host has no AppArmor.</summary>
    public const string ApparmorMissing = "apparmor-missing";

    /// <summary>There is no such capability.</summary>
    public const string CapabilityUnknown = "capability-unknown";

    /// <summary>The setting is one of the whole host, not of a container.</summary>
    public const string SysctlOfHost = "sysctl-of-host";

    /// <summary>The kernel has no such setting in the container's namespaces.</summary>
    public const string SysctlUnknown = "sysctl-unknown";

    /// <summary>No ids are lent to the user, or none are left.</summary>
    public const string IdsMissing = "ids-missing";

    /// <summary>The host does not let this user make user namespaces.</summary>
    public const string NamespacesForbidden = "namespaces-forbidden";

    /// <summary>There is no such OCI runtime.</summary>
    public const string RuntimeUnknown = "runtime-unknown";

    /// <summary>The OCI runtime was ended by a signal.</summary>
    public const string RuntimeCrashed = "runtime-crashed";

    /// <summary>A program that belongs to berth is not installed.</summary>
    public const string ProgramMissing = "program-missing";

    /// <summary>There is no such network.</summary>
    public const string NetworkUnknown = "network-unknown";

    /// <summary>There is a network of that name.</summary>
    public const string NetworkNameTaken = "network-name-taken";

    /// <summary>The network cannot be removed: containers are attached to it.</summary>
    public const string NetworkInUse = "network-in-use";

    /// <summary>The subnet is used already.</summary>
    public const string SubnetTaken = "subnet-taken";

    /// <summary>No subnet is left to choose.</summary>
    public const string SubnetsExhausted = "subnets-exhausted";

    /// <summary>The address is in none of the network's subnets.</summary>
    public const string AddressOutside = "address-outside";

    /// <summary>Another container has the address.</summary>
    public const string AddressTaken = "address-taken";

    /// <summary>The host's port is in use.</summary>
    public const string PortTaken = "port-taken";

    /// <summary>An ordinary user may not use that port.</summary>
    public const string PortDenied = "port-denied";

    /// <summary>There is no space left.</summary>
    public const string DiskFull = "disk-full";

    /// <summary>The store's file system is read-only.</summary>
    public const string StoreReadOnly = "store-read-only";

    /// <summary>Something in the store is not what was written there.</summary>
    public const string StoreDamaged = "store-damaged";

    /// <summary>There is no such log driver.</summary>
    public const string LogDriverUnknown = "log-driver-unknown";

    /// <summary>There is no such option.</summary>
    public const string OptionUnknown = "option-unknown";

    /// <summary>There is no such command.</summary>
    public const string VerbUnknown = "verb-unknown";
}
