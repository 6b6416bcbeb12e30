// features: what this runtime can do, as features.md describes it.
using Berth.Linux.Seccomp;
using Berth.Linux.Security;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Commands;

internal static class FeaturesVerb
{
    public static int Features(Invocation call)
    {
        FeaturesDocument document = new()
        {
            OciVersionMin = "1.0.0",
            OciVersionMax = CommandLine.SpecVersion,
            Hooks = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
            MountOptions = [.. MountOptions.Names],
            Linux = new LinuxFeatures
            {
                Namespaces = ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
                Capabilities = [.. Capabilities.Names],
                Cgroup = new CgroupFeatures { V1 = true, V2 = true, Systemd = true, SystemdUser = true, Rdma = true },
                Seccomp = new SeccompFeatures
                {
                    Enabled = true,
                    Actions = [.. SeccompWords.Actions],
                    Operators = [.. SeccompWords.Operators],
                    Archs = [.. SeccompWords.Arches],
                    KnownFlags = [.. SeccompWords.Flags],
                    SupportedFlags = [.. SeccompKernel.SupportedFlags()],
                },
                Apparmor = true,
                Selinux = true,
                IntelRdt = new IntelRdtFeatures { Enabled = true, Schemata = true, Monitoring = true },
                MemoryPolicy = new MemoryPolicyFeatures { Modes = [.. MemoryPolicies.Modes], Flags = [.. MemoryPolicies.Flags] },
                IdMappedMounts = true,
                NetDevices = true,
            },
            Annotations = new() { ["dev.berth.version"] = CommandLine.Version, ["org.opencontainers.runc.checkpoint.enabled"] = "true" },
            PotentiallyUnsafeConfigAnnotations = ["org.criu.config", "org.systemd.property.", "run.oci."],
        };
        Invocation.Print([.. document.ToJson(indented: true), (byte)'\n']);
        return 0;
    }
}
