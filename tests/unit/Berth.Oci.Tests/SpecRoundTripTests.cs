// What is written is read back the same, and what says nothing is not written.
using System.Text;
using Berth.Oci.RuntimeSpec;

namespace Berth.Oci.Tests;

public class SpecRoundTripTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_configuration_with_every_field_set_is_read_back_the_same(bool indented)
    {
        Spec spec = Filled.Of<Spec>();
        Filled.AssertSame(spec, SpecReader.Read(SpecWriter.ToJson(spec, indented)));
    }

    [Fact]
    public void A_process_with_every_field_set_is_read_back_the_same()
    {
        ProcessSpec process = Filled.Of<ProcessSpec>();
        Filled.AssertSame(process, SpecReader.ReadProcess(SpecWriter.ToJson(process, indented: false)));
    }

    [Fact]
    public void Limits_with_every_field_set_are_read_back_the_same()
    {
        ResourcesSpec resources = Filled.Of<ResourcesSpec>();
        Filled.AssertSame(resources, SpecReader.ReadResources(SpecWriter.ToJson(resources, indented: false)));
    }

    [Fact]
    public void A_state_with_every_field_set_is_read_back_the_same()
    {
        ContainerState state = Filled.Of<ContainerState>();
        Filled.AssertSame(state, ContainerState.Read(state.ToJson()));
    }

    [Fact]
    public void A_state_without_process_has_no_pid()
    {
        ContainerState state = new() { OciVersion = "1.3.0", Id = "a", Status = "stopped", Bundle = "/b" };
        Assert.Equal("""{"ociVersion":"1.3.0","id":"a","status":"stopped","bundle":"/b"}""", Encoding.UTF8.GetString(state.ToJson()));
    }

    [Fact]
    public void The_seccomp_listener_is_told_the_process_and_the_state()
    {
        ContainerProcessState process = new()
        {
            OciVersion = "1.3.0",
            Fds = [ContainerProcessState.SeccompFd],
            Pid = 7,
            Metadata = "m",
            State = new() { OciVersion = "1.3.0", Id = "a", Status = "creating", Pid = 7, Bundle = "/b" },
        };
        Assert.Equal(
            """{"ociVersion":"1.3.0","fds":["seccompFd"],"pid":7,"metadata":"m","state":{"ociVersion":"1.3.0","id":"a","status":"creating","pid":7,"bundle":"/b"}}""",
            Encoding.UTF8.GetString(process.ToJson()));
    }

    [Fact]
    public void What_is_absent_or_empty_is_left_out_and_what_is_required_is_not()
    {
        Spec spec = new()
        {
            Process = new() { Capabilities = new(), Rlimits = [], ApparmorProfile = "", Scheduler = new(), IoPriority = new() },
            Root = new(),
            Mounts = [new()],
            Hooks = new() { Poststop = [new() { Timeout = 0 }] },
            Linux = new()
            {
                Namespaces = [new()],
                Resources = new() { Memory = new() { Limit = 0, UseHierarchy = false }, Devices = [new()] },
                Seccomp = new() { Syscalls = [new() { Args = [new()] }] },
                TimeOffsets = new() { ["boottime"] = new() },
                NetDevices = [],
                IntelRdt = new(),
            },
        };
        string expected = """
            {"ociVersion":"","process":{"user":{"uid":0,"gid":0},"cwd":"","capabilities":{},"scheduler":{"policy":""},
            "ioPriority":{"class":"","priority":0}},"root":{"path":""},"mounts":[{"destination":""}],"hooks":{"poststop":[{"path":"","timeout":0}]},
            "linux":{"resources":{"devices":[{"allow":false}],"memory":{"limit":0,"useHierarchy":false}},"namespaces":[{"type":""}],
            "seccomp":{"defaultAction":"","syscalls":[{"names":[],"action":"","args":[{"index":0,"value":0,"op":""}]}]},
            "intelRdt":{},"timeOffsets":{"boottime":{}}}}
            """.ReplaceLineEndings("");
        Assert.Equal(expected, Encoding.UTF8.GetString(SpecWriter.ToJson(spec, indented: false)));
    }

    [Fact]
    public void Paths_and_options_stay_readable()
    {
        Spec spec = new() { Hostname = "a+b<ü>&'" };
        Assert.Contains("a+b<ü>&'", Encoding.UTF8.GetString(SpecWriter.ToJson(spec, indented: true)), StringComparison.Ordinal);
    }

    [Fact]
    public void Features_are_written_with_the_names_of_the_specification()
    {
        FeaturesDocument features = new()
        {
            OciVersionMin = "1.0.0",
            OciVersionMax = "1.3.0",
            Hooks = ["poststop"],
            MountOptions = ["ro"],
            Annotations = { ["a"] = "b" },
            PotentiallyUnsafeConfigAnnotations = ["c."],
            Linux = new()
            {
                Namespaces = ["pid"],
                Capabilities = ["CAP_KILL"],
                Cgroup = new() { V1 = true, V2 = false, Systemd = true, SystemdUser = false, Rdma = true },
                Seccomp = new() { Enabled = true, Actions = ["A"], Operators = ["O"], Archs = ["R"], KnownFlags = ["K"], SupportedFlags = ["S"] },
                Apparmor = true,
                Selinux = false,
                IntelRdt = new() { Enabled = true, Schemata = false, Monitoring = true },
                MemoryPolicy = new() { Modes = ["M"], Flags = ["F"] },
                IdMappedMounts = true,
                NetDevices = true,
            },
        };
        string expected = """
            {"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0","hooks":["poststop"],"mountOptions":["ro"],"linux":{"namespaces":["pid"],
            "capabilities":["CAP_KILL"],"cgroup":{"v1":true,"v2":false,"systemd":true,"systemdUser":false,"rdma":true},
            "seccomp":{"enabled":true,"actions":["A"],"operators":["O"],"archs":["R"],"knownFlags":["K"],"supportedFlags":["S"]},
            "apparmor":{"enabled":true},"selinux":{"enabled":false},"intelRdt":{"enabled":true,"schemata":false,"monitoring":true},
            "memoryPolicy":{"modes":["M"],"flags":["F"]},"mountExtensions":{"idmap":{"enabled":true}},"netDevices":{"enabled":true}},
            "annotations":{"a":"b"},"potentiallyUnsafeConfigAnnotations":["c."]}
            """.ReplaceLineEndings("");
        Assert.Equal(expected, Encoding.UTF8.GetString(features.ToJson(indented: false)));
    }
}
