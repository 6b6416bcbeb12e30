// The directory of records, as it is at this moment: what changed is read, all else is remembered.
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Network.Names;

/// <summary>All networks that have a record.</summary>
internal sealed class NameDirectory : IDisposable
{
    private readonly string _path;
    private readonly DirectoryWatch _watch;
    private readonly Dictionary<string, NameRecord> _records = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServedNetwork> _networks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ServedNetwork>> _ofContainer = new(StringComparer.Ordinal);
    private readonly List<string> _changed = [];

    public NameDirectory(string path)
    {
        _path = path;
        // Watched first: what is written while the directory is read is found again.
        _watch = new DirectoryWatch(path);
        ReadAll();
    }

    public Fd Descriptor => _watch.Descriptor;

    public bool IsEmpty => _records.Count == 0;

    public IReadOnlyCollection<ServedNetwork> Networks => _networks.Values;

    /// <summary>Networks of a container.</summary>
    public List<ServedNetwork>? NetworksOf(string containerId) => _ofContainer.GetValueOrDefault(containerId);

    /// <summary>Takes what changed.</summary>
    /// <returns>Whether anything did.</returns>
    public bool Refresh()
    {
        _changed.Clear();
        if (!_watch.Take(_changed))
        {
            ReadAll();
            return true;
        }
        bool any = false;
        foreach (string name in _changed) any |= Look(name);
        return any;
    }

    /// <summary>Reads the whole directory, whatever was said about changes.</summary>
    public void ReadAll()
    {
        List<string> names = KernelPath.List(_path);
        HashSet<string> there = new(names, StringComparer.Ordinal);
        foreach (string gone in new List<string>(_records.Keys))
        {
            if (!there.Contains(gone)) Forget(gone);
        }
        foreach (string name in names) Look(name);
    }

    public void Dispose() => _watch.Dispose();

    private bool Look(string name)
    {
        if (!name.EndsWith(NameRecord.Suffix, StringComparison.Ordinal)) return false;
        NameRecord? record = KernelFile.TryRead(_path + "/" + name, out _) is { } bytes ? NameRecord.Parse(bytes) : null;
        bool known = Forget(name);
        if (record is null) return known;
        _records[name] = record;
        if (!_networks.TryGetValue(record.Network.Name, out ServedNetwork? network)) _networks[record.Network.Name] = network = new ServedNetwork();
        network.Put(name, record);
        if (!_ofContainer.TryGetValue(record.Container.ContainerId, out List<ServedNetwork>? list)) _ofContainer[record.Container.ContainerId] = list = [];
        if (!list.Contains(network)) list.Add(network);
        return true;
    }

    private bool Forget(string name)
    {
        if (!_records.Remove(name, out NameRecord? record)) return false;
        ServedNetwork network = _networks[record.Network.Name];
        network.Remove(name);
        if (network.IsEmpty) _networks.Remove(record.Network.Name);
        if (_ofContainer.TryGetValue(record.Container.ContainerId, out List<ServedNetwork>? list) && !network.Holds(record.Container.ContainerId))
        {
            list.Remove(network);
            if (list.Count == 0) _ofContainer.Remove(record.Container.ContainerId);
        }
        return true;
    }
}

/// <summary>One network's records, and its table as soon as somebody asks.</summary>
internal sealed class ServedNetwork
{
    private readonly Dictionary<string, NameRecord> _records = new(StringComparer.Ordinal);
    private NameTable? _table;

    public bool IsEmpty => _records.Count == 0;

    /// <summary>As the latest record has it.</summary>
    public NetworkNames Facts { get; private set; } = new() { Name = "", Listen = [] };

    public NameTable Table => _table ??= new NameTable(Facts, _records.Values);

    public void Put(string file, NameRecord record)
    {
        _records[file] = record;
        Changed();
    }

    public void Remove(string file)
    {
        _records.Remove(file);
        Changed();
    }

    public bool Holds(string containerId)
    {
        foreach (NameRecord record in _records.Values)
        {
            if (record.Container.ContainerId == containerId) return true;
        }
        return false;
    }

    private void Changed()
    {
        _table = null;
        long latest = long.MinValue;
        foreach (NameRecord record in _records.Values)
        {
            if (record.Written <= latest) continue;
            latest = record.Written;
            Facts = record.Network;
        }
    }
}
