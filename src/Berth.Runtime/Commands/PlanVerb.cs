// plan: the steps of a bundle's start, each with why it stands there and which kernel calls it makes. Nothing is executed.
using Berth.Oci.Json;
using Berth.Linux;
using System.Text;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Runtime.Bundles;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Commands;

internal static class PlanVerb
{
    public static int Plan(Invocation call)
    {
        Bundle bundle = Bundle.Open(call.Flags["bundle"] is { Length: > 0 } b ? b : ".");
        SpecCheck.Check(bundle.Spec);
        Leniency.Apply(bundle.Spec, call.Log.Warn);
        HostFacts host = HostFacts.Observe();
        using Linux.Fd proc = KernelPath.Open("/proc", OpenFlags.Path | OpenFlags.Directory);
        using Linux.Fd nowhere = KernelPath.Open("/dev/null", OpenFlags.Path);
        using ExecutableExit exit = ExecutableExit.Open("berth-init");
        SeccompPlan seccomp = SeccompPlan.Of(bundle.Spec, bundle.Config, null, call.Log.Warn);
        string rootfs = bundle.ResolveRootfs();
        using InitPlan plan = InitPlan.Build(new PlanInput
        {
            Spec = bundle.Spec,
            Bundle = bundle.Directory,
            Rootfs = rootfs,
            Host = host,
            Proc = proc,
            StartFifo = nowhere,
            ExecutableExit = exit,
            ConsoleSocket = bundle.Spec.Process!.Terminal ? nowhere : null,
            SeccompFilter = seccomp.Filter,
            SeccompNotifies = seccomp.Notifies,
            Environment = ProcessEnvironment.Of(bundle.Spec.Process!, rootfs, 0),
            Actions = new PlanActions { BeforePivot = bundle.Spec.Hooks is null ? null : static _ => { } },
        });
        Invocation.Print(call.Flags["format"] == "json" ? Json(plan) : Encoding.UTF8.GetBytes(Text(plan)));
        return 0;
    }

    private static string Text(InitPlan plan)
    {
        StringBuilder text = new();
        text.Append($" 0  clone into new namespaces: {plan.Clone.ProcNames()}\n       clone3\n");
        for (int i = 0; i < plan.Program.Steps.Count; i++)
        {
            ProgramStep step = plan.Program.Steps[i];
            text.Append($"{i + 1,2}  {step.Phrase}\n");
            if (step.Why is not null) text.Append("       ").Append(step.Why).Append('\n');
            text.Append("       ").Append(string.Join(" ", Runs(plan.Program.CallsOf(i)))).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>prctl prctl prctl becomes prctl×3.</summary>
    private static List<string> Runs(IReadOnlyList<string> calls)
    {
        List<string> runs = [];
        for (int i = 0; i < calls.Count;)
        {
            int n = 1;
            while (i + n < calls.Count && calls[i + n] == calls[i]) n++;
            runs.Add(n == 1 ? calls[i] : $"{calls[i]}×{n}");
            i += n;
        }
        return runs;
    }

    private static byte[] Json(InitPlan plan)
    {
        JsonWriter w = new("  ");
        w.WriteStartArray();
        for (int i = 0; i < plan.Program.Steps.Count; i++)
        {
            ProgramStep step = plan.Program.Steps[i];
            w.WriteStartObject();
            w.WriteString("step"u8, step.Name);
            if (step.Subject is not null) w.WriteString("subject"u8, step.Subject);
            if (step.Why is not null) w.WriteString("why"u8, step.Why);
            w.WriteStartArray("calls"u8);
            foreach (string name in plan.Program.CallsOf(i)) w.WriteStringValue(name);
            w.WriteEndArray();
            w.WriteEndObject();
        }
        w.WriteEndArray();
        return [.. w.Written, (byte)'\n'];
    }
}
