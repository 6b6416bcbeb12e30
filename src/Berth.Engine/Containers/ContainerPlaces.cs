// Where containers are: what lasts below the root folder, what ends with the host's start below the run folder.
namespace Berth.Engine.Containers;

/// <summary>
/// Paths:
/// <code>
///   ROOT/containers/ID/record.json   the record, replaced as a whole
///   ROOT/containers/ID/output.log    what it wrote
///   ROOT/containers/.names/NAME      a link whose target is the id: the name is taken by it
///   RUN/containers/ID/               the bundle, rootfs mounted in it, exit.json of the shim
///   RUN/locks/ID                     held (flock) by whoever changes the container
///   RUN/shims/ID16                   the shim's socket: paths of sockets are short
///   RUN/runtime/                     the OCI runtime's own state
///   RUN/mounts/ID/                   the root file system, while somebody has it mounted; ID.users beside it: how many
///   RUN/netns/ID                     the network namespace, over all runs
/// </code>
/// </summary>
internal sealed class ContainerPlaces(string root, string run)
{
    public string Root => root;

    public string Run => run;

    public string Containers => $"{root}/containers";

    public string Names => $"{root}/containers/.names";

    public string Folder(string id) => $"{root}/containers/{id}";

    public string Record(string id) => $"{root}/containers/{id}/record.json";

    public string Log(string id) => $"{root}/containers/{id}/output.log";

    public string Bundle(string id) => $"{run}/containers/{id}";

    public string RootFs(string id) => $"{run}/containers/{id}/rootfs";

    public string ExitFile(string id) => $"{run}/containers/{id}/exit.json";

    public string PidFile(string id) => $"{run}/containers/{id}/init.pid";

    public string Mounted(string id) => $"{run}/mounts/{id}";

    public string MountUsers(string id) => $"{run}/mounts/{id}.users";

    public string PausedBy(string id) => $"{run}/containers/{id}/paused-by";

    public string Locks => $"{run}/locks";

    public string Lock(string id) => $"{run}/locks/{id}";

    public string Socket(string id) => $"{run}/shims/{id[..16]}";

    public string RuntimeState => $"{run}/runtime";

    public string NetworkNamespace(string id) => $"{run}/netns/{id}";
}
