// Devices by the Container Device Interface: files of vendors that say what a container needs for a device (specification 0.3 to 0.8).
using System.Text.Json;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Finds devices by their names and adds what belongs to them.</summary>
internal static class Cdi
{
    /// <summary>Whether a text is <c>vendor/class=name</c>.</summary>
    public static bool IsName(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal), equals = text.IndexOf('=', StringComparison.Ordinal);
        return slash > 0 && equals > slash + 1 && equals < text.Length - 1 && text[0] != '.';
    }

    /// <summary>Adds devices.</summary>
    /// <exception cref="BerthException">NotFound: nothing describes one. InvalidArgument: a description is malformed.</exception>
    public static void Add(Spec spec, List<DeviceSpec> devices, List<DeviceRule> rules, List<string> names, IReadOnlyList<string> folders)
    {
        List<(string File, JsonDocument Document)> files = Read(folders, out bool hasYaml);
        try
        {
            Edits edits = new(spec, devices, rules);
            List<string> applied = [];
            foreach (string name in names)
            {
                int equals = name.IndexOf('=', StringComparison.Ordinal);
                string kind = name[..equals], device = name[(equals + 1)..];
                bool isFound = false;
                // The last folder wins.
                for (int i = files.Count - 1; i >= 0 && !isFound; i--)
                {
                    (string file, JsonDocument document) = files[i];
                    if (Edits.Text(document.RootElement, "kind") != kind || Find(document.RootElement, device) is not { } found) continue;
                    isFound = true;
                    // What belongs to all of a file is added once.
                    if (!applied.Contains(file))
                    {
                        applied.Add(file);
                        edits.Apply(document.RootElement, file);
                    }
                    edits.Apply(found, file);
                }
                if (!isFound) throw new BerthException(Fault.NotFound, $"there is no device {name}: no file of {string.Join(" or ", folders)} describes it", hasYaml ? "files in YAML are not read: write it as JSON, such as nvidia-ctk cdi generate --format=json" : null) { Code = FaultCode.DeviceMissing };
            }
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new BerthException(Fault.InvalidArgument, $"cannot read the description of a device: {e.Message}", null, e);
        }
        finally
        {
            foreach ((_, JsonDocument document) in files) document.Dispose();
        }
    }

    private static List<(string File, JsonDocument Document)> Read(IReadOnlyList<string> folders, out bool hasYaml)
    {
        List<(string File, JsonDocument Document)> files = [];
        hasYaml = false;
        foreach (string folder in folders)
        {
            List<string> names = KernelDirectory.TryListAll(folder, out _) ?? [];
            names.Sort(string.CompareOrdinal);
            foreach (string name in names)
            {
                hasYaml |= name.EndsWith(".yaml", StringComparison.Ordinal) || name.EndsWith(".yml", StringComparison.Ordinal);
                string file = $"{folder}/{name}";
                if (!name.EndsWith(".json", StringComparison.Ordinal) || KernelFile.TryRead(file, out _) is not { } json) continue;
                try
                {
                    files.Add((file, JsonDocument.Parse(json)));
                }
                // One vendor's broken file is not another's fault.
                catch (JsonException) { }
            }
        }
        return files;
    }

    private static JsonElement? Find(JsonElement root, string name)
    {
        if (!root.TryGetProperty("devices", out JsonElement devices) || devices.ValueKind != JsonValueKind.Array) return null;
        foreach (JsonElement device in devices.EnumerateArray())
        {
            if (Edits.Text(device, "name") == name) return device;
        }
        return null;
    }

    /// <summary>Changes of a specification, as <c>containerEdits</c> says them.</summary>
    private sealed class Edits(Spec spec, List<DeviceSpec> devices, List<DeviceRule> rules)
    {
        public void Apply(JsonElement owner, string file)
        {
            if (!owner.TryGetProperty("containerEdits", out JsonElement edits) || edits.ValueKind != JsonValueKind.Object) return;
            foreach (JsonElement variable in List(edits, "env")) Settling.Set(spec.Process!.Env!, variable.GetString() ?? "");
            foreach (JsonElement node in List(edits, "deviceNodes")) AddNode(node, file);
            foreach (JsonElement mount in List(edits, "mounts")) AddMount(mount, file);
            foreach (JsonElement hook in List(edits, "hooks")) AddHook(hook, file);
            foreach (JsonElement gid in List(edits, "additionalGids"))
            {
                List<uint> groups = spec.Process!.User.AdditionalGids ??= [];
                if (gid.GetUInt32() is > 0 and uint number && !groups.Contains(number)) groups.Add(number);
            }
            foreach (JsonElement device in List(edits, "netDevices")) (spec.Linux!.NetDevices ??= [])[Need(device, "hostInterfaceName", file)] = new NetDeviceSpec { Name = Text(device, "name") };
            if (edits.TryGetProperty("intelRdt", out JsonElement rdt) && rdt.ValueKind == JsonValueKind.Object) spec.Linux!.IntelRdt = new IntelRdtSpec { ClosId = Text(rdt, "closID"), L3CacheSchema = Text(rdt, "l3CacheSchema"), MemBwSchema = Text(rdt, "memBwSchema") };
        }

        private void AddNode(JsonElement node, string file)
        {
            string path = Need(node, "path", file), host = Text(node, "hostPath") ?? path, access = Text(node, "permissions") ?? "rwm";
            DeviceSpec device = new() { Path = path, Type = Text(node, "type") ?? "", Major = Number(node, "major") ?? 0, Minor = Number(node, "minor") ?? 0, FileMode = (uint?)Number(node, "fileMode"), Uid = (uint?)Number(node, "uid"), Gid = (uint?)Number(node, "gid") };
            if (device.Type.Length == 0 || (device is { Major: 0, Minor: 0 } && device.Type != "p"))
            {
                SpecBuilder.Require(host, "give the container the device", FaultCode.DeviceMissing);
                HostDevice found = HostDevice.Of(host) ?? throw new BerthException(Fault.InvalidArgument, $"{file}: {host} is no device");
                (device.Type, device.Major, device.Minor) = (found.Type, found.Major, found.Minor);
                device.FileMode ??= found.Facts.Mode & 0xFFF;
            }
            devices.RemoveAll(one => one.Path == path);
            devices.Add(device);
            if (device.Type is "b" or "c") rules.Add(new DeviceRule { Allow = true, Type = device.Type, Major = device.Major, Minor = device.Minor, Access = access });
        }

        private void AddMount(JsonElement mount, string file)
        {
            MountSpec added = new() { Destination = Need(mount, "containerPath", file), Source = Need(mount, "hostPath", file), Type = Text(mount, "type") ?? "bind", Options = Texts(mount, "options") };
            if (added.Type == "bind" && !added.Options.Contains("bind") && !added.Options.Contains("rbind")) added.Options.Add("rbind");
            spec.Mounts.RemoveAll(one => one.Destination == added.Destination);
            spec.Mounts.Add(added);
        }

        private void AddHook(JsonElement hook, string file)
        {
            HookSpec added = new() { Path = Need(hook, "path", file), Args = Texts(hook, "args"), Env = Texts(hook, "env"), Timeout = (int?)Number(hook, "timeout") };
            HooksSpec hooks = spec.Hooks ??= new HooksSpec();
            string when = Need(hook, "hookName", file);
            List<HookSpec> list = when switch
            {
                "prestart" => hooks.Prestart ??= [],
                "createRuntime" => hooks.CreateRuntime ??= [],
                "createContainer" => hooks.CreateContainer ??= [],
                "startContainer" => hooks.StartContainer ??= [],
                "poststart" => hooks.Poststart ??= [],
                "poststop" => hooks.Poststop ??= [],
                _ => throw new BerthException(Fault.InvalidArgument, $"{file}: there is no hook '{when}'"),
            };
            list.Add(added);
        }

        private static JsonElement.ArrayEnumerator List(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default;

        private static List<string> Texts(JsonElement element, string name)
        {
            List<string> texts = [];
            foreach (JsonElement text in List(element, name)) texts.Add(text.GetString() ?? "");
            return texts;
        }

        private static long? Number(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetInt64() : null;

        private static string Need(JsonElement element, string name, string file) => Text(element, name) is { Length: > 0 } text ? text : throw new BerthException(Fault.InvalidArgument, $"{file}: {name} is missing");

        public static string? Text(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;
    }
}
