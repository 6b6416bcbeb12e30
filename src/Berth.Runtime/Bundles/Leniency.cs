// What crun bears and runc refuses: a bundle without a process, and labels of security modules that this kernel has not.
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Bundles;

internal static class Leniency
{
    /// <summary>Leaves out what cannot be applied here, and says so (docs/decisions/0011).</summary>
    public static void Apply(Spec spec, Action<string> warn) => Apply(spec, HasAppArmor, HasSelinux, warn);

    internal static void Apply(Spec spec, Func<bool> hasAppArmor, Func<bool> hasSelinux, Action<string> warn)
    {
        if (spec.Process is null)
        {
            warn("config.json has no process: start will have nothing to execute");
            spec.Process = new ProcessSpec { Args = [], Cwd = "/" };
        }
        ApplyToProcess(spec.Process, hasAppArmor, warn);
        if (spec.Linux is { MountLabel.Length: > 0 } linux && !hasSelinux())
        {
            warn($"linux.mountLabel {linux.MountLabel} is left out: this kernel has no SELinux");
            linux.MountLabel = null;
        }
    }

    public static void ApplyToProcess(ProcessSpec process, Action<string> warn) => ApplyToProcess(process, HasAppArmor, warn);

    private static void ApplyToProcess(ProcessSpec process, Func<bool> hasAppArmor, Action<string> warn)
    {
        if (string.IsNullOrEmpty(process.ApparmorProfile) || hasAppArmor()) return;
        if (process.ApparmorProfile != "unconfined") warn($"the AppArmor profile {process.ApparmorProfile} is left out: this kernel has no AppArmor");
        process.ApparmorProfile = null;
    }

    /// <summary>Where sysfs does not tell, the attribute's directory does: a profile is left out only if nobody could apply it.</summary>
    private static bool HasAppArmor() =>
        KernelFile.TryReadText("/sys/module/apparmor/parameters/enabled") is { } enabled ? enabled.StartsWith('Y') : KernelFile.Exists("/proc/self/attr/apparmor");

    private static bool HasSelinux() => KernelFile.TryReadText("/proc/filesystems")?.Contains("selinuxfs", StringComparison.Ordinal) ?? false;
}
