// Root file systems over images, and images made of them.
using Berth.Images.Copying;
using Berth.Oci.Faults;
using Berth.Oci.References;
using Berth.Store.Copying;
using Berth.Store.Garbage;
using Berth.Store.Records;
using Berth.Store.Snapshots;

namespace Berth.Store.Tests;

public sealed class SnapshotTests : Sandbox
{
    private static readonly ImageReference s_name = ImageReference.Parse("example.org/a:1");
    private static readonly DateTimeOffset s_time = new(2020, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private ImageStore Open(bool copies = false) => ImageStore.Open(new StoreOptions { Root = $"{Folder}/store", UserAttributes = !IsRoot, UseCopies = copies });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_written_in_a_snapshot_becomes_a_layer(bool copies)
    {
        NeedRoot("it mounts");
        ImageStore store = Open(copies);
        StoredImage image = await PullAsync(store);
        store.Snapshots.Prepare("work", image);
        string target = store.Snapshots.Mount("work", null);
        try
        {
            Assert.Equal("1", File.ReadAllText($"{target}/etc/kept"));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(target));
            File.WriteAllText($"{target}/etc/new", "new");
            File.Delete($"{target}/etc/gone");
            Directory.Delete($"{target}/old", recursive: true);
            Directory.CreateDirectory($"{target}/old");
            File.WriteAllText($"{target}/old/fresh", "fresh");
            Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => store.Snapshots.Mount("work", target)).Kind);
            Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => store.Snapshots.Remove("work", force: false)).Kind);
        }
        finally { Assert.True(store.Snapshots.Unmount("work")); }
        StoredImage made = await store.CommitAsync("work", ImageReference.Parse("example.org/made:1"), new CommitOptions { Created = s_time, Comment = "by hand", Change = static config => config with { Cmd = ["made"] } }, Now);
        Assert.Equal(image.Layers[0], made.Layers[0]);
        Assert.Equal(["made"], store.ReadConfig(made).Config!.Cmd);
        Assert.Equal("by hand", store.ReadConfig(made).History![^1].Comment);

        store.Snapshots.View("see", made);
        string seen = store.Snapshots.Mount("see", null);
        try
        {
            Assert.Equal(["fresh"], Directory.GetFileSystemEntries($"{seen}/old").Select(Path.GetFileName));
            Assert.Equal(["kept", "new"], Directory.GetFileSystemEntries($"{seen}/etc").Select(Path.GetFileName).Order());
            Assert.Throws<IOException>(() => File.WriteAllText($"{seen}/etc/no", "no"));
        }
        finally { store.Snapshots.Remove("see", force: true); }
        Assert.Empty(MountTable.TargetsOf($"{Folder}/store/snapshots/see/upper"));

        // The same work gives the same image, whenever and as often as it is committed.
        StoredImage again = await store.CommitAsync("work", null, new CommitOptions { Created = s_time, Comment = "by hand", Change = static config => config with { Cmd = ["made"] } }, Now);
        Assert.Equal(made.Manifest.Digest, again.Manifest.Digest);
        store.Snapshots.Remove("work", force: false);
        Assert.Empty((await store.CheckAsync(new CheckOptions(), Now)).Findings);
    }

    [Fact]
    public async Task A_snapshot_of_nothing_becomes_an_image_of_one_layer()
    {
        NeedRoot("it mounts");
        ImageStore store = Open();
        store.Snapshots.Prepare("scratch", null);
        string target = store.Snapshots.Mount("scratch", null);
        try { File.WriteAllText($"{target}/file", "content"); }
        finally { store.Snapshots.Unmount("scratch"); }
        StoredImage made = await store.CommitAsync("scratch", s_name, new CommitOptions(), Now);
        Assert.Equal("content", File.ReadAllText($"{store.FilesOf(Assert.Single(made.Layers))}/file"));
    }

    [Fact]
    public async Task A_snapshot_that_can_only_be_read_is_not_committed()
    {
        ImageStore store = Open();
        store.Snapshots.View("see", await PullAsync(store));
        BerthException refused = await Assert.ThrowsAsync<BerthException>(() => store.CommitAsync("see", null, new CommitOptions(), Now));
        Assert.Equal(Fault.InvalidArgument, refused.Kind);
        Assert.Empty(Directory.GetFileSystemEntries($"{Folder}/store/making"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData(".")]
    [InlineData("a/b")]
    [InlineData("-x")]
    public void A_name_is_a_name(string name) => Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Open().Snapshots.Prepare(name, null)).Kind);

    [Fact]
    public void Fifty_snapshots_at_the_same_time_have_fifty_names()
    {
        Parallel.For(0, 50, new ParallelOptions { MaxDegreeOfParallelism = 50 }, i => Open().Snapshots.Prepare($"s{i}", null));
        Assert.Equal(50, Open().Snapshots.Walk().Count);
        Parallel.For(0, 50, i => Open().Snapshots.Remove($"s{i}", force: false));
        Assert.Empty(Open().Snapshots.Walk());
        Assert.Empty(Directory.GetFileSystemEntries($"{Folder}/store/trash"));
    }

    private static async Task<StoredImage> PullAsync(ImageStore store)
    {
        TestImage source = TestImage.Of(new TestTar().Directory("./", 0x140).Directory("etc").File("etc/kept", "1").File("etc/gone", "2").Directory("old").File("old/a", "3"), new TestTar().File("top", "4"));
        await using StoreTarget target = store.Target(s_name, isFromRegistry: true);
        await ImageCopier.CopyAsync(source, target, ct: Now);
        return target.Image!;
    }
}
