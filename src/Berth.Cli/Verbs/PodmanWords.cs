// podman's sentences: what scripts compare that were written for podman.
using Berth.Oci.Faults;

namespace Berth.Cli.Verbs;

/// <summary>Faults in podman's words, where it has fixed ones; called as <c>podman</c>, the program speaks so.</summary>
internal static class PodmanWords
{
    /// <summary>The lines behind <c>Error:</c>.</summary>
    public static string Of(BerthException fault, string path)
    {
        string verb = path[(path.LastIndexOf(' ') + 1)..];
        string asked = fault.Subjects.Count > 0 ? fault.Subjects[0] : "", others = string.Join(", ", fault.Subjects.Skip(1));
        return asked.Length == 0 ? Bare(fault, path) : (fault.Code, verb) switch
        {
            (FaultCode.ContainerUnknown, "rm") => $"no container with ID or name \"{asked}\" found: no such container",
            (FaultCode.ContainerUnknown, _) => $"no container with name or ID \"{asked}\" found: no such container",
            (FaultCode.ContainerRunning, "rm") => $"cannot remove container {asked} as it is running - running or paused containers cannot be removed without force: container state improper",
            (FaultCode.ContainerNameTaken, _) => $"creating container storage: the container name \"{asked}\" is already in use by {others}. You have to remove that container to be able to reuse that name: that name is already in use, or use --replace to instruct Podman to do so.",
            (FaultCode.ContainerNotRunning, _) => $"can only {verb} running containers. {asked} is in state exited: container state improper",
            (FaultCode.ImageUnknown, _) => $"{asked}: image not known",
            (FaultCode.ImageInUse, _) => $"image used by {others}: image is in use by a container: consider listing external containers and force-removing image",
            (FaultCode.VolumeUnknown, _) => $"no volume with name \"{asked}\" found: no such volume",
            (FaultCode.VolumeNameTaken, _) => $"volume with name {asked} already exists: volume already exists",
            (FaultCode.VolumeInUse, _) => $"volume {asked} is being used by the following container(s): {others}: volume is being used",
            (FaultCode.NetworkUnknown, _) => $"unable to find network with name or ID {asked}: network not found",
            (FaultCode.OptionUnknown, _) => $"{fault.Message}\nSee '{path} --help'",
            (FaultCode.VerbUnknown, _) => $"unrecognized command `{path} {asked}`\nTry '{path} --help' for more information",
            (FaultCode.PathUnknown, _) when others.Length == 0 => $"\"{asked}\" could not be found on the host",
            (FaultCode.PathUnknown, _) => $"\"{asked}\" could not be found on container {others}: no such file or directory",
            (FaultCode.PathKindMismatch, _) => "destination must be a directory when copying a directory",
            (FaultCode.MountSourceMissing, "create") when path.EndsWith(" volume create", StringComparison.Ordinal) => $"invalid volume option device for driver 'local': faccessat {asked}: no such file or directory",
            (FaultCode.MountTargetInvalid, _) => $"{asked}: duplicate mount destination",
            (FaultCode.WorkdirInvalid, _) => $"workdir \"{asked}\" does not exist on container {others}",
            (null, _) when fault.Kind == Fault.NotFound && path.Contains(" pod ", StringComparison.Ordinal) => $"no pod with name or ID {asked} found: no such pod",
            _ => fault.Message,
        };
    }

    private static string Bare(BerthException fault, string path) => fault.Code switch
    {
        FaultCode.LogDriverUnknown => "running container create option: invalid log driver: invalid argument",
        FaultCode.OptionUnknown => $"{fault.Message}\nSee '{path} --help'",
        _ => fault.Message,
    };

    /// <summary>A wrong number of arguments.</summary>
    public static string Arguments(Command command, string path, int count) => command switch
    {
        { Most: 0 } => $"`{path}` takes no arguments",
        _ when count < command.Least && command.Most == command.Least => $"`{path}` requires exactly {command.Least} arg(s), received {count}",
        _ when count == 0 && command.Least == 0 => $"`{path}` requires at least 1 arg(s), only received 0",
        _ when count < command.Least => $"`{path}` requires at least {command.Least} arg(s), only received {count}",
        _ => $"`{path}` accepts at most {command.Most} arg(s), received {count}",
    };
}
