// config.json to records: the process.
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

public static partial class SpecReader
{
    private static ProcessSpec? ReadProcess(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        ProcessSpec process = new();
        while (c.Member())
        {
            if (c.Is("terminal"u8)) process.Terminal = c.Bool();
            else if (c.Is("consoleSize"u8)) process.ConsoleSize = ReadBox(ref c);
            else if (c.Is("user"u8)) process.User = ReadUser(ref c);
            else if (c.Is("args"u8)) process.Args = c.Texts();
            else if (c.Is("env"u8)) process.Env = c.Texts();
            else if (c.Is("cwd"u8)) process.Cwd = c.Text();
            else if (c.Is("capabilities"u8)) process.Capabilities = ReadCapabilities(ref c);
            else if (c.Is("rlimits"u8)) process.Rlimits = c.List(ReadRlimit);
            else if (c.Is("noNewPrivileges"u8)) process.NoNewPrivileges = c.Bool();
            else if (c.Is("apparmorProfile"u8)) process.ApparmorProfile = c.TextOrNull();
            else if (c.Is("oomScoreAdj"u8)) process.OomScoreAdj = c.Int32OrNull();
            else if (c.Is("scheduler"u8)) process.Scheduler = ReadScheduler(ref c);
            else if (c.Is("selinuxLabel"u8)) process.SelinuxLabel = c.TextOrNull();
            else if (c.Is("ioPriority"u8)) process.IoPriority = ReadIoPriority(ref c);
            else if (c.Is("execCPUAffinity"u8)) process.ExecCpuAffinity = ReadCpuAffinity(ref c);
            else c.Skip();
        }
        return process;
    }

    private static BoxSpec? ReadBox(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        BoxSpec box = new();
        while (c.Member())
        {
            if (c.Is("height"u8)) box.Height = c.UInt32();
            else if (c.Is("width"u8)) box.Width = c.UInt32();
            else c.Skip();
        }
        return box;
    }

    private static UserSpec ReadUser(ref JsonCursor c)
    {
        UserSpec user = new();
        if (!c.Enter()) return user;
        while (c.Member())
        {
            if (c.Is("uid"u8)) user.Uid = c.UInt32();
            else if (c.Is("gid"u8)) user.Gid = c.UInt32();
            else if (c.Is("umask"u8)) user.Umask = c.UInt32OrNull();
            else if (c.Is("additionalGids"u8)) user.AdditionalGids = c.List((ref JsonCursor gid) => gid.UInt32());
            else if (c.Is("username"u8)) user.Username = c.TextOrNull();
            else c.Skip();
        }
        return user;
    }

    private static CapabilitiesSpec? ReadCapabilities(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        CapabilitiesSpec capabilities = new();
        while (c.Member())
        {
            if (c.Is("bounding"u8)) capabilities.Bounding = c.Texts();
            else if (c.Is("effective"u8)) capabilities.Effective = c.Texts();
            else if (c.Is("inheritable"u8)) capabilities.Inheritable = c.Texts();
            else if (c.Is("permitted"u8)) capabilities.Permitted = c.Texts();
            else if (c.Is("ambient"u8)) capabilities.Ambient = c.Texts();
            else c.Skip();
        }
        return capabilities;
    }

    private static RlimitSpec ReadRlimit(ref JsonCursor c)
    {
        RlimitSpec rlimit = new();
        c.Enter();
        while (c.Member())
        {
            if (c.Is("type"u8)) rlimit.Type = c.Text();
            else if (c.Is("hard"u8)) rlimit.Hard = c.UInt64();
            else if (c.Is("soft"u8)) rlimit.Soft = c.UInt64();
            else c.Skip();
        }
        return rlimit;
    }

    private static SchedulerSpec? ReadScheduler(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        SchedulerSpec scheduler = new();
        while (c.Member())
        {
            if (c.Is("policy"u8)) scheduler.Policy = c.Text();
            else if (c.Is("nice"u8)) scheduler.Nice = c.Int32();
            else if (c.Is("priority"u8)) scheduler.Priority = c.Int32();
            else if (c.Is("flags"u8)) scheduler.Flags = c.Texts();
            else if (c.Is("runtime"u8)) scheduler.Runtime = c.UInt64();
            else if (c.Is("deadline"u8)) scheduler.Deadline = c.UInt64();
            else if (c.Is("period"u8)) scheduler.Period = c.UInt64();
            else c.Skip();
        }
        return scheduler;
    }

    private static IoPrioritySpec? ReadIoPriority(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        IoPrioritySpec priority = new();
        while (c.Member())
        {
            if (c.Is("class"u8)) priority.Class = c.Text();
            else if (c.Is("priority"u8)) priority.Priority = c.Int32();
            else c.Skip();
        }
        return priority;
    }

    private static CpuAffinitySpec? ReadCpuAffinity(ref JsonCursor c)
    {
        if (!c.Enter()) return null;
        CpuAffinitySpec affinity = new();
        while (c.Member())
        {
            if (c.Is("initial"u8)) affinity.Initial = c.TextOrNull();
            else if (c.Is("final"u8)) affinity.Final = c.TextOrNull();
            else c.Skip();
        }
        return affinity;
    }
}
