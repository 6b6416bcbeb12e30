// Paths in trees that are not trusted, and archives that are not.
using System.Text;
using Berth.Engine.Files;
using Berth.Images.Tar;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Tests.Files;

public sealed class RootedTreeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-tree-").FullName;

    public RootedTreeTests()
    {
        Directory.CreateDirectory($"{_folder}/root/etc");
        File.WriteAllText($"{_folder}/root/etc/passwd", "inside");
        File.WriteAllText($"{_folder}/secret", "outside");
        File.CreateSymbolicLink($"{_folder}/root/up", "../../../secret");
        File.CreateSymbolicLink($"{_folder}/root/absolute", "/etc/passwd");
        File.CreateSymbolicLink($"{_folder}/root/loop", "loop");
        File.CreateSymbolicLink($"{_folder}/root/out", _folder);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("/absolute", "/etc/passwd", true)]
    [InlineData("/etc/../../../etc/passwd", "/etc/passwd", true)]
    [InlineData("/up", "/secret", false)]
    [InlineData("etc/./passwd", "/etc/passwd", true)]
    [InlineData("/..", "", true)]
    public void Links_and_dots_stay_inside(string path, string leads, bool isThere)
    {
        using RootedTree tree = Tree();
        using FilePlace place = tree.Resolve(path, follow: true);
        Assert.Equal((leads, isThere), (place.Path, place.Facts is not null));
    }

    [Theory]
    [InlineData("/loop", Fault.Failed)]
    [InlineData("/out/secret", Fault.NotFound)]
    [InlineData("/etc/passwd/x", Fault.InvalidArgument)]
    [InlineData("/no/such", Fault.NotFound)]
    public void Ways_that_are_none_are_said(string path, Fault kind)
    {
        using RootedTree tree = Tree();
        Assert.Equal(kind, Assert.Throws<BerthException>(() => tree.Resolve(path, follow: true).Dispose()).Kind);
    }

    [Fact]
    public void The_last_link_is_a_link_unless_it_is_followed()
    {
        using RootedTree tree = Tree();
        using FilePlace place = tree.Resolve("/absolute", follow: false);
        Assert.True(place.Facts!.Value.IsLink);
    }

    [Fact]
    public void What_will_be_mounted_is_seen_and_dots_lead_back_out_of_it()
    {
        using RootedTree tree = Tree();
        tree.Mounts = new Dictionary<string, SeenMount> { ["/data"] = new(() => _folder, IsReadOnly: true) };
        using FilePlace secret = tree.Resolve("/data/secret", follow: true), back = tree.Resolve("/data/../etc/passwd", follow: true);
        Assert.Equal((true, true, false, true), (secret.Facts is not null, secret.IsReadOnly, back.IsReadOnly, back.Facts is not null));
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("etc/../../evil")]
    [InlineData("out/evil")]
    public void An_archive_does_not_leave_the_folder(string path)
    {
        using MemoryStream tar = new();
        TarWriter writer = new(tar);
        writer.Add(new TarEntry { Path = Encoding.UTF8.GetBytes(path), Mode = 0x1A4 }, "evil"u8);
        writer.Finish();
        tar.Position = 0;
        using Linux.Fd top = KernelPath.Open($"{_folder}/root", OpenFlags.Directory);
        using TreeUnpacker unpacker = new(top, new UnpackRules { Owner = (Self.UserId, Self.GroupId) }, TestContext.Current.CancellationToken);
        Assert.Throws<BerthException>(() => unpacker.Unpack(tar));
        Assert.Empty(Directory.GetFiles(_folder, "evil", SearchOption.TopDirectoryOnly));
    }

    [Fact]
    public void What_is_packed_is_unpacked_the_same_and_links_are_never_written_through()
    {
        File.WriteAllText($"{_folder}/root/etc/two", "two");
        using MemoryStream tar = new();
        using (RootedTree tree = Tree())
        using (FilePlace etc = tree.Resolve("/etc", follow: true))
        {
            TreePacker packer = new(tar, new PackRules(), TestContext.Current.CancellationToken);
            packer.Add(etc, "copy"u8.ToArray());
            packer.Finish();
        }
        tar.Position = 0;
        Directory.CreateDirectory($"{_folder}/to/copy");
        File.CreateSymbolicLink($"{_folder}/to/copy/two", $"{_folder}/secret");
        using Linux.Fd top = KernelPath.Open($"{_folder}/to", OpenFlags.Directory);
        using (TreeUnpacker unpacker = new(top, new UnpackRules { Owner = (Self.UserId, Self.GroupId) }, TestContext.Current.CancellationToken)) unpacker.Unpack(tar);
        Assert.Equal(("inside", "two", "outside"), (File.ReadAllText($"{_folder}/to/copy/passwd"), File.ReadAllText($"{_folder}/to/copy/two"), File.ReadAllText($"{_folder}/secret")));
    }

    [Fact]
    public void Ids_go_to_the_disk_and_back()
    {
        IdShift shift = new([(0, 100_000, 1000)], [(0, 100_000, 1000)]);
        Assert.Equal(((100_005u, 100_000u), (5u, 0u), (65534u, 65534u)), (shift.Outside(5, 0), shift.Inside(100_005, 100_000), shift.Inside(1, 1)));
    }

    private RootedTree Tree() => new(KernelPath.Open($"{_folder}/root", OpenFlags.Path | OpenFlags.Directory));
}
