// Names and numbers that containerd has too: written down a second time, as bytes and texts seen from outside.
using Berth.Oci.Faults;
using Berth.Rpc;
using Berth.Rpc.Protobuf;
using Berth.Shim.Serving;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.Tests.ShimV2;

public class FactTests
{
    [Fact]
    public void Services_and_types_bear_containerds_names()
    {
        Assert.Equal("containerd.task.v3.Task", TaskService.FullName);
        Assert.Equal("containerd.task.v2.Task", TaskService.FullNameV2);
        Assert.Equal("containerd.runtime.sandbox.v1.Sandbox", SandboxService.FullName);
        Assert.Equal("containerd.services.events.ttrpc.v1.Events/Forward", $"{EventsService.Methods.Forward.Service}/{EventsService.Methods.Forward.Name}");
        Assert.Equal("containerd.runc.v1.Options", Options.FullName);
        Assert.Equal("containerd.events.TaskExit", TaskExit.FullName);
        Assert.Equal("io.containerd.cgroups.v1.Metrics", Berth.Shim.ShimV2.Protos.Cgroups1.Metrics.FullName);
        Assert.Equal("io.containerd.cgroups.v2.Metrics", Berth.Shim.ShimV2.Protos.Cgroups2.Metrics.FullName);
    }

    // As containerd 1.6.20 sent it for `ctr run -d --rootfs`.
    [Fact]
    public void A_create_request_of_containerd_is_read_to_the_last_byte()
    {
        byte[] sent = Convert.FromHexString(
            "0A0377656212382F746D702F6374642F73746174652F696F2E636F6E7461696E6572642E72756E74696D652E76322E7461736B2F64656661756C742F7765622A282F72756E2F636F6E7461696E657264"
            + "2F6669666F2F3133353638323439362F7765622D737464696E32292F72756E2F636F6E7461696E6572642F6669666F2F3133353638323439362F7765622D7374646F75743A292F72756E2F636F6E7461"
            + "696E6572642F6669666F2F3133353638323439362F7765622D737464657272");
        CreateTaskRequest request = ProtobufReader.Read(sent, new CreateTaskRequest());
        Assert.Equal("web", request.Id);
        Assert.EndsWith("/io.containerd.runtime.v2.task/default/web", request.Bundle, StringComparison.Ordinal);
        Assert.EndsWith("/web-stdin", request.Stdin, StringComparison.Ordinal);
        Assert.EndsWith("/web-stdout", request.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("/web-stderr", request.Stderr, StringComparison.Ordinal);
        Assert.Equal(sent, ProtobufWriter.ToBytes(request));
    }

    [Fact]
    public void A_create_request_is_these_bytes_on_the_wire()
    {
        CreateTaskRequest request = new()
        {
            Id = "web",
            Bundle = "/b",
            Rootfs = { new() { Type = "overlay", Source = "overlay", Options = { "rw" } } },
            Terminal = true,
            Stdout = "/o",
            Options = Any.Of(Options.FullName, new Options { BinaryName = "crun", SystemdCgroup = true }),
        };
        Assert.Equal("0a03776562" + "12022f62" + "1a16" + "0a076f7665726c6179" + "12076f7665726c6179" + "22027277" + "2001" + "32022f6f"
            + "5226" + "0a1a636f6e7461696e6572642e72756e632e76312e4f7074696f6e73" + "1208" + "32046372756e" + "4801", Convert.ToHexStringLower(ProtobufWriter.ToBytes(request)));
    }

    [Theory]
    [InlineData("containerd.runc.v1.Options", true)]
    [InlineData("type.googleapis.com/containerd.runc.v1.Options", true)]
    [InlineData("xcontainerd.runc.v1.Options", false)]
    [InlineData("containerd.runc.v1.Option", false)]
    [InlineData("runtimeoptions.v1.Options", false)]
    [InlineData("", false)]
    public void An_any_is_known_by_its_name_whatever_stands_before_it(string typeUrl, bool known) =>
        Assert.Equal(known, new Any { TypeUrl = typeUrl }.Is(Options.FullName));

    [Fact]
    public void An_any_gives_back_what_was_packed() =>
        Assert.Equal("x", Any.Of(ProcessDetails.FullName, new ProcessDetails { ExecId = "x" }).Unpack(new ProcessDetails()).ExecId);

    [Fact]
    public void The_options_of_an_older_containerd_do_not_pass_for_bootstrap_parameters()
    {
        byte[] options = ProtobufWriter.ToBytes(Any.Of(Options.FullName, new Options { BinaryName = "crun" }));
        BootstrapParams read = ProtobufReader.Read(options, new BootstrapParams());
        Assert.Equal(Options.FullName, read.InstanceId);
        Assert.NotEqual("default", read.Namespace);
    }

    // As containerd 2.4.0-beta wrote it to the stdin of a shim; it took a result of ours for an answer.
    [Fact]
    public void Bootstrap_parameters_of_containerd_are_read_to_the_last_byte()
    {
        byte[] sent = Convert.FromHexString(
            "0A03776562120764656661756C742212322E342E302D626574612B756E6B6E6F776E2A162F746D702F637464322F632E736F636B2E747472706332102F746D702F637464322F632E736F636B3A192F74"
            + "6D702F676F6374642F6F75742F636F6E7461696E6572644A112F72756E2F636F6E7461696E6572642F73");
        BootstrapParams read = ProtobufReader.Read(sent, new BootstrapParams());
        Assert.Equal(("web", "default", LogLevel.Info, "/run/containerd/s"), (read.InstanceId, read.Namespace, read.LogLevel, read.SocketDir));
        Assert.Equal(read.ContainerdGrpcAddress + ".ttrpc", read.ContainerdTtrpcAddress);
        Assert.Equal(sent, ProtobufWriter.ToBytes(read));
    }

    [Fact]
    public void The_answer_to_an_older_containerd_is_no_bootstrap_result_and_newer_ones_see_that()
    {
        Assert.Throws<ProtobufException>(() => ProtobufReader.Read("unix:///run/containerd/s/1a2b"u8, new BootstrapResult()));
        Assert.Throws<ProtobufException>(() => ProtobufReader.Read("""{"version":2,"address":"unix:///run/containerd/s/1a2b","protocol":"ttrpc"}"""u8, new BootstrapResult()));
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0, 0)]
    [InlineData("1969-12-31T23:59:59.9Z", -1, 900_000_000)]
    [InlineData("2026-11-22T01:02:03.0000001+01:00", 1795305723, 100)]
    [InlineData("0001-01-01T00:00:00Z", -62135596800, 0)]
    [InlineData("9999-12-31T23:59:59.9999999Z", 253402300799, 999_999_900)]
    public void Moments_are_seconds_and_nanoseconds(string text, long seconds, int nanos)
    {
        DateTimeOffset moment = DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Timestamp stamp = Timestamp.Of(moment);
        Assert.Equal((seconds, nanos), (stamp.Seconds, stamp.Nanos));
        Assert.Equal(moment.ToUniversalTime(), stamp.ToMoment());
    }

    [Fact]
    public void A_moment_that_the_framework_cannot_say_becomes_the_nearest()
    {
        Assert.Equal(DateTimeOffset.MaxValue, new Timestamp { Seconds = long.MaxValue, Nanos = int.MaxValue }.ToMoment());
        Assert.Equal(DateTimeOffset.MinValue, new Timestamp { Seconds = long.MinValue, Nanos = int.MinValue }.ToMoment());
    }

    [Fact]
    public void Every_kind_of_fault_has_a_code()
    {
        foreach (Fault kind in Enum.GetValues<Fault>()) Assert.NotEqual(StatusCode.Ok, FaultCodes.Of(kind));
        Assert.Equal(StatusCode.NotFound, FaultCodes.Of(Fault.NotFound));
        Assert.Equal(StatusCode.AlreadyExists, FaultCodes.Of(Fault.Conflict));
        Assert.Equal(StatusCode.FailedPrecondition, FaultCodes.Of(Fault.WrongState));
    }
}
