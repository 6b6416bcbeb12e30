// Events: one line of JSON each, in a file that everybody appends to, and that whoever listens reads.
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Berth.Engine.Networks;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Json;

namespace Berth.Engine.Events;

/// <summary>What has happened, and what happens. No daemon: processes append to <c>RUN/events</c>, each line with one write(2), which O_APPEND keeps whole.</summary>
public sealed class EngineEvents
{
    private const int WriteOnly = 1, Create = 0x40, Append = 0x400;
    // As much is looked back: the file before is kept beside it.
    private const long Most = 4 << 20;

    private readonly string _path;
    private readonly TimeProvider _clock;

    internal EngineEvents(string run, TimeProvider clock) => (_path, _clock) = ($"{run}/events", clock);

    internal void Add(string kind, string action, string id, string name, params ReadOnlySpan<(string Key, string? Value)> attributes)
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteString("time", RecordJson.Time(_clock.GetUtcNow()));
        json.WriteString("kind", kind);
        json.WriteString("action", action);
        json.WriteString("id", id);
        RecordJson.Text(json, "name", name);
        if (attributes.Length > 0)
        {
            json.WriteStartObject("attributes");
            foreach ((string key, string? value) in attributes)
            {
                if (value is not null) json.WriteString(key, value);
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
        try
        {
            byte[] line = [.. json.Written, (byte)'\n'];
            using Fd file = KernelPath.TryOpen(_path, WriteOnly | Create | Append, 0x180) ?? Made();
            if (KernelPath.Facts(file).Size > Most) KernelPath.Rename(_path, _path + ".1");
            KernelPath.WriteAll(file, line, _path);
        }
        catch (LinuxException)
        {
            // What is done must not fail because it cannot be told.
        }
    }

    /// <summary>Events, the oldest first.</summary>
    /// <param name="since">From when on; null: only those that happen from now on, or, where nobody waits for more, all that are known.</param>
    /// <param name="until">Up to when; null: without end.</param>
    /// <param name="follow">Whether those that are still to happen are waited for.</param>
    /// <param name="ct">Ends it.</param>
    public async IAsyncEnumerable<EngineEvent> ReadAsync(DateTimeOffset? since = null, DateTimeOffset? until = null, bool follow = true, [EnumeratorCancellation] CancellationToken ct = default)
    {
        long skip = since is null && follow && KernelPath.Facts(_path) is { } now ? now.Size : 0;
        if (skip == 0)
        {
            foreach (EngineEvent old in Lines(KernelFile.TryRead(_path + ".1", out _) ?? []))
            {
                if ((since is null || old.Time >= since) && (until is null || old.Time <= until)) yield return old;
            }
        }
        ulong inode = KernelPath.Facts(_path)?.Inode ?? 0;
        List<byte> rest = [];
        while (true)
        {
            foreach (EngineEvent next in Take(ref skip, ref inode, rest))
            {
                if (until is not null && next.Time > until) yield break;
                if (since is null || next.Time >= since) yield return next;
            }
            if (!follow || (until is { } end && _clock.GetUtcNow() > end)) yield break;
            await Task.Delay(50, ct).ConfigureAwait(false);
        }
    }

    // From where we stand to the end; what was renamed meanwhile is read to its end first.
    private List<EngineEvent> Take(ref long offset, ref ulong inode, List<byte> rest)
    {
        List<EngineEvent> events = [];
        if (KernelPath.Facts(_path) is not { } facts) return events;
        if (inode != 0 && facts.Inode != inode && KernelPath.Facts(_path + ".1") is { } before && before.Inode == inode)
        {
            Read(_path + ".1", offset, rest, events);
            offset = 0;
        }
        else if (facts.Size <= offset && facts.Inode == inode) return events;
        inode = facts.Inode;
        offset += Read(_path, offset, rest, events);
        return events;
    }

    private static long Read(string path, long offset, List<byte> rest, List<EngineEvent> into)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = offset;
        byte[] bytes = new byte[file.Length - offset];
        int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        rest.AddRange(bytes.AsSpan(0, count));
        int last = rest.LastIndexOf((byte)'\n');
        if (last < 0) return count;
        into.AddRange(Lines([.. rest.GetRange(0, last + 1)]));
        rest.RemoveRange(0, last + 1);
        return count;
    }

    private static List<EngineEvent> Lines(byte[] bytes)
    {
        List<EngineEvent> events = [];
        foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonElement json = document.RootElement;
                events.Add(new EngineEvent
                {
                    Time = RecordJson.Time(json, "time"),
                    Kind = RecordJson.Text(json, "kind"),
                    Action = RecordJson.Text(json, "action"),
                    Id = RecordJson.Text(json, "id"),
                    Name = RecordJson.Text(json, "name"),
                    Attributes = RecordJson.Map(json, "attributes"),
                });
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
            {
                // Half of a line, of a host that lost its power.
            }
        }
        return events;
    }

    private Fd Made()
    {
        KernelPath.MakeDirectories(_path[.._path.LastIndexOf('/')], 0x1C9);
        return KernelPath.Open(_path, WriteOnly | Create | Append, 0x180);
    }
}
