// The caller's side: chains of plugins of ours and of scripts, what they are told, and what is remembered.
using System.Text;
using Berth.Network.Cache;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Lists;
using Berth.Network.Plugins;
using Berth.Network.Runtime;
using Berth.Oci.Faults;

namespace Berth.Network.Tests;

public sealed class CniRuntimeTests : IDisposable
{
    private const string Noting = """
        n=$(ls "$SPY" | wc -l)
        cat > "$SPY/$(printf %02d $n)-$CNI_COMMAND-${0##*/}"
        echo "$CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS $CNI_PATH" > "$SPY.env"
        """;

    private const string Result = """echo '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.9/24"}]}'""";

    private readonly Folder _folder = new();
    private readonly AttachmentRequest _request = new() { ContainerId = "c1", NetworkNamespace = "/run/netns/none" };

    public CniRuntimeTests() => Directory.CreateDirectory(_folder.File("spy"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Plugins_are_called_in_order_with_the_result_before_and_undone_in_reverse()
    {
        Script("first", Result);
        Script("second", """echo '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.10/24"}]}'""");
        NetworkList list = List("""{"type":"first","keep":{"a":[1.50]}},{"type":"second","capabilities":{"portMappings":true,"mac":true}}""");
        AttachmentRequest request = _request with { Arguments = [new("A", "b"), new("C", "d")], Capabilities = new Dictionary<string, string> { ["portMappings"] = "[{\"hostPort\":80}]", ["ips"] = "[]" } };
        Assert.Equal("10.0.0.10/24", Runtime().Add(list, request).Addresses[0].Address.ToString());
        Assert.Equal($"c1 /run/netns/none eth0 A=b;C=d {_folder.File("bin")}\n", _folder.Read("spy.env"));
        Assert.Equal("""{"cniVersion":"1.1.0","name":"net","type":"first","keep":{"a":[1.50]}}""", _folder.Read("spy/00-ADD-first"));
        Assert.Equal("""{"cniVersion":"1.1.0","name":"net","type":"second","capabilities":{"portMappings":true,"mac":true},"runtimeConfig":{"portMappings":[{"hostPort":80}]},"prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.9/24"}]}}""", _folder.Read("spy/01-ADD-second"));
        Assert.True(File.Exists(_folder.File("cache/results/net-c1-eth0")));

        Runtime().Delete(list, _request);
        Assert.Contains("\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":80}]}", _folder.Read("spy/02-DEL-second"), StringComparison.Ordinal);
        Assert.Contains("\"prevResult\":{\"cniVersion\":\"1.1.0\",\"ips\":[{\"address\":\"10.0.0.10/24\"}]}", _folder.Read("spy/03-DEL-first"), StringComparison.Ordinal);
        Assert.StartsWith("c1 /run/netns/none eth0 A=b;C=d ", _folder.Read("spy.env"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.File("cache/results")));
    }

    [Fact]
    public void Before_version_0_4_DEL_is_not_told_the_result_and_CHECK_is_not_known()
    {
        Script("first", """echo '{"ips":[{"version":"4","address":"10.0.0.9/24"}]}'""");
        NetworkList list = List("""{"type":"first"}""", "0.3.1");
        Assert.Single(Runtime().Add(list, _request).Addresses);
        Runtime().Delete(list, _request);
        Assert.DoesNotContain("prevResult", _folder.Read("spy/01-DEL-first"), StringComparison.Ordinal);
        Assert.Equal(Fault.Unsupported, Assert.Throws<BerthException>(() => Runtime().Check(list, _request)).Kind);
    }

    [Fact]
    public void A_plugins_refusal_names_plugin_network_and_container_and_keeps_its_code()
    {
        Script("first", """echo '{"code":11,"msg":"busy","details":"wait"}'; echo noise >&2; exit 1""");
        BerthException fault = Assert.Throws<BerthException>(() => Runtime().Add(List("""{"type":"first"}"""), _request));
        Assert.Equal((Fault.Unavailable, "cannot attach container c1 to network net as eth0: plugin first: busy; wait"), (fault.Kind, fault.Message));
        Assert.Equal(11, Assert.IsType<CniException>(fault.InnerException).Code);
        Assert.False(Directory.Exists(_folder.File("cache/results")));
    }

    [Theory]
    [InlineData("echo why >&2; exit 3", "netplugin failed: \"why\": exit status 3")]
    [InlineData("exit 3", "netplugin failed with no error message: exit status 3")]
    [InlineData("echo nonsense; exit 1", "error parsing its diagnostic message \"nonsense\"")]
    [InlineData("echo nonsense", "it is no JSON")]
    [InlineData("kill -9 $$", "signal: killed")]
    public void A_plugin_that_does_not_keep_to_the_protocol_is_a_fault_with_what_it_said(string script, string message)
    {
        Script("first", script);
        Assert.Contains(message, Assert.Throws<BerthException>(() => Runtime().Add(List("""{"type":"first"}"""), _request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plugin_that_hangs_is_killed_with_all_that_it_started()
    {
        Script("first", $"sleep 1000 & echo $! > {_folder.File("child")}; wait");
        CniRuntime runtime = new(Options() with { Timeout = TimeSpan.FromMilliseconds(500) });
        BerthException fault = Assert.Throws<BerthException>(() => runtime.Add(List("""{"type":"first"}"""), _request));
        Assert.Contains("did not answer in 0.5 seconds and was killed", fault.Message, StringComparison.Ordinal);
        string child = _folder.Read("child").Trim();
        // Killed at the same moment; whoever adopts it reaps it.
        SpinWait.SpinUntil(() => !File.Exists($"/proc/{child}/stat") || File.ReadAllText($"/proc/{child}/stat").Contains(") Z", StringComparison.Ordinal), 10_000);
        Assert.False(File.Exists($"/proc/{child}/stat") && !File.ReadAllText($"/proc/{child}/stat").Contains(") Z", StringComparison.Ordinal));
    }

    [Fact]
    public void A_plugin_that_is_nowhere_is_a_fault() =>
        Assert.Contains("failed to find plugin \"nowhere\" in path [", Assert.Throws<BerthException>(() => Runtime().Add(List("""{"type":"nowhere"}"""), _request)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("../bin/first")]
    [InlineData("..")]
    public void A_type_is_no_path(string type)
    {
        Script("first", Result);
        Assert.Contains("invalid plugin name", Assert.Throws<BerthException>(() => Runtime().Add(List($$"""{"type":"{{type}}"}"""), _request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ours_are_called_like_functions_unless_the_program_is_preferred()
    {
        Script("static", Result);
        NetworkList list = List("""{"type":"static","ipam":{"addresses":[{"address":"10.7.7.7/24"}]}}""");
        Assert.Equal("10.7.7.7/24", Runtime().Add(list, _request).Addresses[0].Address.ToString());
        Assert.Equal("10.0.0.9/24", new CniRuntime(Options() with { Prefer = Prefer.Executed }).Add(list, _request).Addresses[0].Address.ToString());
        Assert.Equal(CniVersions.All, Runtime().Versions("static"));
    }

    [Fact]
    public void CHECK_is_told_the_result_that_is_remembered()
    {
        Script("first", Result);
        NetworkList list = List("""{"type":"first"}""");
        Runtime().Add(list, _request);
        Runtime().Check(list, _request);
        Assert.Contains("prevResult", _folder.Read("spy/01-CHECK-first"), StringComparison.Ordinal);
        Runtime().Check(list with { DisableCheck = true }, _request);
        Assert.Equal(2, Directory.GetFiles(_folder.File("spy")).Length);
    }

    [Fact]
    public void GC_undoes_what_is_not_valid_and_tells_plugins_what_is()
    {
        Script("first", Result);
        NetworkList list = List("""{"type":"first"}""");
        Runtime().Add(list, _request);
        Runtime().Add(list, _request with { ContainerId = "c2" });
        Runtime().Add(list with { Name = "other" }, _request);
        Runtime().Collect(list, [new AttachmentId("c2", "eth0")]);
        Assert.Equal(["net-c2-eth0", "other-c1-eth0"], Directory.GetFiles(_folder.File("cache/results")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(File.Exists(_folder.File("spy/03-DEL-first")));
        Assert.Contains("""
            "cni.dev/valid-attachments":[{"containerID":"c2","ifname":"eth0"}],"cni.dev/attachments":[{"containerID":"c2","ifname":"eth0"}]
            """, _folder.Read("spy/04-GC-first"), StringComparison.Ordinal);
        Runtime().Collect(list with { DisableCollect = true }, []);
        Assert.Equal("c2", Assert.Single(Runtime().Cache.All("c2")).Attachment.ContainerId);
    }

    [Fact]
    public void STATUS_is_asked_of_all_from_version_1_1_on()
    {
        Script("first", "");
        Script("second", """echo '{"code":50,"msg":"not yet"}'; exit 1""");
        Assert.Equal(Fault.Unavailable, Assert.Throws<BerthException>(() => Runtime().Status(List("""{"type":"first"},{"type":"second"}"""))).Kind);
        Runtime().Status(List("""{"type":"second"}""", "1.0.0"));
    }

    [Fact]
    public void Versions_of_programs_are_asked_and_lists_are_held_against_them()
    {
        Script("first", """echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}'""");
        Script("old", """echo '{"code":4,"msg":"unknown CNI_COMMAND: VERSION"}'; exit 1""");
        Assert.Equal(["0.4.0", "1.0.0"], Runtime().Versions("first"));
        Assert.Equal(["0.1.0"], Runtime().Versions("old"));
        Runtime().Validate(List("""{"type":"first"}""", "1.0.0"));
        Assert.Contains("does not support config version \"1.1.0\"", Assert.Throws<BerthException>(() => Runtime().Validate(List("""{"type":"first"}"""))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cache_is_written_as_libcni_writes_it()
    {
        CachedAttachment golden = Cached("Goldens/cache");
        ResultCache cache = new(_folder.File("cache"));
        cache.Store(golden, CniJson.ReadResult(golden.Result!.Value), "1.1.0");
        Assert.Equal(Encoding.UTF8.GetString(Folder.Golden("cache/results/net-c1-eth0")), _folder.Read("cache/results/net-c1-eth0"));
        Assert.Equal(golden.Configuration.ToArray(), cache.Find("net", golden.Attachment)!.Configuration.ToArray());
    }

    [Fact]
    public void What_libcni_remembered_is_read()
    {
        CachedAttachment cached = Cached("Goldens/cache");
        Assert.Equal(("net", new AttachmentId("c1", "eth0"), "/run/netns/c1"), (cached.NetworkName, cached.Attachment, cached.NetworkNamespace));
        Assert.Equal([new("IgnoreUnknown", "1"), new("K8S_POD_NAME", "p<>")], cached.Arguments);
        Assert.Equal("""[{"containerPort":80,"hostPort":8080,"protocol":"tcp"}]""", cached.Capabilities["portMappings"]);
        Assert.Equal("net", NetworkList.Parse(cached.Configuration).Name);
    }

    [Fact]
    public void A_cache_of_the_first_days_is_the_result_alone_and_a_broken_one_is_none()
    {
        Script("first", "");
        NetworkList list = List("""{"type":"first"}""");
        _folder.Write("cache/results/net-c1-eth0", """{"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.0.0.3/24"}]}""");
        Assert.Equal("10.0.0.3/24", Runtime().Result(list, _request)!.Addresses[0].Address.ToString());
        _folder.Write("cache/results/net-c1-eth0", "{ half");
        Runtime().Delete(list, _request);
        Assert.DoesNotContain("prevResult", _folder.Read("spy/00-DEL-first"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.File("cache/results")));
    }

    [Fact]
    public void Plugins_get_addresses_from_whatever_ipam_names()
    {
        Script("whereabouts", Result);
        PluginCall call = new()
        {
            Command = CniCommand.Add,
            ContainerId = "c1",
            NetworkNamespace = "/n",
            InterfaceName = "eth0",
            Path = [_folder.File("bin")],
            Configuration = CniJson.Configuration("""{"cniVersion":"1.1.0","name":"net","type":"bridge","ipam":{"type":"whereabouts"}}"""u8.ToArray()),
        };
        Assert.Equal("10.0.0.9/24", IpamPlugin.Add(call).Addresses[0].Address.ToString());
        IpamPlugin.Delete(call);
        Assert.True(File.Exists(_folder.File("spy/01-DEL-whereabouts")));
        PluginCall none = call with { Configuration = CniJson.Configuration("""{"cniVersion":"1.1.0","name":"net","type":"bridge"}"""u8.ToArray()) };
        Assert.False(IpamPlugin.IsNamed(none));
        IpamPlugin.Delete(none);
        PluginCall ours = call with { Configuration = CniJson.Configuration("""{"cniVersion":"1.1.0","name":"net","ipam":{"type":"static","addresses":[{"address":"10.7.7.7/24"}]}}"""u8.ToArray()) };
        Assert.Equal("10.7.7.7/24", IpamPlugin.Add(ours).Addresses[0].Address.ToString());
    }

    private static CachedAttachment Cached(string folder) =>
        new ResultCache(Path.Combine(AppContext.BaseDirectory, folder)).Find("net", new AttachmentId("c1", "eth0"))!;

    private void Script(string type, string text) => _folder.Script($"bin/{type}", $"SPY={_folder.File("spy")}\n{Noting}\n{text}");

    private CniRuntimeOptions Options() => new() { PluginFolders = [_folder.File("bin")], CacheFolder = _folder.File("cache") };

    private CniRuntime Runtime() => new(Options());

    private static NetworkList List(string plugins, string version = "1.1.0") => NetworkList.Parse($$"""{"cniVersion":"{{version}}","name":"net","plugins":[{{plugins}}]}""");
}
