// What a pod asks of its sandbox, read from CRI's words and from a config.json; and the program that holds it.
using Process = System.Diagnostics.Process;
using System.Runtime.InteropServices;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Shim.ShimV2;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.Tests.ShimV2;

public sealed class PodTests : IDisposable
{
    private readonly string _bundle = Directory.CreateTempSubdirectory("berth-pod-").FullName;

    public void Dispose() => Directory.Delete(_bundle, recursive: true);

    private PodSpec Of(PodSandboxConfig config, string network = "/run/netns/x") =>
        PodSpec.Of(new CreateSandboxRequest { SandboxId = "p", BundlePath = _bundle, NetnsPath = network, Options = Any.Of("type.googleapis.com/" + PodSandboxConfig.FullName, config) });

    private static PodSandboxConfig With(NamespaceOption namespaces) => new() { Hostname = "pod", Linux = new() { SecurityContext = new() { NamespaceOptions = namespaces } } };

    [Fact]
    public void A_pod_has_namespaces_of_its_own_and_joins_its_network()
    {
        PodSpec pod = Of(With(new()));
        Assert.Equal(Namespaces.Uts | Namespaces.Ipc | Namespaces.Pid, pod.Made);
        Assert.Equal([(Namespaces.Network, "/run/netns/x")], pod.Joined);
        Assert.Equal("pod", pod.HostName);
        Assert.False(pod.UsersOfNetwork);
    }

    [Fact]
    public void What_is_the_hosts_stays_the_hosts()
    {
        PodSpec pod = Of(With(new() { Network = NamespaceMode.Node, Pid = NamespaceMode.Node, Ipc = NamespaceMode.Node }), "");
        Assert.Equal(Namespaces.None, pod.Made);
        Assert.Empty(pod.Joined);
        Assert.Empty(pod.HostName);
    }

    [Fact]
    public void A_pod_with_users_of_its_own_has_those_of_its_network()
    {
        UserNamespace users = new() { Mode = NamespaceMode.Pod };
        users.Uids.Add(new() { ContainerId = 0, HostId = 1000, Length = 10 });
        users.Gids.Add(new() { ContainerId = 0, HostId = 2000, Length = 10 });
        Assert.True(Of(With(new() { UsernsOptions = users })).UsersOfNetwork);
        Assert.Equal(("0 1000 10\n", "0 2000 10\n"), Of(With(new() { UsernsOptions = users }), "").IdMaps);
    }

    [Theory]
    [InlineData((int)NamespaceMode.Target, 0u)]
    [InlineData((int)NamespaceMode.Container, 0u)]
    [InlineData((int)NamespaceMode.Pod, 1u)]
    public void Users_that_no_pod_can_have_are_refused(int mode, uint first)
    {
        UserNamespace users = new() { Mode = (NamespaceMode)mode };
        users.Uids.Add(new() { ContainerId = first, HostId = 1000, Length = 10 });
        users.Gids.Add(new() { ContainerId = first, HostId = 1000, Length = 10 });
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Of(With(new() { UsernsOptions = users }))).Kind);
    }

    [Fact]
    public void A_config_json_says_it_too()
    {
        File.WriteAllText($"{_bundle}/config.json", """
            {"ociVersion":"1.2.0","hostname":"h","linux":{"cgroupsPath":"/pods/p","namespaces":[{"type":"pid"},{"type":"uts"},{"type":"ipc","path":"/proc/1/ns/ipc"},{"type":"network"},{"type":"mount"}],
             "sysctl":{"net.ipv4.ip_forward":"1"}}}
            """);
        PodSpec pod = PodSpec.Of(new CreateSandboxRequest { SandboxId = "p", BundlePath = _bundle, NetnsPath = "/run/netns/y" });
        Assert.Equal(Namespaces.Uts | Namespaces.Pid, pod.Made);
        Assert.Equal([(Namespaces.Ipc, "/proc/1/ns/ipc"), (Namespaces.Network, "/run/netns/y")], pod.Joined);
        Assert.Equal(("h", "/pods/p"), (pod.HostName, pod.Cgroup));
    }

    [Theory]
    [InlineData("net.ipv4.ip_forward", false)]
    [InlineData("kernel.shmmax", false)]
    [InlineData("fs.mqueue.msg_max", false)]
    [InlineData("kernel.panic", true)]
    [InlineData("vm.swappiness", true)]
    [InlineData("net/../kernel/panic", true)]
    public void Settings_of_the_host_are_not_a_pods(string name, bool refused)
    {
        PodSandboxConfig config = With(new());
        config.Linux!.Sysctls[name] = "1";
        if (refused) Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Of(config)).Kind);
        else Assert.Single(Of(config).Sysctls);
        if (name.StartsWith("net", StringComparison.Ordinal))
        {
            config.Linux.SecurityContext!.NamespaceOptions!.Network = NamespaceMode.Node;
            Assert.Throws<BerthException>(() => Of(config, ""));
        }
    }

    [Theory]
    [InlineData("net.ipv4.ip_forward", "net/ipv4/ip_forward")]
    [InlineData("net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding")]
    [InlineData("net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding")]
    public void Dots_or_slashes_part_the_names_of_settings(string name, string path) => Assert.Equal(path, PodSpec.SysctlPath(name));

    [Fact]
    public void A_resolver_is_written_as_its_library_reads_it()
    {
        DNSConfig dns = new();
        dns.Servers.AddRange(["10.0.0.1", "10.0.0.2"]);
        dns.Searches.AddRange(["a.example", "example"]);
        dns.Options.Add("ndots:5");
        Assert.Equal("search a.example example\nnameserver 10.0.0.1\nnameserver 10.0.0.2\noptions ndots:5\n", PodFiles.Resolver(dns));
        Assert.Empty(PodFiles.Resolver(new()));
    }

    [Theory]
    [InlineData("""{"a":1,"mounts":[{"x":[]}],"b":{"mounts":[]}}""", """{"a":1,"mounts":[{"x":[]},1,2],"b":{"mounts":[]}}""")]
    [InlineData("""{"mounts": [ ]}""", """{"mounts": [ 1,2]}""")]
    [InlineData("""{"b":{"mounts":[]}}""", """{"mounts":[1,2],"b":{"mounts":[]}}""")]
    public void Mounts_are_added_behind_a_containers_own(string config, string expected) =>
        Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(PodFiles.WithMounts(System.Text.Encoding.UTF8.GetBytes(config), ["1", "2"])));

    [Fact]
    public void The_program_that_holds_a_pod_pauses_on_this_machine()
    {
        string path = $"{_bundle}/pause";
        KernelPath.WriteAtomically(path, PauseProgram.File(), 0x1C0);
        using Process process = Process.Start(path);
        try
        {
            string wchan;
            do wchan = File.ReadAllText($"/proc/{process.Id}/stat").Split(") ")[1];
            while (wchan[0] == 'R');
            Assert.Equal('S', wchan[0]);
            Assert.False(process.HasExited);
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    [Theory]
    [InlineData(Architecture.X64, 62, 7)]
    [InlineData(Architecture.Arm64, 183, 28)]
    public void It_is_a_header_and_a_few_instructions(Architecture architecture, int machine, int code)
    {
        byte[] file = PauseProgram.File(architecture);
        Assert.Equal(machine, BitConverter.ToUInt16(file, 18));
        Assert.Equal(64 + 56 + 56 + code, file.Length);
        Assert.Equal(0x400000UL + 176, BitConverter.ToUInt64(file, 24));
    }
}
