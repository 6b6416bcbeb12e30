// config.json to records: what only Linux has, seccomp included.
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

public static partial class SpecReader
{
    private static LinuxSpec? ReadLinux(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        LinuxSpec linux = new();
        while (c.Member())
        {
            if (c.Is("uidMappings"u8)) linux.UidMappings = c.List(ReadIdMapping);
            else if (c.Is("gidMappings"u8)) linux.GidMappings = c.List(ReadIdMapping);
            else if (c.Is("sysctl"u8)) linux.Sysctl = c.TextMap();
            else if (c.Is("resources"u8)) linux.Resources = ReadResources(ref c);
            else if (c.Is("cgroupsPath"u8)) linux.CgroupsPath = c.TextOrNull();
            else if (c.Is("namespaces"u8)) linux.Namespaces = c.List(ReadNamespace) ?? [];
            else if (c.Is("devices"u8)) linux.Devices = c.List(ReadDevice);
            else if (c.Is("netDevices"u8)) linux.NetDevices = c.Map(ReadNetDevice);
            else if (c.Is("seccomp"u8)) linux.Seccomp = ReadSeccomp(ref c);
            else if (c.Is("rootfsPropagation"u8)) linux.RootfsPropagation = c.TextOrNull();
            else if (c.Is("maskedPaths"u8)) linux.MaskedPaths = c.Texts();
            else if (c.Is("readonlyPaths"u8)) linux.ReadonlyPaths = c.Texts();
            else if (c.Is("mountLabel"u8)) linux.MountLabel = c.TextOrNull();
            else if (c.Is("intelRdt"u8)) linux.IntelRdt = ReadIntelRdt(ref c);
            else if (c.Is("memoryPolicy"u8)) linux.MemoryPolicy = ReadMemoryPolicy(ref c);
            else if (c.Is("personality"u8)) linux.Personality = ReadPersonality(ref c);
            else if (c.Is("timeOffsets"u8)) linux.TimeOffsets = c.Map(ReadTimeOffset);
            else c.Skip();
        }
        return linux;
    }

    private static IdMapping ReadIdMapping(ref JsonCursor c)
    {
        IdMapping mapping = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("containerID"u8)) mapping.ContainerId = c.UInt32();
            else if (c.Is("hostID"u8)) mapping.HostId = c.UInt32();
            else if (c.Is("size"u8)) mapping.Size = c.UInt32();
            else c.Skip();
        }
        return mapping;
    }

    private static NamespaceSpec ReadNamespace(ref JsonCursor c)
    {
        NamespaceSpec ns = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("type"u8)) ns.Type = c.Text();
            else if (c.Is("path"u8)) ns.Path = c.TextOrNull();
            else c.Skip();
        }
        return ns;
    }

    private static DeviceSpec ReadDevice(ref JsonCursor c)
    {
        DeviceSpec device = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("path"u8)) device.Path = c.Text();
            else if (c.Is("type"u8)) device.Type = c.Text();
            else if (c.Is("major"u8)) device.Major = c.Int64();
            else if (c.Is("minor"u8)) device.Minor = c.Int64();
            else if (c.Is("fileMode"u8)) device.FileMode = c.UInt32OrNull();
            else if (c.Is("uid"u8)) device.Uid = c.UInt32OrNull();
            else if (c.Is("gid"u8)) device.Gid = c.UInt32OrNull();
            else c.Skip();
        }
        return device;
    }

    private static NetDeviceSpec ReadNetDevice(ref JsonCursor c)
    {
        NetDeviceSpec device = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("name"u8)) device.Name = c.TextOrNull();
            else c.Skip();
        }
        return device;
    }

    private static SeccompSpec? ReadSeccomp(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        SeccompSpec seccomp = new();
        while (c.Member())
        {
            if (c.Is("defaultAction"u8)) seccomp.DefaultAction = c.Text();
            else if (c.Is("defaultErrnoRet"u8)) seccomp.DefaultErrnoRet = c.UInt32OrNull();
            else if (c.Is("architectures"u8)) seccomp.Architectures = c.Texts();
            else if (c.Is("flags"u8)) seccomp.Flags = c.Texts();
            else if (c.Is("listenerPath"u8)) seccomp.ListenerPath = c.TextOrNull();
            else if (c.Is("listenerMetadata"u8)) seccomp.ListenerMetadata = c.TextOrNull();
            else if (c.Is("syscalls"u8)) seccomp.Syscalls = c.List(ReadSeccompRule);
            else c.Skip();
        }
        return seccomp;
    }

    private static SeccompRule ReadSeccompRule(ref JsonCursor c)
    {
        SeccompRule rule = new();
        string? onlyName = null;
        c.Enter();
        while (c.Member())
        {
            if (c.Is("names"u8)) rule.Names = c.Texts() ?? [];
            // The spelling of runtime-spec 1.0 release candidates, still found in profiles.
            else if (c.Is("name"u8)) onlyName = c.TextOrNull();
            else if (c.Is("action"u8)) rule.Action = c.Text();
            else if (c.Is("errnoRet"u8)) rule.ErrnoRet = c.UInt32OrNull();
            else if (c.Is("args"u8)) rule.Args = c.List(ReadSeccompArg);
            else c.Skip();
        }
        if (onlyName is not null && rule.Names.Count == 0) rule.Names = [onlyName];
        return rule;
    }

    private static SeccompArg ReadSeccompArg(ref JsonCursor c)
    {
        SeccompArg arg = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("index"u8)) arg.Index = c.UInt32();
            else if (c.Is("value"u8)) arg.Value = c.UInt64();
            else if (c.Is("valueTwo"u8)) arg.ValueTwo = c.UInt64();
            else if (c.Is("op"u8)) arg.Op = c.Text();
            else c.Skip();
        }
        return arg;
    }

    private static IntelRdtSpec? ReadIntelRdt(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        IntelRdtSpec rdt = new();
        while (c.Member())
        {
            if (c.Is("closID"u8)) rdt.ClosId = c.TextOrNull();
            else if (c.Is("schemata"u8)) rdt.Schemata = c.Texts();
            else if (c.Is("l3CacheSchema"u8)) rdt.L3CacheSchema = c.TextOrNull();
            else if (c.Is("memBwSchema"u8)) rdt.MemBwSchema = c.TextOrNull();
            else if (c.Is("enableMonitoring"u8)) rdt.EnableMonitoring = c.Bool();
            else if (c.Is("enableCMT"u8)) rdt.EnableCmt = c.Bool();
            else if (c.Is("enableMBM"u8)) rdt.EnableMbm = c.Bool();
            else c.Skip();
        }
        return rdt;
    }

    private static MemoryPolicySpec? ReadMemoryPolicy(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        MemoryPolicySpec policy = new();
        while (c.Member())
        {
            if (c.Is("mode"u8)) policy.Mode = c.Text();
            else if (c.Is("nodes"u8)) policy.Nodes = c.TextOrNull();
            else if (c.Is("flags"u8)) policy.Flags = c.Texts();
            else c.Skip();
        }
        return policy;
    }

    private static PersonalitySpec? ReadPersonality(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        PersonalitySpec personality = new();
        while (c.Member())
        {
            if (c.Is("domain"u8)) personality.Domain = c.Text();
            else if (c.Is("flags"u8)) personality.Flags = c.Texts();
            else c.Skip();
        }
        return personality;
    }

    private static TimeOffsetSpec ReadTimeOffset(ref JsonCursor c)
    {
        TimeOffsetSpec offset = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("secs"u8)) offset.Secs = c.Int64();
            else if (c.Is("nanosecs"u8)) offset.Nanosecs = c.UInt32();
            else c.Skip();
        }
        return offset;
    }
}
