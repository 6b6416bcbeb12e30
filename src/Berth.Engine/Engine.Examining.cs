// The host examined: what berth needs of it, and what it has.
using Berth.Engine.Containers;
using Berth.Engine.Diagnosis;
using Berth.Engine.Diagnosis.Host;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Store.Garbage;

namespace Berth.Engine;

/// <content>The host.</content>
public sealed partial class Engine
{
    /// <summary>Looks whether this host has what containers need. Nothing is changed.</summary>
    /// <returns>A finding for each check, in a fixed order.</returns>
    public async Task<IReadOnlyList<HostFinding>> ExamineAsync(CancellationToken ct = default)
    {
        List<HostFinding> findings = [.. HostChecks.Run(new HostFacts { Root = _options.RootFolder, Run = _options.RunFolder })];
        findings.Add(await StoreAsync(ct).ConfigureAwait(false));
        findings.Add(LeftOvers());
        return findings;
    }

    private async Task<HostFinding> StoreAsync(CancellationToken ct)
    {
        const string why = "an image of which something is missing cannot be run";
        // A store that was never made is not made by a look.
        if (!KernelFile.Exists(_options.RootFolder)) return new HostFinding("store", FindingLevel.Ok, "there is none yet") { Why = why };
        try
        {
            CheckReport report = await Images.CheckAsync(new CheckOptions { Quick = true }, ct).ConfigureAwait(false);
            return report.Findings.Count == 0 ? new HostFinding("store", FindingLevel.Ok, "whole, by a quick look") { Why = why }
                : new HostFinding("store", FindingLevel.Failure, string.Join("; ", report.Findings.Take(3).Select(static one => $"{one.What}: {one.Problem}"))) { Why = why, Cure = "berth storage check --repair" };
        }
        catch (BerthException fault)
        {
            return new HostFinding("store", FindingLevel.Failure, fault.Message) { Why = why, Cure = fault.Hint };
        }
    }

    private HostFinding LeftOvers()
    {
        const string why = "what dead containers leave keeps mounts, addresses and ports";
        List<string> names = [];
        foreach (Container container in Containers.List())
        {
            if (container.Observe() is { IsLeft: true, IsAlive: false, Status: not ContainerStatus.Restarting }) names.Add(container.Name);
        }
        return names.Count == 0 ? new HostFinding("left-overs", FindingLevel.Ok, "none") { Why = why }
            : new HostFinding("left-overs", FindingLevel.Warning, $"of {string.Join(", ", names)}") { Why = why, Cure = "berth container cleanup" };
    }
}
