// A filter of system calls from a file in docker's format: the runtime's, with conditions on capabilities, architectures and kernels.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Reads profiles.</summary>
internal static class SeccompProfile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: it is no profile.</exception>
    public static SeccompSpec Load(string file, ulong bounding)
    {
        byte[] json = KernelFile.TryRead(file, out Linux.Errno errno) ?? throw new BerthException(Fault.NotFound, $"cannot read the seccomp profile {file}: {Linux.ErrnoText.Sentence(errno)}", "write a path, or unconfined") { Code = FaultCode.SeccompInvalid };
        return Read(json, file, CapabilitySet.Names(bounding), RuntimeInformation.ProcessArchitecture, Environment.OSVersion.Version);
    }

    /// <summary>Reads a profile.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    internal static SeccompSpec Read(ReadOnlyMemory<byte> json, string file, List<string> capabilities, Architecture architecture, Version kernel)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return Read(document.RootElement, file, capabilities, architecture, kernel);
        }
        // GetString and its like throw InvalidOperationException for a value of another type.
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new BerthException(Fault.InvalidArgument, $"{file} is no seccomp profile: {e.Message}", null, e) { Code = FaultCode.SeccompInvalid };
        }
    }

    private static SeccompSpec Read(JsonElement root, string file, List<string> capabilities, Architecture architecture, Version kernel)
    {
        string action = Text(root, "defaultAction") ?? throw new BerthException(Fault.InvalidArgument, $"{file} is no seccomp profile: defaultAction is missing") { Code = FaultCode.SeccompInvalid };
        SeccompSpec profile = new()
        {
            DefaultAction = action,
            DefaultErrnoRet = Number(root, "defaultErrnoRet"),
            Architectures = Architectures(root, file, Native(architecture)),
            Flags = Texts(root, "flags"),
            ListenerPath = Text(root, "listenerPath"),
            ListenerMetadata = Text(root, "listenerMetadata"),
            Syscalls = [],
        };
        if (!root.TryGetProperty("syscalls", out JsonElement rules) || rules.ValueKind != JsonValueKind.Array) return profile;
        foreach (JsonElement rule in rules.EnumerateArray())
        {
            if (Holds(rule, "includes", true, capabilities, architecture, kernel) && Holds(rule, "excludes", false, capabilities, architecture, kernel)) profile.Syscalls.Add(Rule(rule, file));
        }
        return profile;
    }

    private static SeccompRule Rule(JsonElement rule, string file)
    {
        List<string> names = Texts(rule, "names") ?? [];
        if (Text(rule, "name") is { Length: > 0 } single)
        {
            if (names.Count > 0) throw new BerthException(Fault.InvalidArgument, $"{file} is no seccomp profile: a rule has name ('{single}') and names") { Code = FaultCode.SeccompInvalid };
            names.Add(single);
        }
        List<SeccompArg>? arguments = null;
        if (rule.TryGetProperty("args", out JsonElement list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement argument in list.EnumerateArray())
            {
                (arguments ??= []).Add(new SeccompArg { Index = Number(argument, "index") ?? 0, Value = Wide(argument, "value"), ValueTwo = Wide(argument, "valueTwo"), Op = Text(argument, "op") ?? "" });
            }
        }
        return new SeccompRule { Names = names, Action = Text(rule, "action") ?? "", ErrnoRet = Number(rule, "errnoRet"), Args = arguments };
    }

    // Includes: all that is said must be so. Excludes: nothing of it may be.
    private static bool Holds(JsonElement rule, string kind, bool isIncluding, List<string> capabilities, Architecture architecture, Version kernel)
    {
        if (!rule.TryGetProperty(kind, out JsonElement filter) || filter.ValueKind != JsonValueKind.Object) return true;
        if (Texts(filter, "arches") is { Count: > 0 } arches && arches.Contains(GoName(architecture)) != isIncluding) return false;
        foreach (string capability in Texts(filter, "caps") ?? [])
        {
            if (capabilities.Contains(capability) != isIncluding) return false;
        }
        return Text(filter, "minKernel") is not { } least || IsAtLeast(kernel, least) == isIncluding;
    }

    private static bool IsAtLeast(Version kernel, string least)
    {
        string[] parts = least.Split('.');
        if (parts.Length < 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)) throw new FormatException($"minKernel '{least}' is no version of a kernel");
        return kernel.Major > major || (kernel.Major == major && kernel.Minor >= minor);
    }

    private static List<string>? Architectures(JsonElement root, string file, string native)
    {
        List<string>? plain = Texts(root, "architectures");
        if (!root.TryGetProperty("archMap", out JsonElement map) || map.ValueKind != JsonValueKind.Array || map.GetArrayLength() == 0) return plain;
        if (plain is { Count: > 0 }) throw new BerthException(Fault.InvalidArgument, $"{file} is no seccomp profile: it has architectures and archMap") { Code = FaultCode.SeccompInvalid };
        foreach (JsonElement entry in map.EnumerateArray())
        {
            if (Text(entry, "architecture") == native) return [native, .. Texts(entry, "subArchitectures") ?? []];
        }
        return null;
    }

    private static string Native(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "SCMP_ARCH_X86_64",
        Architecture.Arm64 => "SCMP_ARCH_AARCH64",
        Architecture.S390x => "SCMP_ARCH_S390X",
        Architecture.X86 => "SCMP_ARCH_X86",
        Architecture.LoongArch64 => "SCMP_ARCH_LOONGARCH64",
        Architecture.Ppc64le => "SCMP_ARCH_PPC64LE",
        Architecture.RiscV64 => "SCMP_ARCH_RISCV64",
        _ => "SCMP_ARCH_ARM",
    };

    private static string GoName(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Arm64 => "arm64",
        Architecture.S390x => "s390x",
        Architecture.X86 => "x86",
        Architecture.LoongArch64 => "loong64",
        Architecture.Ppc64le => "ppc64le",
        Architecture.RiscV64 => "riscv64",
        _ => "arm",
    };

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;

    private static uint? Number(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetUInt32() : null;

    private static ulong Wide(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetUInt64() : 0;

    private static List<string>? Texts(JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.Array) return null;
        List<string> texts = [];
        foreach (JsonElement text in value.EnumerateArray()) texts.Add(text.GetString() ?? "");
        return texts;
    }
}
