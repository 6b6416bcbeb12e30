// The table of `validate`: the process and the hooks.
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Security;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Validate;

internal static partial class Rules
{
    private static Rule[] ProcessRules() =>
    [
        Rule.Should("process-present", "config.md#process", i => i.Expect(i.Spec.Process is not null, "process", "start needs a process")),
        OfProcess(RuleLevel.Must, "cwd-absolute", "config.md#process", (i, process) =>
            i.Expect(IsAbsolute(process.Cwd), "process.cwd", $"'{process.Cwd}' is not absolute")),
        OfProcess(RuleLevel.Must, "args-present", "config.md#posix-process", (i, process) =>
            i.Expect(process.Args is { Count: > 0 }, "process.args", "there is nothing to run")),
        OfProcess(RuleLevel.Must, "executable", "config.md#posix-process", CheckExecutable),
        OfProcess(RuleLevel.Must, "env-form", "config.md#process", (i, process) => CheckEnvironment(i, process.Env, "process.env")),
        OfProcess(RuleLevel.Should, "env-name", "config.md#process", CheckEnvironmentNames),
        OfProcess(RuleLevel.May, "console-size-used", "config.md#process", (i, process) =>
            i.Expect(process.ConsoleSize is null || process.Terminal, "process.consoleSize", "without a terminal it is ignored")),
        OfProcess(RuleLevel.Should, "umask-range", "config.md#posix-platform-user", (i, process) =>
            i.Expect(process.User.Umask is not > 0x1FF, "process.user.umask", $"{process.User.Umask} has bits beyond 0777; it is decimal here")),
        OfProcess(RuleLevel.Must, "rlimit-known", "config.md#posix-process", (i, process) => EachRlimit(process, (rlimit, path) =>
            i.Expect(ResourceLimits.NumberOf(rlimit.Type) is not null, $"{path}.type", $"'{rlimit.Type}' is not in getrlimit(2)"))),
        OfProcess(RuleLevel.Must, "rlimit-unique", "config.md#posix-process", (i, process) =>
            CheckUnique(i, process.Rlimits?.ConvertAll(rlimit => rlimit.Type), "process.rlimits")),
        OfProcess(RuleLevel.Must, "rlimit-order", "config.md#posix-process", (i, process) => EachRlimit(process, (rlimit, path) =>
            i.Expect(rlimit.Soft <= rlimit.Hard, path, $"the soft limit {rlimit.Soft} is above the hard limit {rlimit.Hard}"))),
        OfProcess(RuleLevel.Must, "capability-known", "config.md#linux-process", (i, process) => EachCapability(process, (name, path) =>
            i.Expect(Capabilities.BitOf(name) is not null, path, $"'{name}' is not in capabilities(7)"))),
        OfProcess(RuleLevel.Must, "capability-effective", "config.md#linux-process", (i, process) =>
            CheckWithin(i, process.Capabilities?.Effective, "process.capabilities.effective", process.Capabilities?.Permitted, "permitted")),
        OfProcess(RuleLevel.Must, "capability-ambient", "config.md#linux-process", (i, process) =>
        {
            CheckWithin(i, process.Capabilities?.Ambient, "process.capabilities.ambient", process.Capabilities?.Permitted, "permitted");
            CheckWithin(i, process.Capabilities?.Ambient, "process.capabilities.ambient", process.Capabilities?.Inheritable, "inheritable");
        }),
        OfProcess(RuleLevel.Should, "capability-supported", "config.md#linux-process", (i, process) => EachCapability(process, (name, path) =>
            i.Expect(Capabilities.BitOf(name) is not { } bit || bit <= Capabilities.Last, path, $"this kernel does not have {name}"))).OnHost(),
        OfProcess(RuleLevel.Must, "oom-score-range", "config.md#linux-process", (i, process) =>
            i.Expect(process.OomScoreAdj is null or >= -1000 and <= 1000, "process.oomScoreAdj", $"{process.OomScoreAdj} is not within -1000 to 1000")),
        OfProcess(RuleLevel.Must, "scheduler", "config.md#linux-process", CheckScheduler),
        OfProcess(RuleLevel.Must, "io-priority", "config.md#linux-process", CheckIoPriority),
        OfProcess(RuleLevel.Must, "cpu-affinity", "config.md#linux-process", (i, process) =>
        {
            CheckNumberList(i, process.ExecCpuAffinity?.Initial, "process.execCPUAffinity.initial");
            CheckNumberList(i, process.ExecCpuAffinity?.Final, "process.execCPUAffinity.final");
        }),
        OfProcess(RuleLevel.Should, "selinux-label", "config.md#linux-process", (i, process) => CheckLabel(i, process.SelinuxLabel, "process.selinuxLabel")),
        OfProcess(RuleLevel.Should, "apparmor-available", "config.md#linux-process", (i, process) =>
            i.Expect(process.ApparmorProfile is null or "unconfined" || KernelFile.TryReadText("/sys/module/apparmor/parameters/enabled") == "Y",
                "process.apparmorProfile", "AppArmor is not active on this host")).OnHost(),
    ];

    private static Rule[] HookRules() =>
    [
        Rule.Must("hook-path-absolute", "config.md#posix-platform-hooks", i => EachHook(i, (hook, path) =>
            i.Expect(IsAbsolute(hook.Path), $"{path}.path", $"'{hook.Path}' is not absolute"))),
        Rule.Must("hook-timeout", "config.md#posix-platform-hooks", i => EachHook(i, (hook, path) =>
            i.Expect(hook.Timeout is null or > 0, $"{path}.timeout", $"{hook.Timeout} is not above 0"))),
        Rule.Must("hook-env-form", "config.md#posix-platform-hooks", i => EachHook(i, (hook, path) => CheckEnvironment(i, hook.Env, $"{path}.env"))),
        Rule.May("hook-prestart", "config.md#prestart", i =>
            i.Expect(i.Spec.Hooks?.Prestart is not { Count: > 0 }, "hooks.prestart", "deprecated in favour of createRuntime, createContainer and startContainer")),
        Rule.Must("hook-executable", "config.md#posix-platform-hooks", i => EachHook(i, (hook, path) =>
        {
            // A startContainer hook is looked up in the container.
            if (!IsAbsolute(hook.Path) || path.StartsWith("hooks.startContainer", StringComparison.Ordinal)) return;
            FileFacts? facts = KernelPath.Facts(hook.Path);
            i.Expect(facts is not null, $"{path}.path", $"there is nothing at {hook.Path}");
            i.Expect(facts is not { } file || (file.IsRegular && (file.Mode & 0x49) != 0), $"{path}.path", $"{hook.Path} is not executable");
        })).OnHost(),
    ];

    private static Rule OfProcess(RuleLevel level, string id, string section, Action<Inspection, ProcessSpec> check) =>
        new(id, level, section, i =>
        {
            if (i.Spec.Process is { } process) check(i, process);
        });

    private static void EachRlimit(ProcessSpec process, Action<RlimitSpec, string> check)
    {
        for (int n = 0; n < process.Rlimits?.Count; n++) check(process.Rlimits[n], $"process.rlimits[{n}]");
    }

    private static void EachCapability(ProcessSpec process, Action<string, string> check)
    {
        if (process.Capabilities is not { } sets) return;
        Each(sets.Bounding, "bounding");
        Each(sets.Effective, "effective");
        Each(sets.Inheritable, "inheritable");
        Each(sets.Permitted, "permitted");
        Each(sets.Ambient, "ambient");

        void Each(List<string>? set, string name)
        {
            for (int n = 0; n < set?.Count; n++) check(set[n], $"process.capabilities.{name}[{n}]");
        }
    }

    private static void EachHook(Inspection i, Action<HookSpec, string> check)
    {
        if (i.Spec.Hooks is not { } hooks) return;
        Each(hooks.Prestart, "prestart");
        Each(hooks.CreateRuntime, "createRuntime");
        Each(hooks.CreateContainer, "createContainer");
        Each(hooks.StartContainer, "startContainer");
        Each(hooks.Poststart, "poststart");
        Each(hooks.Poststop, "poststop");

        void Each(List<HookSpec>? list, string point)
        {
            for (int n = 0; n < list?.Count; n++) check(list[n], $"hooks.{point}[{n}]");
        }
    }

    private static void CheckExecutable(Inspection i, ProcessSpec process)
    {
        if (process.Args is not [['/', ..] path, ..] || i.RootPath is not { } root || i.IsBelowMount(path)) return;
        // Not followed: a link leads to a place inside the container, not to the same path here.
        if (KernelPath.Facts(root + path, followLink: false) is not { IsLink: false } facts) return;
        i.Expect(!facts.IsDirectory, "process.args[0]", $"{path} is a directory");
        i.Expect(facts.IsDirectory || (facts.Mode & 0x49) != 0, "process.args[0]", $"{path} is not executable");
    }

    private static void CheckEnvironment(Inspection i, List<string>? environment, string path)
    {
        for (int n = 0; n < environment?.Count; n++) i.Expect(IsVariable(environment[n]), $"{path}[{n}]", $"'{environment[n]}' is not NAME=VALUE");
    }

    private static void CheckEnvironmentNames(Inspection i, ProcessSpec process)
    {
        for (int n = 0; n < process.Env?.Count; n++)
        {
            string name = process.Env[n].Split('=')[0];
            bool portable = name.Length > 0 && !char.IsAsciiDigit(name[0]);
            foreach (char c in name) portable = portable && (char.IsAsciiLetterOrDigit(c) || c == '_');
            i.Expect(portable, $"process.env[{n}]", $"the name '{name}' is more than letters, digits and underscores, or begins with a digit");
        }
    }

    private static void CheckUnique(Inspection i, List<string>? names, string path)
    {
        for (int n = 0; n < names?.Count; n++) i.Expect(names.IndexOf(names[n]) == n, $"{path}[{n}]", $"{names[n]} is there twice");
    }

    private static void CheckWithin(Inspection i, List<string>? set, string path, List<string>? outer, string outerName)
    {
        for (int n = 0; n < set?.Count; n++) i.Expect(outer?.Contains(set[n]) == true, $"{path}[{n}]", $"{set[n]} is not in the {outerName} set");
    }

    private static void CheckNumberList(Inspection i, string? list, string path) =>
        i.Expect(list is null || IsNumberList(list), path, $"'{list}' is no list such as 0-3,7");

    private static void CheckLabel(Inspection i, string? label, string path) =>
        i.Expect(label is null || label.Split(':').Length >= 3, path, $"'{label}' is not of the form user:role:type[:level]");

    private static void CheckScheduler(Inspection i, ProcessSpec process)
    {
        if (process.Scheduler is not { } scheduler) return;
        bool isRealtime = scheduler.Policy is "SCHED_FIFO" or "SCHED_RR";
        i.Expect(IsOneOf(scheduler.Policy, "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"),
            "process.scheduler.policy", $"'{scheduler.Policy}' is no policy of sched(7)");
        i.Expect(scheduler.Nice is >= -20 and <= 19, "process.scheduler.nice", $"{scheduler.Nice} is not within -20 to 19");
        i.Expect(isRealtime ? scheduler.Priority is >= 1 and <= 99 : scheduler.Priority == 0, "process.scheduler.priority",
            isRealtime ? $"{scheduler.Priority} is not within 1 to 99" : $"{scheduler.Policy} has no priority");
        i.Expect(scheduler.Policy == "SCHED_DEADLINE" || (scheduler.Runtime | scheduler.Deadline | scheduler.Period) == 0, "process.scheduler",
            "runtime, deadline and period belong to SCHED_DEADLINE");
        for (int n = 0; n < scheduler.Flags?.Count; n++)
        {
            i.Expect(IsOneOf(scheduler.Flags[n], "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
                "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"), $"process.scheduler.flags[{n}]", $"'{scheduler.Flags[n]}' is no flag");
        }
    }

    private static void CheckIoPriority(Inspection i, ProcessSpec process)
    {
        if (process.IoPriority is not { } priority) return;
        i.Expect(IsOneOf(priority.Class, "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"), "process.ioPriority.class", $"'{priority.Class}' is no class");
        i.Expect(priority.Priority is >= 0 and <= 7, "process.ioPriority.priority", $"{priority.Priority} is not within 0 to 7");
    }
}
