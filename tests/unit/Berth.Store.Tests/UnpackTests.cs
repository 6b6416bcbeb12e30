// What a layer is when it is unpacked.
using System.Text;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Store.Layers;

namespace Berth.Store.Tests;

public sealed class UnpackTests : Sandbox
{
    private static readonly TarTime s_time = new(1_600_000_000, 123_456_789);

    [Fact]
    public void Everything_of_a_file_arrives()
    {
        (string tree, UnpackedLayer layer) = Unpack(new TestTar()
            .Add(TarKind.Directory, "./", mode: 0x1C9, time: s_time)
            .Add(TarKind.Directory, "./a/", mode: 0x3FF, time: s_time with { Seconds = -5 })
            .Add(TarKind.File, "./a/b", "hello", 0x9ED, time: s_time, attributes: ("user.x", "y\0z"))
            .Add(TarKind.SymbolicLink, "a/l", link: "/nowhere/../at all", time: s_time)
            .Add(TarKind.HardLink, "a/h", link: "./a/b")
            .Add(TarKind.Fifo, "a/p", mode: 0x1B6, time: s_time)
            .Add(TarKind.File, "a/\xff\xfe\n", "bytes", time: s_time));
        Assert.Equal(7, layer.Entries);
        Assert.Equal(10, layer.Bytes);
        Assert.Empty(layer.Needs);
        NodeFacts root = Facts(tree, "."), file = Facts(tree, "a/b");
        Assert.Equal(0x41C9u, root.Mode);
        Assert.Equal(new NodeTime(1_600_000_000, 123_456_789), root.Modified);
        Assert.Equal((0x43FFu, new NodeTime(-5, 123_456_789)), (Facts(tree, "a").Mode, Facts(tree, "a").Modified));
        Assert.Equal((0x89EDu, new NodeTime(1_600_000_000, 123_456_789), 2u), (file.Mode, file.Modified, file.Links));
        Assert.Equal(file.Inode, Facts(tree, "a/h").Inode);
        Assert.Equal("y\0z", Attribute(tree, "a/b", "user.x"));
        Assert.Equal((0x11B6u, new NodeTime(1_600_000_000, 123_456_789)), (Facts(tree, "a/p").Mode, Facts(tree, "a/p").Modified));
        Assert.Equal("/nowhere/../at all", new FileInfo($"{tree}/a/l").LinkTarget);
        Assert.Equal(new NodeTime(1_600_000_000, 123_456_789), Facts(tree, "a/l").Modified);
        Assert.True(Facts(tree, "a/\xff\xfe\n").IsFile);
    }

    [Fact]
    public void Owners_devices_and_capabilities_arrive_as_root()
    {
        NeedRoot("chown and mknod");
        string capability = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
        (string tree, _) = Unpack(new TestTar()
            .Add(TarKind.File, "f", "x", 0x9ED, uid: 1000, gid: 3_000_000, attributes: [("security.capability", capability), ("trusted.x", "t")])
            .Add(TarKind.SymbolicLink, "l", link: "f", uid: 5, gid: 6, attributes: [("trusted.l", "t")])
            .Add(TarKind.CharacterDevice, "c", mode: 0x1B6, device: (1, 3), uid: 7)
            .Add(TarKind.BlockDevice, "b", mode: 0x180, device: (259, 1_000_000))
            .Add(TarKind.Directory, "d", mode: 0x5ED, gid: 50));
        NodeFacts file = Facts(tree, "f");
        Assert.Equal((0x89EDu, 1000u, 3_000_000u), (file.Mode, file.Uid, file.Gid));
        Assert.Equal(capability, Attribute(tree, "f", "security.capability"));
        Assert.Equal("t", Attribute(tree, "f", "trusted.x"));
        Assert.Equal("t", Attribute(tree, "l", "trusted.l"));
        Assert.Equal((5u, 6u), (Facts(tree, "l").Uid, Facts(tree, "l").Gid));
        Assert.Equal((0x21B6u, new DeviceNumber(1, 3), 7u), (Facts(tree, "c").Mode, Facts(tree, "c").Number, Facts(tree, "c").Uid));
        Assert.Equal(new DeviceNumber(259, 1_000_000), Facts(tree, "b").Number);
        Assert.Equal((0x45EDu, 50u), (Facts(tree, "d").Mode, Facts(tree, "d").Gid));
    }

    [Fact]
    public void Access_lists_of_directories_are_not_inherited_by_what_is_unpacked_into_them()
    {
        // Version 2: owner rwx, user 1234 rwx, group r-x, mask rwx, others r-x.
        string list = "\x02\0\0\0" + "\x01\0\x07\0\xff\xff\xff\xff" + "\x02\0\x07\0\xd2\x04\0\0" + "\x04\0\x05\0\xff\xff\xff\xff" + "\x10\0\x07\0\xff\xff\xff\xff" + "\x20\0\x05\0\xff\xff\xff\xff";
        (string tree, UnpackedLayer layer) = Unpack(new TestTar()
            .Add(TarKind.Directory, "d", mode: 0x1ED, attributes: ("system.posix_acl_default", list))
            .File("d/f", "x").Directory("d/e"));
        Assert.SkipWhen(layer.LeftOut.Attributes > 0, "the file system has no access lists");
        Assert.Equal(list, Attribute(tree, "d", "system.posix_acl_default"));
        Assert.Equal(0x81A4u, Facts(tree, "d/f").Mode);
        Assert.Null(Attribute(tree, "d/e", "system.posix_acl_default"));
        Assert.Null(Attribute(tree, "d/f", "system.posix_acl_access"));
    }

    [Fact]
    public void Holes_stay_holes()
    {
        MemoryStream bytes = new();
        TarWriter writer = new(bytes);
        writer.Begin(new TarEntry { Path = "s"u8.ToArray(), Mode = 0x1A4, Size = 50_000_000, StoredSize = 6, Sparse = [new SparseRun(1_000_000, 4), new SparseRun(40_000_000, 2), new SparseRun(50_000_000, 0)] });
        writer.Write("abcdef"u8);
        writer.Finish();
        bytes.Position = 0;
        string tree = NewDirectory();
        UnpackedLayer layer = LayerUnpacker.Unpack(bytes, tree, Options, Now);
        Assert.Equal(50_000_000, layer.Bytes);
        NodeFacts facts = Facts(tree, "s");
        Assert.Equal(50_000_000, facts.Size);
        Assert.True(facts.Blocks * 512 < 1_000_000);
        using FileStream file = File.OpenRead($"{tree}/s");
        file.Position = 1_000_000;
        byte[] four = new byte[5];
        file.ReadExactly(four);
        Assert.Equal("abcd\0"u8.ToArray(), four);
        file.Position = 40_000_000;
        file.ReadExactly(four);
        Assert.Equal("ef\0\0\0"u8.ToArray(), four);
    }

    [Fact]
    public void A_removed_name_is_a_device_and_an_emptied_directory_has_a_mark()
    {
        (string tree, _) = Unpack(new TestTar().Directory("d").File("d/.wh..wh..opq").File("d/x", "1").File(".wh.gone").File("e/.wh.deep"));
        Assert.True(Facts(tree, "gone").IsWhiteout);
        Assert.True(Facts(tree, "e/deep").IsWhiteout);
        Assert.Equal("y", Attribute(tree, "d", OpaqueMark));
        Assert.Null(Attribute(tree, "e", OpaqueMark));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_removal_reaches_only_the_layers_below_wherever_it_stands(bool first)
    {
        TestTar tar = new();
        if (first) tar.File(".wh.d").File(".wh.f");
        tar.Directory("d").File("d/x", "1").File("f", "2");
        if (!first) tar.File(".wh.d").File(".wh.f");
        (string tree, _) = Unpack(tar);
        Assert.Equal("y", Attribute(tree, "d", OpaqueMark));
        Assert.Equal("1", File.ReadAllText($"{tree}/d/x"));
        Assert.Equal("2", File.ReadAllText($"{tree}/f"));
    }

    [Fact]
    public void A_removed_name_under_which_something_is_unpacked_is_an_opaque_directory()
    {
        (string tree, UnpackedLayer layer) = Unpack(new TestTar().Directory("./").File(".wh.d").File("d/x", "1"));
        Assert.Equal("y", Attribute(tree, "d", OpaqueMark));
        Assert.Empty(layer.Needs);
    }

    [Fact]
    public void An_opaque_root_is_told_since_overlayfs_does_not_look_there()
    {
        Assert.True(Unpack(new TestTar().File(".wh..wh..opq").File("x")).Layer.HidesLowers);
        Assert.False(Unpack(new TestTar().File("x")).Layer.HidesLowers);
    }

    [Fact]
    public void Bookkeeping_of_Aufs_is_left_out_but_links_to_it_are_files()
    {
        (string tree, UnpackedLayer layer) = Unpack(new TestTar().Directory("./").Directory(".wh..wh.plnk").File(".wh..wh.aufs").File(".wh..wh.plnk/12.34", "linked").HardLink("a", ".wh..wh.plnk/12.34").HardLink("b", "a").Directory(".wh..wh.orph").File("d/.wh..wh.x/y"));
        Assert.Equal("linked", File.ReadAllText($"{tree}/b"));
        Assert.Equal(2u, Facts(tree, "a").Links);
        Assert.Equal(["a", "b"], Directory.GetFileSystemEntries(tree).Select(Path.GetFileName).Order());
        Assert.Equal(4, layer.LeftOut.AufsNames);
    }

    [Fact]
    public void The_later_of_two_members_counts_whatever_they_are()
    {
        string[] kinds = ["file", "directory", "symlink", "hardlink", "fifo", "whiteout"];
        foreach (string before in kinds)
        {
            foreach (string after in kinds)
            {
                TestTar tar = new TestTar().Directory("./").File("target", "t");
                One(tar, before, "1");
                One(tar, after, "2");
                (string tree, _) = Unpack(tar);
                NodeFacts facts = Facts(tree, "x");
                string kind = after == "whiteout" ? before : after;
                Assert.Equal(kind switch { "file" or "hardlink" => NodeType.File, "directory" => NodeType.Directory, "symlink" => NodeType.Link, "fifo" => NodeType.Fifo, _ => NodeType.CharacterDevice }, facts.Type);
                if (kind == "directory")
                {
                    bool both = before == "directory" && after == "directory";
                    Assert.Equal(both ? ["in1", "in2"] : after == "directory" ? ["in2"] : ["in1"], Directory.GetFileSystemEntries($"{tree}/x").Select(Path.GetFileName).Order());
                    Assert.Equal(before == "whiteout" || after == "whiteout" ? "y" : null, Attribute(tree, "x", OpaqueMark));
                }
                if (kind == "file") Assert.Equal(after == "file" ? "2" : "1", File.ReadAllText($"{tree}/x"));
            }
        }
        static void One(TestTar tar, string kind, string content) => _ = kind switch
        {
            "file" => tar.File("x", content),
            "directory" => tar.Directory("x").File($"x/in{content}", content),
            "symlink" => tar.Symlink("x", content),
            "hardlink" => tar.HardLink("x", "target"),
            "fifo" => tar.Add(TarKind.Fifo, "x"),
            _ => tar.File(".wh.x"),
        };
    }

    [Fact]
    public void Directories_that_nothing_describes_are_needs_until_something_does()
    {
        (string tree, UnpackedLayer layer) = Unpack(new TestTar().File("a/b/c/f", "1").Directory("a/b", 0x1C0));
        Assert.Equal(["", "a", "a/b/c"], layer.Needs.Select(static need => Encoding.UTF8.GetString(need.Path)));
        Assert.All(layer.Needs, static need => Assert.IsType<DirectoryNeed>(need));
        Assert.Equal(0x41EDu, Facts(tree, "a").Mode);
        Assert.Equal(0x41C0u, Facts(tree, "a/b").Mode);
        Assert.Equal(default, Facts(tree, "a").Modified);
    }

    [Fact]
    public void Links_whose_target_is_below_are_needs_in_their_order()
    {
        (string tree, UnpackedLayer layer) = Unpack(new TestTar().Directory("./").HardLink("b", "lower/x").HardLink("a", "b").HardLink("c", "lower/y").File("c", "own"));
        Assert.Equal([("b", "lower/x"), ("a", "b")], layer.Needs.Cast<LinkNeed>().Select(static need => (Encoding.UTF8.GetString(need.Path), Encoding.UTF8.GetString(need.Target))));
        Assert.Equal(["c"], Directory.GetFileSystemEntries(tree).Select(Path.GetFileName));
    }

    [Fact]
    public void A_directory_that_is_a_link_in_the_layer_leads_within_it()
    {
        (string tree, _) = Unpack(new TestTar().Directory("usr/bin").Symlink("bin", "usr/bin").Symlink("abs", "/usr/../usr").Symlink("new", "not/yet").File("bin/sh", "s").File("abs/x", "x").File("new/y", "y"));
        Assert.Equal("s", File.ReadAllText($"{tree}/usr/bin/sh"));
        Assert.Equal("x", File.ReadAllText($"{tree}/usr/x"));
        Assert.Equal("y", File.ReadAllText($"{tree}/not/yet/y"));
        Assert.Equal("usr/bin", new FileInfo($"{tree}/bin").LinkTarget);
    }

    [Fact]
    public void Names_as_long_as_the_kernel_takes_them_arrive()
    {
        string part = new('n', 255), deep = string.Join('/', Enumerable.Repeat("d", 2000));
        (string tree, UnpackedLayer layer) = Unpack(new TestTar().File(part, "1").File($"{deep}/f", "2").File(string.Join('/', Enumerable.Repeat(new string('m', 255), 15)), "3"));
        Assert.Equal(1 + 2000 + 14, layer.Needs.Count);
        Assert.Equal(3, TreeState.Of(tree).Count(static line => line.Contains(" 100644 ", StringComparison.Ordinal)));
        Assert.True(TreeEraser.Erase(tree) > 0);
        Assert.False(Directory.Exists(tree));
    }

    [Fact]
    public void A_room_for_layers_is_prepared_where_the_file_system_takes_hints()
    {
        string room = NewDirectory();
        bool taken = LayerRoom.Prepare(room);
        Assert.Equal(taken, LayerRoom.Prepare(room));
        Assert.False(LayerRoom.Prepare($"{room}/not-there"));
        Assert.False(LayerRoom.Prepare("/proc"));
    }

    private static NodeFacts Facts(string tree, string path)
    {
        using Fd top = KernelPath.Open(tree, OpenFlags.Directory);
        Assert.Equal(Errno.None, TreeFacts.Read(top, Encoding.Latin1.GetBytes(path), out NodeFacts facts));
        return facts;
    }

    private static string? Attribute(string tree, string path, string attribute)
    {
        using Fd top = KernelPath.Open(tree, OpenFlags.Directory);
        return ExtendedAttributes.TryRead(top, Encoding.Latin1.GetBytes(path), attribute, out _) is { } value ? Encoding.Latin1.GetString(value) : null;
    }
}
