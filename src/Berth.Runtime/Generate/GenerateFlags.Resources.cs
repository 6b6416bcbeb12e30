// The table of `generate`: cgroup limits.
namespace Berth.Runtime.Generate;

internal static partial class GenerateFlags
{
    private const string WeightForm = "MAJOR:MINOR:WEIGHT";
    private const string RateForm = "MAJOR:MINOR:RATE";
    private const string HugePageForm = "SIZE:LIMIT";
    private const string PriorityForm = "INTERFACE:PRIORITY";
    private const string DeviceRuleForm = "allow|deny[,type=T][,major=N][,minor=N][,access=RWM]";

    // Options that fall away with the special value -1, as the peers' do.
    private const string Remove = "-1";

    private static GenerateFlag[] Resources() =>
    [
        GenerateFlag.Many("linux-device-cgroup-add", DeviceRuleForm, "add a device rule", (draft, value) =>
            draft.Resources.ListBelow("devices").Add(DeviceRule(value))),
        GenerateFlag.Many("linux-device-cgroup-remove", DeviceRuleForm, "remove the equal device rule", (draft, value) =>
            Draft.Drop(draft.Resources.ListBelow("devices"), DeviceRule(value), "allow", "type", "major", "minor", "access")),

        GenerateFlag.Whole("linux-mem-limit", "linux.resources.memory.limit", "memory in bytes, -1 for no limit", -1),
        GenerateFlag.Whole("linux-mem-reservation", "linux.resources.memory.reservation", "soft limit of memory in bytes", -1),
        GenerateFlag.Whole("linux-mem-swap", "linux.resources.memory.swap", "memory and swap together in bytes", -1),
        GenerateFlag.Whole("linux-mem-kernel-limit", "linux.resources.memory.kernel", "kernel memory in bytes (obsolete)", -1),
        GenerateFlag.Whole("linux-mem-kernel-tcp", "linux.resources.memory.kernelTCP", "kernel TCP buffers in bytes (cgroup v1)", -1),
        GenerateFlag.Whole("linux-mem-swappiness", "linux.resources.memory.swappiness", "0 to 100 (cgroup v1)", max: 100),
        GenerateFlag.Switch("linux-disable-oom-kill", "linux.resources.memory.disableOOMKiller", "do not kill when memory is used up (cgroup v1)"),

        GenerateFlag.Whole("linux-cpu-shares", "linux.resources.cpu.shares", "share of CPU time relative to others"),
        GenerateFlag.Whole("linux-cpu-quota", "linux.resources.cpu.quota", "microseconds a period, -1 for no limit", -1),
        GenerateFlag.Whole("linux-cpu-period", "linux.resources.cpu.period", "length of the period in microseconds"),
        GenerateFlag.Whole("linux-realtime-runtime", "linux.resources.cpu.realtimeRuntime", "microseconds of realtime a period", -1),
        GenerateFlag.Whole("linux-realtime-period", "linux.resources.cpu.realtimePeriod", "length of the realtime period in microseconds"),
        GenerateFlag.Text("linux-cpus", "linux.resources.cpu.cpus", "LIST", "CPUs to run on, such as 0-3,7"),
        GenerateFlag.Text("linux-mems", "linux.resources.cpu.mems", "LIST", "memory nodes to use"),

        GenerateFlag.Whole("linux-pids-limit", "linux.resources.pids.limit", "number of processes, -1 for no limit", -1),

        GenerateFlag.Whole("linux-blkio-weight", "linux.resources.blockIO.weight", "share of block I/O, 10 to 1000", 0, 1000),
        GenerateFlag.Whole("linux-blkio-leaf-weight", "linux.resources.blockIO.leafWeight", "share of block I/O against child cgroups, 10 to 1000", 0, 1000),
        GenerateFlag.Many("linux-blkio-weight-device", WeightForm, "share of one device; -1 removes it", (draft, value) => SetWeight(draft, "weight", value)),
        GenerateFlag.Many("linux-blkio-leaf-weight-device", WeightForm, "share of one device against child cgroups; -1 removes it", (draft, value) => SetWeight(draft, "leafWeight", value)),
        Rate("linux-blkio-read-bps-device", "throttleReadBpsDevice", "bytes a second read from a device; -1 removes it"),
        Rate("linux-blkio-write-bps-device", "throttleWriteBpsDevice", "bytes a second written to a device; -1 removes it"),
        Rate("linux-blkio-read-iops-device", "throttleReadIOPSDevice", "reads a second from a device; -1 removes it"),
        Rate("linux-blkio-write-iops-device", "throttleWriteIOPSDevice", "writes a second to a device; -1 removes it"),

        GenerateFlag.Many("linux-hugepage-limits-add", HugePageForm, "limit huge pages of one size, such as 2MB:4194304", AddHugePages),
        GenerateFlag.Many("linux-hugepage-limits-drop", "SIZE", "remove the limit of one size", (draft, size) =>
            draft.Resources.ListBelow("hugepageLimits").RemoveAll(limit => limit.TextOf("pageSize") == size)),

        GenerateFlag.Whole("linux-network-classid", "linux.resources.network.classID", "class of the container's packets (cgroup v1)", max: uint.MaxValue),
        GenerateFlag.Many("linux-network-priorities", PriorityForm, "priority of traffic on an interface (cgroup v1); -1 removes it", SetPriority),
    ];

    private static GenerateFlag Rate(string name, string list, string help) => GenerateFlag.Many(name, RateForm, help, (draft, value) =>
    {
        string[] parts = FlagValue.Parts(value, RateForm);
        JsonTree device = NumberedDevice(parts);
        List<JsonTree> rates = draft.Resources.Below("blockIO").ListBelow(list);
        if (parts[2] == Remove)
        {
            Draft.Drop(rates, device, "major", "minor");
            return;
        }
        device["rate"] = JsonTree.Of(FlagValue.Whole(parts[2], 0, long.MaxValue));
        Draft.Put(rates, device, "major", "minor");
    });

    private static void SetWeight(Draft draft, string member, string value)
    {
        string[] parts = FlagValue.Parts(value, WeightForm);
        JsonTree device = NumberedDevice(parts);
        List<JsonTree> devices = draft.Resources.Below("blockIO").ListBelow("weightDevice");
        int index = Draft.Find(devices, device, "major", "minor");
        // A device has two weights, which two flags set and remove one by one.
        if (index >= 0) device = devices[index];
        device[member] = parts[2] == Remove ? null : JsonTree.Of(FlagValue.Whole(parts[2], 0, 1000));
        bool hasWeight = device["weight"] is not null || device["leafWeight"] is not null;
        if (index >= 0 && !hasWeight) devices.RemoveAt(index);
        if (index < 0 && hasWeight) devices.Add(device);
    }

    private static JsonTree NumberedDevice(string[] parts)
    {
        JsonTree device = JsonTree.Object();
        device["major"] = JsonTree.Of(FlagValue.Whole(parts[0], 0, long.MaxValue));
        device["minor"] = JsonTree.Of(FlagValue.Whole(parts[1], 0, long.MaxValue));
        return device;
    }

    private static void AddHugePages(Draft draft, string value)
    {
        string[] parts = FlagValue.Parts(value, HugePageForm);
        JsonTree limit = JsonTree.Object();
        limit["pageSize"] = JsonTree.Of(parts[0]);
        limit["limit"] = JsonTree.Of(FlagValue.Limit(parts[1]));
        Draft.Put(draft.Resources.ListBelow("hugepageLimits"), limit, "pageSize");
    }

    private static void SetPriority(Draft draft, string value)
    {
        string[] parts = FlagValue.Parts(value, PriorityForm);
        JsonTree priority = JsonTree.Object();
        priority["name"] = JsonTree.Of(parts[0]);
        List<JsonTree> priorities = draft.Resources.Below("network").ListBelow("priorities");
        if (parts[1] == Remove)
        {
            Draft.Drop(priorities, priority, "name");
            return;
        }
        priority["priority"] = JsonTree.Of(FlagValue.Whole(parts[1], 0, uint.MaxValue));
        Draft.Put(priorities, priority, "name");
    }

    private static JsonTree DeviceRule(string value)
    {
        string[] parts = value.Split(',');
        JsonTree rule = JsonTree.Object();
        rule["allow"] = JsonTree.Of(FlagValue.OneOf(parts[0], "allow", "deny") == "allow");
        foreach (string part in parts.AsSpan(1))
        {
            (string name, string text) = FlagValue.Pair(part.Trim());
            rule[name] = name switch
            {
                "type" => JsonTree.Of(FlagValue.OneOf(text, "a", "b", "c")),
                "major" or "minor" => JsonTree.Of(FlagValue.Whole(text, -1, long.MaxValue)),
                "access" when text.AsSpan().IndexOfAnyExcept("rwm") < 0 => JsonTree.Of(text),
                _ => throw FlagValue.Fault($"'{part}' is not of the form {DeviceRuleForm}"),
            };
        }
        return rule;
    }
}
