// A container's record as JSON.
using System.Text.Json;
using Berth.Engine.Networks;
using Berth.Oci.Content;
using Berth.Oci.Json;

namespace Berth.Engine.Containers;

/// <summary>Reads and writes <see cref="ContainerRecord"/>.</summary>
internal static class ContainerJson
{
    public static byte[] Write(ContainerRecord record)
    {
        JsonWriter json = new(" ");
        json.WriteStartObject();
        json.WriteNumber("version", RecordJson.Version);
        json.WriteString("id", record.Id);
        json.WriteString("name", record.Name);
        json.WriteString("created", RecordJson.Time(record.Created));
        RecordJson.Text(json, "image", record.Image?.ToString());
        RecordJson.Flag(json, "stopped", record.IsStopped);
        if (record.Run is { } run) WriteRun(json, run);
        json.WriteStartObject("spec");
        SpecJson.Write(json, record.Spec);
        json.WriteEndObject();
        WriteSettled(json, record.Settled);
        json.WriteEndObject();
        return json.ToArray();
    }

    public static ContainerRecord Read(JsonElement json) => new()
    {
        Id = RecordJson.Text(json, "id"),
        Name = RecordJson.Text(json, "name"),
        Created = RecordJson.Time(json, "created"),
        Image = RecordJson.Text(json, "image") is { Length: > 0 } image ? Digest.Parse(image) : null,
        IsStopped = RecordJson.Flag(json, "stopped"),
        Run = json.TryGetProperty("run", out JsonElement run) ? ReadRun(run) : null,
        Spec = SpecJson.Read(json.GetProperty("spec")),
        Settled = ReadSettled(json.GetProperty("settled")),
    };

    private static void WriteRun(JsonWriter json, RunRecord run)
    {
        json.WriteStartObject("run");
        json.WriteString("started", RecordJson.Time(run.Started));
        if (run.Ended is { } ended) json.WriteString("ended", RecordJson.Time(ended));
        RecordJson.Number(json, "exit_code", run.ExitCode);
        RecordJson.Flag(json, "oom_killed", run.IsOomKilled);
        RecordJson.Flag(json, "initialized", run.IsInitialized);
        RecordJson.Number(json, "restarts", run.Restarts);
        RecordJson.Text(json, "error", run.Error);
        RecordJson.Number(json, "pid", run.Pid);
        RecordJson.Number(json, "start_ticks", (long)run.StartTicks);
        RecordJson.Text(json, "boot", run.Boot);
        json.WriteEndObject();
    }

    private static RunRecord ReadRun(JsonElement json) => new()
    {
        Started = RecordJson.Time(json, "started"),
        Ended = json.TryGetProperty("ended", out _) ? RecordJson.Time(json, "ended") : null,
        ExitCode = (int)RecordJson.Number(json, "exit_code"),
        IsOomKilled = RecordJson.Flag(json, "oom_killed"),
        IsInitialized = RecordJson.Flag(json, "initialized"),
        Restarts = (int)RecordJson.Number(json, "restarts"),
        Error = SpecJson.TextOrNull(json, "error"),
        Pid = (int)RecordJson.Number(json, "pid"),
        StartTicks = (ulong)RecordJson.Number(json, "start_ticks"),
        Boot = RecordJson.Text(json, "boot"),
    };

    private static void WriteSettled(JsonWriter json, SettledSpec settled)
    {
        json.WriteStartObject("settled");
        RecordJson.Texts(json, "arguments", settled.Arguments);
        RecordJson.Number(json, "entrypoint_length", settled.EntrypointLength);
        RecordJson.Texts(json, "environment", settled.Environment);
        RecordJson.Text(json, "working_folder", settled.WorkingFolder);
        RecordJson.Text(json, "user", settled.User);
        RecordJson.Map(json, "labels", settled.Labels);
        json.WriteNumber("stop_signal", settled.StopSignal);
        SpecJson.WriteHealth(json, settled.Health);
        RecordJson.Texts(json, "exposed", settled.Exposed);
        RecordJson.Text(json, "host_name", settled.HostName);
        if (settled.Mounts.Count > 0)
        {
            json.WriteStartArray("mounts");
            foreach (SettledMount mount in settled.Mounts)
            {
                json.WriteStartObject();
                RecordJson.Text(json, "volume", mount.Volume);
                RecordJson.Flag(json, "anonymous", mount.IsAnonymous);
                SpecJson.WriteMount(json, mount.Request);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (settled.Ids is { } ids)
        {
            WriteRanges(json, "uids", ids.Uids);
            WriteRanges(json, "gids", ids.Gids);
        }
        json.WriteEndObject();
    }

    private static SettledSpec ReadSettled(JsonElement json) => new()
    {
        Arguments = RecordJson.Texts(json, "arguments"),
        EntrypointLength = (int)RecordJson.Number(json, "entrypoint_length"),
        Environment = RecordJson.Texts(json, "environment"),
        WorkingFolder = RecordJson.Text(json, "working_folder"),
        User = RecordJson.Text(json, "user"),
        Labels = RecordJson.Map(json, "labels"),
        StopSignal = (int)RecordJson.Number(json, "stop_signal"),
        Health = SpecJson.ReadHealth(json),
        Exposed = RecordJson.Texts(json, "exposed"),
        HostName = RecordJson.Text(json, "host_name"),
        Mounts = RecordJson.List(json, "mounts", static one => new SettledMount(SpecJson.ReadMount(one), SpecJson.TextOrNull(one, "volume"), RecordJson.Flag(one, "anonymous"))),
        Ids = json.TryGetProperty("uids", out _) ? new IdMaps(ReadRanges(json, "uids"), ReadRanges(json, "gids")) : null,
    };

    private static void WriteRanges(JsonWriter json, string name, IReadOnlyList<IdRange> ranges)
    {
        json.WriteStartArray(name);
        foreach (IdRange range in ranges)
        {
            json.WriteStartArray();
            json.WriteNumberValue(range.Inside);
            json.WriteNumberValue(range.Outside);
            json.WriteNumberValue(range.Count);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private static List<IdRange> ReadRanges(JsonElement json, string name) =>
        RecordJson.List(json, name, static one => new IdRange(one[0].GetUInt32(), one[1].GetUInt32(), one[2].GetUInt32()));
}
