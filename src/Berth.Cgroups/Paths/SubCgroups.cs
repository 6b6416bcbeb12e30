// --cgroup of exec: one path for all hierarchies, or paths by controller.
using Berth.Oci.Faults;

namespace Berth.Cgroups;

/// <summary>Cgroups below those of a container: <c>path</c>, or <c>controller[,controller]:path</c> several times.</summary>
public sealed class SubCgroups
{
    private readonly string? _everywhere;
    private readonly List<KeyValuePair<string, string>> _byController = [];

    private SubCgroups(string? everywhere) => _everywhere = everywhere;

    /// <summary>Reads the arguments of <c>--cgroup</c>; null for none.</summary>
    /// <exception cref="BerthException">They contradict each other.</exception>
    public static SubCgroups? Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0) return null;
        SubCgroups below = new(null);
        foreach (string argument in arguments)
        {
            int colon = argument.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                if (arguments.Count == 1) return new SubCgroups(argument);
                throw Invalid($"invalid --cgroup argument: {argument} (missing <controller>: prefix)");
            }
            foreach (string controller in argument[..colon].Split(','))
            {
                if (controller.Length == 0) throw Invalid($"invalid --cgroup argument: {argument} (empty <controller> prefix)");
                foreach ((string known, _) in below._byController)
                {
                    if (known == controller) throw Invalid($"invalid --cgroup argument(s): controller {controller} specified multiple times");
                }
                below._byController.Add(new(controller, argument[(colon + 1)..]));
            }
        }
        return below;
    }

    /// <summary>Moves the container's directories down to the asked ones.</summary>
    internal void Place(string?[] paths)
    {
        if (_everywhere is not null)
        {
            for (int i = 0; i < paths.Length; i++)
            {
                if (paths[i] is { } path) paths[i] = Below(path, _everywhere);
            }
            return;
        }
        foreach ((string name, string below) in _byController)
        {
            if (ControllerNames.Parse(name) is not { } controller || paths[(int)controller] is not { } path)
            {
                throw Invalid($"unknown controller {name} in SubCgroupPaths");
            }
            paths[(int)controller] = Below(path, below);
        }
    }

    private static string Below(string path, string below) =>
        CgroupPath.Below(path, below) ?? throw Invalid($"bad sub cgroup path: {below}");

    private static BerthException Invalid(string message) => new(Fault.InvalidArgument, message);
}
