// What the process is allowed to be: limits and scheduling, then ids and capabilities, in the one order that works.
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Linux.Security;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal static class Identity
{
    /// <summary>What needs privileges and does not change who we are.</summary>
    public static void AddLimits(ChildProgram program, ProcessSpec process, LinuxSpec? linux)
    {
        AddScheduler(program, process.Scheduler);
        if (process.IoPriority is { } io)
        {
            program.Step("set the I/O priority", $"{io.Class} {io.Priority}", "while CAP_SYS_NICE is held");
            program.SetIoPriority(IoPriority(io));
        }
        if (linux?.Personality is { } personality)
        {
            program.Step("set the personality", personality.Domain, "uname(2) of the program shows it");
            program.SetPersonality(PersonalityOf(personality));
        }
        if (linux?.MemoryPolicy is { } policy)
        {
            program.Step("set the memory policy", policy.Mode, "inherited by the program");
            program.SetMemoryPolicy(MemoryPolicies.ModeOf(policy), MemoryPolicies.NodeMask(policy));
        }
        foreach (RlimitSpec limit in process.Rlimits ?? [])
        {
            program.Step("set limit", limit.Type, "while CAP_SYS_RESOURCE is held");
            program.SetLimit(LimitNumber(limit), limit.Soft, limit.Hard);
        }
    }

    internal static int LimitNumber(RlimitSpec limit) => ResourceLimits.NumberOf(limit.Type)
        ?? throw new BerthException(Fault.InvalidArgument, $"process.rlimits: unknown type \"{limit.Type}\"", "names are those of getrlimit(2), such as RLIMIT_NOFILE");

    /// <summary>Without no_new_privs a filter needs CAP_SYS_ADMIN, so it is installed while that is still held.</summary>
    public static void AddSeccompWhilePrivileged(ChildProgram program, PlanInput input)
    {
        if (!input.Spec.Process!.NoNewPrivileges) AddSeccomp(program, input, "without no_new_privs only CAP_SYS_ADMIN may install it");
    }

    public static void AddSeccomp(ChildProgram program, PlanInput input, string why)
    {
        if (input.SeccompFilter.IsEmpty) return;
        program.Step("seccomp", null, why);
        Slot mark = program.MarkSlots();
        Slot listener = program.InstallFilter(input.SeccompFilter.Span, input.SeccompFlags);
        if (input.SeccompNotifies)
        {
            program.Step("hand over the seccomp listener", null, "the parent sends it to linux.seccomp.listenerPath with the container's state");
            program.Publish(listener).Meet(input.Actions.SendListener);
            program.Close(listener);
        }
        program.ReleaseSlots(mark);
    }

    /// <summary>Before the filter, which may deny getcwd.</summary>
    /// <returns>1 where the directory could be entered, else 0.</returns>
    public static Slot EnterDirectory(ChildProgram program, ProcessSpec process)
    {
        Slot inside = program.NewSlot();
        Label denied = program.NewLabel();
        program.Step("set the working directory", process.Cwd, "with the runtime's rights: a directory that only root may enter is the configuration's choice");
        program.Load(inside, 0);
        AddCwd(program, process).OnError(denied);
        program.RequireCwdInside();
        program.Load(inside, 1);
        program.Mark(denied);
        return inside;
    }

    /// <summary>After mounts: they need the capabilities that are lost here.</summary>
    /// <param name="program">The steps.</param>
    /// <param name="process">Who it becomes.</param>
    /// <param name="input">The rest.</param>
    /// <param name="inside">What <see cref="EnterDirectory"/> found.</param>
    public static void Become(ChildProgram program, ProcessSpec process, PlanInput input, Slot inside)
    {
        CapabilitySets? sets = process.Capabilities is { } c ? Raisable(Sets(c, input.Host.LastCapability), input.Warn) : null;
        AddLabels(program, process, input.Proc);
        if (sets is { } s)
        {
            program.Step("drop from the bounding set", null, "while CAP_SETPCAP is held");
            program.DropBounding(s.Bounding, input.Host.LastCapability);
        }
        program.Step("keep capabilities over the change of user", null, "setresuid would clear them");
        program.KeepCapabilities(true);
        if (process.User.Uid != 0 && !process.Terminal)
        {
            program.Step("give the standard streams to the user", $"{process.User.Uid}", "so that /dev/stdout and the like can be opened again; devices and terminals are the host's");
            for (int stream = 0; stream < 3; stream++) program.OwnUnlessDevice(ProgramFd.Number(stream), process.User.Uid);
        }
        bool keepGroups = input.Spec.Annotations.GetValueOrDefault("run.oci.keep_original_groups") == "1";
        if (!keepGroups)
        {
            program.Step("set groups", null, "while CAP_SETGID is held");
            program.SetGroups(process.User.AdditionalGids ?? []);
            // In a user namespace made without privilege setgroups is denied: then there is nothing to drop either.
            if ((process.User.AdditionalGids?.Count ?? 0) == 0 && !input.Host.IsRoot) program.Tolerate(Errno.EPERM);
        }
        program.Step("become group", $"{process.User.Gid}", "before the user: afterwards we may not");
        program.SetGroup(process.User.Gid);
        program.Step("become user", $"{process.User.Uid}", null);
        program.SetUser(process.User.Uid);
        EnterDirectoryAgain(program, process, inside);
        if (sets is { } final)
        {
            program.Step("set capabilities", null, "the five sets of process.capabilities");
            program.SetCapabilities(final).SetAmbient(final.Ambient);
        }
        program.KeepCapabilities(false);
        if (process.User.Umask is { } umask)
        {
            program.Step("set the umask", Convert.ToString(umask, 8), "process.user.umask");
            program.Umask(umask);
        }
        else
        {
            program.Step("set the umask", "22", "the usual default");
            program.Umask(0x12);
        }
        if (process.NoNewPrivileges)
        {
            program.Step("no new privileges", null, "process.noNewPrivileges");
            program.NoNewPrivileges();
        }
    }

    private static void EnterDirectoryAgain(ChildProgram program, ProcessSpec process, Slot inside)
    {
        Label done = program.NewLabel();
        program.Step("set the working directory", process.Cwd, "once more as the user where root was refused, as on some network file systems; and inside the root (CVE-2024-21626)");
        program.JumpIfEqual(inside, 1, done);
        AddCwd(program, process);
        program.RequireCwdInside();
        program.Mark(done);
    }

    private static ChildProgram AddCwd(ChildProgram program, ProcessSpec process) => program.ChangeDirectory(process.Cwd.Length == 0 ? "/" : process.Cwd);

    /// <summary>AppArmor and SELinux take effect at the next execve.</summary>
    private static void AddLabels(ChildProgram program, ProcessSpec process, Fd? proc)
    {
        if (proc is null) return;
        if (!string.IsNullOrEmpty(process.ApparmorProfile))
        {
            program.Step("set the AppArmor profile", process.ApparmorProfile, "for the next execve");
            Label old = program.NewLabel(), done = program.NewLabel();
            Slot mark = program.MarkSlots();
            Slot file = program.OpenAt2(proc, "thread-self/attr/apparmor/exec", OpenFlags.WriteOnly, Resolve.Beneath);
            program.OnError(old, Errno.ENOENT);
            program.WriteAll(file, $"exec {process.ApparmorProfile}").Close(file);
            program.GoTo(done);
            program.Mark(old);
            program.WriteFile(proc, "thread-self/attr/exec", $"exec {process.ApparmorProfile}", Resolve.Beneath);
            program.Mark(done);
            program.ReleaseSlots(mark);
        }
        if (!string.IsNullOrEmpty(process.SelinuxLabel))
        {
            program.Step("set the SELinux label", process.SelinuxLabel, "for the next execve");
            program.WriteFile(proc, "thread-self/attr/exec", process.SelinuxLabel, Resolve.Beneath);
        }
        program.Step("close the host's procfs", null, "CAP_SYS_PTRACE in the container's pid namespace would reach it through /proc/PID/fd while this process waits for start");
        program.Close(proc);
    }

    /// <summary>Names to bits. A capability this kernel lacks is left out, as runc and crun do.</summary>
    internal static CapabilitySets Sets(CapabilitiesSpec c, int last) =>
        new(Mask(c.Bounding, last), Mask(c.Effective, last), Mask(c.Inheritable, last), Mask(c.Permitted, last), Mask(c.Ambient, last));

    /// <summary>The kernel raises only what is permitted and inheritable too (capabilities(7)).</summary>
    private static CapabilitySets Raisable(CapabilitySets sets, Action<string> warn)
    {
        ulong refused = sets.Ambient & ~(sets.Inheritable & sets.Permitted);
        for (int i = 0; i < 64; i++)
        {
            if ((refused & (1UL << i)) != 0) warn($"can't raise ambient capability {Capabilities.Names[i]}: operation not permitted");
        }
        return sets with { Ambient = sets.Ambient & ~refused };
    }

    private static ulong Mask(List<string>? names, int last)
    {
        ulong mask = 0;
        foreach (string name in names ?? [])
        {
            if (Capabilities.BitOf(name) is { } bit && bit <= last) mask |= 1UL << bit;
        }
        return mask;
    }

    private static void AddScheduler(ChildProgram program, SchedulerSpec? scheduler)
    {
        if (scheduler is null || scheduler.Policy.Length == 0) return;
        program.Step("set the scheduler", scheduler.Policy, "while CAP_SYS_NICE is held");
        uint policy = scheduler.Policy switch
        {
            "SCHED_OTHER" => 0,
            "SCHED_FIFO" => 1,
            "SCHED_RR" => 2,
            "SCHED_BATCH" => 3,
            "SCHED_ISO" => 4,
            "SCHED_IDLE" => 5,
            "SCHED_DEADLINE" => 6,
            _ => throw new BerthException(Fault.InvalidArgument, $"process.scheduler: invalid scheduler policy: {scheduler.Policy}"),
        };
        ulong flags = 0;
        foreach (string flag in scheduler.Flags ?? [])
        {
            flags |= flag switch
            {
                "SCHED_FLAG_RESET_ON_FORK" => 0x01UL,
                "SCHED_FLAG_RECLAIM" => 0x02,
                "SCHED_FLAG_DL_OVERRUN" => 0x04,
                "SCHED_FLAG_KEEP_POLICY" => 0x08,
                "SCHED_FLAG_KEEP_PARAMS" => 0x10,
                "SCHED_FLAG_UTIL_CLAMP_MIN" => 0x20,
                "SCHED_FLAG_UTIL_CLAMP_MAX" => 0x40,
                _ => throw new BerthException(Fault.InvalidArgument, $"process.scheduler: invalid scheduler flag: {flag}"),
            };
        }
        program.SetScheduling(new SchedulingAttributes(policy, flags, scheduler.Nice, (uint)scheduler.Priority, scheduler.Runtime, scheduler.Deadline, scheduler.Period));
    }

    private static int IoPriority(IoPrioritySpec io)
    {
        int @class = io.Class switch
        {
            "IOPRIO_CLASS_RT" => 1,
            "IOPRIO_CLASS_BE" => 2,
            "IOPRIO_CLASS_IDLE" => 3,
            _ => throw new BerthException(Fault.InvalidArgument, $"process.ioPriority: invalid ioPriority.Class: {io.Class}"),
        };
        return (@class << 13) | (io.Priority & 0x1FFF);
    }

    private static uint PersonalityOf(PersonalitySpec personality) => personality.Domain switch
    {
        "LINUX" => 0,
        "LINUX32" => 8,
        _ => throw new BerthException(Fault.InvalidArgument, $"linux.personality: unknown domain \"{personality.Domain}\"", "use LINUX or LINUX32"),
    };
}
