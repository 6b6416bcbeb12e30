// "intel_rdt" of the JSON that `runc events` prints.

using Berth.Oci.Json;

namespace Berth.Cgroups;

/// <summary>Writes statistics of resctrl; what is empty is left out.</summary>
internal static class IntelRdtJson
{
    public static void Write(JsonWriter json, IntelRdtStats? stats)
    {
        json.WriteStartObject();
        if (stats is not null)
        {
            if (stats.L3CacheInfo is { } cache)
            {
                json.WriteStartObject("l3_cache_info");
                NotEmpty(json, "cbm_mask", cache.CbmMask);
                StatsJson.NotZero(json, "min_cbm_bits", cache.MinCbmBits);
                StatsJson.NotZero(json, "num_closids", cache.NumClosids);
                json.WriteEndObject();
            }
            NotEmpty(json, "l3_cache_schema_root", stats.L3CacheSchemaRoot);
            NotEmpty(json, "l3_cache_schema", stats.L3CacheSchema);
            if (stats.MemBwInfo is { } bandwidth)
            {
                json.WriteStartObject("mem_bw_info");
                StatsJson.NotZero(json, "bandwidth_gran", bandwidth.BandwidthGran);
                StatsJson.NotZero(json, "delay_linear", bandwidth.DelayLinear);
                StatsJson.NotZero(json, "min_bandwidth", bandwidth.MinBandwidth);
                StatsJson.NotZero(json, "num_closids", bandwidth.NumClosids);
                json.WriteEndObject();
            }
            NotEmpty(json, "mem_bw_schema_root", stats.MemBwSchemaRoot);
            NotEmpty(json, "mem_bw_schema", stats.MemBwSchema);
            WriteLists(json, stats);
        }
        json.WriteEndObject();
    }

    private static void WriteLists(JsonWriter json, IntelRdtStats stats)
    {
        if (stats.Schemata.Count > 0)
        {
            json.WriteStartArray("schemata");
            foreach (string line in stats.Schemata) json.WriteStringValue(line);
            json.WriteEndArray();
        }
        if (stats.MemBw is { } traffic)
        {
            json.WriteStartArray("mbm_stats");
            foreach (MemBwCount count in traffic)
            {
                json.WriteStartObject();
                json.WriteNumber("mbm_total_bytes", count.TotalBytes);
                json.WriteNumber("mbm_local_bytes", count.LocalBytes);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (stats.CacheOccupancy is not { } occupancy) return;
        json.WriteStartArray("cmt_stats");
        foreach (ulong bytes in occupancy)
        {
            json.WriteStartObject();
            json.WriteNumber("llc_occupancy", bytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void NotEmpty(JsonWriter json, string name, string value)
    {
        if (value.Length > 0) json.WriteString(name, value);
    }
}
