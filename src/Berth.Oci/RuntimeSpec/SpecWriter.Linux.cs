// Records to config.json: what only Linux has, seccomp included.
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

public static partial class SpecWriter
{
    private static void WriteLinux(JsonWriter w, LinuxSpec linux)
    {
        w.WriteStartObject();
        w.ListIfAny("uidMappings"u8, linux.UidMappings, WriteIdMapping);
        w.ListIfAny("gidMappings"u8, linux.GidMappings, WriteIdMapping);
        w.MapIfAny("sysctl"u8, linux.Sysctl);
        w.ObjectIfAny("resources"u8, linux.Resources, Write);
        w.TextIfAny("cgroupsPath"u8, linux.CgroupsPath);
        w.ListIfAny("namespaces"u8, linux.Namespaces, WriteNamespace);
        w.ListIfAny("devices"u8, linux.Devices, WriteDevice);
        w.MapIfAny("netDevices"u8, linux.NetDevices, WriteNetDevice);
        w.ObjectIfAny("seccomp"u8, linux.Seccomp, WriteSeccomp);
        w.TextIfAny("rootfsPropagation"u8, linux.RootfsPropagation);
        w.TextsIfAny("maskedPaths"u8, linux.MaskedPaths);
        w.TextsIfAny("readonlyPaths"u8, linux.ReadonlyPaths);
        w.TextIfAny("mountLabel"u8, linux.MountLabel);
        w.ObjectIfAny("intelRdt"u8, linux.IntelRdt, WriteIntelRdt);
        w.ObjectIfAny("memoryPolicy"u8, linux.MemoryPolicy, WriteMemoryPolicy);
        w.ObjectIfAny("personality"u8, linux.Personality, WritePersonality);
        w.MapIfAny("timeOffsets"u8, linux.TimeOffsets, WriteTimeOffset);
        w.WriteEndObject();
    }

    private static void WriteIdMapping(JsonWriter w, IdMapping mapping)
    {
        w.WriteStartObject();
        w.WriteNumber("containerID"u8, mapping.ContainerId);
        w.WriteNumber("hostID"u8, mapping.HostId);
        w.WriteNumber("size"u8, mapping.Size);
        w.WriteEndObject();
    }

    private static void WriteNamespace(JsonWriter w, NamespaceSpec ns)
    {
        w.WriteStartObject();
        w.WriteString("type"u8, ns.Type);
        w.TextIfAny("path"u8, ns.Path);
        w.WriteEndObject();
    }

    private static void WriteDevice(JsonWriter w, DeviceSpec device)
    {
        w.WriteStartObject();
        w.WriteString("path"u8, device.Path);
        w.WriteString("type"u8, device.Type);
        w.WriteNumber("major"u8, device.Major);
        w.WriteNumber("minor"u8, device.Minor);
        w.NumberIfAny("fileMode"u8, (long?)device.FileMode);
        w.NumberIfAny("uid"u8, (long?)device.Uid);
        w.NumberIfAny("gid"u8, (long?)device.Gid);
        w.WriteEndObject();
    }

    private static void WriteNetDevice(JsonWriter w, NetDeviceSpec device)
    {
        w.WriteStartObject();
        w.TextIfAny("name"u8, device.Name);
        w.WriteEndObject();
    }

    private static void WriteSeccomp(JsonWriter w, SeccompSpec seccomp)
    {
        w.WriteStartObject();
        w.WriteString("defaultAction"u8, seccomp.DefaultAction);
        w.NumberIfAny("defaultErrnoRet"u8, (long?)seccomp.DefaultErrnoRet);
        w.TextsIfAny("architectures"u8, seccomp.Architectures);
        w.TextsIfAny("flags"u8, seccomp.Flags);
        w.TextIfAny("listenerPath"u8, seccomp.ListenerPath);
        w.TextIfAny("listenerMetadata"u8, seccomp.ListenerMetadata);
        w.ListIfAny("syscalls"u8, seccomp.Syscalls, WriteSeccompRule);
        w.WriteEndObject();
    }

    private static void WriteSeccompRule(JsonWriter w, SeccompRule rule)
    {
        w.WriteStartObject();
        w.Texts("names"u8, rule.Names);
        w.WriteString("action"u8, rule.Action);
        w.NumberIfAny("errnoRet"u8, (long?)rule.ErrnoRet);
        w.ListIfAny("args"u8, rule.Args, WriteSeccompArg);
        w.WriteEndObject();
    }

    private static void WriteSeccompArg(JsonWriter w, SeccompArg arg)
    {
        w.WriteStartObject();
        w.WriteNumber("index"u8, arg.Index);
        w.WriteNumber("value"u8, arg.Value);
        w.NumberUnlessZero("valueTwo"u8, arg.ValueTwo);
        w.WriteString("op"u8, arg.Op);
        w.WriteEndObject();
    }

    private static void WriteIntelRdt(JsonWriter w, IntelRdtSpec rdt)
    {
        w.WriteStartObject();
        w.TextIfAny("closID"u8, rdt.ClosId);
        w.TextsIfAny("schemata"u8, rdt.Schemata);
        w.TextIfAny("l3CacheSchema"u8, rdt.L3CacheSchema);
        w.TextIfAny("memBwSchema"u8, rdt.MemBwSchema);
        w.TrueIfSo("enableMonitoring"u8, rdt.EnableMonitoring);
        w.TrueIfSo("enableCMT"u8, rdt.EnableCmt);
        w.TrueIfSo("enableMBM"u8, rdt.EnableMbm);
        w.WriteEndObject();
    }

    private static void WriteMemoryPolicy(JsonWriter w, MemoryPolicySpec policy)
    {
        w.WriteStartObject();
        w.WriteString("mode"u8, policy.Mode);
        w.TextIfAny("nodes"u8, policy.Nodes);
        w.TextsIfAny("flags"u8, policy.Flags);
        w.WriteEndObject();
    }

    private static void WritePersonality(JsonWriter w, PersonalitySpec personality)
    {
        w.WriteStartObject();
        w.WriteString("domain"u8, personality.Domain);
        w.TextsIfAny("flags"u8, personality.Flags);
        w.WriteEndObject();
    }

    private static void WriteTimeOffset(JsonWriter w, TimeOffsetSpec offset)
    {
        w.WriteStartObject();
        w.NumberUnlessZero("secs"u8, offset.Secs);
        w.NumberUnlessZero("nanosecs"u8, (long)offset.Nanosecs);
        w.WriteEndObject();
    }
}
