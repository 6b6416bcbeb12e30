// run --pod new:NAME: a pod and its first container at once.
using Berth.Engine.Containers;
using Berth.Engine.Pods;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Makes both.</summary>
internal static class NewPod
{
    /// <summary>Whether a pod is to be made.</summary>
    public static bool IsAsked(ContainerSpec spec) => spec.Pod?.StartsWith("new:", StringComparison.Ordinal) == true;

    /// <summary>The pod has the networks, ports and names that were said, and the container is in it.</summary>
    /// <exception cref="BerthException">InvalidArgument. Conflict: there is such a pod.</exception>
    public static async Task<Container> CreateAsync(Engine.Engine engine, ContainerSpec spec)
    {
        string name = spec.Pod![4..];
        if (name.Length == 0) throw new BerthException(Fault.InvalidArgument, "the name of the new pod is missing", "--pod new:NAME");
        ConnectionSpec said = spec.Connection, own = new() { Exposed = said.Exposed, LeavesHosts = said.LeavesHosts, LeavesHostName = said.LeavesHostName, LeavesResolvConf = said.LeavesResolvConf };
        Pod pod = engine.Pods.Create(new PodSpec { Name = name, HostName = spec.HostName, Connection = said with { Exposed = [], LeavesHosts = false, LeavesHostName = false, LeavesResolvConf = false } });
        try
        {
            return engine.Containers.Create(spec with { Pod = pod.Id, Connection = own, HostName = null });
        }
        catch (BerthException)
        {
            await pod.RemoveAsync(force: true).ConfigureAwait(false);
            throw;
        }
    }
}
