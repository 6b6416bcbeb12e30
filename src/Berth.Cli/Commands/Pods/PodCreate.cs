// pod create: podman's flags for what the containers of a pod have in common.
using System.Text;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Verbs;
using Berth.Engine.Pods;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Pods;

/// <summary>The verb.</summary>
internal static class PodCreate
{
    private const string NoInfra = "no container runs for a pod itself: what is shared is kept by mounts", OfContainers = "it is each container's: say it at berth run --pod";

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "[NAME]",
        About = "Nothing runs for it: its network, queues and host name are made when its first container starts, or with berth pod start. Its id is printed.",
        Most = 1,
        Options = [.. Identity(), .. Connection(), .. Resources(), .. Refused()],
        Examples =
        [
            new("berth pod create --name shop -p 8080:80", "Its ports are published at the pod"),
            new("berth run -d --pod shop nginx", "A container in it; others reach it at localhost"),
            new("berth run -d --pod new:shop -p 8080:80 nginx", "Both at once"),
        ],
        Run = RunAsync,
    };

    /// <summary>--share: words behind a + are added to what is usual.</summary>
    /// <exception cref="BerthException">InvalidArgument, Unsupported.</exception>
    internal static PodShares Shares(string? text)
    {
        if (text is null) return PodSpec.UsualShares;
        if (text is "" or "none") return PodShares.None;
        PodShares shares = text[0] == '+' ? PodSpec.UsualShares : PodShares.None;
        foreach (string word in text.TrimStart('+').Split(','))
        {
            shares |= word switch
            {
                "net" => PodShares.Network,
                "ipc" => PodShares.Ipc,
                "uts" => PodShares.Uts,
                "pid" => PodShares.Pid,
                "cgroup" or "cgroupns" or "user" => throw new BerthException(Fault.Unsupported, $"--share {word} is not supported: a {(word == "user" ? "user" : "cgroup")} namespace is each container's own", "net, ipc, uts and pid are shared"),
                _ => throw Quantities.Wrong("share", "net, ipc, uts, pid or none", word),
            };
        }
        return shares;
    }

    private static Option[] Identity() =>
    [
        Option.With("name", "NAME", "Its name; without, one is made up", 'n'),
        Option.With("exit-policy", "WORD", "When the last container has ended: continue, or stop, which lets addresses and ports go") with { Words = ["continue", "stop"] },
        Option.With("hostname", "NAME", "Host name of its containers (the pod's name)"),
        Option.Switch("infra", "podman's container for namespaces: none is needed, whatever is said"),
        Option.Many("label", "NAME[=VALUE]", "Labels", 'l'),
        Option.File("label-file", "FILE", "Labels, one in a line") with { IsMany = true },
        Option.File("pod-id-file", "FILE", "Write the pod's id there"),
        Option.Switch("replace", "Remove a pod that has the name"),
        Option.With("restart", "WHEN", "Of containers that do not say it: no, on-failure[:N], always or unless-stopped") with { Words = ["no", "on-failure", "always", "unless-stopped"] },
        Option.With("share", "LIST", "What is shared: net, ipc, uts, pid or none (ipc,net,uts); + in front adds to that"),
        Option.With("shm-size", "SIZE", "Size of the common /dev/shm (64m)"),
        Option.Many("sysctl", "NAME=VALUE", "Parameters of the kernel of what is shared"),
        Option.With("userns", "MODE", "host") with { IsHidden = true }, Option.With("uts", "MODE", "private or host") with { IsHidden = true }, Option.With("pid", "MODE", "private") with { IsHidden = true },
        Option.Many("volume", "[SOURCE:]PLACE[:OPTIONS]", "Mounts that each of its containers has", 'v'),
    ];

    private static Option[] Connection() =>
    [
        Option.Many("add-host", "NAME:ADDRESS", "Lines of /etc/hosts"),
        Option.Many("dns", "ADDRESS", "Name servers"), Option.Many("dns-option", "OPTION", "Options of /etc/resolv.conf"), Option.Many("dns-search", "DOMAIN", "Domains that names are looked for in"),
        Option.With("ip", "ADDRESS", "Its address in the first network"), Option.With("ip6", "ADDRESS", "Its address of IPv6"), Option.With("mac-address", "ADDRESS", "Its hardware address"),
        Option.Many("network", "NETWORK", "Networks: names, none or host"), Option.Many("net", "NETWORK", "The same") with { IsHidden = true },
        Option.Many("network-alias", "NAME", "More names in the first network"),
        Option.Many("publish", "[ADDRESS:][HOSTPORT:]PORT", "Ports of the host that lead to it", 'p'),
    ];

    private static Option[] Resources() =>
    [
        Option.With("blkio-weight", "N", "Weight for block devices, 10 to 1000"), Option.Many("blkio-weight-device", "DEVICE:N", "Weight for one of them"),
        Option.With("cgroup-parent", "CGROUP", "The cgroup above the pod's"),
        Option.With("cpu-shares", "N", "Weight for CPU time (1024)", 'c'), Option.With("cpus", "N", "Number of CPUs of all its containers together"),
        Option.With("cpuset-cpus", "LIST", "CPUs, such as 0-2,4"), Option.With("cpuset-mems", "LIST", "Memory nodes"),
        Option.Many("device-read-bps", "DEVICE:RATE", "Bytes read in a second"), Option.Many("device-write-bps", "DEVICE:RATE", "Bytes written in a second"),
        Option.With("memory", "SIZE", "Limit of memory of all its containers together", 'm'), Option.With("memory-swap", "SIZE", "Memory and swap together; -1: without limit"),
        Option.Switch("share-parent", "The cgroups of its containers lie below the pod's (true)"),
    ];

    private static Option[] Refused() =>
    [
        Option.Refused("infra-command", "COMMAND", NoInfra), Option.Refused("infra-conmon-pidfile", "FILE", NoInfra), Option.Refused("infra-image", "IMAGE", NoInfra), Option.Refused("infra-name", "NAME", NoInfra),
        Option.Refused("device", "DEVICE", OfContainers), Option.Refused("gpus", "WHICH", OfContainers), Option.Refused("security-opt", "NAME=VALUE", OfContainers), Option.Refused("volumes-from", "CONTAINER", OfContainers),
        Option.Refused("no-hosts", null, OfContainers), Option.Refused("no-hostname", null, OfContainers), Option.Refused("hosts-file", "FILE", "say --add-host"), Option.Refused("shm-size-systemd", "SIZE", "no init system is looked after"),
        Option.Refused("uidmap", "MAP", "a pod has no user namespace of its own"), Option.Refused("gidmap", "MAP", "a pod has no user namespace of its own"), Option.Refused("subuidname", "NAME", "a pod has no user namespace of its own"), Option.Refused("subgidname", "NAME", "a pod has no user namespace of its own"),
    ];

    private static async Task<int> RunAsync(Invocation invocation)
    {
        EnginePods pods = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Pods;
        PodSpec spec = Read(invocation);
        string? idFile = invocation.Find("pod-id-file");
        if (idFile is not null && File.Exists(idFile)) throw new BerthException(Fault.Conflict, $"cannot write the pod's id to {idFile}: the file is there already", "remove it, or name another one");
        if (invocation.Has("replace") && spec.Name is not null && pods.TryFind(spec.Name) is { } former) await former.RemoveAsync(force: true).ConfigureAwait(false);
        Pod pod = pods.Create(spec);
        if (idFile is not null) await File.WriteAllTextAsync(idFile, pod.Id, Encoding.ASCII).ConfigureAwait(false);
        invocation.Session.Out.WriteLine(pod.Id);
        return 0;
    }

    private static PodSpec Read(Invocation invocation)
    {
        string? name = invocation.Find("name") is { Length: > 0 } said ? said : null;
        if (invocation.Arguments.Count > 0) name = name is null ? invocation.Arguments[0] : throw new BerthException(Fault.InvalidArgument, "the pod's name is said twice: with --name and behind the options");
        PodShares shares = Shares(invocation.Find("share"));
        RequireMode(invocation, "userns", "host");
        RequireMode(invocation, "pid", "private");
        if (invocation.Find("uts") == "host") shares &= ~PodShares.Uts;
        else RequireMode(invocation, "uts", "private");
        List<string> servers = invocation.All("dns");
        if (servers.Contains("none")) throw new BerthException(Fault.Unsupported, "--dns none is not supported at a pod: /etc/resolv.conf is each image's", "say --dns none at berth run --pod");
        return new PodSpec
        {
            Name = name,
            Shares = shares,
            Labels = VariableWords.Labels(invocation),
            HostName = invocation.Find("hostname") is { Length: > 0 } host ? RunReading.HostName(host) : null,
            Connection = ConnectionWords.Read(invocation),
            Mounts = [.. invocation.All("volume").Select(MountWords.Volume)],
            ShmBytes = invocation.Find("shm-size") is { Length: > 0 } size ? Quantities.Size(size, "shm-size") : null,
            Limits = LimitWords.Read(invocation),
            SharesCgroup = invocation.Truth("share-parent") ?? true,
            Restart = HealthWords.Restart(invocation.Find("restart")),
            ExitPolicy = invocation.Find("exit-policy") switch
            {
                null or "" or "continue" => PodExitPolicy.Continue,
                "stop" => PodExitPolicy.Stop,
                string other => throw Quantities.Wrong("exit-policy", "continue or stop", other),
            },
        };
    }

    private static void RequireMode(Invocation invocation, string option, string only)
    {
        if (invocation.Find(option) is { Length: > 0 } mode && mode != only) throw new BerthException(Fault.Unsupported, $"--{option}={mode} is not supported at a pod", $"leave it out, or say {only}");
    }
}
