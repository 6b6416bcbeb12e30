// Archives made to do harm: each is refused, or harmless; what lies outside never changes (Sandbox.Refused looks).
using Berth.Images.Tar;
using Berth.Oci.Faults;
using Berth.Store.Layers;

namespace Berth.Store.Tests;

public sealed class HostileTests : Sandbox
{
    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("/../outside")]
    [InlineData("..")]
    [InlineData("./..")]
    [InlineData("a/b/../../../../../../../../etc/x")]
    public void Names_that_climb_out_are_refused(string path)
    {
        Assert.Contains("leads out of the layer", Refused(new TestTar().File(path, "evil")).Message, StringComparison.Ordinal);
        Refused(new TestTar().Directory(path, 0x1FF));
        Refused(new TestTar().Symlink(path, "x"));
        Refused(new TestTar().File("f").HardLink("x", path));
    }

    [Fact]
    public void Absolute_names_are_below_the_root()
    {
        (string tree, _) = Unpack(new TestTar().File($"{Folder}/outside", "mine").File("//x", "1").Directory("/./y//"));
        Assert.Equal("mine", File.ReadAllText($"{tree}{Folder}/outside"));
        Assert.False(File.Exists($"{Folder}/outside"));
        Assert.Equal("1", File.ReadAllText($"{tree}/x"));
        Assert.True(Directory.Exists($"{tree}/y"));
    }

    [Fact]
    public void Links_that_lead_out_lead_within()
    {
        (string tree, _) = Unpack(new TestTar().Symlink("abs", Folder).File("abs/outside", "1").Symlink("up", "../..").File("up/climbed", "2").Symlink("far", "../../../../../../../../..").Symlink("chain", "far").File("chain/last", "3"));
        Assert.False(File.Exists($"{Folder}/outside"));
        Assert.False(File.Exists($"{Folder}/climbed"));
        Assert.Equal("1", File.ReadAllText($"{tree}{Folder}/outside"));
        Assert.Equal("2", File.ReadAllText($"{tree}/climbed"));
        Assert.Equal("3", File.ReadAllText($"{tree}/last"));
    }

    [Fact]
    public void A_file_over_a_link_takes_its_place_and_writes_nothing_through_it()
    {
        File.WriteAllText($"{Folder}/outside", "untouched");
        (string tree, _) = Unpack(new TestTar().Symlink("x", $"{Folder}/outside").File("x", "evil").Symlink("d", Folder).Directory("d", 0x1C0).File("d/outside", "evil"));
        Assert.Equal("untouched", File.ReadAllText($"{Folder}/outside"));
        Assert.Equal("evil", File.ReadAllText($"{tree}/x"));
        Assert.Equal("evil", File.ReadAllText($"{tree}/d/outside"));
    }

    [Fact]
    public void Attributes_of_a_link_do_not_reach_its_target()
    {
        File.WriteAllText($"{Folder}/outside", "untouched");
        UnixFileMode mode = File.GetUnixFileMode($"{Folder}/outside");
        DateTimeOffset time = File.GetLastWriteTimeUtc($"{Folder}/outside");
        Unpack(new TestTar().Add(TarKind.SymbolicLink, "x", link: $"{Folder}/outside", mode: 0x9FF, time: new TarTime(1, 1), uid: IsRoot ? 4711u : 0u));
        Assert.Equal(mode, File.GetUnixFileMode($"{Folder}/outside"));
        Assert.Equal(time, File.GetLastWriteTimeUtc($"{Folder}/outside"));
    }

    [Fact]
    public void Hard_links_through_links_stay_within()
    {
        File.WriteAllText($"{Folder}/outside", "secret");
        (string tree, UnpackedLayer layer) = Unpack(new TestTar().Directory("./").Symlink("out", Folder).HardLink("x", "out/outside").HardLink("y", "/etc/shadow").Symlink("s", "/etc/shadow").HardLink("z", "s"));
        // A link to a link is a second name of the link.
        Assert.Equal("/etc/shadow", new FileInfo($"{tree}/z").LinkTarget);
        Assert.Equal(2, layer.Needs.Count);
        Assert.False(File.Exists($"{tree}/x"));
        Assert.Throws<BerthException>(() => LayerUnpacker.Complete(tree, layer.Needs, [], Options));
        Assert.False(File.Exists($"{tree}/x") || File.Exists($"{tree}/y"));
    }

    [Theory]
    [InlineData("d", "d")]
    [InlineData("x", "x")]
    [InlineData("x", "/")]
    [InlineData("x", ".wh.f")]
    [InlineData("d", "d/in")]
    public void Hard_links_to_what_cannot_have_two_names_are_refused(string path, string target) =>
        Refused(path == target && path == "x" ? new TestTar().HardLink(path, target) : path == target ? new TestTar().Directory("d").HardLink("e", "d") : new TestTar().File("f").Directory("d").File("d/in").HardLink(path, target));

    [Fact]
    public void Circles_of_links_are_refused()
    {
        Assert.Contains("too many links", Refused(new TestTar().Symlink("a", "b").Symlink("b", "a").File("a/x")).Message, StringComparison.Ordinal);
        Refused(new TestTar().Symlink("a", "a/a/a").File("a/x"));
        Refused(new TestTar().Symlink("a", "b").Symlink("b", "a").HardLink("x", "a/y"));
    }

    [Theory]
    [InlineData(".wh.")]
    [InlineData(".wh..")]
    [InlineData(".wh...")]
    [InlineData("d/.wh.")]
    [InlineData("d/.wh..")]
    [InlineData(".wh./x")]
    [InlineData(".wh.d/x")]
    [InlineData("d/.wh.e/f/g")]
    public void Whiteouts_of_nothing_are_refused(string path) => Refused(new TestTar().File(path, "x"));

    [Fact]
    public void Directories_are_not_looked_for_in_files()
    {
        Assert.Contains("is no directory", Refused(new TestTar().File("a").File("a/b")).Message, StringComparison.Ordinal);
        Refused(new TestTar().Add(TarKind.Fifo, "a").File("a/b"));
        Refused(new TestTar().File("f").Symlink("l", "f").File("l/b"));
    }

    [Theory]
    [InlineData("./")]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("a/..")]
    public void The_root_is_not_replaced(string path)
    {
        Refused(new TestTar().Symlink(path, "/etc"));
        Refused(new TestTar().Add(TarKind.Fifo, path));
    }

    [Fact]
    public void Names_too_long_are_refused()
    {
        Refused(new TestTar().File(new string('n', 256)));
        Refused(new TestTar().File(string.Concat(Enumerable.Repeat("d/", 2048)) + "f"));
        Refused(new TestTar().Symlink("l", new string('t', 4096)));
        Refused(new TestTar().File(new string('/', 1_000_000) + "../x"));
        Refused(new TestTar().Symlink("l", string.Concat(Enumerable.Repeat("d/", 1000))).File("l/" + string.Concat(Enumerable.Repeat("e/", 1500)) + "f"));
    }

    [Fact]
    public void Marks_of_overlayfs_are_not_taken_from_an_image()
    {
        string[] marks = ["trusted.overlay.opaque", "trusted.overlay.redirect", "trusted.overlay.metacopy", "user.overlay.opaque", "user.overlay.whiteout", "trusted.overlay.overlay.opaque"];
        (string tree, UnpackedLayer layer) = Unpack(new TestTar().Add(TarKind.Directory, "d", mode: 0x1ED, attributes: [.. marks.Select(static mark => (mark, "y"))]).Add(TarKind.File, "f", attributes: [.. marks.Select(static mark => (mark, "y"))]));
        Assert.Equal(12, layer.LeftOut.Attributes);
        Assert.NotEmpty(layer.LeftOut.Reasons);
        Assert.DoesNotContain(TreeState.Of(tree), static line => line.Contains("overlay", StringComparison.Ordinal));
    }

    [Fact]
    public void Odd_attributes_are_left_out_and_counted()
    {
        (string _, UnpackedLayer layer) = Unpack(new TestTar().Add(TarKind.File, "f", attributes: [("", "x"), ("nothing", "x"), ("user." + new string('n', 300), "x"), ("user.large", new string('v', 70_000)), ("user.\u001b[31m", "x")]));
        Assert.True(layer.LeftOut.Attributes >= 3);
        Assert.All(layer.LeftOut.Reasons, static reason => Assert.DoesNotContain(reason, char.IsControl));
    }

    [Fact]
    public void Devices_that_do_not_exist_are_refused() => Refused(new TestTar().Add(TarKind.CharacterDevice, "c", device: (5000, 1)));

    [Fact]
    public void A_device_0_0_is_a_whiteout_and_nothing_else()
    {
        (string tree, _) = Unpack(new TestTar().Directory("d").File("d/x", "1").Add(TarKind.CharacterDevice, "d", mode: 0x9FF).Add(TarKind.CharacterDevice, "c"));
        Assert.Equal("1", File.ReadAllText($"{tree}/d/x"));
        Assert.Contains(TreeState.Of(tree), static line => line.StartsWith("c 20000 ", StringComparison.Ordinal));
    }

    [Fact]
    public void Limits_are_kept()
    {
        Assert.Contains("more than 3 entries", Refused(new TestTar().File("a").File("b").File("c").File("d"), With(new UnpackLimits { Entries = 3 })).Message, StringComparison.Ordinal);
        Refused(new TestTar().File("a/b/c/d"), With(new UnpackLimits { Entries = 3 }));
        Refused(new TestTar().File("a", "12345"), With(new UnpackLimits { FileBytes = 4 }));
        Refused(new TestTar().File("a", "123").File("b", "123"), With(new UnpackLimits { Bytes = 5 }));
        Refused(new TestTar().File("aaa/bbb"), With(new UnpackLimits { PathLength = 6 }));
        Refused(new TestTar().Add(TarKind.File, "a", attributes: ("user.x", "1234567890")), With(new UnpackLimits { AttributeBytes = 15 }));
        Unpack(new TestTar().File("a", "1234").File("aa/bb", "1"), With(new UnpackLimits { Entries = 3, FileBytes = 4, Bytes = 5, PathLength = 5 }));
    }

    [Fact]
    public void A_bomb_is_refused_while_it_goes_off()
    {
        TestTar bomb = new TestTar().File("zeroes", new string('\0', 3_000_000));
        UnpackOptions options = Options with { Limits = new UnpackLimits { Ratio = 100, RatioFreeBytes = 500_000 }, PackedBytes = static () => 3000 };
        Assert.Contains("more than 100 times as large", Refused(bomb, options).Message, StringComparison.Ordinal);
        Unpack(bomb, options with { PackedBytes = static () => 100_000 });
    }

    [Fact]
    public void A_sparse_file_that_says_it_is_larger_than_any_disk_is_refused()
    {
        foreach (long size in (long[])[long.MaxValue, 8L << 40])
        {
            MemoryStream bytes = new();
            TarWriter writer = new(bytes);
            writer.Begin(new TarEntry { Path = "s"u8.ToArray(), Mode = 0x1A4, Size = size, StoredSize = 0, Sparse = [] });
            writer.Finish();
            bytes.Position = 0;
            Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => LayerUnpacker.Unpack(bytes, NewDirectory(), Options, Now)).Kind);
        }
    }

    [Fact]
    public void Replacing_the_same_tree_again_and_again_costs_no_more_than_making_it()
    {
        TestTar tar = new();
        for (int i = 0; i < 300; i++) tar.Directory("x").File($"x/{i}/f").File("x");
        (string tree, _) = Unpack(tar);
        Assert.True(File.Exists($"{tree}/x"));
    }

    [Fact]
    public void A_directory_that_is_not_empty_is_not_unpacked_into()
    {
        string tree = NewDirectory();
        File.WriteAllText($"{tree}/old", "");
        Assert.Equal(Fault.WrongState, Assert.Throws<BerthException>(() => LayerUnpacker.Unpack(new MemoryStream(new TestTar().Bytes()), tree, Options, Now)).Kind);
    }

    [Fact]
    public void Unpacking_ends_when_it_is_cancelled()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => LayerUnpacker.Unpack(new MemoryStream(new TestTar().File("a").Bytes()), NewDirectory(), Options, source.Token));
    }

    [Fact]
    public void Control_characters_of_a_name_do_not_reach_the_message() =>
        Assert.DoesNotContain('\u001b', Refused(new TestTar().File("../\u001b]0;evil\u0007")).Message);

    private static UnpackOptions With(UnpackLimits limits) => Options with { Limits = limits };
}
