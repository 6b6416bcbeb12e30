// The first steps: what a fresh clone must lose before it comes near a container.
using Berth.Linux;
using Berth.Linux.Programs;

namespace Berth.Runtime.Plan;

internal static class Beginnings
{
    public static void Add(ChildProgram program, PlanInput input)
    {
        program.Step("die with the parent", null, "a runtime killed half-way must not leave a half-made container");
        program.SetParentDeathSignal(9);
        program.Step("reset signals", null, "the user's program inherits masks and ignored signals through execve");
        program.ResetSignals();
        program.Step("clear the umask", null, "modes of mount points and devices are exact");
        program.Umask(0);
        if (input.TaskFiles.Count > 0)
        {
            program.Step("enter the v1 cgroups", null, "by itself, while it has one thread: a move from outside waits for an RCU grace period of some ten milliseconds");
            foreach (Fd file in input.TaskFiles) program.WriteAll(file, "0");
        }
        Shed(program, input.ExecutableExit, input.Id, input.Host.IsRoot);
    }

    /// <summary>Before the first namespace is joined: from there on others may look at this process.</summary>
    public static void Shed(ChildProgram program, ExecutableExit? exit, string id, bool isRoot)
    {
        if (exit is null || !isRoot) return;
        program.Step("forget the runtime's binary", null, "a container must not reach it through /proc/PID/exe (CVE-2019-5736)");
        program.ShedExecutable(exit, $"berth-runtime init {id}");
        program.Step("become undumpable", null, "processes in joined namespaces must not trace this one (CVE-2016-9962)");
        program.SetDumpable(false);
    }
}
