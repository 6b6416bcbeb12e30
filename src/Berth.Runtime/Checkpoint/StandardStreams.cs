// The standard streams of a container across checkpoint and restore: what comes from outside is connected to the restorer's.
using System.Globalization;
using System.Text.Json;
using Berth.Oci.Json;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Runtime.Checkpoint;

/// <summary>
/// `descriptors.json` in an image: a list of what 0, 1 and 2 were, in the words of runc and crun. Pipes are found by
/// CRIU under these words (`pipe:[inode]`). Files of the host, which runc cannot dump, are named `file[mount:inode]`, and
/// their lengths, which CRIU compares, are in `file-lengths.json`.
/// </summary>
internal sealed class StandardStreams
{
    private const string NamesFile = "descriptors.json";
    private const string LengthsFile = "file-lengths.json";

    private readonly List<string> _names = [];
    private readonly List<(string Name, string Path)> _measured = [];

    private StandardStreams() { }

    /// <summary>CRIU's names of files that lie outside of the container.</summary>
    public List<string> Files { get; } = [];

    /// <summary>What our own streams are, which a container without a terminal inherits; only pipes are worth keeping.</summary>
    public static List<string>? OwnPipes()
    {
        List<string>? streams = null;
        for (int fd = 0; fd < 3; fd++)
        {
            if (KernelPath.ReadLink($"/proc/self/fd/{fd}") is not { } link || !IsPipe(link)) continue;
            streams ??= ["", "", ""];
            streams[fd] = link;
        }
        return streams;
    }

    /// <summary>What the streams of a container's first process are now; a pipe that it was given goes before.</summary>
    public static StandardStreams Of(int pid, IReadOnlyList<string>? given)
    {
        StandardStreams streams = new();
        HashSet<string> mounts = MountsOf(pid);
        for (int fd = 0; fd < 3; fd++)
        {
            string name = streams.FileOutside(pid, fd, mounts) ?? KernelPath.ReadLink($"/proc/{pid}/fd/{fd}") ?? "";
            streams._names.Add(given is not null && fd < given.Count && given[fd].Length > 0 ? given[fd] : name);
        }
        return streams;
    }

    /// <summary>CRIU's name of a file on a mount that the container does not have, or null.</summary>
    private string? FileOutside(int pid, int fd, HashSet<string> mounts)
    {
        if (KernelPath.Facts($"/proc/{pid}/fd/{fd}") is not { } facts || !(facts.IsRegular || IsNullDevice(facts))) return null;
        string info = $"/proc/{pid}/fdinfo/{fd}";
        if (ValueOf(info, "mnt_id:") is not { } mount || mounts.Contains(mount)) return null;
        string name = $"file[{int.Parse(mount, CultureInfo.InvariantCulture):x}:{facts.Inode:x}]";
        if (!Files.Contains(name)) Files.Add(name);
        if (facts.IsRegular && !IsLog(ValueOf(info, "flags:"))) _measured.Add((name, $"/proc/{pid}/fd/{fd}"));
        return name;
    }

    /// <summary>Opened to append and nothing else: CRIU expects such a file to be of any length.</summary>
    private static bool IsLog(string? flags)
    {
        // O_WRONLY | O_APPEND; the value is octal.
        int value = flags is null ? 0 : Convert.ToInt32(flags, 8);
        return (value & 0x403) == 0x401;
    }

    private static bool IsNullDevice(FileFacts facts) => (facts.Mode & 0xF000) == 0x2000 && facts.DeviceNumber == Plan.DeviceNodes.Number(1, 3);

    private static string? ValueOf(string fdinfo, string key)
    {
        foreach (string line in (KernelFile.TryReadText(fdinfo) ?? "").Split('\n'))
        {
            if (line.StartsWith(key, StringComparison.Ordinal)) return line[key.Length..].Trim();
        }
        return null;
    }

    private static HashSet<string> MountsOf(int pid)
    {
        HashSet<string> mounts = [];
        foreach (string line in (KernelFile.TryReadText($"/proc/{pid}/mountinfo") ?? "").Split('\n')) mounts.Add(line.Split(' ')[0]);
        return mounts;
    }

    private static bool IsPipe(string name) => name.StartsWith("pipe:", StringComparison.Ordinal);

    /// <summary>Writes them into an image, while the processes stand still.</summary>
    public void Save(string imagePath)
    {
        JsonWriter w = new();
        w.WriteStartArray();
        foreach (string name in _names) w.WriteStringValue(name);
        w.WriteEndArray();
        KernelPath.WriteAtomically($"{imagePath}/{NamesFile}", w.Written, 0x180);
        if (_measured.Count == 0) return;
        w = new();
        w.WriteStartObject();
        HashSet<string> written = [];
        foreach ((string name, string path) in _measured)
        {
            if (KernelPath.Facts(path) is { } facts && written.Add(name)) w.WriteNumber(name, facts.Size);
        }
        w.WriteEndObject();
        KernelPath.WriteAtomically($"{imagePath}/{LengthsFile}", w.Written, 0x180);
    }

    /// <summary>Connects those of an image to our own streams of the same number.</summary>
    /// <param name="imagePath">The image.</param>
    /// <param name="nothing">/dev/null, for files that cannot be replaced by what our stream is.</param>
    /// <param name="warn">Receives which ones.</param>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>: this is no image; <see cref="Fault.InvalidArgument"/>: one of our streams does not fit.</exception>
    public static List<(string Key, int Fd)> Connect(string imagePath, Fd nothing, Action<string> warn)
    {
        List<(string Key, int Fd)> inherit = [];
        List<string> names = LoadNames($"{imagePath}/{NamesFile}");
        Dictionary<string, long> lengths = LoadLengths($"{imagePath}/{LengthsFile}");
        for (int fd = 0; fd < names.Count && fd < 3; fd++)
        {
            string name = names[fd];
            bool file = name.StartsWith("file[", StringComparison.Ordinal);
            // One file may be several streams: CRIU wants each name once.
            if (!(IsPipe(name) || file) || inherit.Exists(i => i.Key == name) || !Self.IsInherited(fd)) continue;
            int source = file ? FileFor(fd, lengths.TryGetValue(name, out long length) ? length : null, nothing, warn) : fd;
            inherit.Add((name, source));
        }
        return inherit;
    }

    /// <summary>
    /// CRIU opens a file again, compares its length, and goes to the position that it had. No pipe and no terminal can do
    /// that; a shorter file is made as long with a hole.
    /// </summary>
    private static int FileFor(int fd, long? length, Fd nothing, Action<string> warn)
    {
        FileFacts? facts = KernelPath.Facts($"/proc/self/fd/{fd}");
        if (facts is { } device && IsNullDevice(device) && length is null) return fd;
        if (facts is { IsRegular: true } file)
        {
            if (length is not { } wanted || file.Size == wanted) return fd;
            if (file.Size > wanted)
            {
                throw new BerthException(Fault.InvalidArgument, $"descriptor {fd} of the container was a file of {wanted} bytes when it was dumped, and ours has {file.Size}",
                    "restore with that file, or with an empty one");
            }
            FileLength.Set(fd, wanted);
            return fd;
        }
        if (length is not null)
        {
            throw new BerthException(Fault.InvalidArgument, $"descriptor {fd} of the container was a file when it was dumped, and ours is none", "restore with a file there");
        }
        if (fd > 0) warn($"descriptor {fd} of the container was a log file or /dev/null when it was dumped, and ours is none: what is written there is lost");
        return nothing.Number;
    }

    private static List<string> LoadNames(string path)
    {
        byte[] json = KernelFile.TryRead(path, out Errno errno)
            ?? throw new BerthException(Fault.NotFound, $"cannot read {path}: {errno.Sentence()}", "is this the image of a container?");
        List<string> names = [];
        try
        {
            Utf8JsonReader r = new(json);
            r.Read();
            while (r.Read() && r.TokenType == JsonTokenType.String) names.Add(r.GetString()!);
        }
        catch (JsonException e)
        {
            throw new BerthException(Fault.InvalidArgument, $"{path} is damaged: {e.Message}", null, e);
        }
        return names;
    }

    private static Dictionary<string, long> LoadLengths(string path)
    {
        Dictionary<string, long> lengths = [];
        if (KernelFile.TryRead(path, out _) is not { } json) return lengths;
        try
        {
            Utf8JsonReader r = new(json);
            r.Read();
            while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
            {
                string name = r.GetString()!;
                r.Read();
                lengths[name] = r.GetInt64();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new BerthException(Fault.InvalidArgument, $"{path} is damaged: {e.Message}", null, e);
        }
        return lengths;
    }
}
