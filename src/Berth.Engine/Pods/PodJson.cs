// A pod's record as JSON.
using System.Text.Json;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Oci.Json;

namespace Berth.Engine.Pods;

/// <summary>Reads and writes <see cref="PodRecord"/>. What a pod and a container can both be asked for is written as a container's is.</summary>
internal static class PodJson
{
    public static byte[] Write(PodRecord record)
    {
        PodSpec spec = record.Spec;
        JsonWriter json = new(" ");
        json.WriteStartObject();
        json.WriteNumber("version", RecordJson.Version);
        json.WriteString("id", record.Id);
        json.WriteString("name", record.Name);
        json.WriteString("created", RecordJson.Time(record.Created));
        RecordJson.Text(json, "asked_name", spec.Name);
        json.WriteNumber("shares", (int)spec.Shares);
        RecordJson.Flag(json, "own_cgroups", !spec.SharesCgroup);
        RecordJson.Flag(json, "stops_with_last", spec.ExitPolicy == PodExitPolicy.Stop);
        json.WriteStartObject("common");
        SpecJson.Write(json, new ContainerSpec
        {
            HostName = spec.HostName,
            Labels = spec.Labels,
            Connection = spec.Connection,
            Limits = spec.Limits,
            Restart = spec.Restart,
            Storage = new StorageSpec { Mounts = spec.Mounts, ShmBytes = spec.ShmBytes },
            CreateCommand = spec.CreateCommand,
        });
        json.WriteEndObject();
        json.WriteEndObject();
        return json.ToArray();
    }

    public static PodRecord Read(JsonElement json)
    {
        ContainerSpec common = SpecJson.Read(json.GetProperty("common"));
        return new PodRecord
        {
            Id = RecordJson.Text(json, "id"),
            Name = RecordJson.Text(json, "name"),
            Created = RecordJson.Time(json, "created"),
            Spec = new PodSpec
            {
                Name = SpecJson.TextOrNull(json, "asked_name"),
                Shares = (PodShares)RecordJson.Number(json, "shares"),
                SharesCgroup = !RecordJson.Flag(json, "own_cgroups"),
                ExitPolicy = RecordJson.Flag(json, "stops_with_last") ? PodExitPolicy.Stop : PodExitPolicy.Continue,
                HostName = common.HostName,
                Labels = common.Labels,
                Connection = common.Connection,
                Limits = common.Limits,
                Restart = common.Restart,
                Mounts = common.Storage.Mounts,
                ShmBytes = common.Storage.ShmBytes,
                CreateCommand = common.CreateCommand,
            },
        };
    }
}
