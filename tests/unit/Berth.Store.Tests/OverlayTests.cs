// Layers mounted by the kernel, beside what we think that they show.
using System.Diagnostics;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Store.Layers;

namespace Berth.Store.Tests;

public sealed class OverlayTests : Sandbox
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_kernel_shows_what_a_copy_has(bool classic)
    {
        string[] layers = Layers();
        string copy = NewDirectory(), mount = NewDirectory();
        TreeCopy.Copy(layers, copy, false, Now);
        Mounted(new OverlayRequest { Lowers = layers }, mount, classic, () =>
        {
            Assert.Equal(TreeState.Of(copy), TreeState.Of(mount));
            Assert.Throws<IOException>(() => File.WriteAllText($"{mount}/x", ""));
        });
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void What_is_written_becomes_a_layer_that_gives_the_same_view(bool classic, bool longNames)
    {
        string[] layers = Layers();
        string mount = NewDirectory(), writable = NewDirectory();
        if (longNames) Directory.CreateDirectory(writable += "/" + new string('w', 250));
        OverlayMount.MakeWritable(writable, layers[0]);
        List<string> view = [];
        Mounted(new OverlayRequest { Lowers = layers, Writable = writable, Volatile = true }, mount, classic, () =>
        {
            File.Delete($"{mount}/a/2");
            Directory.Delete($"{mount}/o", recursive: true);
            Directory.CreateDirectory($"{mount}/o");
            File.WriteAllText($"{mount}/o/new", "new");
            File.AppendAllText($"{mount}/a/3", "more");
            Directory.CreateDirectory($"{mount}/a/moved");
            Directory.Move($"{mount}/a/moved", $"{mount}/renamed");
            File.CreateSymbolicLink($"{mount}/l", "/x");
            view = TreeState.Of(mount);
        });
        MemoryStream archive = new();
        LayerPacker.Pack($"{writable}/upper", archive, new PackOptions(), Now);
        archive.Position = 0;
        string layer = NewDirectory(), copy = NewDirectory();
        Assert.Empty(LayerUnpacker.Unpack(archive, layer, Options, Now).Needs);
        TreeCopy.Copy([layer, .. layers], copy, false, Now);
        Assert.Equal(view, TreeState.Of(copy));
    }

    [Fact]
    public void One_layer_is_seen_read_only()
    {
        string layer = Unpack(new TestTar().Directory("./").File("x", "1")).Tree, mount = NewDirectory();
        Mounted(new OverlayRequest { Lowers = [layer] }, mount, false, () =>
        {
            Assert.Equal(TreeState.Of(layer), TreeState.Of(mount));
            Assert.Throws<IOException>(() => File.WriteAllText($"{mount}/x", ""));
        });
    }

    [Fact]
    public void Many_layers_with_long_names_are_mounted()
    {
        List<string> layers = [];
        for (int i = 0; i < 120; i++)
        {
            string path = $"{Folder}/{new string('l', 100)}{i}";
            Directory.CreateDirectory(path);
            File.WriteAllText($"{path}/{i}", "");
            layers.Add(path);
        }
        foreach (bool classic in (bool[])[false, true])
        {
            string mount = NewDirectory();
            Mounted(new OverlayRequest { Lowers = layers }, mount, classic, () => Assert.Equal(120, Directory.GetFiles(mount).Length));
        }
    }

    [Fact]
    public void Ids_are_mapped_for_a_user_namespace_and_stay_as_they_are_on_the_disk()
    {
        NeedRoot("mounts");
        using Process holder = Process.Start(new ProcessStartInfo("unshare", ["-U", "sh", "-c", "echo; read x"]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        try
        {
            holder.StandardOutput.ReadLine();
            File.WriteAllText($"/proc/{holder.Id}/uid_map", "0 100000 65536");
            File.WriteAllText($"/proc/{holder.Id}/gid_map", "0 100000 65536");
            using Fd users = KernelPath.Open($"/proc/{holder.Id}/ns/user", 0);
            string[] layers = [Unpack(new TestTar().Add(TarKind.Directory, "./", mode: 0x1FF).Add(TarKind.File, "f", uid: 5, gid: 6)).Tree, Unpack(new TestTar().Directory("./").File("g")).Tree];
            string mount = NewDirectory(), writable = NewDirectory(), single = NewDirectory();
            IdMapping ids = new([new IdRange(0, 100_000, 65536)], [new IdRange(0, 100_000, 65536)]);
            OverlayMount.MakeWritable(writable, layers[0], ids);
            File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
            Mounted(new OverlayRequest { Lowers = layers, Writable = writable, UserNamespace = users }, mount, false, () =>
            {
                Assert.Contains(TreeState.Of(mount), static line => line.StartsWith("f 100644 100005:100006 ", StringComparison.Ordinal));
                Run("setpriv", "--reuid=100007", "--regid=100008", "--clear-groups", "sh", "-c", $"echo hello > {mount}/own");
            });
            using MemoryStream archive = new();
            LayerPacker.Pack($"{writable}/upper", archive, new PackOptions { Ids = ids }, Now);
            archive.Position = 0;
            string layer = NewDirectory();
            LayerUnpacker.Unpack(archive, layer, Options, Now);
            Assert.Contains(TreeState.Of(layer), static line => line.StartsWith("own 100644 7:8 ", StringComparison.Ordinal));
            Assert.StartsWith(". 40777 0:0 ", TreeState.Of(layer)[0], StringComparison.Ordinal);
            Mounted(new OverlayRequest { Lowers = [layers[0]], UserNamespace = users }, single, false, () => Assert.Contains(TreeState.Of(single), static line => line.StartsWith("f 100644 100005:100006 ", StringComparison.Ordinal)));
        }
        finally
        {
            holder.Kill(entireProcessTree: true);
            holder.WaitForExit();
        }
    }

    [Fact]
    public void What_cannot_be_mounted_is_said()
    {
        NeedRoot("mounts");
        string mount = NewDirectory();
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => OverlayMount.Attach(new OverlayRequest { Lowers = [$"{Folder}/not-there", $"{Folder}/neither"] }, mount)).Kind);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => OverlayMount.Attach(new OverlayRequest { Lowers = [$"{Folder}/not-there"] }, mount)).Kind);
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => OverlayMount.Attach(new OverlayRequest { Lowers = [] }, mount)).Kind);
        Assert.False(OverlayMount.Detach(mount));
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static void Mounted(OverlayRequest request, string mount, bool classic, Action look)
    {
        NeedRoot("mounts");
        if (classic) OverlayMount.AttachClassic(request, mount);
        else OverlayMount.Attach(request, mount);
        try { look(); }
        finally { Assert.True(OverlayMount.Detach(mount)); }
    }

    private string[] Layers()
    {
        NeedRoot("mounts");
        return
        [
            Unpack(new TestTar().Directory("./").Directory("a").File("a/1", "again").HardLink("a/4", "a/1").Directory("g").File("g/y")).Tree,
            Unpack(new TestTar().Directory("./").Directory("a", 0x1C0).File("a/.wh.1").File("a/3").Directory("o").File("o/.wh..wh..opq").File("o/own").File(".wh.f").File("g", "file").Add(TarKind.File, "owned", mode: 0x9ED, uid: 3, gid: 4, attributes: ("user.x", "1"))).Tree,
            Unpack(new TestTar().Directory("./").Directory("a").File("a/1").File("a/2").Directory("o").File("o/hidden").File("f").Directory("g").File("g/x")).Tree,
        ];
    }
}
