// info: what this host offers to containers, for bug reports and for the eye.
using System.Text;
using Berth.Cgroups;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Security;

namespace Berth.Runtime.Commands;

internal static class InfoVerb
{
    public static int Info(Invocation call)
    {
        StringBuilder text = new();
        Line(text, "version", CommandLine.Version);
        Line(text, "specification", CommandLine.SpecVersion);
        Line(text, "kernel", FirstLine("/proc/sys/kernel/osrelease"));
        Line(text, "kernel version", FirstLine("/proc/sys/kernel/version"));
        Line(text, "architecture", FirstLine("/proc/sys/kernel/arch"));
        Line(text, "operating system", OperatingSystem());
        Line(text, "processors", Environment.ProcessorCount.ToString());
        Line(text, "memory", Member("/proc/meminfo", "MemTotal:"));
        Line(text, "states", call.Runtime.Store.Root);
        AddCgroups(text);
        AddNamespaces(text);
        Line(text, "detached mounts", MountApi.IsThere ? "yes" : "no");
        Line(text, "seccomp", FirstLine("/proc/sys/kernel/seccomp/actions_avail") is { Length: > 0 } actions ? actions : "no");
        Line(text, "apparmor", FirstLine("/sys/module/apparmor/parameters/enabled") == "Y" ? "yes" : "no");
        Line(text, "selinux", KernelFile.Exists("/sys/fs/selinux/enforce") ? "yes" : "no");
        AddCapabilities(text);
        Invocation.Print(text.ToString());
        return 0;
    }

    private static void AddCgroups(StringBuilder text)
    {
        CgroupHost host = CgroupHost.Discover();
        Line(text, "cgroups", host.Mode switch { CgroupMode.Unified => "v2", CgroupMode.Hybrid => "hybrid", CgroupMode.Legacy => "v1", _ => "none" });
        foreach (MountedHierarchy hierarchy in host.Hierarchies)
        {
            Line(text, hierarchy.IsUnified ? "  v2" : "  v1", hierarchy.IsUnified
                ? $"{hierarchy.Mount} ({FirstLine(hierarchy.Mount + "/cgroup.controllers")})"
                : $"{hierarchy.Mount} ({hierarchy.MountData})");
        }
    }

    private static void AddNamespaces(StringBuilder text)
    {
        StringBuilder kinds = new();
        foreach (string kind in (ReadOnlySpan<string>)["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"])
        {
            if (KernelFile.Exists("/proc/self/ns/" + kind)) (kinds.Length > 0 ? kinds.Append(' ') : kinds).Append(kind);
        }
        Line(text, "namespaces", kinds.ToString());
    }

    private static void AddCapabilities(StringBuilder text)
    {
        string hexadecimal = Member("/proc/self/status", "CapBnd:");
        _ = ulong.TryParse(hexadecimal, System.Globalization.NumberStyles.HexNumber, null, out ulong bounding);
        StringBuilder missing = new();
        int last = Math.Min(Capabilities.Last, Capabilities.Names.Length - 1);
        for (int i = 0; i <= last; i++)
        {
            if ((bounding & (1UL << i)) == 0) missing.Append(' ').Append(Capabilities.Names[i]);
        }
        Line(text, "capabilities", missing.Length == 0 ? "all" : "all but" + missing);
    }

    private static string OperatingSystem()
    {
        foreach (string line in (KernelFile.TryReadText("/etc/os-release") ?? "").Split('\n'))
        {
            if (line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal)) return line[12..].Trim('"');
        }
        return "";
    }

    private static string Member(string path, string name)
    {
        foreach (string line in (KernelFile.TryReadText(path) ?? "").Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal)) return line[name.Length..].Trim();
        }
        return "";
    }

    private static string FirstLine(string path) => (KernelFile.TryReadText(path) ?? "").Split('\n')[0];

    private static void Line(StringBuilder text, string name, string value) => text.Append(name.PadRight(18)).Append(value).Append('\n');
}
