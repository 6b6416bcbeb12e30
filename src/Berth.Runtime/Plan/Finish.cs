// The last steps: find the program while we are the user, tell the parent, wait for start, and execute.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal static class Finish
{
    public static void Add(ChildProgram program, PlanInput input)
    {
        ProcessSpec process = input.Spec.Process!;
        if (process.Args is not { Count: > 0 })
        {
            AddNothing(program, input);
            return;
        }
        string wanted = input.Program ?? process.Args[0];
        program.Step("find the program", wanted, "as its user and inside its root: create fails when it cannot be executed");
        Slot found = program.FindProgram(Candidates(wanted, input.Environment));
        if (process.NoNewPrivileges && input.SeccompNotifies) Identity.AddSeccomp(program, input, "the parent that hands its listener over will not be there after start");
        program.Step("wait for the parent to record the container", null, "what a crash leaves behind from here on can be found by its record");
        program.SetParentDeathSignal(0);
        program.Meet(input.Actions.Ready);
        if (input.StartFifo is { } fifo) AddWait(program, fifo);
        if (process.NoNewPrivileges && !input.SeccompNotifies) Identity.AddSeccomp(program, input, "last before execve: the fewer calls after it, the fewer a user's filter must allow");
        AddExecute(program, process, input, found);
    }

    /// <summary>Without a process there is an environment to be made and nothing to execute in it (runtime.md, start).</summary>
    private static void AddNothing(ChildProgram program, PlanInput input)
    {
        program.Step("wait for the parent to record the container", null, "what a crash leaves behind from here on can be found by its record");
        program.SetParentDeathSignal(0);
        program.Meet(input.Actions.Ready);
        if (input.StartFifo is { } fifo) AddWait(program, fifo);
        program.Step("execve", null, "there is no process in the configuration");
        program.Fail(Errno.ENOEXEC);
    }

    private static void AddWait(ChildProgram program, Fd fifo)
    {
        program.Step("wait for start", null, "`start` writes one byte into the fifo");
        program.AwaitStart(fifo);
    }

    /// <summary>Before a filter is installed, which may not know close_range; what is opened later is close-on-exec by itself.</summary>
    public static void AddClosing(ChildProgram program, PlanInput input)
    {
        program.Step("close descriptors on exec", $"{3 + input.PreserveFds} and above", "only the standard streams and what --preserve-fds names pass on (CVE-2024-21626)");
        program.CloseOnExecFrom(3 + input.PreserveFds);
        for (int i = 0; i < input.PreserveFds; i++) program.KeepOpen(ProgramFd.Number(3 + i));
    }

    private static void AddExecute(ChildProgram program, ProcessSpec process, PlanInput input, Slot found)
    {
        program.Step("execve", input.Program ?? process.Args![0], null);
        program.Execute(found, process.Args!, input.Environment);
        if (input.StartFifo is null) return;
        // Nobody who could be told waits any more: whoever reads what the program says, reads this.
        program.Tolerate(Errno.ENOEXEC);
        program.WriteAll(ProgramFd.Number(2), $"exec {input.Program ?? process.Args![0]}: exec format error\n").TolerateAll();
        program.Fail(Errno.ENOEXEC);
    }

    /// <summary>The name itself where it has a slash, else one path a directory of PATH.</summary>
    public static List<string> Candidates(string program, IReadOnlyList<string> environment)
    {
        if (program.Contains('/')) return [program];
        string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        foreach (string variable in environment)
        {
            if (variable.StartsWith("PATH=", StringComparison.Ordinal)) path = variable[5..];
        }
        List<string> result = [];
        foreach (string directory in path.Split(':')) result.Add($"{(directory.Length == 0 ? "." : directory)}/{program}");
        return result;
    }
}
