// Containers on disk: a record for each, names as links, found by name or id; no lock over all of them.
using Berth.Engine.Networks;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Reads and replaces records.</summary>
internal sealed class ContainerFolder(ContainerPlaces places)
{
    private const uint Private = 0x180, PrivateFolder = 0x1C0;
    private const int IdLength = 64;

    public FileLock Lock(string id) => FileLock.Take(places.Lock(id));

    public FileLock? TryLock(string id) => FileLock.Take(places.Lock(id), wait: false);

    /// <summary>Writes a new one; its lock is held by the caller.</summary>
    /// <exception cref="BerthException">Conflict: another container has the name.</exception>
    public void Insert(ContainerRecord record)
    {
        KernelPath.MakeDirectories(places.Names, PrivateFolder);
        ClaimName(record.Name, record.Id);
        try
        {
            KernelPath.MakeDirectory(places.Folder(record.Id), PrivateFolder);
            Write(record);
        }
        catch (Exception)
        {
            KernelPath.RemoveTree(places.Folder(record.Id));
            ReleaseName(record.Name, record.Id);
            throw;
        }
    }

    /// <summary>Replaces one; its lock is held by the caller.</summary>
    public void Write(ContainerRecord record) => KernelPath.WriteAtomically(places.Record(record.Id), ContainerJson.Write(record), Private);

    /// <summary>Gives one another name; its lock is held by the caller.</summary>
    /// <exception cref="BerthException">Conflict.</exception>
    public ContainerRecord Rename(ContainerRecord record, string name)
    {
        ClaimName(name, record.Id);
        ContainerRecord renamed = record with { Name = name };
        Write(renamed);
        ReleaseName(record.Name, record.Id);
        return renamed;
    }

    /// <summary>Takes one away; its lock is held by the caller.</summary>
    public void Remove(ContainerRecord record)
    {
        // Without its record it is none any more, whatever else of it is there.
        KernelPath.Remove(places.Record(record.Id));
        ReleaseName(record.Name, record.Id);
        KernelPath.RemoveTree(places.Folder(record.Id));
    }

    /// <summary>One by its whole id; null: there is none.</summary>
    public ContainerRecord? Read(string id)
    {
        string path = places.Record(id);
        if (KernelFile.TryRead(path, out _) is not { Length: > 0 } bytes) return null;
        return RecordJson.Read(bytes, path, ContainerJson.Read);
    }

    /// <summary>One by its name, its id, or the beginning of its id.</summary>
    /// <exception cref="BerthException">InvalidArgument: several ids begin so.</exception>
    public ContainerRecord? Find(string nameOrId)
    {
        // docker writes names with a slash in front, in inspect too.
        if (nameOrId.Length > 1 && nameOrId[0] == '/') nameOrId = nameOrId[1..];
        if (nameOrId.Length == 0 || nameOrId.Contains('/') || nameOrId[0] == '.') return null;
        if (nameOrId.Length == IdLength && Read(nameOrId) is { } whole) return whole;
        if (IdOf(nameOrId) is { } named && Read(named) is { } record) return record;
        if (!IsHexadecimal(nameOrId)) return null;
        string? found = null;
        foreach (string id in Ids())
        {
            if (!id.StartsWith(nameOrId, StringComparison.Ordinal)) continue;
            if (found is not null) throw new BerthException(Fault.InvalidArgument, $"container {nameOrId} is ambiguous: {found[..12]} and {id[..12]} begin so") { Code = FaultCode.ContainerAmbiguous };
            found = id;
        }
        return found is null ? null : Read(found);
    }

    /// <summary>Ids of all.</summary>
    public List<string> Ids()
    {
        List<string> names = KernelPath.List(places.Containers);
        names.RemoveAll(static name => name.Length != IdLength);
        return names;
    }

    /// <summary>All, the newest first. One that cannot be read is passed over, and told of by a check.</summary>
    public List<ContainerRecord> All()
    {
        List<string> ids = Ids();
        ContainerRecord?[] read = new ContainerRecord?[ids.Count];
        SideBySide.Do(ids.Count, at =>
        {
            try
            {
                read[at] = Read(ids[at]);
            }
            catch (BerthException)
            {
                // One that is damaged must not hide the others.
            }
        });
        List<ContainerRecord> all = [.. read.OfType<ContainerRecord>()];
        all.Sort(static (one, other) => other.Created.CompareTo(one.Created));
        return all;
    }

    /// <summary>The id behind a name; null: nobody has it.</summary>
    public string? IdOf(string name) => KernelPath.ReadLink($"{places.Names}/{name}");

    private void ClaimName(string name, string id)
    {
        while (true)
        {
            try
            {
                KernelPath.MakeLink(id, $"{places.Names}/{name}");
                return;
            }
            catch (LinuxException e) when (e.Errno == Errno.EEXIST)
            {
                if (IdOf(name) is { } other && !TryClear(name, other)) throw new BerthException(Fault.Conflict, $"cannot name a container {name}: container {other[..Math.Min(12, other.Length)]} has that name", $"remove that one, rename it, or use --replace: berth rm {name}") { Code = FaultCode.ContainerNameTaken, Subjects = [name, other] };
            }
        }
    }

    /// <summary>Takes away the name of a container that was never finished.</summary>
    private bool TryClear(string name, string id)
    {
        if (Read(id) is { } record && record.Name == name) return false;
        if (id.Length != IdLength) return KernelPath.Remove($"{places.Names}/{name}");
        using FileLock? held = TryLock(id);
        if (held is null) return false;
        record = Read(id)!;
        if (record is not null && record.Name == name) return false;
        KernelPath.Remove($"{places.Names}/{name}");
        if (record is null) held.RemoveFile();
        return true;
    }

    private void ReleaseName(string name, string id)
    {
        if (IdOf(name) == id) KernelPath.Remove($"{places.Names}/{name}");
    }

    private static bool IsHexadecimal(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigitLower(c)) return false;
        }
        return true;
    }
}
