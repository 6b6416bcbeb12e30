// slice:prefix:name, the form of cgroupsPath under the systemd driver, and the directories systemd makes of it.
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>The systemd unit a container lives in.</summary>
/// <param name="Slice">The slice above it, <c>a-b.slice</c>; empty means the default of the instance.</param>
/// <param name="Name">The unit, <c>prefix-name.scope</c> or <c>name.slice</c>.</param>
public sealed record SystemdUnit(string Slice, string Name)
{
    /// <summary>Whether the unit is a slice, which holds no processes itself.</summary>
    public bool IsSlice => Name.EndsWith(SliceSuffix, StringComparison.Ordinal);

    private const string SliceSuffix = ".slice";

    /// <summary>Reads <c>slice:prefix:name</c>; an empty path gives a scope named after the container.</summary>
    /// <param name="cgroupsPath">As in the configuration.</param>
    /// <param name="id">The container.</param>
    /// <param name="scopePrefix">Prefix of the scope when the path is empty.</param>
    /// <exception cref="BerthException">The form is another one.</exception>
    public static SystemdUnit Parse(string? cgroupsPath, string id, string scopePrefix)
    {
        if (string.IsNullOrEmpty(cgroupsPath)) return new SystemdUnit("", Of(scopePrefix, id));
        int first = cgroupsPath.IndexOf(':', StringComparison.Ordinal), last = cgroupsPath.LastIndexOf(':');
        if (first < 0 || cgroupsPath.AsSpan(first + 1).Count(':') != 1)
        {
            throw new BerthException(Fault.InvalidArgument,
                $"expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"{cgroupsPath}\" instead");
        }
        return new SystemdUnit(cgroupsPath[..first], Of(cgroupsPath[(first + 1)..last], cgroupsPath[(last + 1)..]));
    }

    /// <summary>The unit's directory below the root of its systemd instance: every dash of a slice's name is a level.</summary>
    /// <param name="defaultSlice">For an empty slice.</param>
    /// <exception cref="BerthException">The slice's name is malformed.</exception>
    public string Directory(string defaultSlice)
    {
        string slice = ExpandSlice(Slice.Length == 0 ? defaultSlice : Slice);
        return slice == "/" ? $"/{Name}" : $"{slice}/{Name}";
    }

    /// <summary><c>a-b.slice</c> is <c>/a.slice/a-b.slice</c>; <c>-.slice</c> is the root.</summary>
    /// <exception cref="BerthException">The slice's name is malformed.</exception>
    public static string ExpandSlice(string slice)
    {
        if (!slice.EndsWith(SliceSuffix, StringComparison.Ordinal) || slice.Contains('/', StringComparison.Ordinal)) throw Malformed(slice);
        ReadOnlySpan<char> name = slice.AsSpan(0, slice.Length - SliceSuffix.Length);
        if (name is "-") return "/";
        string path = "";
        for (int at = 0; at <= name.Length; at++)
        {
            if (at < name.Length && name[at] != '-') continue;
            if (at == 0 || name[at - 1] == '-') throw Malformed(slice);
            path = $"{path}/{name[..at]}{SliceSuffix}";
        }
        return path;
    }

    private static string Of(string prefix, string name) =>
        name.EndsWith(SliceSuffix, StringComparison.Ordinal) ? name : $"{prefix}-{name}.scope";

    private static BerthException Malformed(string slice) => new(Fault.InvalidArgument, $"invalid slice name: {slice}");
}
