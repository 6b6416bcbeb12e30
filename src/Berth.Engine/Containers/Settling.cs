// What a user asked for and what the image says come together here: entrypoint, environment, user, labels, mounts.
using System.Globalization;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Containers;

/// <summary>Makes a <see cref="SettledSpec"/>. It asks nothing of the host but its name.</summary>
internal static class Settling
{
    private const string UsualPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Joins what was asked for with the image; all that can be refused without the host is refused here.</summary>
    /// <param name="spec">What was asked for.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="image">The image's part; null: a folder is the root.</param>
    /// <param name="inherited">Mounts of other containers (<see cref="StorageSpec.VolumesFrom"/>).</param>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    internal static SettledSpec Settle(ContainerSpec spec, string id, ContainerConfig? image, IReadOnlyList<SettledMount>? inherited = null)
    {
        WishRules.Check(spec);
        (List<string> arguments, int entrypoint) = Arguments(spec, image);
        return new SettledSpec
        {
            Arguments = arguments,
            EntrypointLength = entrypoint,
            Environment = EnvironmentOf(spec, image),
            WorkingFolder = WorkingFolder(spec, image),
            User = spec.User ?? image?.User ?? "",
            Labels = Merge(image?.Labels, spec.Labels),
            StopSignal = StopSignal(spec, image),
            Health = HealthMerge.Of(spec.Health, image?.Healthcheck),
            Exposed = Exposed(spec, image),
            Mounts = MountSettling.Of(spec, image, inherited ?? []),
            HostName = HostName(spec, id),
        };
    }

    private static (List<string> Arguments, int Entrypoint) Arguments(ContainerSpec spec, ContainerConfig? image)
    {
        List<string> words = [];
        // An entrypoint of the user's takes the image's command away too: it was written for the image's entrypoint.
        IReadOnlyList<string> entrypoint = spec.Entrypoint ?? image?.Entrypoint ?? [];
        IReadOnlyList<string> command = spec.Command.Count > 0 ? spec.Command : spec.Entrypoint is null ? image?.Cmd ?? [] : [];
        bool isEmpty = entrypoint.Count == 1 && entrypoint[0].Length == 0;
        if (!isEmpty) words.AddRange(entrypoint);
        int length = words.Count;
        words.AddRange(command);
        if (words.Count == 0)
        {
            string what = spec.Image.Length > 0 ? $"image {spec.Image}" : spec.RootFolder ?? "the container";
            throw new BerthException(Fault.InvalidArgument, $"cannot make a container of {what}: no command is said, and the image has none", "write one behind the image: berth run IMAGE COMMAND") { Code = FaultCode.CommandMissing };
        }
        if (words[0].Length == 0) throw new BerthException(Fault.InvalidArgument, "cannot run an empty command", "write the program's name") { Code = FaultCode.CommandMissing };
        return (words, length);
    }

    private static List<string> EnvironmentOf(ContainerSpec spec, ContainerConfig? image)
    {
        List<string> all = [UsualPath, "container=berth"];
        if (spec.HasTerminal) all.Add("TERM=xterm");
        foreach (string variable in image?.Env ?? []) Set(all, variable);
        foreach (string name in spec.EnvironmentRemoved)
        {
            if (name == "*") all.Clear();
            else Remove(all, name);
        }
        foreach (string variable in spec.Environment) Set(all, variable);
        return all;
    }

    /// <summary>Sets a variable in the place of one that has its name; one without a value is taken away.</summary>
    internal static void Set(List<string> all, string variable)
    {
        int equals = variable.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            if (equals < 0) Remove(all, variable);
            return;
        }
        ReadOnlySpan<char> key = variable.AsSpan(0, equals + 1);
        for (int i = 0; i < all.Count; i++)
        {
            if (!all[i].AsSpan().StartsWith(key, StringComparison.Ordinal)) continue;
            all[i] = variable;
            return;
        }
        all.Add(variable);
    }

    /// <summary>The value of a variable, or null.</summary>
    internal static string? Find(IReadOnlyList<string> all, string name)
    {
        foreach (string variable in all)
        {
            if (IsNamed(variable, name)) return variable[(name.Length + 1)..];
        }
        return null;
    }

    private static void Remove(List<string> all, string name)
    {
        for (int i = all.Count - 1; i >= 0; i--)
        {
            if (IsNamed(all[i], name)) all.RemoveAt(i);
        }
    }

    private static bool IsNamed(string variable, string name) => variable.Length > name.Length && variable[name.Length] == '=' && variable.StartsWith(name, StringComparison.Ordinal);

    private static string WorkingFolder(ContainerSpec spec, ContainerConfig? image)
    {
        if (spec.WorkingFolder is { } asked && !asked.StartsWith('/')) throw new BerthException(Fault.InvalidArgument, $"the working folder '{asked}' is not absolute", "write it from / on") { Code = FaultCode.WorkdirInvalid };
        string folder = spec.WorkingFolder ?? image?.WorkingDir ?? "";
        return folder.Length == 0 ? "/" : ContainerPath.Clean(folder);
    }

    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string>? below, IReadOnlyDictionary<string, string> above)
    {
        Dictionary<string, string> all = [];
        foreach ((string name, string value) in below ?? Nothing.Texts) all[name] = value;
        foreach ((string name, string value) in above) all[name] = value;
        return all;
    }

    private static int StopSignal(ContainerSpec spec, ContainerConfig? image)
    {
        if (spec.StopSignal is { } asked)
        {
            return Signals.Parse(asked) is > 0 and int number ? number : throw new BerthException(Fault.InvalidArgument, $"'{asked}' is no signal to stop by", "write a name such as SIGTERM or RTMIN+3, or a number from 1 to 64");
        }
        // An image's nonsense is no reason not to run it.
        return image?.StopSignal is { Length: > 0 } said && Signals.Parse(said) is > 0 and int ofImage ? ofImage : 15;
    }

    private static List<string> Exposed(ContainerSpec spec, ContainerConfig? image)
    {
        List<string> ports = [];
        foreach ((string port, _) in image?.ExposedPorts ?? new Dictionary<string, System.Text.Json.JsonElement>()) Expose(ports, port);
        foreach (string port in spec.Connection.Exposed) Expose(ports, port);
        foreach (Networks.PortRequest port in spec.Connection.Ports) Expose(ports, string.Create(CultureInfo.InvariantCulture, $"{port.ContainerPort}/{port.Protocol}"));
        return ports;
    }

    private static void Expose(List<string> ports, string port)
    {
        string whole = port.Contains('/', StringComparison.Ordinal) ? port : port + "/tcp";
        if (!ports.Contains(whole)) ports.Add(whole);
    }

    private static string HostName(ContainerSpec spec, string id)
    {
        bool isOfHost = spec.Namespaces.Uts == "host";
        if (spec.HostName is { Length: > 0 } asked)
        {
            return !isOfHost ? asked : throw new BerthException(Fault.InvalidArgument, $"the host name '{asked}' cannot be given: the container shares the host's", "leave out --hostname, or --uts=host");
        }
        if (isOfHost || spec.Namespaces.Uts.StartsWith("container:", StringComparison.Ordinal) || spec.Namespaces.Uts.StartsWith("ns:", StringComparison.Ordinal) || spec.Namespaces.Uts == "pod") return "";
        return spec.Connection.Networks is [{ Network: "host" }] ? Environment.MachineName : id[..12];
    }
}

/// <summary>Paths inside containers, by their text alone.</summary>
internal static class ContainerPath
{
    /// <summary>Without <c>.</c>, <c>..</c>, doubled and last slashes; nothing leads above <c>/</c>.</summary>
    public static string Clean(string path)
    {
        if (IsClean(path)) return path;
        List<string> parts = [];
        foreach (string part in path.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part == "..")
            {
                if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
            }
            else parts.Add(part);
        }
        return "/" + string.Join('/', parts);
    }

    /// <summary>How many folders lie above it.</summary>
    public static int Depth(string clean) => clean == "/" ? 0 : clean.AsSpan().Count('/');

    /// <summary>Whether it is a path, or lies below it.</summary>
    public static bool IsBelow(string path, string folder) =>
        path == folder || folder == "/" || (path.Length > folder.Length && path[folder.Length] == '/' && path.StartsWith(folder, StringComparison.Ordinal));

    private static bool IsClean(string path) =>
        path == "/" || (path.StartsWith('/') && !path.EndsWith('/') && !path.Contains("//", StringComparison.Ordinal) && !path.Contains("/.", StringComparison.Ordinal));
}
