// The plan of a process that enters a running container.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal static class ExecPlan
{
    /// <summary>All namespaces in one call on the first process's pidfd.</summary>
    public static void Join(ChildProgram program, Fd init, int pid, Namespaces kinds)
    {
        Slot? root = null;
        if ((kinds & Namespaces.Mount) == 0)
        {
            program.Step("open the container's root", null, "it shares the mount namespace, and is only chrooted");
            root = program.OpenAt2(ProgramFd.Cwd, $"/proc/{pid}/root", OpenFlags.Path | OpenFlags.Directory, Resolve.None);
        }
        if (kinds != Namespaces.None)
        {
            program.Step("join the container's namespaces", kinds.ProcNames(), "all at once, by the first process's pidfd");
            program.Join(init, kinds);
        }
        if ((kinds & Namespaces.User) != 0) BecomeMappedRoot(program);
        if ((kinds & Namespaces.Pid) != 0)
        {
            program.Step("clone again", null, "a pid namespace takes effect for children only");
            program.CloneAgain();
            program.SetParentDeathSignal(9);
        }
        if (root is { } top)
        {
            program.Step("enter the container's root", null, "chroot");
            program.ChangeDirectory(top).ChangeRoot(".").ChangeDirectory("/");
        }
    }

    public static void BecomeMappedRoot(ChildProgram program)
    {
        program.Step("become root of the user namespace", null, "to have its capabilities");
        program.SetGroup(0).Tolerate(Errno.EINVAL, Errno.EPERM);
        program.SetUser(0).Tolerate(Errno.EINVAL, Errno.EPERM);
    }

    /// <summary>Whatever CPUs the caller is bound to, the container gets those of its cgroup.</summary>
    public static void ResetAffinity(ChildProgram program)
    {
        program.Step("reset the CPU affinity", null, "the caller's must not be inherited: the kernel cuts this down to the cgroup's CPUs");
        Span<byte> all = stackalloc byte[1024];
        all.Fill(0xFF);
        program.SetAffinity(all).Tolerate(Errno.EINVAL, Errno.EPERM);
    }

    public static void AddAffinity(ChildProgram program, string? cpus, string which, string why)
    {
        if (string.IsNullOrEmpty(cpus)) return;
        program.Step("set the CPU affinity", $"{which} {cpus}", why);
        program.SetAffinity(MemoryPolicies.BitList(cpus, 8192, "process.execCPUAffinity"));
    }

    public static void Add(ChildProgram program, PlanInput input)
    {
        ProcessSpec process = input.Spec.Process!;
        program.Step("start a session", null, "a controlling terminal needs one");
        program.NewSession().Tolerate(Errno.EPERM);
        if (!input.NoNewKeyring)
        {
            program.Step("join the session keyring", $"_ses.{input.Id}", "the container's own");
            program.JoinSessionKeyring($"_ses.{input.Id}").Tolerate(Errno.ENOSYS, Errno.EDQUOT, Errno.EPERM);
        }
        Slot slave = default;
        if (input.ConsoleSocket is not null)
        {
            program.Step("open the root", "/", "the terminal is found below it");
            Slot root = program.OpenAt2(ProgramFd.Cwd, "/", OpenFlags.Path | OpenFlags.Directory, Resolve.None);
            slave = Console.Open(program, input, root);
        }
        Identity.AddLimits(program, process, input.Spec.Linux);
        if (input.ConsoleSocket is not null) Console.Connect(program, slave);
        Finish.AddClosing(program, input);
        Slot inside = Identity.EnterDirectory(program, process);
        Identity.AddSeccompWhilePrivileged(program, input);
        Identity.Become(program, process, input, inside);
        Finish.Add(program, input);
    }
}
