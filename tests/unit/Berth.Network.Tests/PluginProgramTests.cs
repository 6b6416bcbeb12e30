// The main function of a plugin: environment and standard input in, result or error out.
using System.Text;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Plugins;

namespace Berth.Network.Tests;

public sealed class PluginProgramTests
{
    private const string Configuration = """{"cniVersion":"1.1.0","name":"net","type":"spy"}""";

    [Fact]
    public void Without_a_command_it_says_what_it_is_and_ends_well()
    {
        Outcome outcome = Run(new(), "");
        Assert.Equal((0, ""), (outcome.Code, outcome.Output));
        Assert.Contains("CNI spy plugin", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("CNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void All_variables_that_are_missing_are_named() =>
        Run(new() { ["CNI_COMMAND"] = "ADD" }, Configuration).Refuses(4, "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing");

    [Theory]
    [InlineData("DEL", "CNI_CONTAINERID,CNI_IFNAME,CNI_PATH")]
    [InlineData("GC", "CNI_PATH")]
    [InlineData("STATUS", "CNI_PATH")]
    public void Each_command_has_variables_of_its_own(string command, string missing) =>
        Run(new() { ["CNI_COMMAND"] = command }, Configuration).Refuses(4, $"required env variables [{missing}] missing");

    [Theory]
    [InlineData("CNI_CONTAINERID", "-c", "invalid characters in containerID")]
    [InlineData("CNI_CONTAINERID", "a/b", "invalid characters in containerID")]
    [InlineData("CNI_IFNAME", "sixteencharacter", "interface name is too long")]
    [InlineData("CNI_IFNAME", "..", "interface name is . or ..")]
    [InlineData("CNI_IFNAME", "a b", "interface name contains / or : or whitespace characters")]
    [InlineData("CNI_COMMAND", "FLY", "unknown CNI_COMMAND: FLY")]
    [InlineData("CNI_ARGS", "nopair", "ARGS: invalid pair \"nopair\"")]
    public void A_variable_that_is_wrong_is_refused(string name, string value, string message) => Run(Environment("ADD", (name, value)), Configuration).Refuses(4, message);

    [Theory]
    [InlineData("", 6, "cannot read the network's configuration")]
    [InlineData("[]", 6, "it is no object")]
    [InlineData("null", 7, "missing network name")]
    [InlineData("{}", 7, "missing network name")]
    [InlineData("""{"name":"a/b"}""", 7, "invalid characters found in network name")]
    [InlineData("""{"name":7}""", 6, "name is 7")]
    [InlineData("""{"name":"n","cniVersion":"9.9.9"}""", 1, "incompatible CNI versions")]
    [InlineData("""{"name":"n"} {}""", 6, "")]
    public void A_configuration_that_is_wrong_is_refused(string configuration, int code, string message) => Run(Environment("ADD"), configuration).Refuses(code, message);

    [Theory]
    [InlineData("CHECK", "0.3.1")]
    [InlineData("GC", "1.0.0")]
    [InlineData("STATUS", "1.0.0")]
    public void Commands_are_refused_in_versions_that_do_not_know_them(string command, string version) =>
        Run(Environment(command), Configuration.Replace("1.1.0", version, StringComparison.Ordinal)).Refuses(1, $"config version does not allow {command}");

    [Fact]
    public void Its_own_network_namespace_is_refused_before_anything_is_done()
    {
        Spy spy = new();
        Outcome outcome = Run(Environment("ADD", ("CNI_NETNS", "/proc/self/ns/net")), Configuration, spy);
        outcome.Refuses(8, "plugin's netns and netns from CNI_NETNS should not be the same");
        Assert.Null(spy.Call);
        Assert.Equal(0, Run(Environment("ADD", ("CNI_NETNS", "/proc/self/ns/net"), ("CNI_NETNS_OVERRIDE", "true")), Configuration).Code);
    }

    [Fact]
    public void A_call_has_what_environment_and_input_say()
    {
        Spy spy = new();
        Outcome outcome = Run(Environment("ADD", ("CNI_ARGS", "IgnoreUnknown=1;K=a=b")), """
            {"cniVersion":"0.3.1","name":"net","type":"spy","prevResult":{"ips":[{"version":"4","address":"10.0.0.2/24"}]}}
            """, spy);
        Assert.Equal(0, outcome.Code);
        Assert.StartsWith("{\n    \"cniVersion\": \"0.3.1\"", outcome.Output, StringComparison.Ordinal);
        PluginCall call = spy.Call!;
        Assert.Equal((new AttachmentId("c1", "eth0"), "/run/netns/none", "a=b"), (call.Attachment, call.NetworkNamespace, call.Argument("K")));
        Assert.Equal(["/a", "/b"], call.Path);
        Assert.Equal("10.0.0.2/24", call.PreviousResult!.Addresses[0].Address.ToString());
    }

    [Fact]
    public void DEL_of_a_namespace_that_is_gone_is_told_of_none()
    {
        Spy spy = new();
        Assert.Equal(0, Run(Environment("DEL"), Configuration, spy).Code);
        Assert.Null(spy.Call!.NetworkNamespace);
    }

    [Fact]
    public void GC_without_a_list_of_what_is_valid_removes_nothing()
    {
        Spy spy = new();
        Run(Environment("GC"), Configuration, spy).Refuses(7, "cni.dev/valid-attachments is not there");
        Assert.Null(spy.Call);
        Assert.Equal(0, Run(Environment("GC"), """{"cniVersion":"1.1.0","name":"n","cni.dev/valid-attachments":[{"containerID":"a","ifname":"b"}]}""", spy).Code);
        Assert.Equal([new AttachmentId("a", "b")], spy.Call!.Valid);
        Assert.Equal(0, Run(Environment("GC"), """{"cniVersion":"1.1.0","name":"n","cni.dev/valid-attachments":null}""", spy).Code);
        Assert.Empty(spy.Call!.Valid);
    }

    [Fact]
    public void A_plugin_that_throws_whatever_is_an_error_object() =>
        Run(Environment("ADD"), Configuration, new Spy { Throws = new InvalidOperationException("oops") }).Refuses(999, "oops");

    internal static Dictionary<string, string> Environment(string command, params ReadOnlySpan<(string Name, string Value)> more)
    {
        Dictionary<string, string> environment = new()
        {
            ["CNI_COMMAND"] = command,
            ["CNI_CONTAINERID"] = "c1",
            ["CNI_NETNS"] = "/run/netns/none",
            ["CNI_IFNAME"] = "eth0",
            ["CNI_PATH"] = "/a:/b",
        };
        foreach ((string name, string value) in more) environment[name] = value;
        return environment;
    }

    internal static Outcome Run(Dictionary<string, string> environment, string configuration, IPlugin? plugin = null) =>
        Run(environment, Encoding.UTF8.GetBytes(configuration), plugin);

    internal static Outcome Run(Dictionary<string, string> environment, byte[] configuration, IPlugin? plugin = null)
    {
        string output = "", error = "";
        int code = PluginProgram.Run("spy", plugin ?? new Spy(), environment.GetValueOrDefault, () => configuration, (stream, bytes) =>
        {
            if (stream == 1) output += Encoding.UTF8.GetString(bytes);
            else error += Encoding.UTF8.GetString(bytes);
        });
        return new Outcome(code, output, error);
    }
}

internal sealed record Outcome(int Code, string Output, string Error)
{
    public void Refuses(int code, string message)
    {
        Assert.Equal(1, Code);
        CniException error = CniJson.ReadError(Encoding.UTF8.GetBytes(Output))!;
        Assert.NotNull(error);
        Assert.Equal(code, error.Code);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}

/// <summary>A plugin that remembers its call.</summary>
internal sealed class Spy : IPlugin
{
    public PluginCall? Call { get; private set; }

    public Exception? Throws { get; init; }

    public CniResult Add(PluginCall call)
    {
        Note(call);
        return call.PreviousResult ?? new CniResult { Addresses = [new CniAddress { Address = new IpPrefix(System.Net.IPAddress.Loopback, 8) }] };
    }

    public void Delete(PluginCall call) => Note(call);

    public void Check(PluginCall call) => Note(call);

    public void Collect(PluginCall call) => Note(call);

    public void Status(PluginCall call) => Note(call);

    private void Note(PluginCall call)
    {
        if (Throws is not null) throw Throws;
        Call = call;
    }
}
