// Apply: the limits and device rules of the configuration, before a process enters.
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    /// <summary>Sets all limits and device rules that were asked for. Under systemd <see cref="Enter"/> does it.</summary>
    /// <exception cref="BerthException">One of them could not be set.</exception>
    public void Apply()
    {
        if (_unit is null) ApplyToFiles();
    }

    private void ApplyToFiles()
    {
        ApplyDevices();
        if (Resources is { } resources) WriteLimits(resources);
    }

    private void WriteLimits(ResourcesSpec resources)
    {
        if (_mode == CgroupMode.Unified)
        {
            if (UnifiedDirectory is { } directory) CheckUsage(directory, resources.Memory);
            LimitWriter.Run(UnifiedLimits.Plan(resources), _ => UnifiedDirectory);
            return;
        }
        List<LimitWrite> plan = LegacyLimits.Plan(resources);
        if (_mode == CgroupMode.Hybrid) MoveToUnified(plan, resources);
        LimitWriter.Run(plan, controller => IsOnUnified(controller) ? UnifiedDirectory : _paths[(int)controller]);
    }

    /// <summary>On a hybrid host a controller without a v1 hierarchy may live on the v2 tree: its limits go there.</summary>
    private void MoveToUnified(List<LimitWrite> plan, ResourcesSpec resources)
    {
        List<LimitWrite>? unified = null;
        for (int i = plan.Count - 1; i >= 0; i--)
        {
            if (!IsOnUnified(plan[i].Controller)) continue;
            plan.RemoveAt(i);
            unified ??= UnifiedLimits.Plan(resources);
        }
        foreach (LimitWrite write in unified ?? [])
        {
            if (IsOnUnified(write.Controller)) plan.Add(write);
        }
    }

    private bool IsOnUnified(Controller controller) => _paths[(int)controller] is null && UnifiedDirectory is not null
        && UnifiedLimits.Lists(UnifiedControllers, UnifiedLimits.NameOf(controller));

    private string? _unifiedControllers;

    private string UnifiedControllers => _unifiedControllers ??= KernelFile.TryReadText(UnifiedDirectory + "/cgroup.controllers") ?? "";

    /// <summary>Refuses a limit that would have the kernel kill at once, when that was asked for.</summary>
    private static void CheckUsage(string directory, MemorySpec? memory)
    {
        if (memory?.CheckBeforeUpdate != true || KernelFile.TryReadText(directory + "/memory.current") is not { } text) return;
        ulong usage = KeyedFile.Number(text);
        if (memory.Swap is { } swap and > 0 && (ulong)swap <= usage)
        {
            throw new BerthException(Fault.InvalidArgument, $"rejecting memory+swap limit {swap} <= usage {usage}");
        }
        if (memory.Limit is { } limit and > 0 && (ulong)limit <= usage)
        {
            throw new BerthException(Fault.InvalidArgument, $"rejecting memory limit {limit} <= usage {usage}");
        }
    }
}
