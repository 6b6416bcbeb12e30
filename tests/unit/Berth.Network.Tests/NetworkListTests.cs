// Network configuration lists and the folder that they lie in.
using Berth.Network.Lists;
using Berth.Oci.Faults;

namespace Berth.Network.Tests;

public sealed class NetworkListTests : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_come_in_the_order_of_their_names_and_single_plugins_are_lists_of_one()
    {
        _folder.Write("20-b.conflist", """{"cniVersion":"1.0.0","name":"b","plugins":[{"type":"bridge"},{"type":"portmap"}]}""");
        _folder.Write("10-a.conf", """{"cniVersion":"0.3.1","name":"a","type":"ptp","more":[1]}""");
        _folder.Write("30-c.json", """{"name":"c","type":"loopback"}""");
        _folder.Write("05-x.txt", "not looked at");
        _folder.Write("dir.conflist/x", "");
        IReadOnlyList<NetworkList> all = new NetworkListFolder(_folder.Path).All();
        Assert.Equal(["a 0.3.1 1", "b 1.0.0 2", "c 0.1.0 1"], all.Select(static one => $"{one.Name} {one.CniVersion} {one.Plugins.Count}"));
        Assert.Equal("ptp", all[0].Plugins[0].Type);
    }

    [Fact]
    public void A_list_comes_before_a_plugin_of_the_same_name()
    {
        _folder.Write("10-a.conf", """{"name":"a","type":"ptp"}""");
        _folder.Write("20-a.conflist", """{"name":"a","plugins":[{"type":"bridge"}]}""");
        Assert.Equal("bridge", new NetworkListFolder(_folder.Path).Load("a").Plugins[0].Type);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => new NetworkListFolder(_folder.Path).Load("z")).Kind);
        Assert.Empty(new NetworkListFolder(_folder.File("nowhere")).All());
    }

    [Fact]
    public void Plugins_beside_a_list_are_behind_its_own()
    {
        _folder.Write("a.conflist", """{"cniVersion":"1.1.0","name":"a","plugins":[{"type":"one"}]}""");
        _folder.Write("a/20.conf", """{"type":"three"}""");
        _folder.Write("a/10.conf", """{"type":"two"}""");
        _folder.Write("a/30.json", """{"type":"four"}""");
        Assert.Equal(["one", "two", "three"], NetworkListFolder.Read(_folder.File("a.conflist")).Plugins.Select(static one => one.Type));
        _folder.Write("a.conflist", """{"cniVersion":"1.1.0","name":"a","loadOnlyInlinedPlugins":true,"plugins":[{"type":"one"}]}""");
        Assert.Equal(["one"], NetworkListFolder.Read(_folder.File("a.conflist")).Plugins.Select(static one => one.Type));
        _folder.Write("a.conflist", """{"cniVersion":"1.1.0","name":"a"}""");
        Assert.Equal(["two", "three"], NetworkListFolder.Read(_folder.File("a.conflist")).Plugins.Select(static one => one.Type));
    }

    [Theory]
    [InlineData("""{"cniVersions":["0.4.0","1.1.0","1.0.0"],""", "1.1.0")]
    [InlineData("""{"cniVersions":["0.4.0","9.0.0"],""", "0.4.0")]
    [InlineData("""{"cniVersion":"1.0.0","cniVersions":["0.4.0"],""", "1.0.0")]
    [InlineData("""{"cniVersion":"9.0.0","cniVersions":["0.4.0"],""", "0.4.0")]
    [InlineData("""{"cniVersion":"9.0.0",""", "9.0.0")]
    [InlineData("{", "0.1.0")]
    public void The_newest_version_that_is_spoken_is_taken(string start, string version) =>
        Assert.Equal(version, NetworkList.Parse(start + """ "name":"a","plugins":[{"type":"x"}]}""").CniVersion);

    [Fact]
    public void Flags_may_be_texts()
    {
        NetworkList list = NetworkList.Parse("""{"name":"a","disableCheck":"TRUE","disableGC":true,"plugins":[{"type":"x","capabilities":{"ips":true,"mac":false}}]}""");
        Assert.True(list.DisableCheck);
        Assert.True(list.DisableCollect);
        Assert.True(list.HasCapability("ips"));
        Assert.False(list.HasCapability("mac"));
    }

    [Theory]
    [InlineData("""{"plugins":[{"type":"x"}]}""", "it has no name")]
    [InlineData("""{"name":"../a","plugins":[{"type":"x"}]}""", "invalid characters found in network name")]
    [InlineData("""{"name":"a","plugins":[]}""", "plugins is empty")]
    [InlineData("""{"name":"a","plugins":[{}]}""", "a plugin has no type")]
    [InlineData("""{"name":"a","plugins":[7]}""", "a plugin is no object")]
    [InlineData("""{"name":"a","loadOnlyInlinedPlugins":true}""", "there are no plugins")]
    [InlineData("""{"name":"a","disableGC":"maybe","plugins":[{"type":"x"}]}""", "disableGC")]
    [InlineData("nothing", "it is no JSON")]
    public void What_is_no_list_is_refused(string text, string message)
    {
        BerthException fault = Assert.Throws<BerthException>(() => NetworkList.Parse(text));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_file_is_told_with_its_name()
    {
        _folder.Write("10-a.conflist", "{");
        _folder.Write("20-b.conf", """{"name":"b","type":"x"}""");
        Assert.Contains("10-a.conflist", Assert.Throws<BerthException>(() => new NetworkListFolder(_folder.Path).All()).Message, StringComparison.Ordinal);
        List<string> broken = [];
        Assert.Equal("b", Assert.Single(new NetworkListFolder(_folder.Path).All((file, _) => broken.Add(file))).Name);
        Assert.EndsWith("/10-a.conflist", Assert.Single(broken), StringComparison.Ordinal);
    }
}
