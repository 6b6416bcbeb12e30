// The table of `validate`: cgroup limits.
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Validate;

internal static partial class Rules
{
    private static Rule[] ResourceRules() =>
    [
        OfResources(RuleLevel.Must, "device-rule", "config-linux.md#allowed-device-list", (i, resources) =>
        {
            for (int n = 0; n < resources.Devices?.Count; n++)
            {
                DeviceRule rule = resources.Devices[n];
                string path = $"linux.resources.devices[{n}]";
                i.Expect(rule.Type is null or "a" or "b" or "c", $"{path}.type", $"'{rule.Type}' is not a, b or c");
                i.Expect(rule.Access is null || rule.Access.AsSpan().IndexOfAnyExcept("rwm") < 0, $"{path}.access", $"'{rule.Access}' is more than r, w and m");
            }
        }),
        OfResources(RuleLevel.Must, "memory-limits", "config-linux.md#memory", CheckMemory),
        OfResources(RuleLevel.May, "memory-kernel", "config-linux.md#memory", (i, resources) =>
            i.Expect(resources.Memory?.Kernel is null, "linux.resources.memory.kernel", "obsolete since Linux 5.4, and ignored")),
        OfResources(RuleLevel.Must, "cpu-limits", "config-linux.md#cpu", CheckCpu),
        OfResources(RuleLevel.Must, "block-io-device", "config-linux.md#block-io", (i, resources) =>
        {
            for (int n = 0; n < resources.BlockIo?.WeightDevice?.Count; n++)
            {
                WeightDevice device = resources.BlockIo.WeightDevice[n];
                i.Expect(device.Weight is not null || device.LeafWeight is not null, $"linux.resources.blockIO.weightDevice[{n}]", "neither weight nor leafWeight");
            }
        }),
        OfResources(RuleLevel.Must, "block-io-weight", "config-linux.md#block-io", (i, resources) =>
        {
            CheckWeight(i, resources.BlockIo?.Weight, "linux.resources.blockIO.weight");
            CheckWeight(i, resources.BlockIo?.LeafWeight, "linux.resources.blockIO.leafWeight");
            for (int n = 0; n < resources.BlockIo?.WeightDevice?.Count; n++)
            {
                CheckWeight(i, resources.BlockIo.WeightDevice[n].Weight, $"linux.resources.blockIO.weightDevice[{n}].weight");
                CheckWeight(i, resources.BlockIo.WeightDevice[n].LeafWeight, $"linux.resources.blockIO.weightDevice[{n}].leafWeight");
            }
        }),
        OfResources(RuleLevel.Must, "huge-page-size", "config-linux.md#huge-page-limits", (i, resources) =>
        {
            for (int n = 0; n < resources.HugepageLimits?.Count; n++)
            {
                string size = resources.HugepageLimits[n].PageSize;
                i.Expect(IsPageSize(size), $"linux.resources.hugepageLimits[{n}].pageSize", $"'{size}' is no size such as 64KB, 2MB or 1GB");
            }
        }),
        OfResources(RuleLevel.Should, "huge-page-unique", "config-linux.md#huge-page-limits", (i, resources) =>
            CheckUnique(i, resources.HugepageLimits?.ConvertAll(limit => limit.PageSize), "linux.resources.hugepageLimits")),
        OfResources(RuleLevel.Must, "rdma-limit", "config-linux.md#rdma", (i, resources) =>
        {
            foreach ((string device, RdmaSpec limit) in resources.Rdma ?? [])
            {
                i.Expect(limit.HcaHandles is not null || limit.HcaObjects is not null, $"linux.resources.rdma[\"{device}\"]", "neither hcaHandles nor hcaObjects");
            }
        }),
        OfResources(RuleLevel.Must, "unified-file", "config-linux.md#unified", (i, resources) =>
        {
            foreach (string file in Keys(resources.Unified))
            {
                bool isFile = file.IndexOf('.', StringComparison.Ordinal) > 0 && !file.Contains('/');
                i.Expect(isFile, $"linux.resources.unified[\"{file}\"]", "it is no file of a cgroup such as memory.high");
            }
        }),
        OfResources(RuleLevel.Should, "network-interface", "config-linux.md#network", (i, resources) =>
        {
            for (int n = 0; n < resources.Network?.Priorities?.Count; n++)
            {
                string name = resources.Network.Priorities[n].Name;
                i.Expect(KernelFile.Exists($"/sys/class/net/{name}"), $"linux.resources.network.priorities[{n}].name", $"this host has no interface {name}");
            }
        }).OnHost(),
    ];

    private static Rule OfResources(RuleLevel level, string id, string section, Action<Inspection, ResourcesSpec> check) =>
        new(id, level, section, i =>
        {
            if (i.Spec.Linux?.Resources is { } resources) check(i, resources);
        });

    private static void CheckWeight(Inspection i, ushort? weight, string path) =>
        // 0 leaves it alone.
        i.Expect(weight is null or 0 or >= 10 and <= 1000, path, $"{weight} is not within 10 to 1000");

    private static void CheckMemory(Inspection i, ResourcesSpec resources)
    {
        if (resources.Memory is not { } memory) return;
        const string path = "linux.resources.memory";
        // -1 is no limit: above all others.
        i.Expect(memory.Swap is null or 0 || memory.Limit is null || (ulong)memory.Swap >= (ulong)memory.Limit, $"{path}.swap", "memory and swap together are less than memory alone");
        i.Expect(memory.Reservation is null || memory.Limit is null or 0 || (ulong)memory.Reservation <= (ulong)memory.Limit, $"{path}.reservation", "the soft limit is above the hard one");
        i.Expect(memory.Swappiness is null or <= 100, $"{path}.swappiness", $"{memory.Swappiness} is not within 0 to 100");
    }

    private static void CheckCpu(Inspection i, ResourcesSpec resources)
    {
        if (resources.Cpu is not { } cpu) return;
        const string path = "linux.resources.cpu";
        CheckNumberList(i, cpu.Cpus, $"{path}.cpus");
        CheckNumberList(i, cpu.Mems, $"{path}.mems");
        i.Expect(cpu.Quota is not > 0 || cpu.Burst is null || cpu.Burst <= (ulong)cpu.Quota, $"{path}.burst", "the burst is above the quota");
        i.Expect(cpu.Idle is null or 0 or 1, $"{path}.idle", $"{cpu.Idle} is neither 0 nor 1");
        i.Expect(cpu.RealtimeRuntime is null || cpu.RealtimePeriod is null or 0 || cpu.RealtimeRuntime <= (long)Math.Min(cpu.RealtimePeriod.Value, long.MaxValue),
            $"{path}.realtimeRuntime", "it is longer than its period");
    }

    private static bool IsPageSize(string size) =>
        size.Length >= 3 && size[0] is >= '1' and <= '9' && IsDigits(size[..^2]) && size[^2] is 'K' or 'M' or 'G' && size[^1] == 'B';
}
