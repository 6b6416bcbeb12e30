// Volumes: made, found, listed, removed.
using System.Text.Json;
using Berth.Engine.Networks;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Engine.Volumes;

/// <summary>The volumes of an engine: <c>ROOT/volumes/NAME/{record.json,_data}</c>.</summary>
public sealed class EngineVolumes
{
    private const uint Private = 0x180, PrivateFolder = 0x1C0, Searchable = 0x1C9, Open = 0x1ED;
    private const int MostName = 200;

    private readonly string _folder;
    private readonly string _run;
    private readonly TimeProvider _clock;

    internal EngineVolumes(string root, string run, TimeProvider clock) => (_folder, _run, _clock) = ($"{root}/volumes", run, clock);

    /// <summary>Who uses a volume: ids of containers. Set by the engine.</summary>
    internal Func<string, IReadOnlyList<string>> UsersOf { get; set; } = static _ => [];

    /// <summary>Makes one.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="ignoreExisting">Whether one that is there is as good.</param>
    /// <exception cref="BerthException">InvalidArgument. Conflict: there is one of this name. Unsupported: the driver is not there.</exception>
    public VolumeRecord Create(VolumeSpec spec, bool ignoreExisting = false)
    {
        ArgumentNullException.ThrowIfNull(spec);
        bool isAnonymous = spec.Name.Length == 0;
        if (isAnonymous) spec = spec with { Name = ObjectId.New() };
        return Create(spec, isAnonymous, ignoreExisting);
    }

    internal VolumeRecord Create(VolumeSpec spec, bool isAnonymous, bool ignoreExisting)
    {
        RequireName(spec.Name);
        if (spec.Driver is not ("local" or "")) throw new BerthException(Fault.Unsupported, $"cannot make volume {spec.Name}: there is no driver {spec.Driver}", "there is local") { Code = FaultCode.VolumeDriverUnknown };
        RequireDevice(spec);
        VolumeRecord record = new() { Spec = spec with { Driver = "local" }, Created = _clock.GetUtcNow(), IsAnonymous = isAnonymous, Path = $"{_folder}/{spec.Name}/_data" };
        KernelPath.MakeDirectories(_folder, Searchable);
        using FileLock held = FileLock.Take($"{_run}/locks/volume-{spec.Name}");
        if (Read(spec.Name) is { } there)
        {
            return ignoreExisting ? there : throw new BerthException(Fault.Conflict, $"cannot make volume {spec.Name}: there is one of this name") { Code = FaultCode.VolumeNameTaken, Subjects = [spec.Name] };
        }
        KernelPath.MakeDirectory($"{_folder}/{spec.Name}", Searchable);
        KernelPath.MakeDirectory(record.Path, Open);
        // The record makes it a volume: a folder without one is what was left by one who was killed.
        KernelPath.WriteAtomically($"{_folder}/{spec.Name}/record.json", Write(record), Private);
        held.RemoveFile();
        return record;
    }

    // As podman: what would fail in every container fails here.
    private static void RequireDevice(VolumeSpec spec)
    {
        bool isBind = spec.Options.GetValueOrDefault("type") is "bind" or "none" || spec.Options.GetValueOrDefault("o") is { } words && words.Split(',').Any(static word => word is "bind" or "rbind");
        if (!isBind || spec.Options.GetValueOrDefault("device") is not { Length: > 0 } device || KernelPath.Facts(device) is not null) return;
        throw new BerthException(Fault.NotFound, $"cannot make volume {spec.Name}: its device {device} is not there", $"mkdir -p {device}") { Code = FaultCode.MountSourceMissing, Subjects = [device] };
    }

    /// <summary>One by its name, or the beginning of its name where no other begins so.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: several begin so.</exception>
    public VolumeRecord Find(string name) => TryFind(name) ?? throw new BerthException(Fault.NotFound, $"there is no volume {name}") { Code = FaultCode.VolumeUnknown, Subjects = [name] };

    /// <summary>The same; null: there is none.</summary>
    public VolumeRecord? TryFind(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsName(name)) return null;
        if (Read(name) is { } whole) return whole;
        VolumeRecord? found = null;
        foreach (VolumeRecord one in List())
        {
            if (!one.Name.StartsWith(name, StringComparison.Ordinal)) continue;
            if (found is not null) throw new BerthException(Fault.InvalidArgument, $"volume {name} is ambiguous: {found.Name} and {one.Name} begin so");
            found = one;
        }
        return found;
    }

    /// <summary>All, by name.</summary>
    public IReadOnlyList<VolumeRecord> List()
    {
        List<string> names = KernelPath.List(_folder);
        names.Sort(StringComparer.Ordinal);
        List<VolumeRecord> all = [];
        foreach (string name in names)
        {
            if (Read(name) is { } record) all.Add(record);
        }
        return all;
    }

    /// <summary>Removes one with its files.</summary>
    /// <param name="name">Which.</param>
    /// <exception cref="BerthException">NotFound. Conflict: a container uses it.</exception>
    public void Remove(string name)
    {
        VolumeRecord record = Find(name);
        using FileLock held = FileLock.Take($"{_run}/locks/volume-{record.Name}");
        if (UsersOf(record.Name) is { Count: > 0 } users) throw new BerthException(Fault.Conflict, $"cannot remove volume {record.Name}: containers use it: {string.Join(", ", Shorts(users))}", "remove these first") { Code = FaultCode.VolumeInUse, Subjects = [record.Name, .. users] };
        Erase(record);
        held.RemoveFile();
    }

    /// <summary>Removes those that no container uses.</summary>
    /// <param name="which">Which of them; null: all.</param>
    /// <returns>What was removed.</returns>
    public IReadOnlyList<VolumeRecord> Prune(Func<VolumeRecord, bool>? which = null)
    {
        List<VolumeRecord> gone = [];
        foreach (VolumeRecord record in List())
        {
            if (which is not null && !which(record)) continue;
            try
            {
                Remove(record.Name);
                gone.Add(record);
            }
            catch (BerthException e) when (e.Kind is Fault.Conflict or Fault.NotFound)
            {
                // In use, or somebody else was faster.
            }
        }
        return gone;
    }

    /// <summary>Bytes on the disk.</summary>
    public static long Measure(VolumeRecord volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        long bytes = 0;
        EnumerationOptions whole = new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true };
        foreach (FileInfo file in new DirectoryInfo(volume.Path).EnumerateFiles("*", whole)) bytes += file.LinkTarget is null ? file.Length : 0;
        return bytes;
    }

    /// <summary>Mounts what its options say, while a container uses it.</summary>
    internal static void Use(VolumeRecord volume)
    {
        if (!volume.IsMounted || IsMountPoint(volume.Path)) return;
        IReadOnlyDictionary<string, string> options = volume.Spec.Options;
        string type = options.GetValueOrDefault("type") ?? "", device = options.GetValueOrDefault("device") ?? "", o = options.GetValueOrDefault("o") ?? "";
        VolumeMount.Attach(volume, type, device, o);
    }

    /// <summary>Takes that away when none does any more.</summary>
    internal void Leave(VolumeRecord volume, Func<string, bool> isInUse)
    {
        if (!volume.IsMounted || isInUse(volume.Name)) return;
        HostMount.Detach(volume.Path);
    }

    private static bool IsMountPoint(string path) =>
        KernelPath.Facts(path) is { } own && KernelPath.Facts(path[..path.LastIndexOf('/')]) is { } above && own.Device != above.Device;

    private void Erase(VolumeRecord record)
    {
        if (record.IsMounted) HostMount.DetachAll(record.Path);
        KernelPath.Remove($"{_folder}/{record.Name}/record.json");
        KernelPath.RemoveTree($"{_folder}/{record.Name}");
    }

    private VolumeRecord? Read(string name)
    {
        string path = $"{_folder}/{name}/record.json";
        return KernelFile.TryRead(path, out _) is { Length: > 0 } bytes ? RecordJson.Read(bytes, path, json => Of(json, $"{_folder}/{name}/_data")) : null;
    }

    private static byte[] Write(VolumeRecord record)
    {
        JsonWriter json = new("  ");
        json.WriteStartObject();
        json.WriteNumber("version", RecordJson.Version);
        json.WriteString("name", record.Name);
        json.WriteString("driver", record.Spec.Driver);
        json.WriteString("created", RecordJson.Time(record.Created));
        RecordJson.Flag(json, "anonymous", record.IsAnonymous);
        RecordJson.Map(json, "options", record.Spec.Options);
        RecordJson.Map(json, "labels", record.Spec.Labels);
        json.WriteEndObject();
        return json.ToArray();
    }

    private static VolumeRecord Of(JsonElement json, string path) => new()
    {
        Spec = new VolumeSpec { Name = RecordJson.Text(json, "name"), Driver = RecordJson.Text(json, "driver"), Options = RecordJson.Map(json, "options"), Labels = RecordJson.Map(json, "labels") },
        Created = RecordJson.Time(json, "created"),
        IsAnonymous = RecordJson.Flag(json, "anonymous"),
        Path = path,
    };

    private static void RequireName(string name)
    {
        if (!IsName(name)) throw new BerthException(Fault.InvalidArgument, $"'{name}' is no name of a volume", $"letters, digits, and _ . - behind the first, {MostName} of them at most; a path of the host begins with / or .");
    }

    private static bool IsName(string name)
    {
        if (name.Length is 0 or > MostName || !char.IsAsciiLetterOrDigit(name[0])) return false;
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-')) return false;
        }
        return true;
    }

    private static IEnumerable<string> Shorts(IReadOnlyList<string> ids)
    {
        foreach (string id in ids) yield return id[..12];
    }
}
