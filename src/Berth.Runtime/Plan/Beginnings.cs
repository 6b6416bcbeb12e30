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
        CloseOthers(program, input);
        Shed(program, input.ExecutableExit, input.Id, input.Host.IsRoot);
    }

    /// <summary>Whatever else the parent or its caller had open would stay open while a created container waits.</summary>
    private static void CloseOthers(ChildProgram program, PlanInput input)
    {
        List<int> keep = [];
        foreach (Fd? fd in new[] { input.Proc, input.StartFifo, input.ConsoleSocket, input.ExecutableExit?.Substitute, input.ExecutableExit?.Image, input.Container })
        {
            if (fd is not null) keep.Add(fd.Number);
        }
        foreach ((_, Fd fd) in input.Joins) keep.Add(fd.Number);
        program.Step("close descriptors", "all that the plan does not name", "nothing of the host may leak into a container, not even while it waits for start");
        program.CloseAllExcept(3 + input.PreserveFds, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(keep));
    }

    /// <summary>Before the first namespace is joined: from there on others may look at this process.</summary>
    public static void Shed(ChildProgram program, ExecutableExit? exit, string id, bool isRoot)
    {
        if (exit is null || !isRoot) return;
        program.Step("forget the runtime's binary", null, "a container must not reach it through /proc/PID/exe (CVE-2019-5736)");
        program.ShedExecutable(exit, $"berth-runtime init {id}");
        program.Step("become undumpable", null, "processes in joined namespaces must not trace this one (CVE-2016-9962)");
        program.SetDumpable(false);
        program.Step("close the runtime's image", null, "its pages stay mapped");
        program.Close(exit.Substitute);
        if (exit.Image is { } image) program.Close(image);
    }
}
