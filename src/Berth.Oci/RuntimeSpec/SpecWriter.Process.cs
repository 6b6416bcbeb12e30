// Records to config.json: the process.
using Berth.Oci.Json;

namespace Berth.Oci.RuntimeSpec;

public static partial class SpecWriter
{
    /// <summary>Writes a process as one value.</summary>
    public static void Write(JsonWriter w, ProcessSpec process)
    {
        w.WriteStartObject();
        w.TrueIfSo("terminal"u8, process.Terminal);
        w.ObjectIfAny("consoleSize"u8, process.ConsoleSize, WriteBox);
        w.ObjectIfAny("user"u8, process.User, WriteUser);
        w.TextsIfAny("args"u8, process.Args);
        w.TextsIfAny("env"u8, process.Env);
        w.WriteString("cwd"u8, process.Cwd);
        w.ObjectIfAny("capabilities"u8, process.Capabilities, WriteCapabilities);
        w.ListIfAny("rlimits"u8, process.Rlimits, WriteRlimit);
        w.TrueIfSo("noNewPrivileges"u8, process.NoNewPrivileges);
        w.TextIfAny("apparmorProfile"u8, process.ApparmorProfile);
        w.NumberIfAny("oomScoreAdj"u8, (long?)process.OomScoreAdj);
        w.ObjectIfAny("scheduler"u8, process.Scheduler, WriteScheduler);
        w.TextIfAny("selinuxLabel"u8, process.SelinuxLabel);
        w.ObjectIfAny("ioPriority"u8, process.IoPriority, WriteIoPriority);
        w.ObjectIfAny("execCPUAffinity"u8, process.ExecCpuAffinity, WriteCpuAffinity);
        w.WriteEndObject();
    }

    private static void WriteBox(JsonWriter w, BoxSpec box)
    {
        w.WriteStartObject();
        w.WriteNumber("height"u8, box.Height);
        w.WriteNumber("width"u8, box.Width);
        w.WriteEndObject();
    }

    private static void WriteUser(JsonWriter w, UserSpec user)
    {
        w.WriteStartObject();
        w.WriteNumber("uid"u8, user.Uid);
        w.WriteNumber("gid"u8, user.Gid);
        w.NumberIfAny("umask"u8, (long?)user.Umask);
        w.ListIfAny("additionalGids"u8, user.AdditionalGids, static (writer, gid) => writer.WriteNumberValue(gid));
        w.TextIfAny("username"u8, user.Username);
        w.WriteEndObject();
    }

    private static void WriteCapabilities(JsonWriter w, CapabilitiesSpec capabilities)
    {
        w.WriteStartObject();
        w.TextsIfAny("bounding"u8, capabilities.Bounding);
        w.TextsIfAny("effective"u8, capabilities.Effective);
        w.TextsIfAny("inheritable"u8, capabilities.Inheritable);
        w.TextsIfAny("permitted"u8, capabilities.Permitted);
        w.TextsIfAny("ambient"u8, capabilities.Ambient);
        w.WriteEndObject();
    }

    private static void WriteRlimit(JsonWriter w, RlimitSpec rlimit)
    {
        w.WriteStartObject();
        w.WriteString("type"u8, rlimit.Type);
        w.WriteNumber("hard"u8, rlimit.Hard);
        w.WriteNumber("soft"u8, rlimit.Soft);
        w.WriteEndObject();
    }

    private static void WriteScheduler(JsonWriter w, SchedulerSpec scheduler)
    {
        w.WriteStartObject();
        w.WriteString("policy"u8, scheduler.Policy);
        w.NumberUnlessZero("nice"u8, scheduler.Nice);
        w.NumberUnlessZero("priority"u8, scheduler.Priority);
        w.TextsIfAny("flags"u8, scheduler.Flags);
        w.NumberUnlessZero("runtime"u8, scheduler.Runtime);
        w.NumberUnlessZero("deadline"u8, scheduler.Deadline);
        w.NumberUnlessZero("period"u8, scheduler.Period);
        w.WriteEndObject();
    }

    private static void WriteIoPriority(JsonWriter w, IoPrioritySpec priority)
    {
        w.WriteStartObject();
        w.WriteString("class"u8, priority.Class);
        w.WriteNumber("priority"u8, priority.Priority);
        w.WriteEndObject();
    }

    private static void WriteCpuAffinity(JsonWriter w, CpuAffinitySpec affinity)
    {
        w.WriteStartObject();
        w.TextIfAny("initial"u8, affinity.Initial);
        w.TextIfAny("final"u8, affinity.Final);
        w.WriteEndObject();
    }
}
