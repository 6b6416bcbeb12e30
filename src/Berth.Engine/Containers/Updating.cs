// Changes limits, restarts, health and variables of a container that is there.
using Berth.Engine.Keeping;
using Berth.Engine.Networks;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Shim.Contract.Protos;

namespace Berth.Engine.Containers;

/// <summary>
/// Updates. What runs is changed first, through its shim; the record follows when that went well, so that it never says what is
/// not so. The bundle is changed too: a shim that starts its container again does so from there.
/// </summary>
internal sealed class Updating(ContainerParts parts, Ending ending)
{
    private const uint Private = 0x180;

    /// <summary>Changes one.</summary>
    /// <exception cref="BerthException">InvalidArgument: what cannot be. NotFound. What the runtime says.</exception>
    public async Task<ContainerRecord> UpdateAsync(string id, ContainerChanges changes, CancellationToken ct)
    {
        using FileLock held = parts.Folder.Lock(id);
        ContainerRecord record = parts.Folder.Read(id) ?? throw new BerthException(Fault.NotFound, $"there is no container {id[..12]}");
        ContainerRecord changed = Joined(record, changes);
        WishRules.Check(changed.Spec);
        BundleFacts facts = Starting.FactsFor(parts, changed) with { Cgroups = HostCgroups.Facts() };
        ResourcesSpec? resources = changes.Limits is null ? null : LimitTable.Build(changed.Spec.Limits, facts);
        foreach (string warning in facts.Notes.Warnings) parts.Warnings.Enqueue(warning);
        ContainerState state = parts.Facts.Observe(record);
        if (state.IsAlive || state.Status == ContainerStatus.Restarting) await TellAsync(changed, changes, state, resources, ct).ConfigureAwait(false);
        parts.Folder.Write(changed);
        parts.Events.Add("container", "update", id, changed.Name, ("image", changed.Spec.Image));
        return changed;
    }

    private async Task TellAsync(ContainerRecord record, ContainerChanges changes, ContainerState state, ResourcesSpec? resources, CancellationToken ct)
    {
        if (changes.Limits is null && changes.Restart is null) return;
        if (changes.Limits is not null && HostCgroups.PathOf(record.Spec.Limits, record.Id) is null) throw new BerthException(Fault.Unsupported, $"cannot limit container {record.Name}: it has no cgroup of its own", "an ordinary user's containers have one where systemd or an administrator gives him cgroups");
        using KeeperConnection keeper = await ending.ConnectAsync(record, ct).ConfigureAwait(false)
            ?? throw new BerthException(Fault.Unavailable, $"the shim of container {record.Name} has ended, and its processes are alone", $"stop it and start it again: berth restart {record.Name}");
        try
        {
            if (resources is not null && state.IsAlive) await keeper.CallAsync<Done>(KeeperService.Methods.Update, new UpdateRequest { Id = record.Id, Resources = SpecWriter.ToJson(resources, indented: false) }, ct).ConfigureAwait(false);
            if (resources is not null) Rewrite(record.Id, resources);
            if (changes.Restart is { } rule) await keeper.CallAsync<Done>(KeeperService.Methods.SetPolicy, new PolicyRequest { Id = record.Id, Restart = KeeperWords.PolicyOf(rule) }, ct).ConfigureAwait(false);
        }
        catch (BerthException e) when (e.Kind == Fault.Failed)
        {
            throw new BerthException(Fault.Failed, $"cannot update container {record.Name}: {e.Message}", e.Hint, e);
        }
    }

    private void Rewrite(string id, ResourcesSpec resources)
    {
        string path = $"{parts.Places.Bundle(id)}/config.json";
        Spec spec = SpecReader.Read(KernelFile.Read(path));
        if (spec.Linux is null) return;
        resources.Devices = spec.Linux.Resources?.Devices;
        spec.Linux.Resources = resources;
        KernelPath.WriteAtomically(path, SpecWriter.ToJson(spec, indented: false), Private);
    }

    private static ContainerRecord Joined(ContainerRecord record, ContainerChanges changes)
    {
        ContainerSpec spec = record.Spec;
        SettledSpec settled = record.Settled;
        if (changes.Limits is { } limits) spec = spec with { Limits = Joined(spec.Limits, limits) };
        if (changes.Restart is { } rule) spec = spec with { Restart = rule };
        if (changes.Health is { } health)
        {
            spec = spec with { Health = Joined(spec.Health, health) };
            settled = settled with { Health = health.IsOff ? null : HealthMerge.Of(Joined(settled.Health, health), null) };
        }
        if (changes.Environment.Count + changes.EnvironmentRemoved.Count > 0)
        {
            spec = spec with { Environment = Joined(spec.Environment, changes), EnvironmentRemoved = [.. spec.EnvironmentRemoved, .. changes.EnvironmentRemoved] };
            settled = settled with { Environment = Joined(settled.Environment, changes) };
        }
        return record with { Spec = spec, Settled = settled };
    }

    private static List<string> Joined(IReadOnlyList<string> variables, ContainerChanges changes)
    {
        List<string> joined = [.. variables];
        foreach (string name in changes.EnvironmentRemoved) joined.RemoveAll(other => other.StartsWith(name + "=", StringComparison.Ordinal));
        foreach (string variable in changes.Environment)
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new BerthException(Fault.InvalidArgument, $"'{variable}' is no NAME=VALUE");
            joined.RemoveAll(other => other.StartsWith(variable[..(equals + 1)], StringComparison.Ordinal));
            joined.Add(variable);
        }
        return joined;
    }

    private static HealthSpec Joined(HealthSpec? old, HealthSpec now) => now.IsOff || old is null ? now : new HealthSpec
    {
        Test = now.Test.Count > 0 ? now.Test : old.Test,
        Interval = now.Interval ?? old.Interval,
        Timeout = now.Timeout ?? old.Timeout,
        StartPeriod = now.StartPeriod ?? old.StartPeriod,
        StartInterval = now.StartInterval ?? old.StartInterval,
        Retries = now.Retries ?? old.Retries,
        OnFailure = now.OnFailure == "none" ? old.OnFailure : now.OnFailure,
    };

    private static LimitsSpec Joined(LimitsSpec old, LimitsSpec now)
    {
        // CPUs as a number, and as a quota of a period, say the same: who says one does not mean the other any more.
        bool asNumber = now.NanoCpus is not null, asQuota = now.CpuPeriod is not null || now.CpuQuota is not null;
        return old with
        {
            Memory = now.Memory ?? old.Memory,
            MemoryReservation = now.MemoryReservation ?? old.MemoryReservation,
            MemorySwap = now.MemorySwap ?? old.MemorySwap,
            MemorySwappiness = now.MemorySwappiness ?? old.MemorySwappiness,
            NanoCpus = now.NanoCpus ?? (asQuota ? null : old.NanoCpus),
            CpuShares = now.CpuShares ?? old.CpuShares,
            CpuPeriod = now.CpuPeriod ?? (asNumber ? null : old.CpuPeriod),
            CpuQuota = now.CpuQuota ?? (asNumber ? null : old.CpuQuota),
            CpuRealtimePeriod = now.CpuRealtimePeriod ?? old.CpuRealtimePeriod,
            CpuRealtimeRuntime = now.CpuRealtimeRuntime ?? old.CpuRealtimeRuntime,
            Cpus = now.Cpus ?? old.Cpus,
            MemoryNodes = now.MemoryNodes ?? old.MemoryNodes,
            Pids = now.Pids ?? old.Pids,
            BlockWeight = now.BlockWeight ?? old.BlockWeight,
            BlockWeights = Joined(old.BlockWeights, now.BlockWeights),
            ReadBytes = Joined(old.ReadBytes, now.ReadBytes),
            WriteBytes = Joined(old.WriteBytes, now.WriteBytes),
            ReadOperations = Joined(old.ReadOperations, now.ReadOperations),
            WriteOperations = Joined(old.WriteOperations, now.WriteOperations),
        };
    }

    private static List<DeviceNumber> Joined(IReadOnlyList<DeviceNumber> old, IReadOnlyList<DeviceNumber> now)
    {
        List<DeviceNumber> joined = [.. old];
        foreach (DeviceNumber one in now)
        {
            joined.RemoveAll(other => other.Path == one.Path);
            joined.Add(one);
        }
        return joined;
    }
}
