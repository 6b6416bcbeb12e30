// All codes of faults, with what they mean, what they come from and what helps: docs/errors.md is printed from this table.
using Berth.Oci.Faults;

namespace Berth.Engine.Diagnosis;

/// <content>The table.</content>
public static partial class FaultCatalogue
{
    private static FaultEntry[] Table() =>
    [
        new(FaultCode.ImageUnknown, "The image is not in the store.")
        {
            Causes = ["its name or tag is misspelt", "it was removed or pruned", "it was to be used without being pulled (--pull never)"],
            Cures = ["berth images", "berth pull NAME"],
        },
        new(FaultCode.ImageNameShort, "The name has no registry, and none is searched.")
        {
            Causes = ["a short name such as \"nginx\" without registries to search"],
            Cures = ["write docker.io/NAME", "name registries in unqualified-search-registries of /etc/containers/registries.conf"],
        },
        new(FaultCode.ImageAmbiguous, "What was typed may mean several images.")
        {
            Causes = ["a beginning of an id that several images have"],
            Cures = ["type more of the id, or a name"],
        },
        new(FaultCode.ImageInUse, "The image cannot be removed: something stands on it.")
        {
            Causes = ["a container, running or not, was made of it", "it has several names"],
            Cures = ["berth ps -a", "berth rm CONTAINER", "berth rmi -f IMAGE"],
        },
        new(FaultCode.RegistryUnreachable, "The registry did not answer.")
        {
            Causes = ["it is down", "the network, DNS or a proxy is in the way", "a wrong port"],
            Cures = ["curl -v https://HOST/v2/", "getent hosts HOST", "look at HTTPS_PROXY and /etc/resolv.conf"],
        },
        new(FaultCode.RegistryDenied, "The registry does not let this user do that.")
        {
            Causes = ["nobody is logged in", "the password is old", "the repository is private or misspelt"],
            Cures = ["berth login HOST"],
        },
        new(FaultCode.ManifestUnknown, "The registry has no such image.")
        {
            Causes = ["the tag or the repository is misspelt", "it was deleted there", "it is not there for this architecture"],
            Cures = ["berth list-tags docker://HOST/NAME"],
        },
        new(FaultCode.ContainerUnknown, "There is no such container.")
        {
            Causes = ["its name is misspelt", "it was made with --rm and has ended", "it belongs to another user, or to another --root"],
            Cures = ["berth ps -a"],
        },
        new(FaultCode.ContainerAmbiguous, "Several containers have ids that begin so.")
        {
            Causes = ["too few digits were typed"],
            Cures = ["berth ps -a --no-trunc", "type more of the id"],
        },
        new(FaultCode.ContainerNameTaken, "Another container has that name.")
        {
            Causes = ["one that has ended and was not removed"],
            Cures = ["berth rm NAME", "berth run --replace --name NAME ...", "berth rename NAME OTHER"],
        },
        new(FaultCode.ContainerNameInvalid, "That cannot be the name of a container.")
        {
            Causes = ["blanks, slashes or other characters"],
            Cures = ["use letters, digits, and _ . - behind the first"],
        },
        new(FaultCode.ContainerRunning, "The container runs, and what was asked needs one that does not.")
        {
            Causes = ["it was not stopped before"],
            Cures = ["berth stop NAME", "berth rm -f NAME"],
        },
        new(FaultCode.ContainerNotRunning, "The container does not run, and what was asked needs one that does.")
        {
            Causes = ["it has ended", "it was made and not started"],
            Cures = ["berth ps -a", "berth logs NAME", "berth start NAME"],
        },
        new(FaultCode.ContainerPaused, "The container's processes stand still.")
        {
            Causes = ["somebody paused it"],
            Cures = ["berth unpause NAME"],
        },
        new(FaultCode.ShimGone, "The process that stays with a container does not answer.")
        {
            Causes = ["it was killed, by hand or for lack of memory", "the program was replaced while it started"],
            Cures = ["dmesg | grep -i oom", "berth restart NAME", "berth container cleanup"],
        },
        new(FaultCode.PathUnknown, "There is no such file or folder, in the container or on this host.")
        {
            Causes = ["its name is misspelt", "it is in another container, or another working folder", "a folder to copy into was not made"],
            Cures = ["berth exec NAME ls -l PATH", "berth exec NAME mkdir -p PATH"],
        },
        new(FaultCode.PathKindMismatch, "A folder was to be copied over a file.")
        {
            Causes = ["the destination is a file"],
            Cures = ["name a folder as destination"],
        },
        new(FaultCode.CommandMissing, "There is no command to run.")
        {
            Causes = ["the image has neither entrypoint nor command, and none was written"],
            Cures = ["berth run IMAGE COMMAND"],
        },
        new(FaultCode.CommandNotFound, "The program is not in the container.")
        {
            Causes = ["the command or entrypoint is misspelt", "it is not in PATH inside", "the image is too small to have a shell", "a volume covers it"],
            Cures = ["berth run --rm --entrypoint ls IMAGE /bin", "write the whole path"],
        },
        new(FaultCode.CommandNotExecutable, "The program is there and cannot be executed.")
        {
            Causes = ["it lacks the x bit", "it is a folder", "it lies on a mount with noexec"],
            Cures = ["chmod +x in the image", "leave out noexec"],
        },
        new(FaultCode.CommandWrongFormat, "The program is for another machine, or is no program.")
        {
            Causes = ["the image is of another architecture", "a script has no #! line", "the file is damaged"],
            Cures = ["berth inspect -f '{{.Architecture}}' IMAGE", "berth pull --platform linux/amd64 IMAGE", "begin the script with #!/bin/sh"],
        },
        new(FaultCode.UserUnknown, "The image has no such user or group.")
        {
            Causes = ["--user names one that is not in the image's /etc/passwd or /etc/group"],
            Cures = ["give a number: --user 1000:1000"],
        },
        new(FaultCode.WorkdirInvalid, "The working folder cannot be used.")
        {
            Causes = ["it is not absolute", "a part of it is a file", "the user may not enter it"],
            Cures = ["berth run -w / ...", "look at it: berth run --rm IMAGE ls -ld FOLDER"],
        },
        new(FaultCode.MountSourceMissing, "What was to be mounted is not on the host.")
        {
            Causes = ["a misspelt path", "a disk that is not mounted", "--mount, which makes no missing folders"],
            Cures = ["mkdir -p PATH", "use -v, which makes the folder"],
        },
        new(FaultCode.MountKindMismatch, "A folder was to be mounted on a file, or a file on a folder.")
        {
            Causes = ["the source did not exist and was made as a folder", "the wrong path inside"],
            Cures = ["ls -ld SOURCE", "berth run --rm IMAGE ls -ld TARGET"],
        },
        new(FaultCode.MountTargetInvalid, "Nothing can be mounted at that place in the container.")
        {
            Causes = ["it is not absolute", "it is /", "something else is mounted there already"],
            Cures = ["write an absolute path below /, each once"],
        },
        new(FaultCode.VolumeUnknown, "There is no such volume.")
        {
            Causes = ["its name is misspelt", "it was removed with its container"],
            Cures = ["berth volume ls"],
        },
        new(FaultCode.VolumeNameTaken, "There is a volume of that name.")
        {
            Causes = ["it was made before"],
            Cures = ["berth volume ls", "berth volume rm NAME"],
        },
        new(FaultCode.VolumeInUse, "The volume cannot be removed: containers use it.")
        {
            Causes = ["a container, running or not, was made with it"],
            Cures = ["berth ps -a --filter volume=NAME", "berth rm CONTAINER"],
        },
        new(FaultCode.VolumeDriverUnknown, "There is no such volume driver.")
        {
            Causes = ["the driver is a plugin of docker", "it is misspelt"],
            Cures = ["use local, whose options are those of mount(8)"],
        },
        new(FaultCode.MemoryTooSmall, "The memory limit is too small for a container.")
        {
            Causes = ["a unit is missing: -m 100 are 100 bytes"],
            Cures = ["berth run -m 64m ..."],
        },
        new(FaultCode.LimitInvalid, "A limit is not one that this host can give.")
        {
            Causes = ["more CPUs than there are", "CPUs or memory nodes that are not there", "contradicting limits"],
            Cures = ["nproc", "cat /sys/devices/system/cpu/online"],
        },
        new(FaultCode.LimitRefused, "The kernel did not take a limit.")
        {
            Causes = ["the value is out of its range", "the cgroup above has a lower one", "the controller is not there"],
            Cures = ["berth doctor", "cat /proc/cgroups"],
        },
        new(FaultCode.CgroupNotWritable, "The container's cgroup cannot be made or written.")
        {
            Causes = ["/sys/fs/cgroup is mounted read-only", "nothing is delegated to this user"],
            Cures = ["berth doctor", "mount -o remount,rw /sys/fs/cgroup"],
        },
        new(FaultCode.UlimitRefused, "A limit of processes (--ulimit) cannot be set so high.")
        {
            Causes = ["the hard limit of the host is lower, and CAP_SYS_RESOURCE is missing", "the number is above what the kernel knows (fs.nr_open)"],
            Cures = ["ulimit -H -a", "sysctl fs.nr_open"],
        },
        new(FaultCode.DeviceMissing, "The device is not there, or is none.")
        {
            Causes = ["a driver is not loaded", "a misspelt path", "an ordinary user who may not see it"],
            Cures = ["ls -l /dev", "modprobe DRIVER"],
        },
        new(FaultCode.SeccompInvalid, "The seccomp profile cannot be used.")
        {
            Causes = ["the file is not there", "it is no JSON", "it has an action that is unknown"],
            Cures = ["python3 -m json.tool FILE", "leave --security-opt seccomp= out"],
        },
        new(FaultCode.ApparmorMissing, "An AppArmor profile was asked for, and the host has no AppArmor.")
        {
            Causes = ["the kernel was built without it, or started without it"],
            Cures = ["leave out --security-opt apparmor="],
        },
        new(FaultCode.CapabilityUnknown, "There is no such capability.")
        {
            Causes = ["it is misspelt", "this kernel is older"],
            Cures = ["man 7 capabilities"],
        },
        new(FaultCode.SysctlOfHost, "The setting is one of the whole host, not of a container.")
        {
            Causes = ["only some settings belong to namespaces: net.*, kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.*"],
            Cures = ["sysctl -w NAME=VALUE on the host"],
        },
        new(FaultCode.SysctlUnknown, "The kernel has no such setting in the container's namespaces.")
        {
            Causes = ["it is misspelt", "a module is not loaded"],
            Cures = ["sysctl -a"],
        },
        new(FaultCode.IdsMissing, "No ids are lent to the user, or none are left.")
        {
            Causes = ["/etc/subuid and /etc/subgid have no line for the user", "other containers have them all"],
            Cures = ["usermod --add-subuids 100000-165535 --add-subgids 100000-165535 NAME", "berth doctor"],
        },
        new(FaultCode.NamespacesForbidden, "The host does not let this user make user namespaces.")
        {
            Causes = ["user.max_user_namespaces is 0", "AppArmor or a sysctl of the distribution restricts them"],
            Cures = ["sysctl user.max_user_namespaces", "sysctl kernel.apparmor_restrict_unprivileged_userns"],
        },
        new(FaultCode.RuntimeUnknown, "There is no such OCI runtime.")
        {
            Causes = ["it is misspelt", "it is not installed"],
            Cures = ["berth doctor", "give its path: --runtime /usr/bin/crun"],
        },
        new(FaultCode.RuntimeCrashed, "The OCI runtime was ended by a signal.")
        {
            Causes = ["it is broken, or of another machine", "the host ran out of memory"],
            Cures = ["RUNTIME --version", "dmesg | tail"],
        },
        new(FaultCode.ProgramMissing, "A program that belongs to berth is not installed.")
        {
            Causes = ["only berth itself was copied"],
            Cures = ["make install", "berth doctor"],
        },
        new(FaultCode.NetworkUnknown, "There is no such network.")
        {
            Causes = ["its name is misspelt", "it was removed"],
            Cures = ["berth network ls", "berth network create NAME"],
        },
        new(FaultCode.NetworkNameTaken, "There is a network of that name.")
        {
            Causes = ["it was made before", "the name is one that is always there"],
            Cures = ["berth network ls", "berth network rm NAME"],
        },
        new(FaultCode.NetworkInUse, "The network cannot be removed: containers are attached to it.")
        {
            Causes = ["one that runs"],
            Cures = ["berth network inspect NAME", "berth network disconnect NAME CONTAINER"],
        },
        new(FaultCode.SubnetTaken, "The subnet is used already.")
        {
            Causes = ["by another network", "by the host itself"],
            Cures = ["berth network ls", "ip route", "choose another with --subnet"],
        },
        new(FaultCode.SubnetsExhausted, "No subnet is left to choose.")
        {
            Causes = ["many networks that nobody uses any more"],
            Cures = ["berth network prune", "berth network create --subnet 10.77.0.0/24 NAME"],
        },
        new(FaultCode.AddressOutside, "The address is in none of the network's subnets.")
        {
            Causes = ["a misspelt address", "another network was meant"],
            Cures = ["berth network inspect NAME"],
        },
        new(FaultCode.AddressTaken, "Another container has the address.")
        {
            Causes = ["one that runs", "one whose end nobody saw"],
            Cures = ["berth network inspect NAME", "berth network reload"],
        },
        new(FaultCode.PortTaken, "The host's port is in use.")
        {
            Causes = ["another container publishes it", "a program of the host listens there"],
            Cures = ["ss -ltnup", "berth ps --filter publish=PORT", "take another: -p 8081:80"],
        },
        new(FaultCode.PortDenied, "An ordinary user may not use that port.")
        {
            Causes = ["ports below net.ipv4.ip_unprivileged_port_start belong to root"],
            Cures = ["take one above 1023", "sysctl net.ipv4.ip_unprivileged_port_start=80"],
        },
        new(FaultCode.DiskFull, "There is no space left.")
        {
            Causes = ["images and containers that nobody uses", "logs that grow", "inodes, not bytes, may be used up"],
            Cures = ["berth system df", "berth system prune", "df -h", "df -i"],
        },
        new(FaultCode.StoreReadOnly, "The store's file system is read-only.")
        {
            Causes = ["it was mounted so", "the kernel made it so after an error of the disk"],
            Cures = ["findmnt -T /var/lib/berth", "dmesg | tail", "mount -o remount,rw PATH", "berth --root FOLDER"],
        },
        new(FaultCode.StoreDamaged, "Something in the store is not what was written there.")
        {
            Causes = ["the disk", "a host that lost its power", "somebody changed files by hand"],
            Cures = ["berth storage check --repair", "berth pull IMAGE"],
        },
        new(FaultCode.LogDriverUnknown, "There is no such log driver.")
        {
            Causes = ["drivers of docker that send logs elsewhere"],
            Cures = ["--log-driver json-file, k8s-file, journald or none"],
        },
        new(FaultCode.OptionUnknown, "There is no such option.")
        {
            Causes = ["it is misspelt", "it stands behind the image, where it belongs to the command"],
            Cures = ["berth COMMAND --help"],
        },
        new(FaultCode.VerbUnknown, "There is no such command.")
        {
            Causes = ["it is misspelt"],
            Cures = ["berth --help"],
        },
        new("failed", "Something failed, and no code says more of it.")
        {
            Causes = ["see the message: the system's own words are in it"],
            Cures = ["berth --debug ... shows causes", "berth doctor"],
        },
        new("not-found", "Something that was named is not there.")
        {
            Causes = ["see the message"],
            Cures = ["see the message"],
        },
        new("conflict", "Something is taken, or in use.")
        {
            Causes = ["see the message"],
            Cures = ["see the message"],
        },
        new("invalid-argument", "What was asked for is malformed, or contradicts itself.")
        {
            Causes = ["see the message"],
            Cures = ["berth COMMAND --help"],
        },
        new("wrong-state", "It is there, and not in a state that allows what was asked.")
        {
            Causes = ["see the message"],
            Cures = ["berth ps -a"],
        },
        new("denied", "The host does not permit it.")
        {
            Causes = ["not root", "a policy of the host (AppArmor, SELinux, seccomp)"],
            Cures = ["berth doctor", "run it as root"],
        },
        new("unsupported", "This host, or this version of berth, cannot do it.")
        {
            Causes = ["an old kernel", "a program that is not installed", "an option that is not there"],
            Cures = ["berth doctor"],
        },
        new("unavailable", "Something that is needed did not answer.")
        {
            Causes = ["a program or a server that is down"],
            Cures = ["berth doctor"],
        },
        new("timed-out", "It took longer than it was given.")
        {
            Causes = ["a slow network", "a server that hangs"],
            Cures = ["--command-timeout"],
        },
        new("exhausted", "A limit was reached.")
        {
            Causes = ["memory, disk, processes, or the size of something that is read"],
            Cures = ["berth system df", "berth doctor"],
        },
    ];
}
