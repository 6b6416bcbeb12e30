// What is stored of a container's cgroups: enough to go on without looking at the host again.
using System.Text.Json;
using Berth.Oci.Json;

namespace Berth.Cgroups;

/// <summary>Where a container's cgroups are and which of them are ours to remove.</summary>
public sealed record CgroupRecord
{
    /// <summary>Mode of the host at creation.</summary>
    public CgroupMode Mode { get; init; }

    /// <summary>Who made the directories.</summary>
    public CgroupDriver Driver { get; init; }

    /// <summary>Whether refusals are borne.</summary>
    public bool Rootless { get; init; }

    /// <summary>The container's directory by controller; the v2 directory under <see cref="Controller.Unified"/>.</summary>
    public IReadOnlyList<KeyValuePair<Controller, string>> Paths { get; init; } = [];

    /// <summary>Directories that creation made, parents first: deletion removes these and no others.</summary>
    public IReadOnlyList<string> Created { get; init; } = [];

    /// <summary>systemd's unit, or null.</summary>
    public SystemdUnit? Unit { get; init; }

    /// <summary>The directory of the unit where the container lives in a cgroup below it, else null.</summary>
    public string? UnitDirectory { get; init; }

    /// <summary>Writes the record as one JSON object.</summary>
    public void Write(JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("mode", ModeWord(Mode));
        if (Driver == CgroupDriver.Systemd) json.WriteBoolean("systemd", true);
        if (Rootless) json.WriteBoolean("rootless", true);
        json.WriteStartObject("paths");
        foreach ((Controller controller, string path) in Paths) json.WriteString(controller.Name(), path);
        json.WriteEndObject();
        json.WriteStartArray("created");
        foreach (string path in Created) json.WriteStringValue(path);
        json.WriteEndArray();
        if (Unit is not null)
        {
            json.WriteString("slice", Unit.Slice);
            json.WriteString("unit", Unit.Name);
        }
        if (UnitDirectory is not null) json.WriteString("unitDirectory", UnitDirectory);
        json.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the reader stands on the object's start and ends on its end.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static CgroupRecord Read(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject) throw new JsonException("a cgroup record is an object");
        CgroupRecord record = new();
        string slice = "", unit = "";
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            switch (name)
            {
                case "mode": record = record with { Mode = ModeOf(json.GetString()) }; break;
                case "systemd": record = record with { Driver = json.GetBoolean() ? CgroupDriver.Systemd : CgroupDriver.Cgroupfs }; break;
                case "rootless": record = record with { Rootless = json.GetBoolean() }; break;
                case "paths": record = record with { Paths = ReadPaths(ref json) }; break;
                case "created": record = record with { Created = ReadStrings(ref json) }; break;
                case "slice": slice = json.GetString()!; break;
                case "unit": unit = json.GetString()!; break;
                case "unitDirectory": record = record with { UnitDirectory = json.GetString() }; break;
                default: json.Skip(); break;
            }
        }
        return unit.Length == 0 ? record : record with { Unit = new SystemdUnit(slice, unit) };
    }

    private static List<KeyValuePair<Controller, string>> ReadPaths(ref Utf8JsonReader json)
    {
        List<KeyValuePair<Controller, string>> paths = [];
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            if (ControllerNames.Parse(name) is { } controller) paths.Add(new(controller, json.GetString()!));
        }
        return paths;
    }

    private static List<string> ReadStrings(ref Utf8JsonReader json)
    {
        List<string> strings = [];
        while (json.Read() && json.TokenType == JsonTokenType.String) strings.Add(json.GetString()!);
        return strings;
    }

    private static string ModeWord(CgroupMode mode) => mode switch
    {
        CgroupMode.Unified => "unified",
        CgroupMode.Hybrid => "hybrid",
        CgroupMode.Legacy => "legacy",
        _ => "none",
    };

    private static CgroupMode ModeOf(string? word) => word switch
    {
        "unified" => CgroupMode.Unified,
        "hybrid" => CgroupMode.Hybrid,
        "legacy" => CgroupMode.Legacy,
        _ => CgroupMode.None,
    };
}
