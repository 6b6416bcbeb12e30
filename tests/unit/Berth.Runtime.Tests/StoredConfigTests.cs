// What a change of the stored configuration keeps.
using System.Text;
using System.Text.Json.Nodes;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed class StoredConfigTests
{
    private static JsonNode Change(string text, Action<Spec> change)
    {
        byte[] json = Encoding.UTF8.GetBytes(text);
        Spec before = SpecReader.Read(json), after = SpecReader.Read(json);
        change(after);
        return JsonNode.Parse(StoredConfig.Change(json, before, after))!;
    }

    [Fact]
    public void Sections_for_other_platforms_and_unknown_members_stay()
    {
        JsonNode config = Change("""{"ociVersion":"1.3.0","windows":{"layerFolders":["C:\\a"]},"vm":{"kernel":{"path":"/k"}},"linux":{"later":1e3,"resources":{"memory":{"limit":5,"tomorrow":[{}]},"pids":{"limit":9}}}}""",
            s => s.Linux!.Resources!.Memory = s.Linux.Resources.Memory! with { Limit = 7, Swap = 8 });
        Assert.Equal("""{"ociVersion":"1.3.0","windows":{"layerFolders":["C:\\a"]},"vm":{"kernel":{"path":"/k"}},"linux":{"later":1e3,"resources":{"memory":{"limit":7,"tomorrow":[{}],"swap":8},"pids":{"limit":9}}}}""",
            config.ToJsonString());
    }

    [Fact]
    public void What_is_taken_away_goes_and_what_is_new_comes()
    {
        JsonNode config = Change("""{"linux":{"resources":{"cpu":{"shares":5,"idle":1}}}}""", s =>
        {
            s.Linux!.Resources!.Cpu = s.Linux.Resources.Cpu! with { Shares = null };
            s.Hostname = "new";
        });
        Assert.Equal("""{"linux":{"resources":{"cpu":{"idle":1}}},"hostname":"new"}""", config.ToJsonString());
    }

    [Fact]
    public void Members_written_with_other_capitals_are_changed_and_not_doubled()
    {
        JsonNode config = Change("""{"LINUX":{"Resources":{"Pids":{"LIMIT":5}}}}""", s => s.Linux!.Resources!.Pids = new PidsSpec { Limit = 6 });
        Assert.Equal("""{"LINUX":{"Resources":{"Pids":{"LIMIT":6}}}}""", config.ToJsonString());
    }

    [Fact]
    public void A_list_is_kept_as_written_unless_it_changes()
    {
        JsonNode config = Change("""{"mounts":[{"destination":"/a","new":1}],"linux":{"namespaces":[{"type":"pid","new":1}]}}""", s => s.Linux!.Namespaces.Add(new NamespaceSpec { Type = "user" }));
        Assert.Equal("""{"mounts":[{"destination":"/a","new":1}],"linux":{"namespaces":[{"type":"pid"},{"type":"user"}]}}""", config.ToJsonString());
    }
}
