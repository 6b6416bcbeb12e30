// Layers that lean on the ones below: what they get from there.
using Berth.Images.Tar;
using Berth.Oci.Faults;
using Berth.Store.Layers;

namespace Berth.Store.Tests;

public sealed class CompletionTests : Sandbox
{
    private static readonly TarTime s_time = new(1_500_000_000, 7);

    [Fact]
    public void A_directory_that_nothing_describes_is_like_the_one_below()
    {
        string lower = Unpack(new TestTar().Add(TarKind.Directory, "./", mode: 0x1C1, time: s_time).Add(TarKind.Directory, "d", mode: 0x3FF, time: s_time, attributes: ("user.x", "1"))).Tree;
        string upper = Stack(new TestTar().File("d/f", "1").File("new/f", "2"), lower);
        List<string> state = TreeState.Of(upper);
        Assert.StartsWith(". 40701 ", state[0], StringComparison.Ordinal);
        Assert.Contains(state, static line => line.StartsWith("d 41777 ", StringComparison.Ordinal) && line.EndsWith(" 1500000000.000000007 user.x=31", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("new 40755 ", StringComparison.Ordinal) && line.EndsWith(" 0.000000000", StringComparison.Ordinal));
    }

    [Fact]
    public void A_removed_directory_below_lends_nothing()
    {
        string lower = Unpack(new TestTar().Directory("./").Directory("d", 0x1C0)).Tree, middle = Unpack(new TestTar().Directory("./").File(".wh.d")).Tree;
        string upper = Stack(new TestTar().Directory("./").File("d/f", "1"), middle, lower);
        Assert.Contains(TreeState.Of(upper), static line => line.StartsWith("d 40755 ", StringComparison.Ordinal));
        upper = Stack(new TestTar().Directory("./").File("d/f", "1").File(".wh.d"), lower);
        Assert.Contains(TreeState.Of(upper), static line => line.StartsWith("d 40755 ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_hard_link_brings_its_target_up()
    {
        string lowest = Unpack(new TestTar().Directory("./").Add(TarKind.Directory, "d", mode: 0x1C0, time: s_time).Add(TarKind.File, "d/x", "content", 0x9ED, time: s_time, attributes: ("user.x", "1"))).Tree;
        string lower = Unpack(new TestTar().Directory("./")).Tree;
        string upper = Stack(new TestTar().Add(TarKind.Directory, "./", mode: 0x1ED, time: s_time).HardLink("b", "d/x").HardLink("a", "b"), lower, lowest);
        List<string> state = TreeState.Of(upper, withoutTime: static path => false);
        Assert.Equal(5, state.Count);
        Assert.Contains("1500000000.000000007", state[0], StringComparison.Ordinal);
        Assert.Contains(state, static line => line.StartsWith("a 104755 ", StringComparison.Ordinal) && line.EndsWith(" user.x=31", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("b 104755 ", StringComparison.Ordinal) && line.Contains("same=a", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("d 40700 ", StringComparison.Ordinal) && line.Contains("1500000000.000000007", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("d/x 104755 ", StringComparison.Ordinal) && line.Contains("same=a", StringComparison.Ordinal));
    }

    [Fact]
    public void A_renamed_file_is_a_link_to_what_is_removed()
    {
        string lower = Unpack(new TestTar().Directory("./").File("x", "content")).Tree;
        string upper = Stack(new TestTar().Directory("./").HardLink("y", "x").File(".wh.x"), lower);
        Assert.Equal("content", File.ReadAllText($"{upper}/y"));
        Assert.Contains(TreeState.Of(upper), static line => line.StartsWith("x 20000 ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_to_what_no_layer_has_is_refused()
    {
        string lower = Unpack(new TestTar().Directory("./").Directory("d").Symlink("out", "/")).Tree;
        foreach (string target in (string[])["nothing", "d", "d/x", "out/../../outside"])
        {
            File.WriteAllText($"{Folder}/outside", "secret");
            string tree = NewDirectory();
            Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() =>
            {
                UnpackedLayer layer = LayerUnpacker.Unpack(new MemoryStream(new TestTar().HardLink("a", target).Bytes()), tree, Options, Now);
                LayerUnpacker.Complete(tree, layer.Needs, [lower], Options);
            }).Kind);
        }
    }

    [Fact]
    public void What_stands_below_a_link_of_a_lower_layer_goes_to_where_it_leads()
    {
        string lower = Unpack(new TestTar().Directory("./").Add(TarKind.Directory, "usr", mode: 0x1ED, time: s_time).Add(TarKind.Directory, "usr/bin", mode: 0x1C0, time: s_time).Symlink("bin", "usr/bin").Symlink("sbin", "/../bin").Symlink("gone", "not/there")).Tree;
        string upper = Stack(new TestTar().Add(TarKind.Directory, "./", mode: 0x1ED, time: s_time).File("bin/sh", "1").File("sbin/sub/init", "2").HardLink("bin/ash", "bin/sh").File("gone/x", "3").HardLink("bin/bash", "sbin/sh"), lower);
        Assert.Equal(["not", "usr"], Names(upper));
        Assert.Equal("1", File.ReadAllText($"{upper}/usr/bin/bash"));
        Assert.Equal("2", File.ReadAllText($"{upper}/usr/bin/sub/init"));
        Assert.Equal("3", File.ReadAllText($"{upper}/not/there/x"));
        List<string> state = TreeState.Of(upper);
        Assert.Contains(state, static line => line.StartsWith("usr/bin 40700 ", StringComparison.Ordinal) && line.Contains("1500000000.000000007", StringComparison.Ordinal));
        Assert.Contains("1500000000.000000007", state[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a/b")]
    [InlineData("/")]
    [InlineData("..")]
    [InlineData("loop")]
    public void Links_below_that_lead_in_circles_or_up_change_nothing(string target)
    {
        string lower = Unpack(new TestTar().Directory("./").Symlink("a", target).Symlink("loop", "loop")).Tree;
        string upper = Stack(new TestTar().Directory("./").File("a/f", "1"), lower);
        Assert.Equal("1", File.ReadAllText($"{upper}/a/f"));
    }

    private static IEnumerable<string?> Names(string tree) => Directory.GetFileSystemEntries(tree).Select(Path.GetFileName).Order();

    private string Stack(TestTar tar, params string[] lowers)
    {
        (string tree, UnpackedLayer layer) = Unpack(tar);
        LayerUnpacker.Complete(tree, layer.Needs, lowers, Options);
        return tree;
    }
}
