// What is stored of a container: one immutable record, replaced atomically. What the kernel knows is not in it.
using System.Text.Json;
using Berth.Oci.Json;
using Berth.Cgroups;
using Berth.Oci.Faults;

namespace Berth.Runtime.State;

/// <summary>Stored facts of a container (<c>state.json</c> in its state directory, version 1).</summary>
public sealed record ContainerRecord
{
    /// <summary>Version of this layout.</summary>
    public const int LayoutVersion = 1;

    /// <summary>The container's id.</summary>
    public required string Id { get; init; }

    /// <summary>ociVersion of its configuration.</summary>
    public string OciVersion { get; init; } = "";

    /// <summary>Absolute path of the bundle.</summary>
    public string Bundle { get; init; } = "";

    /// <summary>Absolute path of the root file system.</summary>
    public string Rootfs { get; init; } = "";

    /// <summary>First process, or 0 while there is none.</summary>
    public int Pid { get; init; }

    /// <summary>Its start time in clock ticks since boot: a later process with the same number has another.</summary>
    public ulong StartTime { get; init; }

    /// <summary>When it was created, RFC 3339 in UTC.</summary>
    public string Created { get; init; } = "";

    /// <summary>Who created it.</summary>
    public uint Owner { get; init; }

    /// <summary>Its cgroups, or null.</summary>
    public CgroupRecord? Cgroups { get; init; }

    /// <summary>Its group of the Resource Director Technology, or null.</summary>
    public IntelRdtRecord? IntelRdt { get; init; }

    /// <summary>Its annotations.</summary>
    public Dictionary<string, string> Annotations { get; init; } = [];

    /// <summary>Pipes that it was given as standard streams, such as <c>pipe:[1234]</c>; null where there was none.</summary>
    public IReadOnlyList<string>? StandardStreams { get; init; }

    /// <summary>As bytes.</summary>
    public byte[] ToJson()
    {
        JsonWriter w = new();
        w.WriteStartObject();
        w.WriteNumber("version"u8, LayoutVersion);
        w.WriteString("id"u8, Id);
        w.WriteString("ociVersion"u8, OciVersion);
        w.WriteString("bundle"u8, Bundle);
        w.WriteString("rootfs"u8, Rootfs);
        w.WriteNumber("init_process_pid"u8, Pid);
        w.WriteNumber("init_process_start"u8, StartTime);
        w.WriteString("created"u8, Created);
        w.WriteNumber("owner"u8, Owner);
        if (Cgroups is not null)
        {
            w.WritePropertyName("cgroups"u8);
            Cgroups.Write(w);
        }
        if (StandardStreams is not null)
        {
            w.WriteStartArray("external_descriptors"u8);
            foreach (string stream in StandardStreams) w.WriteStringValue(stream);
            w.WriteEndArray();
        }
        if (IntelRdt is { } rdt)
        {
            w.WriteStartObject("intelRdt"u8);
            w.WriteString("root"u8, rdt.Root);
            w.WriteString("group"u8, rdt.Group);
            w.WriteBoolean("isOurs"u8, rdt.IsOurs);
            w.WriteString("monitoring"u8, rdt.Monitoring);
            w.WriteEndObject();
        }
        w.WriteStartObject("annotations"u8);
        foreach ((string key, string value) in Annotations) w.WriteString(key, value);
        w.WriteEndObject();
        w.WriteEndObject();
        return w.ToArray();
    }

    /// <summary>From bytes.</summary>
    /// <exception cref="BerthException"><see cref="Fault.Failed"/>: the file is damaged or of a later version.</exception>
    public static ContainerRecord Read(ReadOnlySpan<byte> json, string path)
    {
        try
        {
            return ReadUnchecked(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new BerthException(Fault.Failed, $"state file {path} is damaged: {e.Message}", "delete the container with --force", e);
        }
    }

    private static IntelRdtRecord ReadIntelRdt(ref Utf8JsonReader r)
    {
        string root = "", group = "";
        string? monitoring = null;
        bool ours = false;
        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            string name = r.GetString()!;
            r.Read();
            if (name == "root") root = r.GetString()!;
            else if (name == "group") group = r.GetString()!;
            else if (name == "isOurs") ours = r.GetBoolean();
            else if (name == "monitoring") monitoring = r.GetString();
        }
        return new IntelRdtRecord(root, group, ours, monitoring);
    }

    private static ContainerRecord ReadUnchecked(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader r = new(json);
        string id = "", ociVersion = "", bundle = "", rootfs = "";
        int pid = 0;
        ulong start = 0;
        string created = "";
        uint owner = 0;
        CgroupRecord? cgroups = null;
        Dictionary<string, string> annotations = [];
        List<string>? streams = null;
        IntelRdtRecord? rdt = null;
        r.Read();
        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            if (r.ValueTextEquals("cgroups"u8))
            {
                r.Read();
                cgroups = CgroupRecord.Read(ref r);
                continue;
            }
            string name = r.GetString()!;
            r.Read();
            if (name == "intelRdt")
            {
                rdt = ReadIntelRdt(ref r);
                continue;
            }
            switch (name)
            {
                case "version" when r.GetInt32() > LayoutVersion: throw new FormatException("it was written by a later version");
                case "id": id = r.GetString()!; break;
                case "ociVersion": ociVersion = r.GetString()!; break;
                case "bundle": bundle = r.GetString()!; break;
                case "rootfs": rootfs = r.GetString()!; break;
                case "init_process_pid": pid = r.GetInt32(); break;
                case "init_process_start": start = r.GetUInt64(); break;
                case "created": created = r.GetString() ?? ""; break;
                case "owner": owner = r.GetUInt32(); break;
                case "external_descriptors":
                    streams = [];
                    while (r.Read() && r.TokenType == JsonTokenType.String) streams.Add(r.GetString()!);
                    break;
                case "annotations":
                    while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
                    {
                        string key = r.GetString()!;
                        r.Read();
                        annotations[key] = r.GetString() ?? "";
                    }
                    break;
                default: r.Skip(); break;
            }
        }
        return new ContainerRecord
        {
            Id = id,
            OciVersion = ociVersion,
            Bundle = bundle,
            Rootfs = rootfs,
            Pid = pid,
            StartTime = start,
            Created = created,
            Owner = owner,
            Cgroups = cgroups,
            IntelRdt = rdt,
            Annotations = annotations,
            StandardStreams = streams,
        };
    }
}
