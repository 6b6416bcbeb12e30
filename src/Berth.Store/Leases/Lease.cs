// What somebody relies on, written down before he relies on it: nobody takes it away while he lives, and when he was killed it says what he left.
using System.Text.Json;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Content;
using Berth.Store.Places;
using Berth.Store.Records;

namespace Berth.Store.Leases;

/// <summary>Why there is one.</summary>
internal enum LeaseKind
{
    /// <summary>An image comes. If that broke off, what has come stays for a while: the next one goes on with it.</summary>
    Coming,

    /// <summary>Something is used for as long as a process lives.</summary>
    Using,

    /// <summary>Something goes: what nobody else needs of it is garbage, even if who wrote this is dead.</summary>
    Going,
}



/// <summary>A lease as it lies on disk.</summary>
/// <param name="Name">Its file.</param>
/// <param name="Kind">Why.</param>
/// <param name="Holdings">Of what.</param>
/// <param name="Since">When it was written.</param>
internal sealed record LeaseRecord(string Name, LeaseKind Kind, Holdings Holdings, DateTimeOffset Since);

/// <summary>One of ours. Whoever makes it holds the lock of the store while he looks what is there already.</summary>
internal sealed class Lease : IDisposable
{
    private readonly StorePlaces _places;
    private readonly Fd _file;

    private Lease(StorePlaces places, string name, Fd file) => (_places, Name, _file) = (places, name, file);

    /// <summary>Its name; trees that are made under it begin with it.</summary>
    public string Name { get; }

    /// <summary>Writes one down.</summary>
    public static Lease Take(StorePlaces places, LeaseKind kind, Holdings holdings)
    {
        string name = StorePlaces.NewName(), path = $"{places.Leases}/{name}", fresh = path + ".new";
        Fd file = KernelPath.Open(fresh, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, 0x180);
        try
        {
            KernelPath.Lock(file, wait: true);
            KernelPath.WriteAll(file, Bytes(kind, holdings), fresh);
            KernelPath.Rename(fresh, path);
            return new Lease(places, name, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Relied on no more, and nothing to be tidied up.</summary>
    public void End()
    {
        KernelPath.Remove($"{_places.Leases}/{Name}");
        _file.Dispose();
    }

    /// <summary>Left behind, as if its process had been killed.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>All that there are, of the living and of the dead.</summary>
    public static List<LeaseRecord> ReadAll(StorePlaces places)
    {
        List<LeaseRecord> leases = [];
        foreach (string name in StorePlaces.List(places.Leases))
        {
            // Half written: who wrote it had not begun to rely on it.
            if (name.EndsWith(".new", StringComparison.Ordinal)) continue;
            string path = $"{places.Leases}/{name}";
            if (KernelFile.TryRead(path, out Errno errno) is { } bytes) leases.Add(Read(name, bytes, File.GetLastWriteTimeUtc(path)));
            else if (errno != Errno.ENOENT) throw new LinuxException("open", path, errno);
        }
        return leases;
    }

    private static byte[] Bytes(LeaseKind kind, Holdings holdings)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("kind"u8, kind switch { LeaseKind.Coming => "coming", LeaseKind.Using => "using", _ => "going" });
            json.WriteStartArray("blobs"u8);
            foreach (Digest blob in holdings.Blobs) json.WriteStringValue(blob.ToString());
            json.WriteEndArray();
            json.WriteStartArray("trees"u8);
            foreach (string tree in holdings.Trees) json.WriteStringValue(tree);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return text.ToArray();
    }

    private static LeaseRecord Read(string name, byte[] bytes, DateTimeOffset since)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement lease = document.RootElement;
            List<Digest> blobs = [];
            foreach (JsonElement blob in lease.GetProperty("blobs").EnumerateArray())
            {
                if (Digest.TryParse(blob.GetString(), out Digest digest)) blobs.Add(digest);
            }
            List<string> trees = [];
            foreach (JsonElement tree in lease.GetProperty("trees").EnumerateArray()) trees.Add(tree.GetString() ?? "");
            LeaseKind kind = lease.GetProperty("kind").GetString() switch { "coming" => LeaseKind.Coming, "using" => LeaseKind.Using, _ => LeaseKind.Going };
            return new LeaseRecord(name, kind, new Holdings(blobs, trees), since);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Damaged: nobody can rely on it, and nothing is lost by it.
            return new LeaseRecord(name, LeaseKind.Going, new Holdings([], []), since);
        }
    }
}
