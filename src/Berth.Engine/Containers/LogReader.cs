// What a container has written, from its log files, and what it writes on.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>What of a log is wanted.</summary>
public sealed record LogOptions
{
    /// <summary>Whether what is written from now on is waited for, until the container ends.</summary>
    public bool Follow { get; init; }

    /// <summary>How many of the latest lines; null: all.</summary>
    public int? Tail { get; init; }

    /// <summary>Lines from this time on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Lines up to this time.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>A line of a log, or a part of one that is long.</summary>
/// <param name="Time">When it was written.</param>
/// <param name="Kind">Where to.</param>
/// <param name="Bytes">The text, with the new line where there is one.</param>
public readonly record struct LogEntry(DateTimeOffset Time, OutputKind Kind, ReadOnlyMemory<byte> Bytes);

/// <summary>Reads log files of both forms, those before it too (<c>.N</c> to <c>.1</c>), and goes on over rotation.</summary>
internal sealed class LogReader(string path, bool isCri, Func<bool> isOver)
{
    private const int Block = 64 * 1024, Pause = 40;

    public async IAsyncEnumerable<LogEntry> ReadAsync(LogOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        List<string> files = Files();
        (int first, long offset) = options.Tail is { } tail ? Place(files, tail) : (0, 0);
        ulong inode = 0;
        long at = 0;
        List<byte> rest = [];
        for (int i = first; i < files.Count; i++)
        {
            (at, inode) = (i == first ? offset : 0, KernelPath.Facts(files[i])?.Inode ?? 0);
            foreach (LogEntry entry in Take(files[i], ref at, rest))
            {
                if (IsBefore(entry, options)) continue;
                if (IsAfter(entry, options)) yield break;
                yield return entry;
            }
        }
        while (options.Follow)
        {
            // Asked before it is read: what is written until it ends is read once more after that.
            bool over = isOver();
            foreach (LogEntry entry in More(ref inode, ref at, rest))
            {
                if (IsBefore(entry, options)) continue;
                if (IsAfter(entry, options)) yield break;
                yield return entry;
            }
            if (over || (options.Until is { } until && DateTimeOffset.UtcNow > until)) yield break;
            await Task.Delay(Pause, ct).ConfigureAwait(false);
        }
    }

    private static bool IsBefore(LogEntry entry, LogOptions options) => options.Since is { } since && entry.Time < since;

    private static bool IsAfter(LogEntry entry, LogOptions options) => options.Until is { } until && entry.Time > until;

    /// <summary>All files there are, the oldest first.</summary>
    private List<string> Files()
    {
        List<string> files = [];
        for (int i = 1; KernelFile.Exists(Numbered(i)); i++) files.Insert(0, Numbered(i));
        if (KernelFile.Exists(path)) files.Add(path);
        return files;
    }

    private string Numbered(int number) => string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");

    /// <summary>Where the last so many lines begin.</summary>
    private static (int File, long Offset) Place(List<string> files, int lines)
    {
        byte[] block = new byte[Block];
        for (int i = files.Count - 1; i >= 0; i--)
        {
            using FileStream file = Open(files[i]);
            long end = file.Length;
            bool isLast = true;
            for (long at = end; at > 0;)
            {
                int length = (int)Math.Min(Block, at);
                at -= length;
                file.Position = at;
                file.ReadExactly(block, 0, length);
                for (int b = length - 1; b >= 0; b--)
                {
                    if (block[b] != '\n') continue;
                    // The new line at the very end ends the last line, and begins none.
                    if (isLast && at + b == end - 1)
                    {
                        isLast = false;
                        if (lines == 0) return (i, end);
                        continue;
                    }
                    if (--lines == 0) return (i, at + b + 1);
                }
            }
            if (end > 0 && --lines == 0) return (i, 0);
        }
        return (0, 0);
    }

    private List<LogEntry> More(ref ulong inode, ref long at, List<byte> rest)
    {
        List<LogEntry> entries = [];
        if (KernelPath.Facts(path) is not { } facts) return entries;
        if (inode != 0 && facts.Inode != inode)
        {
            // It was rotated: first the rest of what we read from, then those between, if we were slow.
            List<string> files = Files();
            ulong known = inode;
            int before = files.FindIndex(file => KernelPath.Facts(file)?.Inode == known);
            for (int i = Math.Max(before, 0); i < files.Count - 1; i++)
            {
                if (i != before) at = 0;
                entries.AddRange(Take(files[i], ref at, rest));
            }
            at = 0;
        }
        inode = facts.Inode;
        if (facts.Size > at) entries.AddRange(Take(path, ref at, rest));
        return entries;
    }

    private List<LogEntry> Take(string name, ref long at, List<byte> rest)
    {
        List<LogEntry> entries = [];
        using FileStream file = Open(name);
        file.Position = at;
        byte[] block = new byte[Block];
        while (file.Read(block) is > 0 and int count)
        {
            at += count;
            ReadOnlySpan<byte> bytes = block.AsSpan(0, count);
            for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
            {
                rest.AddRange(bytes[..end]);
                if (Parse([.. rest]) is { } entry) entries.Add(entry);
                rest.Clear();
            }
            rest.AddRange(bytes);
        }
        return entries;
    }

    private static FileStream Open(string name)
    {
        try
        {
            return new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        }
        catch (IOException e)
        {
            throw new BerthException(Fault.Failed, $"cannot read the log {name}: {e.Message}", inner: e);
        }
    }

    private LogEntry? Parse(byte[] line) => isCri ? ParseCri(line) : ParseJson(line);

    private static LogEntry? ParseJson(byte[] line)
    {
        byte[]? text = null;
        OutputKind kind = OutputKind.Output;
        DateTimeOffset time = default;
        try
        {
            Utf8JsonReader json = new(line);
            while (json.Read())
            {
                if (json.TokenType != JsonTokenType.PropertyName) continue;
                if (json.ValueTextEquals("log"u8))
                {
                    json.Read();
                    byte[] buffer = new byte[line.Length];
                    text = buffer[..json.CopyString(buffer)];
                }
                else if (json.ValueTextEquals("stream"u8))
                {
                    json.Read();
                    if (json.ValueTextEquals("stderr"u8)) kind = OutputKind.Error;
                }
                else if (json.ValueTextEquals("time"u8))
                {
                    json.Read();
                    time = TimeOf(json.GetString()!);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
        return text is null ? null : new LogEntry(time, kind, text);
    }

    private static LogEntry? ParseCri(byte[] line)
    {
        ReadOnlySpan<byte> rest = line;
        int blank = rest.IndexOf((byte)' ');
        if (blank < 0) return null;
        DateTimeOffset time = TimeOf(Encoding.ASCII.GetString(rest[..blank]));
        rest = rest[(blank + 1)..];
        OutputKind kind = rest.StartsWith("stderr"u8) ? OutputKind.Error : OutputKind.Output;
        blank = rest.IndexOf((byte)' ');
        if (blank < 0 || rest.Length < blank + 3) return null;
        bool isWhole = rest[blank + 1] == 'F';
        rest = rest[(blank + 3)..];
        return new LogEntry(time, kind, isWhole ? [.. rest, (byte)'\n'] : rest.ToArray());
    }

    private static DateTimeOffset TimeOf(string text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : default;
}
