// Trees as layers again.
using Berth.Images.Tar;
using Berth.Oci.Faults;
using Berth.Store.Layers;

namespace Berth.Store.Tests;

public sealed class PackTests : Sandbox
{
    private static readonly TarTime s_time = new(1_600_000_000, 123_456_789);

    private static PackOptions Packing => new() { UserAttributes = Options.UserAttributes };

    [Fact]
    public void A_layer_unpacked_and_packed_is_the_same_layer()
    {
        string tree = Unpack(Everything()).Tree;
        byte[] first = Pack(tree), second = Pack(tree);
        Assert.Equal(first, second);
        string again = NewDirectory();
        LayerUnpacker.Unpack(new MemoryStream(first), again, Options, Now);
        Assert.Equal(TreeState.Of(tree), TreeState.Of(again));
        Assert.Equal(first, Pack(again));
    }

    [Fact]
    public void Members_are_in_the_order_of_their_parts_with_removals_among_them()
    {
        string tree = Unpack(new TestTar().Directory("b").File("b/.wh..wh..opq").File("b/x").File("b.c").Directory("a").File("a/.wh.gone").HardLink("z", "b/x")).Tree;
        Assert.Equal(["./", "a/", "a/.wh.gone", "b/", "b/.wh..wh..opq", "b/x", "b.c", "z"], Members(Pack(tree)).Select(static entry => entry.PathText));
        Assert.Equal(TarKind.HardLink, Members(Pack(tree))[^1].Kind);
    }

    [Fact]
    public void Holes_are_packed_as_holes()
    {
        string tree = NewDirectory();
        using (FileStream file = File.Create($"{tree}/s"))
        {
            file.SetLength(100_000_000);
            file.Position = 50_000_000;
            file.Write("data"u8);
        }
        byte[] archive = Pack(tree);
        Assert.True(archive.Length < 100_000);
        string again = NewDirectory();
        LayerUnpacker.Unpack(new MemoryStream(archive), again, Options, Now);
        Assert.Equal(TreeState.Of(tree), TreeState.Of(again));
        Assert.True(TreeMeasure.Measure(again, Now).Bytes < 200_000);
    }

    [Fact]
    public void Times_are_clamped_when_asked()
    {
        string tree = Unpack(new TestTar().Add(TarKind.File, "old", time: new TarTime(5, 6)).Add(TarKind.File, "new", time: s_time)).Tree;
        MemoryStream archive = new();
        LayerPacker.Pack(tree, archive, Packing with { Latest = new TarTime(1000, 0) }, Now);
        Assert.Equal([new TarTime(1000, 0), new TarTime(5, 6)], Members(archive.ToArray()).Where(static entry => entry.Kind == TarKind.File).Select(static entry => entry.Modified));
    }

    [Fact]
    public void A_file_with_a_name_that_means_removal_is_refused()
    {
        string tree = NewDirectory();
        File.WriteAllText($"{tree}/.wh.x", "");
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Pack(tree)).Kind);
    }

    [Fact]
    public void The_difference_of_two_trees_makes_one_of_the_other()
    {
        TestTar lower = Base();
        string below = Unpack(lower).Tree, now = Unpack(lower).Tree;
        File.WriteAllText($"{now}/same-time", "CONTENT");
        File.SetLastWriteTimeUtc($"{now}/same-time", File.GetLastWriteTimeUtc($"{below}/same-time"));
        File.Delete($"{now}/d/gone");
        Directory.Delete($"{now}/tree", recursive: true);
        File.SetUnixFileMode($"{now}/mode", UnixFileMode.UserRead);
        File.WriteAllText($"{now}/d/new", "new");
        File.Delete($"{now}/type");
        Directory.CreateDirectory($"{now}/type");
        File.WriteAllText($"{now}/linked", "together");
        MemoryStream archive = new();
        LayerPacker.PackDifference(below, now, archive, Packing, Now);
        Assert.Equal(["./", ".wh.tree", "d/", "d/.wh.gone", "d/new", "linked", "linked2", "mode", "same-time", "type/"], Members(archive.ToArray()).Select(static entry => entry.PathText).Order(StringComparer.Ordinal));
        archive.Position = 0;
        string layer = NewDirectory(), copy = NewDirectory();
        Assert.Empty(LayerUnpacker.Unpack(archive, layer, Options, Now).Needs);
        TreeCopy.Copy([layer, below], copy, Options.UserAttributes, Now);
        Assert.Equal(TreeState.Of(now), TreeState.Of(copy));
        MemoryStream nothing = new();
        LayerPacker.PackDifference(now, copy, nothing, Packing, Now);
        Assert.Empty(Members(nothing.ToArray()));
    }

    [Fact]
    public void A_copy_shows_what_overlayfs_would_show()
    {
        string lowest = Unpack(new TestTar().Directory("./").Directory("a").File("a/1").File("a/2").Directory("o").File("o/hidden").File("f").Directory("g").File("g/x")).Tree;
        string middle = Unpack(new TestTar().Directory("./").Directory("a", 0x1C0).File("a/.wh.1").File("a/3").Directory("o").File("o/.wh..wh..opq").File("o/own").File(".wh.f").File("g", "file")).Tree;
        string top = Unpack(new TestTar().Directory("./").Directory("a").File("a/1", "again").HardLink("a/4", "a/1").Directory("g").File("g/y")).Tree;
        string copy = NewDirectory();
        TreeCopy.Copy([top, middle, lowest], copy, Options.UserAttributes, Now);
        Assert.Equal(["a", "a/1", "a/2", "a/3", "a/4", "g", "g/y", "o", "o/own"], TreeState.Of(copy).Skip(1).Select(static line => line.Split(' ')[0]));
        Assert.Equal("again", File.ReadAllText($"{copy}/a/4"));
    }

    [Fact]
    public void What_is_erased_is_what_was_measured()
    {
        string tree = Unpack(Everything()).Tree;
        TreeSize size = TreeMeasure.Measure(tree, Now);
        Assert.True(size.Nodes >= 10);
        Assert.Equal(size.Bytes, TreeEraser.Erase(tree));
        Assert.False(Directory.Exists(tree));
        Assert.Equal(default, TreeMeasure.Measure(tree, Now));
        Assert.Equal(0, TreeEraser.Erase(tree));
    }

    [Fact]
    public void A_link_to_a_directory_is_erased_and_the_directory_stays()
    {
        string tree = NewDirectory(), other = NewDirectory();
        File.WriteAllText($"{other}/x", "");
        File.CreateSymbolicLink($"{tree}/l", other);
        File.CreateSymbolicLink($"{Folder}/top", other);
        TreeEraser.Erase(tree);
        TreeEraser.Erase($"{Folder}/top");
        Assert.True(File.Exists($"{other}/x"));
    }

    private static TestTar Base() => new TestTar().Directory("./").Add(TarKind.File, "same-time", "content", time: s_time).Directory("d").File("d/gone").File("d/stays", "x").Directory("tree").File("tree/1").File("mode").File("type").File("linked", "1").HardLink("linked2", "linked").Symlink("l", "d");

    private static TestTar Everything() => new TestTar()
        .Add(TarKind.Directory, "./", mode: 0x1ED, time: s_time)
        .Add(TarKind.Directory, "d", mode: 0x3C0, time: s_time with { Seconds = -1 }, attributes: ("user.d", "1"))
        .Add(TarKind.File, "d/f", new string('x', 300_000), 0x9ED, time: s_time, attributes: [("user.b", "2"), ("user.a", "1")])
        .HardLink("a", "d/f").HardLink("d/z", "a")
        .Add(TarKind.SymbolicLink, "l", link: "/x/../y", time: s_time).HardLink("l2", "l")
        .Add(TarKind.Fifo, "p", time: s_time)
        .File(".wh.gone").Directory("o").File("o/.wh..wh..opq").File("o/" + new string('n', 200)).File("\xff\xe4")
        .File("empty");

    private static byte[] Pack(string tree)
    {
        MemoryStream archive = new();
        LayerPacker.Pack(tree, archive, Packing, Now);
        return archive.ToArray();
    }

    private static List<TarEntry> Members(byte[] archive)
    {
        using TarReader reader = new(new MemoryStream(archive));
        List<TarEntry> members = [];
        while (reader.Next() is { } entry) members.Add(entry);
        return members;
    }
}
