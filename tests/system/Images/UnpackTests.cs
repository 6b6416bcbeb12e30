// Real layers unpacked by us and by umoci, compared with everything that a node has.
using System.Diagnostics;
using Berth.Images.Compressed;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Images.Tar;
using Berth.Oci.Content;
using Berth.Store.Layers;
using Berth.Store.Tests;

namespace Berth.SystemTests.Images;

public sealed class UnpackTests : IDisposable
{
    private static readonly UnpackOptions s_options = new();

    private readonly string _folder = Directory.CreateTempSubdirectory("berth-unpack-").FullName;
    private int _count;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public UnpackTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root: owners, devices, capabilities");
        Assert.SkipUnless(File.Exists("/usr/bin/umoci"), "umoci is not installed");
        Umoci("init", "--layout", $"{_folder}/layout");
        Umoci("new", "--image", $"{_folder}/layout:v1");
    }

    public void Dispose() => TreeEraser.Erase(_folder);

    [Fact]
    public async Task A_tree_that_has_everything_is_unpacked_as_umoci_unpacks_it()
    {
        AddLayer(Everything());
        await Compare();
    }

    [Fact]
    public async Task Layers_over_layers_are_unpacked_as_umoci_unpacks_them()
    {
        AddLayer(Everything());
        AddLayer(new TestTar()
            .Add(TarKind.Directory, "./", mode: 0x1ED, time: new TarTime(1_600_000_100, 1))
            .Add(TarKind.Directory, "d", mode: 0x1C0, time: new TarTime(1_600_000_100, 2)).File("d/.wh.f")
            .File(".wh.empty").File("l", "a file in a link's place").Add(TarKind.Directory, "opaque", time: new TarTime(1_600_000_100, 2)).File("opaque/.wh..wh..opq").File("opaque/own", "1")
            // Below a link of the first layer, and a link to what only the first layer has.
            .File("todir/below", "1").HardLink("lent", "listed"));
        AddLayer(new TestTar().Directory("./").File("opaque/.wh.own").File("again/and/again", "x").File(".wh.p"));
        // What no member describes gets the time of the unpacking from umoci.
        await Compare(static path => path is "again" or "again/and" or "opaque");
    }

    [Fact]
    public async Task What_umoci_packs_is_unpacked_as_it_was()
    {
        string tar = $"{_folder}/first.tar";
        File.WriteAllBytes(tar, Everything().Bytes());
        Umoci("raw", "add-layer", "--image", $"{_folder}/layout:v1", tar);
        Umoci("unpack", "--image", $"{_folder}/layout:v1", $"{_folder}/bundle");
        File.Delete($"{_folder}/bundle/rootfs/d/f");
        Directory.Delete($"{_folder}/bundle/rootfs/opaque", recursive: true);
        File.WriteAllText($"{_folder}/bundle/rootfs/new", "new");
        Umoci("repack", "--image", $"{_folder}/layout:v1", $"{_folder}/bundle");
        await Compare();
    }

    [Fact]
    public async Task A_part_of_this_system_packed_by_tar_is_unpacked_as_umoci_unpacks_it()
    {
        string[] parts = [.. ((string[])["etc/alternatives", "usr/sbin", "usr/share/perl5"]).Where(static part => Directory.Exists($"/{part}"))];
        Run("tar", ["--xattrs", "--xattrs-include=*", "--format=pax", "--sparse", "-C", "/", "-cf", $"{_folder}/part.tar", .. parts]);
        Umoci("raw", "add-layer", "--image", $"{_folder}/layout:v1", $"{_folder}/part.tar");
        await Compare(static path => path is "etc" or "usr" or "usr/share");
    }

    [Fact]
    public async Task What_we_pack_is_unpacked_by_umoci_as_it_was()
    {
        string tree = NewDirectory();
        LayerUnpacker.Unpack(new MemoryStream(Everything().Bytes()), tree, s_options, Now);
        using (FileStream file = File.Create($"{_folder}/ours.tar")) LayerPacker.Pack(tree, file, new PackOptions(), Now);
        Umoci("raw", "add-layer", "--image", $"{_folder}/layout:v1", $"{_folder}/ours.tar");
        await Compare();
    }

    private static TestTar Everything()
    {
        TarTime time = new(1_600_000_000, 123_456_789);
        string capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        string list = "\x02\0\0\0" + "\x01\0\x06\0\xff\xff\xff\xff" + "\x02\0\x07\0\xd2\x04\0\0" + "\x04\0\x04\0\xff\xff\xff\xff" + "\x10\0\x07\0\xff\xff\xff\xff" + "\x20\0\x04\0\xff\xff\xff\xff";
        TestTar tar = new TestTar()
            .Add(TarKind.Directory, "./", mode: 0x1ED, time: time)
            .Add(TarKind.Directory, "d", mode: 0x5ED, time: time with { Nanoseconds = 1 }, uid: 1, gid: 50, attributes: ("user.d", "1"))
            .Add(TarKind.File, "d/f", new string('x', 300_000), 0x9ED, time: time, uid: 1000, gid: 1000, attributes: [("user.b", "2"), ("user.a", "1")])
            .Add(TarKind.File, "capable", "x", 0x1ED, time: time, uid: 33, attributes: ("security.capability", capability))
            .Add(TarKind.File, "listed", "x", 0x1BC, time: time, attributes: ("system.posix_acl_access", list))
            .Add(TarKind.HardLink, "a", link: "d/f", mode: 0x9ED, time: time, uid: 1000, gid: 1000)
            .Add(TarKind.HardLink, "d/z", link: "a", mode: 0x9ED, time: time, uid: 1000, gid: 1000)
            .Add(TarKind.SymbolicLink, "l", link: "/x/../y", mode: 0x1FF, time: time, uid: 7, gid: 8)
            .Add(TarKind.SymbolicLink, "todir", link: "d", mode: 0x1FF, time: time)
            .Add(TarKind.Fifo, "p", mode: 0x1B0, time: time, uid: 9)
            .Add(TarKind.CharacterDevice, "c", mode: 0x1B6, time: time, device: (1, 3))
            .Add(TarKind.BlockDevice, "b", mode: 0x1B0, time: time, gid: 6, device: (259, 70_000))
            .Add(TarKind.File, "empty", time: time with { Seconds = 1 })
            .Add(TarKind.Directory, "opaque", mode: 0x3FF, time: time).Add(TarKind.File, "opaque/hidden", time: time)
            .Add(TarKind.File, new string('n', 255), "long", time: time)
            .Add(TarKind.Directory, string.Join('/', Enumerable.Repeat("deep", 60)), time: time)
            .Add(TarKind.File, "not\xff\xfe\u0001utf8", "bytes", time: time);
        return tar;
    }

    private void AddLayer(TestTar tar)
    {
        string path = $"{_folder}/{++_count}.tar";
        File.WriteAllBytes(path, tar.Bytes());
        Umoci("raw", "add-layer", "--image", $"{_folder}/layout:v1", path);
    }

    private async Task Compare(Func<string, bool>? withoutTime = null)
    {
        Umoci("unpack", "--image", $"{_folder}/layout:v1", $"{_folder}/theirs");
        List<string> layers = [];
        await using IImageSource source = new OciLayout($"{_folder}/layout").Source("v1");
        foreach (Descriptor layer in (await source.ReadManifestAsync(default, Now)).Manifest!.Layers!)
        {
            await using Stream blob = await source.OpenBlobAsync(layer, 0, Now);
            await using Stream plain = LayerCompression.Open(blob);
            string tree = NewDirectory();
            UnpackedLayer unpacked = LayerUnpacker.Unpack(plain, tree, s_options, Now);
            Assert.Empty(unpacked.LeftOut.Reasons);
            LayerUnpacker.Complete(tree, unpacked.Needs, layers, s_options);
            layers.Insert(0, tree);
        }
        string copy = NewDirectory(), mount = NewDirectory();
        TreeCopy.Copy(layers, copy, false, Now);
        HashSet<string> implied = [.. Enumerable.Range(1, 59).Select(static depth => string.Join('/', Enumerable.Repeat("deep", depth)))];
        // umoci does not set the root's time again when it has put something into the root.
        bool Without(string path) => path.Length == 0 || implied.Contains(path) || withoutTime?.Invoke(path) == true;
        List<string> theirs = TreeState.Of($"{_folder}/theirs/rootfs", withoutTime: Without);
        Assert.True(theirs.Count > 10);
        Assert.Equal(theirs, TreeState.Of(copy, withoutTime: Without));
        OverlayMount.Attach(new OverlayRequest { Lowers = layers }, mount);
        try { Assert.Equal(theirs, TreeState.Of(mount, withoutTime: Without)); }
        finally { OverlayMount.Detach(mount); }
    }

    private string NewDirectory() => Directory.CreateDirectory($"{_folder}/t{++_count}").FullName;

    private static void Umoci(params string[] arguments) => Run("umoci", arguments);

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Now);
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors}{output.Result}");
    }
}
