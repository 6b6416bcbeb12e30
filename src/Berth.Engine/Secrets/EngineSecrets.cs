// Secrets: kept, found, handed to containers, removed.
using System.Text.Json;
using Berth.Engine.Networks;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Engine.Secrets;

/// <summary>
/// The secrets of an engine: <c>ROOT/secrets/NAME/{record.json,value}</c>, in folders that their owner alone may enter. A value is
/// read when a container starts, into the run folder, which is in memory; it is in no record, event, log or command line.
/// </summary>
public sealed class EngineSecrets
{
    /// <summary>Bytes that a secret may have at most.</summary>
    public const int MostBytes = 512_000;

    private const uint Private = 0x180, PrivateFolder = 0x1C0;
    private const int MostName = 253, IdDigits = 25;

    private readonly string _folder;
    private readonly string _run;
    private readonly TimeProvider _clock;

    internal EngineSecrets(string root, string run, TimeProvider clock) => (_folder, _run, _clock) = ($"{root}/secrets", run, clock);

    /// <summary>Keeps one.</summary>
    /// <param name="spec">Its name, and who keeps it.</param>
    /// <param name="value">Its value: 1 to <see cref="MostBytes"/> bytes.</param>
    /// <param name="replace">Whether one of this name gets the new value.</param>
    /// <exception cref="BerthException">InvalidArgument. Conflict: there is one of this name. Unsupported: the driver is not there. Failed: its program says no.</exception>
    public SecretRecord Create(SecretSpec spec, ReadOnlyMemory<byte> value, bool replace = false)
    {
        ArgumentNullException.ThrowIfNull(spec);
        RequireName(spec.Name);
        if (value.Length is 0 or > MostBytes) throw new BerthException(Fault.InvalidArgument, $"cannot keep secret {spec.Name}: its value has {value.Length} bytes", $"a secret has 1 to {MostBytes} bytes");
        SecretKeeper keeper = SecretKeeper.Of(spec, Place(spec.Name));
        KernelPath.MakeDirectories(_folder, PrivateFolder);
        using FileLock held = FileLock.Take($"{_run}/locks/secret-{spec.Name}");
        SecretRecord? there = Read(spec.Name);
        if (there is not null && !replace) throw new BerthException(Fault.Conflict, $"cannot keep secret {spec.Name}: there is one of this name", "remove it first, or replace its value: --replace");
        KernelPath.MakeDirectories($"{_folder}/{spec.Name}", PrivateFolder);
        DateTimeOffset now = _clock.GetUtcNow();
        SecretRecord record = new() { Id = there?.Id ?? ObjectId.New()[..IdDigits], Spec = spec, Created = there?.Created ?? now, Updated = now };
        if (there is not null) SecretKeeper.Of(there.Spec, Place(spec.Name)).Forget(there.Id);
        keeper.Keep(record.Id, value);
        // The record makes it a secret: a value without one was left by one who was killed.
        KernelPath.WriteAtomically($"{_folder}/{spec.Name}/record.json", Write(record), Private);
        held.RemoveFile();
        return record;
    }

    /// <summary>One by its name, its id, or the beginning of its id where no other begins so.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: several begin so.</exception>
    public SecretRecord Find(string name) => TryFind(name) ?? throw new BerthException(Fault.NotFound, $"there is no secret {name}");

    /// <summary>The same; null: there is none.</summary>
    public SecretRecord? TryFind(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsName(name)) return null;
        if (Read(name) is { } whole) return whole;
        SecretRecord? found = null;
        foreach (SecretRecord one in List())
        {
            if (!one.Id.StartsWith(name, StringComparison.Ordinal)) continue;
            if (found is not null) throw new BerthException(Fault.InvalidArgument, $"secret {name} is ambiguous: {found.Id} and {one.Id} begin so");
            found = one;
        }
        return found;
    }

    /// <summary>All, by name.</summary>
    public IReadOnlyList<SecretRecord> List()
    {
        List<string> names = KernelPath.List(_folder);
        names.Sort(StringComparer.Ordinal);
        List<SecretRecord> all = [];
        foreach (string name in names)
        {
            if (Read(name) is { } record) all.Add(record);
        }
        return all;
    }

    /// <summary>The value of one.</summary>
    /// <exception cref="BerthException">NotFound. Failed: who keeps it does not say it.</exception>
    public byte[] Reveal(SecretRecord secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return SecretKeeper.Of(secret.Spec, Place(secret.Name)).Tell(secret.Id);
    }

    /// <summary>Forgets one. Containers that run keep what they were given.</summary>
    /// <returns>What was known of it.</returns>
    /// <exception cref="BerthException">NotFound. Failed: its program says no.</exception>
    public SecretRecord Remove(string name)
    {
        SecretRecord record = Find(name);
        using FileLock held = FileLock.Take($"{_run}/locks/secret-{record.Name}");
        SecretKeeper.Of(record.Spec, Place(record.Name)).Forget(record.Id);
        KernelPath.Remove($"{_folder}/{record.Name}/record.json");
        KernelPath.RemoveTree($"{_folder}/{record.Name}");
        held.RemoveFile();
        return record;
    }

    private string Place(string name) => $"{_folder}/{name}/value";

    private SecretRecord? Read(string name)
    {
        string path = $"{_folder}/{name}/record.json";
        return KernelFile.TryRead(path, out _) is { Length: > 0 } bytes ? RecordJson.Read(bytes, path, Of) : null;
    }

    private static byte[] Write(SecretRecord record)
    {
        JsonWriter json = new("  ");
        json.WriteStartObject();
        json.WriteNumber("version", RecordJson.Version);
        json.WriteString("id", record.Id);
        json.WriteString("name", record.Name);
        json.WriteString("driver", record.Spec.Driver);
        json.WriteString("created", RecordJson.Time(record.Created));
        json.WriteString("updated", RecordJson.Time(record.Updated));
        RecordJson.Map(json, "options", record.Spec.Options);
        RecordJson.Map(json, "labels", record.Spec.Labels);
        json.WriteEndObject();
        return json.ToArray();
    }

    private static SecretRecord Of(JsonElement json) => new()
    {
        Id = RecordJson.Text(json, "id"),
        Spec = new SecretSpec { Name = RecordJson.Text(json, "name"), Driver = RecordJson.Text(json, "driver"), Options = RecordJson.Map(json, "options"), Labels = RecordJson.Map(json, "labels") },
        Created = RecordJson.Time(json, "created"),
        Updated = RecordJson.Time(json, "updated"),
    };

    private static void RequireName(string name)
    {
        if (!IsName(name)) throw new BerthException(Fault.InvalidArgument, $"'{name}' is no name of a secret", $"letters, digits, and _ . - behind the first, {MostName} of them at most");
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
}
