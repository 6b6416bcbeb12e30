// What the kernel has.
namespace Berth.Engine.Diagnosis.Host;

/// <summary>Checks of the kernel.</summary>
internal static class KernelChecks
{
    public static Seen Version(HostFacts facts)
    {
        if (facts.Kernel < new Version(5, 6)) return Seen.Failure($"Linux {facts.Kernel}: openat2(2) is missing (5.6)", "install a kernel of 5.12 or later");
        if (facts.Kernel < new Version(5, 12)) return Seen.Warning($"Linux {facts.Kernel}: mount_setattr(2) and mapped mounts are missing (5.12)", "install a kernel of 5.12 or later");
        return Seen.Ok($"Linux {facts.Kernel}");
    }

    public static Seen Overlay(HostFacts facts) =>
        HasWord(facts.Read("/proc/filesystems"), "overlay") ? Seen.Ok("overlay is there")
        : Modules(facts, "overlay") == false ? Seen.Failure("the kernel has no overlay file system", "install the package with this kernel's modules, then: modprobe overlay")
        : Seen.Warning("overlay is not loaded", "modprobe overlay");

    public static Seen UserNamespaces(HostFacts facts)
    {
        if (!facts.Exists("/proc/self/ns/user")) return Level(facts, "the kernel has no user namespaces", null);
        if (facts.Number("/proc/sys/user/max_user_namespaces") == 0) return Level(facts, "user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces=15000");
        if (facts.Number("/proc/sys/kernel/unprivileged_userns_clone") == 0) return Level(facts, "kernel.unprivileged_userns_clone is 0: ordinary users may make none", "sysctl -w kernel.unprivileged_userns_clone=1");
        if (facts.Number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1) return Level(facts, "AppArmor restricts those of ordinary users", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
        return Seen.Ok("they can be made");
    }

    // Root does without; an ordinary user does not.
    private static Seen Level(HostFacts facts, string words, string? cure) => facts.IsRoot ? Seen.Warning(words, cure) : Seen.Failure(words, cure);

    public static Seen Seccomp(HostFacts facts) =>
        facts.Exists("/proc/sys/kernel/seccomp/actions_avail") ? Seen.Ok("filters can be loaded") : Seen.Warning("the kernel has no filters of system calls", "use a kernel with CONFIG_SECCOMP_FILTER; until then: --security-opt seccomp=unconfined");

    public static Seen PacketFilter(HostFacts facts) => Of(facts, "nf_tables", "nftables");

    public static Seen Links(HostFacts facts)
    {
        Seen bridge = Of(facts, "bridge", "bridge");
        return bridge.Level == FindingLevel.Ok ? Of(facts, "veth", "bridge and veth") : bridge;
    }

    private static Seen Of(HostFacts facts, string module, string words) => Modules(facts, module) switch
    {
        true => Seen.Ok($"{words}: there"),
        false => Seen.Failure($"the kernel has no {module}", $"install the package with this kernel's modules, then: modprobe {module}"),
        null => Seen.Ok($"{words}: not listed as a module, so it is built in or missing; the first network tells"),
    };

    public static Seen Tun(HostFacts facts) =>
        facts.Exists("/dev/net/tun") ? Seen.Ok("/dev/net/tun") : facts.IsRoot ? Seen.Ok("/dev/net/tun is not there, and root does not need it") : Seen.Failure("/dev/net/tun is not there", "modprobe tun");

    public static Seen SecurityModules(HostFacts facts)
    {
        string list = facts.Read("/sys/kernel/security/lsm")?.Trim() ?? "";
        string selinux = facts.Read("/sys/fs/selinux/enforce")?.Trim() is { } mode ? mode == "1" ? "SELinux is enforcing" : "SELinux is permissive" : "no SELinux";
        string apparmor = facts.Read("/sys/module/apparmor/parameters/enabled")?.Trim() == "Y" ? "AppArmor is on" : "no AppArmor";
        return Seen.Ok($"{selinux}, {apparmor}{(list.Length > 0 ? $" ({list})" : "")}");
    }

    // Null: it cannot be told, since a built-in part need not be listed anywhere.
    private static bool? Modules(HostFacts facts, string name)
    {
        if (facts.Exists($"/sys/module/{name}")) return true;
        string folder = $"/lib/modules/{facts.Read("/proc/sys/kernel/osrelease")?.Trim()}";
        string? loadable = facts.Read($"{folder}/modules.dep"), builtIn = facts.Read($"{folder}/modules.builtin");
        if (loadable is null && builtIn is null) return null;
        return (loadable + builtIn).Contains($"/{name}.ko", StringComparison.Ordinal);
    }

    private static bool HasWord(string? text, string word) => (text ?? "").Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Contains(word);
}
