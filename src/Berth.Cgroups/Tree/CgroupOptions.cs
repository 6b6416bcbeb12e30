// The annotations that steer cgroups: run.oci.* (as crun reads them) and org.systemd.property.*.
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>Options of one container's cgroup beyond <c>linux.cgroupsPath</c> and <c>linux.resources</c>.</summary>
public sealed record CgroupOptions
{
    /// <summary><c>run.oci.systemd.subgroup</c>: a cgroup below the scope that holds the container; null or empty for none.</summary>
    public string? Subgroup { get; init; }

    /// <summary><c>run.oci.delegate-cgroup</c>: a further cgroup which the payload manages and which gets no limits (v2).</summary>
    public string? Delegate { get; init; }

    /// <summary><c>run.oci.systemd.force_cgroup_v1</c>: where the container gets a v1 <c>name=systemd</c> hierarchy instead of cgroups.</summary>
    public string? ForceLegacyAt { get; init; }

    /// <summary><c>org.systemd.property.NAME</c> → value in GVariant text.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> SystemdProperties { get; init; } = [];

    /// <summary>Picks the options out of a container's annotations.</summary>
    /// <exception cref="BerthException">A path climbs with <c>..</c>.</exception>
    public static CgroupOptions Of(IReadOnlyDictionary<string, string> annotations)
    {
        CgroupOptions options = new();
        if (annotations.Count == 0) return options;
        List<KeyValuePair<string, string>>? properties = null;
        foreach ((string key, string value) in annotations)
        {
            const string property = "org.systemd.property.";
            if (key.StartsWith(property, StringComparison.Ordinal))
            {
                (properties ??= []).Add(new(key[property.Length..], value));
                continue;
            }
            options = key switch
            {
                "run.oci.systemd.subgroup" => options with { Subgroup = Inside(key, value) },
                "run.oci.delegate-cgroup" => options with { Delegate = Inside(key, value) },
                "run.oci.systemd.force_cgroup_v1" => options with { ForceLegacyAt = value },
                _ => options,
            };
        }
        return properties is null ? options : options with { SystemdProperties = properties };
    }

    private static string? Inside(string key, string value)
    {
        foreach (Range part in value.AsSpan().Split('/'))
        {
            if (value.AsSpan()[part] is "..") throw new BerthException(Fault.InvalidArgument, $"invalid `..` component in annotation {key} `{value}`");
        }
        string inner = CgroupPath.Clean(value).TrimStart('/');
        return inner.Length == 0 ? null : inner;
    }
}
