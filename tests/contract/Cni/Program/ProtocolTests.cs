// What every plugin does before it does anything: versions, the environment, the configuration.
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Program;

public sealed class ProtocolTests
{
    private const string Configuration = """{"cniVersion":"1.0.0","name":"net","type":"static","ipam":{"type":"static"}}""";

    public static TheoryData<string> Folders() => PluginFolder.All();

    [Theory]
    [MemberData(nameof(Folders))]
    public void VERSION_lists_all_versions_and_needs_nothing_else(string folder)
    {
        Answer answer = new PluginRun(folder, "static") { Command = "VERSION", ContainerId = null, NetworkNamespace = null, InterfaceName = null, Path = null }.Run("");
        Assert.Equal(0, answer.Code);
        Assert.Matches("^\\{\"cniVersion\":\"[0-9.]+\",\"supportedVersions\":\\[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\"(,\"1.1.0\")?\\]\\}\n$", answer.Output);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Without_a_command_it_says_what_it_is(string folder)
    {
        Answer answer = new PluginRun(folder, "static") { Command = null }.Run("");
        Assert.Equal((0, ""), (answer.Code, answer.Output));
        Assert.Contains("static", answer.Error, StringComparison.Ordinal);
        Assert.Contains("CNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Variables_that_are_missing_are_named(string folder)
    {
        PluginRun run = new(folder, "static") { ContainerId = null, NetworkNamespace = null, InterfaceName = null, Path = null };
        run.Run(Configuration).Refuses(4, "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing");
        (run with { Command = "CHECK" }).Run(Configuration).Refuses(4, "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing");
        (run with { Command = "DEL" }).Run(Configuration).Refuses(4, "required env variables [CNI_CONTAINERID,CNI_IFNAME,CNI_PATH] missing");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Variables_that_are_wrong_are_refused(string folder)
    {
        PluginRun run = new(folder, "static");
        (run with { ContainerId = "a/b" }).Run(Configuration).Refuses(4, "invalid characters in containerID");
        (run with { InterfaceName = "sixteencharacter" }).Run(Configuration).Refuses(4, "interface name is too long");
        (run with { InterfaceName = "a:b" }).Run(Configuration).Refuses(4, "interface name contains / or : or whitespace characters");
        (run with { Command = "FLY" }).Run(Configuration).Refuses(4, "unknown CNI_COMMAND: FLY");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Configurations_that_are_wrong_are_refused(string folder)
    {
        PluginRun run = new(folder, "static");
        run.Run("").Refuses(6);
        run.Run("[]").Refuses(6);
        run.Run("{}").Refuses(7, "missing network name");
        run.Run("""{"cniVersion":"1.0.0","name":"../x"}""").Refuses(7, "invalid characters found in network name");
        run.Run(Configuration.Replace("1.0.0", "7.7.7", StringComparison.Ordinal)).Refuses(1, "incompatible CNI versions");
        (run with { Command = "CHECK" }).Run(Configuration.Replace("1.0.0", "0.3.1", StringComparison.Ordinal)).Refuses(1, "config version does not allow CHECK");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void GC_and_STATUS_are_of_version_1_1(string folder)
    {
        PluginFolder.RequireVersion(folder, "static", "1.1.0");
        PluginRun run = new(folder, "static") { ContainerId = null, NetworkNamespace = null, InterfaceName = null };
        string current = Configuration.Replace("1.0.0", "1.1.0", StringComparison.Ordinal);
        foreach (string command in (ReadOnlySpan<string>)["GC", "STATUS"])
        {
            (run with { Command = command }).Run(Configuration).Refuses(1, $"config version does not allow {command}");
            (run with { Command = command }).Run(current.Replace("\"type\":\"static\",", "\"cni.dev/valid-attachments\":[],", StringComparison.Ordinal)).Succeeds();
        }
    }
}
