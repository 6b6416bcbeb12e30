// Spec to plan: the order in which a container's first process comes to be. Read Build from top to bottom.
using Berth.Linux;
using Berth.Linux.Programs;

namespace Berth.Runtime.Plan;

/// <summary>The plan of a container's first process: its program, and the namespaces it is cloned into.</summary>
public sealed class InitPlan : IDisposable
{
    private InitPlan(ChildProgram program, Namespaces clone) => (Program, Clone) = (program, clone);

    /// <summary>The steps.</summary>
    public ChildProgram Program { get; }

    /// <summary>Namespaces made by the clone itself.</summary>
    public Namespaces Clone { get; }

    /// <summary>Makes the plan. Nothing is executed, and no privilege is needed.</summary>
    public static InitPlan Build(PlanInput input)
    {
        ChildProgram program = new();
        try
        {
            NamespacePlan namespaces = NamespacePlan.Of(input);
            Beginnings.Add(program, input);
            namespaces.Add(program, input);
            ExecPlan.ResetAffinity(program);
            if (namespaces.Creates(Namespaces.Network))
            {
                program.Step("bring the loopback device up", null, "programs expect 127.0.0.1 to answer");
                program.BringLoopbackUp();
            }
            Session.Add(program, input);
            MountCalls calls = MountCalls.For(program, input);
            Slot root = RootFileSystem.Add(program, input, calls, namespaces);
            MountList mounts = new(program, input, calls, root, namespaces);
            mounts.AddEarly();
            DeviceNodes.Add(program, input, calls, root, namespaces);
            Slot terminal = Console.Add(program, input, calls, root);
            AddMeetings(program, input, namespaces, mounts);
            RootFileSystem.Enter(program, input, root, namespaces);
            Restrictions.Add(program, input, calls);
            Identity.AddLimits(program, input.Spec.Process!, input.Spec.Linux);
            Console.Connect(program, input, terminal);
            Finish.AddClosing(program, input);
            Slot inside = Identity.EnterDirectory(program, input.Spec.Process!);
            Identity.AddSeccompWhilePrivileged(program, input);
            Identity.Become(program, input.Spec.Process!, input, inside);
            Finish.Add(program, input);
            return new InitPlan(program, namespaces.CloneFlags);
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    private static void AddMeetings(ChildProgram program, PlanInput input, NamespacePlan namespaces, MountList mounts)
    {
        if (input.Actions.Confine is { } confine)
        {
            program.Step("wait for the cgroups", null, "a cgroup namespace is rooted where its maker stands, and no user code may run unconfined");
            program.Meet(confine);
        }
        if (namespaces.Creates(Namespaces.Cgroup))
        {
            program.Step("unshare the cgroup namespace", null, "after the move into the container's cgroup, which becomes its root");
            program.Unshare(Namespaces.Cgroup);
        }
        mounts.AddCgroups();
        mounts.AddWorkingDirectory();
        mounts.AddReadOnly();
        if (input.Actions.MoveDevices is { } move)
        {
            program.Step("wait for the network devices", null, "the network namespace is settled, and sysctls of the interfaces come later");
            program.Meet(move);
        }
        if (input.Actions.BeforePivot is { } hooks)
        {
            program.Step("wait for the hooks", null, "prestart, createRuntime and createContainer run when all mounts are made and the host's files can still be reached");
            program.Meet(hooks);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Program.Dispose();
}
