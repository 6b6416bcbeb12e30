// A valid specification, and plans of it with one change: what each test of the plan begins with.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Generate;

namespace Berth.Runtime.Plan;

/// <summary>The base of the tests.</summary>
internal static class Base
{
    /// <summary>An opened file whose number stands for whatever a plan needs open: nothing of a plan is executed here.</summary>
    private static readonly Fd Anything = KernelPath.Open("/dev/null", OpenFlags.Path);

    public static PlanInput Input(Action<Spec>? change = null)
    {
        Spec spec = DefaultSpec.Create(rootless: false);
        spec.Process!.Terminal = false;
        spec.Linux!.Namespaces.RemoveAll(static n => n.Type == "cgroup");
        change?.Invoke(spec);
        return new PlanInput
        {
            Spec = spec,
            Bundle = "/bundle",
            Rootfs = "/bundle/rootfs",
            Host = new HostFacts(),
            Id = "test",
            Proc = Anything,
            Environment = spec.Process.Env ?? [],
            Cgroups = new CgroupView(true, [], "/sys/fs/cgroup/test"),
        };
    }

    /// <summary>Phrases of the steps: name and subject.</summary>
    public static List<string> Steps(Action<Spec>? change = null) => Steps(Input(change));

    public static List<string> Steps(PlanInput input) => Look(input, static program => program.Steps.Select(static s => s.Phrase).ToList());

    /// <summary>Kernel calls of the first step with this phrase.</summary>
    public static List<string> Calls(PlanInput input, string phrase) => Look(input, program =>
    {
        for (int i = 0; i < program.Steps.Count; i++)
        {
            if (program.Steps[i].Phrase == phrase) return program.CallsOf(i).ToList();
        }
        throw new InvalidOperationException($"no step \"{phrase}\"");
    });

    public static T Look<T>(PlanInput input, Func<ChildProgram, T> see)
    {
        using InitPlan plan = InitPlan.Build(input);
        return see(plan.Program);
    }

    /// <summary>Fails unless the phrases occur in this order; each may be the beginning of one.</summary>
    public static void InOrder(List<string> steps, params string[] phrases)
    {
        int at = 0;
        foreach (string phrase in phrases)
        {
            int found = steps.FindIndex(at, s => s.StartsWith(phrase, StringComparison.Ordinal));
            Assert.True(found >= 0, $"\"{phrase}\" does not follow in:\n{string.Join('\n', steps)}");
            at = found + 1;
        }
    }

    public static void Mount(this Spec spec, string destination, string? type, string source, params string[] options) =>
        spec.Mounts.Add(new MountSpec { Destination = destination, Type = type, Source = source, Options = [.. options] });

    public static void Namespace(this Spec spec, string type, string? path = null) => spec.Linux!.Namespaces.Add(new NamespaceSpec { Type = type, Path = path });

    public static void NewUserNamespace(this Spec spec)
    {
        spec.Namespace("user");
        spec.Linux!.UidMappings = [new() { ContainerId = 0, HostId = 100000, Size = 65536 }];
        spec.Linux.GidMappings = [new() { ContainerId = 0, HostId = 100000, Size = 65536 }];
    }

    public static readonly Fd Open = Anything;
}
