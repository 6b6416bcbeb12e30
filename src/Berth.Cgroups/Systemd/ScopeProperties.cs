// Limits of a configuration as properties of a systemd unit (systemd.resource-control(5)).
using System.Globalization;
using Berth.Linux.DBus;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.Systemd;

/// <summary>Collects properties. systemd writes the same files as we do, so both must say the same.</summary>
/// <param name="version">Of systemd: what it does not know yet is left to the files.</param>
/// <param name="warnings">Where to say what could not be done.</param>
internal sealed class ScopeProperties(int version, List<string> warnings)
{
    private const ulong Infinity = ulong.MaxValue, DefaultPeriod = 100000;
    private const int KnowsDeviceNumbers = 240, KnowsQuotaPeriod = 242, KnowsCpuset = 244, KnowsIdle = 252, KnowsOomPolicy = 253;

    private readonly List<UnitProperty> _list = [];

    public List<UnitProperty> List => _list;

    /// <summary>What every scope of ours has.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="description">For people.</param>
    /// <param name="defaultSlice">Where the unit names none.</param>
    /// <param name="pid">The first process.</param>
    /// <param name="unified">Version of cgroup.</param>
    public ScopeProperties AddScope(SystemdUnit unit, string description, string defaultSlice, int pid, bool unified)
    {
        string slice = unit.Slice.Length == 0 ? defaultSlice : unit.Slice;
        Add("Description", DBusValue.Of(description));
        if (unit.IsSlice) Add("Wants", new DBusArray("s", [DBusValue.Of(slice)]));
        else
        {
            Add("Slice", DBusValue.Of(slice));
            Add("Delegate", DBusValue.Of(true));
            Add("PIDs", new DBusArray("u", [DBusValue.Of((uint)pid)]));
        }
        Add("MemoryAccounting", DBusValue.Of(true));
        Add("CPUAccounting", DBusValue.Of(true));
        Add(unified ? "IOAccounting" : "BlockIOAccounting", DBusValue.Of(true));
        Add("TasksAccounting", DBusValue.Of(true));
        // Containers live on while the system shuts its services down; who started them stops them.
        Add("DefaultDependencies", DBusValue.Of(false));
        return this;
    }

    /// <summary>Properties from annotations; <c>TimeoutStopSec</c> and its like become <c>TimeoutStopUSec</c>.</summary>
    /// <exception cref="BerthException">A name or a value is malformed.</exception>
    public ScopeProperties AddAnnotated(IReadOnlyList<KeyValuePair<string, string>> properties)
    {
        foreach ((string name, string text) in properties)
        {
            if (name.Length < 3) throw new BerthException(Fault.InvalidArgument, $"annotation org.systemd.property.{name} name incorrect: too short");
            foreach (char c in name)
            {
                if (!char.IsAsciiLetter(c))
                {
                    throw new BerthException(Fault.InvalidArgument, $"annotation org.systemd.property.{name} name incorrect: contains non-alphabetic character");
                }
            }
            DBusValue value = GVariantText.Parse(text);
            bool seconds = name.Length > 3 && name.EndsWith("Sec", StringComparison.Ordinal) && char.IsAsciiLetterLower(name[^4]);
            if (seconds) Add(name[..^3] + "USec", Microseconds(name, value));
            else Add(name, value);
        }
        return this;
    }

    /// <summary>Limits on v1.</summary>
    public ScopeProperties AddLegacy(ref ResourcesSpec resources)
    {
        if (resources.Memory?.Limit is { } memory and not 0) Add("MemoryLimit", DBusValue.Of((ulong)memory));
        if (resources.Cpu?.Shares is { } shares and not 0) Add("CPUShares", DBusValue.Of(shares));
        resources = AddQuota(resources);
        if (resources.BlockIo?.Weight is { } weight and not 0) Add("BlockIOWeight", DBusValue.Of((ulong)weight));
        AddTasks(resources.Pids?.Limit);
        AddCpuset("AllowedCPUs", resources.Cpu?.Cpus);
        AddCpuset("AllowedMemoryNodes", resources.Cpu?.Mems);
        return this;
    }

    /// <summary>Limits on v2.</summary>
    public ScopeProperties AddUnified(ref ResourcesSpec resources)
    {
        if (resources.Memory?.Limit is { } memory and not 0) Add("MemoryMax", DBusValue.Of((ulong)memory));
        if (resources.Memory?.Reservation is { } low and not 0) Add("MemoryLow", DBusValue.Of((ulong)low));
        if (Conversions.SwapOnly(resources.Memory?.Swap, resources.Memory?.Limit) is { } swap && (swap != 0 || resources.Memory?.Swap > 0))
        {
            Add("MemorySwapMax", DBusValue.Of((ulong)swap));
        }
        bool idle = resources.Cpu?.Idle == 1 && version >= KnowsIdle;
        if (idle) Add("CPUWeight", DBusValue.Of(0UL));
        if (resources.Cpu?.Shares is { } shares and not 0)
        {
            if (idle) warnings.Add("unable to apply both CPUWeight and CpuIdle to systemd, ignoring CPUWeight");
            else Add("CPUWeight", DBusValue.Of(Conversions.SharesToWeight(shares)));
        }
        resources = AddQuota(resources);
        AddTasks(resources.Pids?.Limit);
        AddCpuset("AllowedCPUs", resources.Cpu?.Cpus);
        AddCpuset("AllowedMemoryNodes", resources.Cpu?.Mems);
        if (resources.Unified is { } unified) AddRaw(unified);
        return this;
    }

    /// <summary>OOMPolicy, which systemd takes at the start of a unit only.</summary>
    public ScopeProperties AddOomPolicy(ResourcesSpec? resources)
    {
        if (version < KnowsOomPolicy || resources?.Unified is not { } unified || !unified.TryGetValue("memory.oom.group", out string? group)) return this;
        switch (group.Trim())
        {
            case "0": Add("OOMPolicy", DBusValue.Of("continue")); break;
            case "1": Add("OOMPolicy", DBusValue.Of("kill")); break;
        }
        return this;
    }

    /// <summary>Device rules, so that a reload of systemd does not undo ours. The list is emptied first: properties add to it.</summary>
    public ScopeProperties AddDevices(DevicePolicy policy)
    {
        Add("DeviceAllow", new DBusArray("(ss)", []));
        if (policy.AllowsByDefault && policy.Exceptions.Count == 0)
        {
            Add("DevicePolicy", DBusValue.Of("auto"));
            return this;
        }
        // systemd knows no lists of denied devices: it denies all until our own rules are in place.
        Add("DevicePolicy", DBusValue.Of("strict"));
        if (policy.AllowsByDefault)
        {
            warnings.Add("systemd doesn't support blacklist device rules -- applying temporary deny-all rule");
            return this;
        }
        List<DBusValue> entries = [];
        foreach (DeviceException device in policy.Exceptions)
        {
            if (PathOf(device) is { } path) entries.Add(DBusStruct.Of(DBusValue.Of(path), DBusValue.Of(device.ToString()[(device.ToString().LastIndexOf(' ') + 1)..])));
        }
        Add("DeviceAllow", new DBusArray("(ss)", entries));
        return this;
    }

    private string? PathOf(DeviceException device)
    {
        string kind = device.IsBlock ? "block" : "char";
        if (device.Major < 0)
        {
            if (device.Minor < 0) return kind + "-*";
            warnings.Add($"systemd doesn't support '*:n' device rules -- temporarily ignoring rule: {device}");
            return null;
        }
        if (device.Minor < 0) return version >= KnowsDeviceNumbers ? $"{kind}-{LimitText.Of(device.Major)}" : GroupOf(device.IsBlock, device.Major);
        string path = $"/dev/{kind}/{LimitText.Device(device.Major, device.Minor)}";
        // Old versions look the device up, and complain when it is not there.
        return version >= KnowsDeviceNumbers || KernelFile.Exists(path) ? path : null;
    }

    /// <summary>The name of a major number in /proc/devices, which is what old versions of systemd understand.</summary>
    private static string? GroupOf(bool block, long major)
    {
        bool right = false;
        string number = LimitText.Of(major) + " ";
        foreach (ReadOnlySpan<char> line in (KernelFile.TryReadText("/proc/devices") ?? "").AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> text = line.Trim();
            if (text.EndsWith("devices:", StringComparison.Ordinal)) right = text.StartsWith(block ? "Block" : "Character", StringComparison.Ordinal);
            else if (right && text.StartsWith(number, StringComparison.Ordinal)) return $"{(block ? "block" : "char")}-{text[number.Length..]}";
        }
        return null;
    }

    /// <returns>The resources with the quota that systemd rounds to, so that the file we write later agrees with it.</returns>
    private ResourcesSpec AddQuota(ResourcesSpec resources)
    {
        long quota = resources.Cpu?.Quota ?? 0;
        long rounded = AddQuota(quota, resources.Cpu?.Period ?? 0);
        return rounded == quota ? resources : resources with { Cpu = resources.Cpu! with { Quota = rounded } };
    }

    private long AddQuota(long quota, ulong period)
    {
        if (period != 0 && version >= KnowsQuotaPeriod) Add("CPUQuotaPeriodUSec", DBusValue.Of(period));
        if (quota == 0 && period == 0) return quota;
        ulong perSecond = Infinity;
        if (quota > 0)
        {
            if (period == 0) period = DefaultPeriod;
            // systemd thinks in whole percent: up to the next ten milliseconds a second.
            perSecond = (ulong)quota * 1_000_000 / period;
            if (perSecond % 10_000 != 0)
            {
                perSecond = (perSecond / 10_000 + 1) * 10_000;
                quota = (long)(perSecond * period / 1_000_000);
            }
        }
        Add("CPUQuotaPerSecUSec", DBusValue.Of(perSecond));
        return quota;
    }

    private void AddTasks(long? limit)
    {
        if (limit is { } tasks) Add("TasksMax", DBusValue.Of(tasks switch { < 0 => Infinity, 0 => 1, _ => (ulong)tasks }));
    }

    private void AddCpuset(string name, string? list)
    {
        if (!string.IsNullOrEmpty(list) && version >= KnowsCpuset) Add(name, DBusValue.Of(CpuList.ToMask(list)));
    }

    /// <summary>Raw files that have a property of their own; the others are written by us alone.</summary>
    private void AddRaw(Dictionary<string, string> unified)
    {
        bool idle = unified.TryGetValue("cpu.idle", out string? idleText) && idleText.Trim() == "1" && version >= KnowsIdle;
        foreach ((string key, string text) in unified)
        {
            string value = text.Trim();
            switch (key)
            {
                case "cpu.idle":
                    if (idle) Add("CPUWeight", DBusValue.Of(0UL));
                    break;
                case "cpu.weight":
                    if (idle) warnings.Add("unable to apply both cpu.weight and cpu.idle to systemd, ignoring cpu.weight");
                    else Add("CPUWeight", DBusValue.Of(Number(key, value)));
                    break;
                case "cpu.max":
                    string[] parts = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    if (parts.Length is 0 or > 2) throw Malformed(key, value);
                    ulong period = parts.Length == 2 ? Number(key, parts[1]) : DefaultPeriod;
                    AddQuota(parts[0] == "max" ? 0 : (long)Number(key, parts[0]), period);
                    break;
                case "cpuset.cpus": AddCpuset("AllowedCPUs", value); break;
                case "cpuset.mems": AddCpuset("AllowedMemoryNodes", value); break;
                case "memory.high": Add("MemoryHigh", DBusValue.Of(Number(key, value))); break;
                case "memory.low": Add("MemoryLow", DBusValue.Of(Number(key, value))); break;
                case "memory.min": Add("MemoryMin", DBusValue.Of(Number(key, value))); break;
                case "memory.max": Add("MemoryMax", DBusValue.Of(Number(key, value))); break;
                case "memory.swap.max": Add("MemorySwapMax", DBusValue.Of(Number(key, value))); break;
                case "pids.max": Add("TasksMax", DBusValue.Of(Math.Max(1, Number(key, value)))); break;
            }
        }
    }

    private static ulong Number(string key, string value) => value == "max" ? Infinity
        : ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : throw Malformed(key, value);

    private static BerthException Malformed(string key, string value) =>
        new(Fault.InvalidArgument, $"unified resource \"{key}\" value conversion error: \"{value}\"");

    private static DBusNumber Microseconds(string name, DBusValue value) => value switch
    {
        DBusNumber { Type: 'd' } real => new('t', (ulong)(BitConverter.UInt64BitsToDouble(real.Bits) * 1_000_000)),
        DBusNumber { Type: not 'b' } whole => new('t', whole.Bits * 1_000_000),
        _ => throw new BerthException(Fault.InvalidArgument, $"annotation org.systemd.property.{name} value parse error: not a number"),
    };

    private void Add(string name, DBusValue value) => _list.Add(new UnitProperty(name, value));
}
