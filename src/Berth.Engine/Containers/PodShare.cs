// What containers need of the pods that they belong to: pods know containers, containers know only this.
namespace Berth.Engine.Containers;

/// <summary>What pods do for their containers.</summary>
internal interface IPodSharing
{
    /// <summary>A wish with what its pod gives to it.</summary>
    /// <exception cref="Oci.Faults.BerthException">NotFound: there is no such pod. InvalidArgument: the wish clashes with what is shared.</exception>
    ContainerSpec Join(ContainerSpec spec);

    /// <summary>Keeps a pod from being removed while a container of it is written down.</summary>
    /// <exception cref="Oci.Faults.BerthException">NotFound: it was removed.</exception>
    IDisposable Hold(string pod);

    /// <summary>Makes what is shared, where it is not there. The container's bundle folder is there already, and says that the pod is in use.</summary>
    PodShare Open(ContainerRecord record);

    /// <summary>A container's run was taken away, its bundle folder too: the last one lets go what is shared, where the pod is to end with it.</summary>
    void Leave(string pod);
}

/// <summary>Paths of what a pod's containers share.</summary>
/// <param name="Folder">Where its files are: <c>hosts</c>, <c>resolv.conf</c>, <c>hostname</c>.</param>
internal sealed record PodShare(string Folder)
{
    /// <summary>The network namespace.</summary>
    public string Network => $"{Folder}/net";

    /// <summary>Queues.</summary>
    public string Ipc => $"{Folder}/ipc";

    /// <summary>The host name.</summary>
    public string Uts => $"{Folder}/uts";

    /// <summary>What is mounted at /dev/shm.</summary>
    public string Shm => $"{Folder}/shm";

    /// <summary>The process whose pid namespace is shared; 0: none runs, and the container's own is the one that others join.</summary>
    public int Process { get; init; }

    /// <summary>The path of a namespace; null: a new one is made.</summary>
    public string? PathOf(string kind) => kind switch
    {
        "ipc" => Ipc,
        "uts" => Uts,
        "pid" when Process > 0 => $"/proc/{Process}/ns/pid",
        _ => null,
    };
}
