// pod inspect, in podman's words.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Networks;
using Berth.Engine.Pods;

namespace Berth.Cli.Commands.Pods;

/// <summary>The verb.</summary>
internal static class PodInspect
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "POD...",
        Options = [Option.With("format", "FORMAT", "json, or a Go template", 'f'), Option.Switch("latest", "The one that was made last", 'l')],
        Examples = [new("berth pod inspect shop", "All that is known of it"), new("berth pod inspect -f '{{.State}}' shop", "One thing")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            EnginePods pods = (await session.EngineAsync().ConfigureAwait(false)).Pods;
            List<Value> values = [];
            foreach ((_, Pod? pod, Oci.Faults.BerthException? missing) in PodChosen.Of(invocation, pods)) values.Add(ValueOf(pod ?? throw missing!));
            if (invocation.Find("format") is { } format and not "json")
            {
                foreach (Value value in values) Report.WriteOne(session.Out, format, value);
            }
            else Report.WriteOne(session.Out, invocation.Find("format"), new Value.List(values));
            return 0;
        },
    };

    /// <summary>Names of what is shared.</summary>
    internal static List<string> SharesOf(PodRecord pod)
    {
        List<string> names = [];
        if (pod.Spec.Shares.HasFlag(PodShares.Ipc)) names.Add("ipc");
        if (pod.Spec.Shares.HasFlag(PodShares.Network)) names.Add("net");
        if (pod.Spec.Shares.HasFlag(PodShares.Pid)) names.Add("pid");
        if (pod.Spec.Shares.HasFlag(PodShares.Uts)) names.Add("uts");
        return names;
    }

    /// <summary>All that is known of one.</summary>
    internal static Value ValueOf(Pod pod)
    {
        PodRecord record = pod.Record;
        PodState state = pod.Observe();
        IReadOnlyList<Attachment> attachments = pod.Attachments;
        return Value.Record.Of(
            Member.Of("Id", record.Id),
            Member.Of("Name", record.Name),
            new Member("Created", new Value.Moment(NetworkInspect.Time(record.Created))),
            Member.Of("CreateCommand", record.Spec.CreateCommand),
            Member.Of("ExitPolicy", record.Spec.ExitPolicy == PodExitPolicy.Stop ? "stop" : "continue"),
            Member.Of("State", state.Status.ToString()),
            Member.Of("IsUp", state.IsUp),
            Member.Of("Hostname", record.Spec.Shares.HasFlag(PodShares.Uts) ? record.HostName : ""),
            Member.Of("Labels", record.Spec.Labels),
            Member.Of("CreateCgroup", record.Spec.SharesCgroup),
            Member.Of("CgroupParent", record.Spec.Limits.CgroupParent ?? ""),
            Member.Of("CgroupPath", pod.CgroupPath ?? ""),
            Member.Of("CreateInfra", false),
            Member.Of("InfraContainerID", ""),
            new Member("InfraConfig", Value.Record.Of(
                new Member("PortBindings", PortsOf(attachments)),
                Member.Of("HostNetwork", record.Spec.Connection.Networks is [{ Network: "host" }]),
                Member.Of("StaticIP", record.Spec.Connection.Networks is [{ Addresses: [{ } address, ..] }, ..] ? address : ""),
                Member.Of("Networks", record.Spec.Connection.Networks.Count == 0 ? [EngineNetworks.Default] : record.Spec.Connection.Networks.Select(static network => network.Network)),
                Member.Of("DNSServer", record.Spec.Connection.NameServers),
                Member.Of("DNSSearch", record.Spec.Connection.NameSearch),
                Member.Of("DNSOption", record.Spec.Connection.NameOptions),
                Member.Of("HostAdd", record.Spec.Connection.Hosts))),
            Member.Of("SharedNamespaces", SharesOf(record)),
            Member.Of("IPAddresses", attachments.SelectMany(static attachment => attachment.Addresses).Select(static one => one.Address.ToString())),
            Member.Of("NumContainers", state.Members.Count),
            new Member("Containers", new Value.List([.. state.Members.Select(static member => Value.Record.Of(
                Member.Of("Id", member.Container.Id),
                Member.Of("Name", member.Container.Name),
                Member.Of("State", ContainerWords.State(member.State.Status))))])),
            Member.Of("RestartPolicy", HostConfigValue.Restart(record.Spec.Restart.When)),
            Member.Of("cpu_shares", (long)(record.Spec.Limits.CpuShares ?? 0)),
            Member.Of("cpuset_cpus", record.Spec.Limits.Cpus ?? ""),
            Member.Of("cpu_nano", record.Spec.Limits.NanoCpus ?? 0),
            Member.Of("memory_limit", record.Spec.Limits.Memory ?? 0));
    }

    private static Value.Map PortsOf(IReadOnlyList<Attachment> attachments)
    {
        List<Member> ports = [];
        foreach (IGrouping<string, PortBinding> port in attachments.SelectMany(static attachment => attachment.Ports).GroupBy(static port => string.Create(CultureInfo.InvariantCulture, $"{port.ContainerPort}/{port.Protocol}")))
        {
            ports.Add(new Member(port.Key, new Value.List([.. port.Select(static one => Value.Record.Of(
                Member.Of("HostIp", one.HostAddress?.ToString() ?? ""),
                Member.Of("HostPort", one.HostPort.ToString(CultureInfo.InvariantCulture))))])));
        }
        return new Value.Map(ports);
    }
}
