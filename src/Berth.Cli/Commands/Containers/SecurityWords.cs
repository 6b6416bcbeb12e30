// What a container may do and which namespaces it shares: --security-opt, --cap-add, --userns and their like.
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads rights.</summary>
internal static class SecurityWords
{
    /// <summary>Rights.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static SecuritySpec Read(Invocation invocation)
    {
        SecuritySpec security = new()
        {
            IsPrivileged = invocation.Has("privileged"),
            CapabilitiesAdded = invocation.All("cap-add"),
            CapabilitiesDropped = invocation.All("cap-drop"),
        };
        if (invocation.Find("seccomp-policy") is not (null or "" or "default")) throw new BerthException(Fault.Unsupported, "--seccomp-policy is default: an image does not choose its own filter", "say --security-opt seccomp=FILE");
        return Options(security, invocation.All("security-opt"));
    }

    /// <summary>--security-opt: NAME=VALUE, or docker's older NAME:VALUE.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static SecuritySpec Options(SecuritySpec security, IEnumerable<string> texts)
    {
        List<string> labels = [], masked = [], unmasked = [], proc = [];
        foreach (string text in texts)
        {
            int at = text.IndexOfAny(['=', ':']);
            string name = at < 0 ? text : text[..at], value = at < 0 ? "" : text[(at + 1)..];
            if (value.Length == 0 && name is not ("no-new-privileges" or "writable-cgroups")) throw Quantities.Wrong("security-opt", "NAME=VALUE", text);
            switch (name)
            {
                case "no-new-privileges": security = security with { NoNewPrivileges = Fields.Truth(name, at < 0 ? null : value, "security-opt") }; break;
                case "writable-cgroups": security = security with { HasWritableCgroups = Fields.Truth(name, at < 0 ? null : value, "security-opt") }; break;
                case "seccomp": security = security with { Seccomp = value is "unconfined" or "default" or "builtin" ? value : Path.GetFullPath(value) }; break;
                case "apparmor": security = security with { AppArmor = value }; break;
                case "label": labels.Add(value == "nested" ? throw new BerthException(Fault.Unsupported, "--security-opt label=nested is not supported: labels inside are the host's") : value); break;
                case "mask": masked.AddRange(value.Split(':', StringSplitOptions.RemoveEmptyEntries)); break;
                case "unmask": unmasked.AddRange(value.Split(':', StringSplitOptions.RemoveEmptyEntries)); break;
                case "systempaths": unmasked.Add(value == "unconfined" ? "ALL" : throw Quantities.Wrong("security-opt", "systempaths=unconfined", text)); break;
                case "proc-opts": proc.AddRange(value.Split(',', StringSplitOptions.RemoveEmptyEntries)); break;
                case "credentialspec": throw new BerthException(Fault.Unsupported, "--security-opt credentialspec is not supported: it is for Windows");
                default: throw new BerthException(Fault.InvalidArgument, $"--security-opt knows no '{name}'", "seccomp, apparmor, label, no-new-privileges, mask, unmask, systempaths, proc-opts, writable-cgroups");
            }
        }
        return security with { Labels = labels, Masked = masked, Unmasked = unmasked, ProcOptions = proc };
    }

    /// <summary>Namespaces.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static NamespacesSpec Namespaces(Invocation invocation)
    {
        string? users = invocation.Find("subuidname"), groups = invocation.Find("subgidname");
        if (users is not null && groups is not null && users != groups) throw new BerthException(Fault.Unsupported, $"--subuidname {users} and --subgidname {groups} are two names: ids of one are used");
        return new NamespacesSpec
        {
            Pid = Mode(invocation, "pid"),
            Ipc = Mode(invocation, "ipc", "shareable", "none"),
            Uts = Mode(invocation, "uts"),
            Cgroup = Mode(invocation, "cgroupns"),
            User = invocation.Find("userns") ?? "",
            UidMaps = invocation.All("uidmap"),
            GidMaps = invocation.All("gidmap"),
            SubordinateUser = users ?? groups,
        };
    }

    private static string Mode(Invocation invocation, string option, params string[] more)
    {
        string mode = invocation.Find(option) ?? "";
        if (mode is "" or "host" or "private" or "pod" || more.Contains(mode) || IsNamed(mode, "container:") || IsNamed(mode, "ns:")) return mode;
        throw Quantities.Wrong(option, $"private, host, {string.Concat(more.Select(static word => word + ", "))}container:NAME or ns:PATH", mode);
    }

    private static bool IsNamed(string mode, string prefix) => mode.Length > prefix.Length && mode.StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>--device and --gpus: GPUs are devices that their vendor describes.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static List<string> Devices(Invocation invocation)
    {
        List<string> devices = invocation.All("device");
        if (invocation.Find("gpus") is { } gpus) devices.AddRange(Gpus(gpus));
        return devices;
    }

    /// <summary>GPUs as names of CDI: <c>all</c>, a number, or <c>device=0,1</c>.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static List<string> Gpus(string text)
    {
        List<string> devices = [];
        bool isDevice = false;
        foreach (string field in Fields.Split(text, "gpus"))
        {
            (string name, string? value) = Fields.Pair(field);
            if (value is null && (name == "all" || uint.TryParse(name, out _)) && !isDevice) AddCount(devices, name, text);
            // device=0,1: what follows without a name is another device.
            else if (value is null && isDevice) devices.Add("nvidia.com/gpu=" + name);
            else
            {
                isDevice = name == "device";
                switch (name)
                {
                    case "count": AddCount(devices, value == "-1" ? "all" : value!, text); break;
                    case "device": foreach (string device in value!.Split(',')) devices.Add("nvidia.com/gpu=" + device); break;
                    case "driver" when value == "nvidia": break;
                    case "driver": throw new BerthException(Fault.Unsupported, $"--gpus has no driver {value}: GPUs are found by their vendor's description", "say --device VENDOR/CLASS=NAME (CDI)");
                    // The description says what a device can do.
                    case "capabilities" or "options": break;
                    default: throw Quantities.Wrong("gpus", "all, a number, or device=NAME", text);
                }
            }
        }
        return devices.Count > 0 ? devices : throw Quantities.Wrong("gpus", "all, a number, or device=NAME", text);
    }

    private static void AddCount(List<string> devices, string count, string text)
    {
        if (count == "all")
        {
            devices.Add("nvidia.com/gpu=all");
            return;
        }
        if (Quantities.Positive(count, "gpus") is not (> 0 and < 256 and ulong number)) throw Quantities.Wrong("gpus", "all, a number, or device=NAME", text);
        for (ulong i = 0; i < number; i++) devices.Add($"nvidia.com/gpu={i}");
    }
}
