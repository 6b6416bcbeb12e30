// The store as its users see it: what comes, what stays, what goes, and what is left when something goes wrong.
using System.Diagnostics;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;
using Berth.Store.Copying;
using Berth.Store.Garbage;
using Berth.Store.Records;

namespace Berth.Store.Tests;

public sealed class StoreTests : Sandbox
{
    private static readonly ImageReference s_name = ImageReference.Parse("example.org/a:1"), s_other = ImageReference.Parse("example.org/b:2");

    private string Root => $"{Folder}/store";

    private ImageStore Open(TimeProvider? clock = null) => ImageStore.Open(new StoreOptions { Root = Root, UserAttributes = !IsRoot, Clock = clock ?? TimeProvider.System });

    [Fact]
    public async Task An_image_comes_with_its_names_and_its_layers_are_unpacked()
    {
        ImageStore store = Open();
        TestImage source = TestImage.Of(new TestTar().Directory("./").File("etc/a", "1"), new TestTar().Directory("./").File("b", "22"));
        StoredImage image = await PullAsync(store, source, s_name);
        Assert.Equal(["example.org/a:1"], image.Names);
        Assert.Equal([$"example.org/a@{source.Manifest.Digest}"], image.RepoDigests);
        Assert.Equal(3, image.Size);
        Assert.Equal("22", File.ReadAllText($"{store.FilesOf(image.Layers[1])}/b"));
        Assert.Equal(source.Manifest.Bytes.ToArray(), store.ReadManifest(image).Bytes.ToArray());
        Assert.Equal(["sh"], store.ReadConfig(image).Config!.Cmd);
        // Another process sees the same.
        StoredImage found = Open().Find(image.Id.Short);
        Assert.Equal(image.Id, found.Id);
        Assert.Equal(image.Layers[1].Blob, found.Layers[1].Blob);
        await CleanAsync(store);
    }

    [Theory]
    [InlineData("example.org/a:1")]
    [InlineData("example.org/a@sha256:")]
    [InlineData("a:1")]
    [InlineData("sha256:")]
    public async Task An_image_is_found_by_what_people_type(string typed)
    {
        ImageStore store = Open();
        StoredImage image = await PullAsync(store, Simple(), s_name);
        string text = typed.EndsWith("@sha256:", StringComparison.Ordinal) ? typed[..^7] + image.Manifest.Digest : typed.EndsWith(':') ? image.Id.ToString() : typed;
        Assert.Equal(image.Id, store.Find(text).Id);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => store.Find("example.org/a:nothing")).Kind);
    }

    [Fact]
    public async Task A_name_belongs_to_the_image_that_came_last()
    {
        ImageStore store = Open();
        StoredImage first = await PullAsync(store, Simple("1"), s_name), second = await PullAsync(store, Simple("2"), s_name);
        Assert.Equal(second.Id, store.Find("example.org/a:1").Id);
        Assert.True(store.Find(first.Id.ToString()).IsDangling);
        PruneReport pruned = store.Prune(new PrunePolicy(), dryRun: false, Now);
        Assert.Equal([first.Id], pruned.Items.Select(static item => item.Image));
        Assert.Equal([second.Id], store.List().Select(static image => image.Id));
        await CleanAsync(store);
    }

    [Fact]
    public async Task What_images_share_goes_with_the_last_of_them()
    {
        ImageStore store = Open();
        TestTar Shared() => new TestTar().Directory("./").File("shared", new string('s', 100_000));
        StoredImage one = await PullAsync(store, TestImage.Of(Shared(), new TestTar().Directory("./").File("own", "1")), s_name);
        TestImage second = TestImage.Of(Shared(), new TestTar().Directory("./").File("own", "2"));
        StoredImage two = await PullAsync(store, second, s_other);
        Assert.Equal(1, second.Fetched);
        StoreUsage usage = store.Measure(Now);
        Assert.True(usage.Each[one.Id].Shared > 100_000);
        RemovalReport removed = store.Remove(s_name);
        Assert.Equal(["example.org/a:1"], removed.Untagged.Take(1));
        Assert.Equal([one.Id], removed.Deleted);
        Assert.True(File.Exists($"{store.FilesOf(two.Layers[0])}/shared"));
        Assert.False(Directory.Exists(store.FilesOf(one.Layers[1])));
        long before = store.Measure(Now).TotalBytes;
        long freed = store.Remove(s_other).Bytes;
        Assert.Equal(before - freed, store.Measure(Now).TotalBytes);
        Assert.Empty(Leftovers());
    }

    [Fact]
    public async Task What_an_archive_made_up_does_not_replace_the_manifest_of_a_registry()
    {
        ImageStore store = Open();
        static TestTar Tar() => new TestTar().Directory("./").File("file", "content");
        StoredImage pulled = await PullAsync(store, TestImage.Of("sh", Compression.Gzip, Tar()), s_name);
        await using (StoreTarget target = store.Target(s_other, isFromRegistry: false))
        {
            await ImageCopier.CopyAsync(TestImage.Of("sh", Compression.None, Tar()), target, ct: Now);
            Assert.Equal(pulled.Manifest.Digest, target.Image!.Manifest.Digest);
            Assert.Equal(["example.org/a:1", "example.org/b:2"], target.Image.Names);
        }
        await CleanAsync(store);
        // From a registry another manifest of the same image takes its place.
        StoredImage again = await PullAsync(store, TestImage.Of("sh", Compression.Zstd, Tar()), s_name);
        Assert.NotEqual(pulled.Manifest.Digest, again.Manifest.Digest);
        await CleanAsync(store);
    }

    [Fact]
    public async Task An_image_with_several_names_loses_them_one_by_one()
    {
        ImageStore store = Open();
        StoredImage image = await PullAsync(store, Simple(), s_name);
        image = store.Tag(image, s_other);
        Assert.Equal(2, image.Names.Count);
        Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => store.Remove(image, force: false)).Kind);
        Assert.Empty(store.Remove(s_name).Deleted);
        Assert.Equal([image.Id], store.Remove(s_other).Deleted);
    }

    [Fact]
    public async Task What_broke_off_is_gone_on_with_where_it_broke_off()
    {
        TestImage source = Large();
        int size = source.Blobs[source.Layers[0]].Length;
        source.BreaksAfter = size / 2;
        await Assert.ThrowsAsync<BerthException>(() => PullAsync(Open(), source, s_name));
        Assert.Empty(Open().List());
        Assert.Equal(1, Open().Measure(Now).Unfinished);
        long first = source.BytesRead;
        source.BreaksAfter = null;
        await PullAsync(Open(), source, s_name);
        Assert.Equal(size, source.BytesRead);
        Assert.InRange(first, 1, size - 1);
        Assert.Equal(0, Open().Measure(Now).Unfinished);
        await CleanAsync(Open());
    }

    [Fact]
    public async Task A_beginning_that_was_spoiled_meanwhile_is_fetched_anew()
    {
        TestImage source = Large();
        source.BreaksAfter = 50_000;
        await Assert.ThrowsAsync<BerthException>(() => PullAsync(Open(), source, s_name));
        string part = Assert.Single(Directory.GetFiles($"{Root}/coming"));
        byte[] bytes = File.ReadAllBytes(part);
        bytes[100] ^= 1;
        File.WriteAllBytes(part, bytes);
        source.BreaksAfter = null;
        await PullAsync(Open(), source, s_name);
        await CleanAsync(Open());
    }

    [Fact]
    public async Task What_nobody_goes_on_with_is_taken_away_after_a_day()
    {
        TestImage source = Large();
        source.BreaksAfter = 50_000;
        await Assert.ThrowsAsync<BerthException>(() => PullAsync(Open(), source, s_name));
        Assert.NotEmpty(Directory.GetFiles($"{Root}/coming"));
        ImageStore later = Open(new Later(TimeSpan.FromHours(25)));
        Assert.Empty(Leftovers());
        Assert.Equal(0, later.Measure(Now).UnfinishedBytes);
    }

    [Fact]
    public async Task Wrong_content_is_refused_and_nothing_of_it_stays()
    {
        TestImage source = Simple();
        source.Blobs[source.Layers[0]][^1] ^= 1;
        BerthException refused = await Assert.ThrowsAsync<BerthException>(() => PullAsync(Open(), source, s_name));
        Assert.Equal(Fault.InvalidArgument, refused.Kind);
        NothingCame();
    }

    [Fact]
    public async Task A_layer_that_is_not_the_one_that_was_promised_is_refused_and_nothing_of_it_stays()
    {
        TestImage honest = Simple();
        Descriptor layer = honest.Manifest.Manifest!.Layers![0];
        TestImage liar = TestImage.Of("sh", [layer], [Digest.Of("another"u8)], honest.Blobs);
        BerthException refused = await Assert.ThrowsAsync<BerthException>(() => PullAsync(Open(), liar, s_name));
        Assert.Contains("its tar has the digest", refused.Message, StringComparison.Ordinal);
        NothingCame();
    }

    [Fact]
    public async Task A_hostile_layer_is_refused_and_nothing_of_it_stays()
    {
        TestImage source = TestImage.Of(new TestTar().Directory("./").File("good", new string('x', 500_000)), new TestTar().File("../../../../escaped", "bad"));
        BerthException refused = await Assert.ThrowsAsync<BerthException>(() => PullAsync(Open(), source, s_name));
        Assert.Equal(Fault.InvalidArgument, refused.Kind);
        Assert.Empty(Open().List());
        Assert.Empty(Directory.GetFileSystemEntries($"{Root}/making"));
        Open().Prune(new PrunePolicy(), dryRun: false, Now);
        NothingCame();
    }

    [Fact]
    public async Task Fifty_pulls_of_one_image_at_the_same_time_fetch_it_once()
    {
        TestImage source = TestImage.Of(Enumerable.Range(0, 5).Select(static i => new TestTar().Directory("./").File($"f{i}", new string((char)('a' + i), 200_000))).ToArray());
        Task<StoredImage>[] pulls = [.. Enumerable.Range(0, 50).Select(i => Task.Run(() => PullAsync(Open(), source, ImageReference.Parse($"example.org/a:{i}"))))];
        await Task.WhenAll(pulls);
        Assert.Equal(5, source.Fetched);
        Assert.Equal(50, Assert.Single(Open().List()).Names.Count);
        await CleanAsync(Open());
    }

    [Fact]
    public async Task Who_reads_an_image_reads_all_of_it_though_it_is_removed()
    {
        ImageStore store = Open();
        TestImage source = Simple();
        StoredImage image = await PullAsync(store, source, s_name);
        await using (IImageSource reading = store.Source(image))
        {
            store.Remove(image, force: true);
            Assert.Empty(store.List());
            await using Stream blob = await reading.OpenBlobAsync(image.Layers[0].Blob, 0, Now);
            MemoryStream bytes = new();
            await blob.CopyToAsync(bytes, Now);
            Assert.Equal(source.Blobs[source.Layers[0]], bytes.ToArray());
        }
        Assert.Empty(Directory.GetFileSystemEntries($"{Root}/blobs/sha256"));
        await CleanAsync(store);
    }

    [Fact]
    public async Task An_artifact_is_kept_whole_and_goes_whole()
    {
        ImageStore store = Open();
        Descriptor Blob(TestImage of, string type, byte[] bytes)
        {
            Descriptor blob = new() { MediaType = type, Digest = Digest.Of(bytes), Size = bytes.Length };
            of.Blobs[blob.Digest] = bytes;
            return blob;
        }
        TestImage source = Simple();
        source.Manifest = ManifestDocument.Of(new ImageManifest
        {
            MediaType = MediaType.Manifest, ArtifactType = "application/x-example", Config = Blob(source, MediaType.Empty, "{}"u8.ToArray()), Layers = [Blob(source, "text/plain", "words"u8.ToArray())],
        });
        StoredImage artifact = await PullAsync(store, source, s_name);
        Assert.Equal(source.Manifest.Digest, artifact.Id);
        await CleanAsync(store);
        await using (IImageSource reading = store.Source(artifact))
        {
            await using Stream config = await reading.OpenBlobAsync(source.Manifest.Manifest!.Config!, 0, Now);
            Assert.Equal((byte)'{', config.ReadByte());
        }
        store.Remove(s_name);
        Assert.Empty(Directory.GetFileSystemEntries($"{Root}/blobs/sha256"));
    }

    [Fact]
    public async Task A_flipped_bit_of_a_blob_is_found_and_the_next_pull_mends_it()
    {
        ImageStore store = Open();
        TestImage source = Simple();
        StoredImage image = await PullAsync(store, source, s_name);
        string path = $"{Root}/blobs/sha256/{image.Layers[0].Blob.Digest.Encoded}";
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^3] ^= 4;
        File.WriteAllBytes(path, bytes);
        Assert.True((await store.CheckAsync(new CheckOptions { Quick = true }, Now)).IsClean);
        CheckFinding finding = Assert.Single((await store.CheckAsync(new CheckOptions(), Now)).Findings);
        Assert.Contains("its content has the digest", finding.Problem, StringComparison.Ordinal);
        Assert.True((await store.CheckAsync(new CheckOptions { Repair = true }, Now)).IsClean);
        Assert.False((await store.CheckAsync(new CheckOptions(), Now)).IsClean);
        await PullAsync(store, source, s_name);
        Assert.Equal(2, source.Fetched);
        await CleanAsync(store);
    }

    [Fact]
    public async Task A_missing_tree_is_unpacked_anew()
    {
        ImageStore store = Open();
        StoredImage image = await PullAsync(store, Simple(), s_name);
        Directory.Delete($"{store.FilesOf(image.Layers[0])}/..", recursive: true);
        Assert.False((await store.CheckAsync(new CheckOptions { Quick = true }, Now)).IsClean);
        Assert.True((await store.CheckAsync(new CheckOptions { Quick = true, Repair = true }, Now)).IsClean);
        Assert.Equal("content", File.ReadAllText($"{store.FilesOf(image.Layers[0])}/file"));
        await CleanAsync(store);
    }

    [Fact]
    public async Task A_damaged_list_of_images_says_so_and_what_can_be_read_is_kept()
    {
        ImageStore store = Open();
        await PullAsync(store, Simple("1"), s_name);
        StoredImage kept = await PullAsync(store, Simple("2"), s_other);
        string[] lines = File.ReadAllLines($"{Root}/images.jsonl");
        lines[1] = lines[1][..40];
        File.WriteAllLines($"{Root}/images.jsonl", lines);
        Assert.Equal(Fault.WrongState, Assert.Throws<BerthException>(() => store.List()).Kind);
        Assert.True((await store.CheckAsync(new CheckOptions { Repair = true }, Now)).IsClean);
        Assert.Equal([kept.Id], store.List().Select(static image => image.Id));
        // What the lost line spoke of is left to the next one who looks: he may have mended the line by hand.
        Assert.True(File.Exists($"{Root}/images.jsonl.damaged"));
        await store.CheckAsync(new CheckOptions { Repair = true }, Now);
        await CleanAsync(store);
    }

    [Fact]
    public async Task An_image_that_cannot_be_mended_is_forgotten_by_force_only()
    {
        ImageStore store = Open();
        StoredImage image = await PullAsync(store, Simple(), s_name);
        File.Delete($"{Root}/blobs/sha256/{image.Id.Encoded}");
        Assert.False((await store.CheckAsync(new CheckOptions { Repair = true }, Now)).IsClean);
        await store.CheckAsync(new CheckOptions { Repair = true, Force = true }, Now);
        Assert.Empty(store.List());
        await CleanAsync(store);
    }

    [Fact]
    public async Task A_policy_lets_the_oldest_go_until_there_is_room_and_spares_what_is_pinned_or_stood_on()
    {
        ImageStore store = Open();
        List<StoredImage> images = [];
        for (int i = 0; i < 5; i++) images.Add(await PullAsync(store, TestImage.Of(new TestTar().Directory("./").File("f", i + new string('x', 300_000))), ImageReference.Parse($"example.org/a:{i}")));
        store.Pin(images[0], true);
        store.Snapshots.View("stands", images[1]);
        long total = store.Measure(Now).TotalBytes, each = store.Measure(Now).Each[images[2].Id].Unique;
        PrunePolicy policy = new() { All = true, KeepStorage = total - each - each / 2 };
        PruneReport told = store.Prune(policy, dryRun: true, Now), done = store.Prune(policy, dryRun: false, Now);
        Assert.Equal([images[2].Id, images[3].Id], done.Items.Select(static item => item.Image));
        Assert.Equal(told.Items.Select(static item => item.Image), done.Items.Select(static item => item.Image));
        Assert.Equal(told.Bytes, done.Bytes);
        // The list of images has become shorter as well, by a block at most.
        Assert.InRange(total - done.Bytes - store.Measure(Now).TotalBytes, 0, 4096);
        Assert.Equal([images[4].Id], store.Prune(new PrunePolicy { All = true }, dryRun: true, Now).Items.Select(static item => item.Image));
        Assert.Empty(store.Prune(new PrunePolicy { All = true, KeepLast = 1 }, dryRun: true, Now).Items);
        Assert.Empty(store.Prune(new PrunePolicy { All = true, OlderThan = TimeSpan.FromHours(1) }, dryRun: true, Now).Items);
    }

    [Fact]
    public async Task A_store_with_a_policy_keeps_to_it_by_itself_whenever_an_image_comes()
    {
        ImageStore store = Open();
        List<StoredImage> images = [];
        Task<StoredImage> Next() => PullAsync(store, TestImage.Of(new TestTar().Directory("./").File("f", images.Count + new string('x', 300_000))), ImageReference.Parse($"example.org/a{images.Count}:1"));
        for (int i = 0; i < 3; i++) images.Add(await Next());
        StoreUsage usage = store.Measure(Now);
        store.Pin(images[0], true);
        StorePolicy policy = new() { KeepStorage = usage.TotalBytes + 8192 };
        Assert.Empty(store.TellPolicy(policy, Now).Items);
        store.SetPolicy(policy);
        Assert.Equal(policy, store.Policy);
        images.Add(await Next());
        Assert.Equal([images[0].Id, images[2].Id, images[3].Id], store.List().Select(static image => image.Id));
        // Though it alone is too much: who has just come is wanted.
        store.SetPolicy(new StorePolicy { KeepStorage = 1 });
        images.Add(await Next());
        Assert.Equal([images[0].Id, images[4].Id], store.List().Select(static image => image.Id));
        Assert.Contains(images[4].Id, store.TellPolicy(store.Policy!, Now).Items.Select(static item => item.Image));
        store.SetPolicy(new StorePolicy());
        Assert.Null(store.Policy);
        ImageStore later = Open(new Later(TimeSpan.FromDays(8)));
        later.SetPolicy(new StorePolicy { MaxAge = TimeSpan.FromDays(7) });
        Assert.Equal([images[4].Id], later.TellPolicy(later.Policy!, Now).Items.Select(static item => item.Image));
        await CleanAsync(store);
    }

    [Fact]
    public async Task A_snapshot_keeps_the_layers_of_an_image_that_is_gone()
    {
        ImageStore store = Open();
        StoredImage image = await PullAsync(store, Simple(), s_name);
        store.Snapshots.Prepare("one", image);
        Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => store.Snapshots.Prepare("one", image)).Kind);
        Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => store.Remove(image, force: false)).Kind);
        store.Remove(image, force: true);
        Assert.True(File.Exists($"{store.FilesOf(image.Layers[0])}/file"));
        await CleanAsync(store);
        store.Snapshots.Remove("one", force: false);
        Assert.False(Directory.Exists(store.FilesOf(image.Layers[0])));
    }

    [Fact]
    public async Task A_layer_that_says_nothing_of_its_root_is_shared_and_one_that_borrows_more_is_not()
    {
        ImageStore store = Open();
        static TestTar Below(string text) => new TestTar().Directory("./", 0x1C0).Directory("d", 0x1C0).File("below", text);
        static TestTar Plain() => new TestTar().File("plain", "1");
        static TestTar Borrowing() => new TestTar().File("d/f", "2");
        StoredImage one = await PullAsync(store, TestImage.Of(Below("a"), Plain(), Borrowing()), s_name), two = await PullAsync(store, TestImage.Of(Below("b"), Plain(), Borrowing()), s_other);
        Assert.Equal(store.FilesOf(one.Layers[1]), store.FilesOf(two.Layers[1]));
        Assert.NotEqual(store.FilesOf(one.Layers[2]), store.FilesOf(two.Layers[2]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode($"{store.FilesOf(two.Layers[2])}/d"));
        await CleanAsync(store);
    }

    [Fact]
    public async Task After_a_power_cut_folders_without_content_are_not_believed()
    {
        TestImage source = Simple(), broken = Large();
        await PullAsync(Open(), source, s_name);
        string tree = Open().FilesOf(Open().List()[0].Layers[0])!;
        File.WriteAllBytes($"{Root}/blobs/sha256/{source.Layers[0].Encoded}", []);
        File.WriteAllBytes($"{tree}/file", []);
        broken.BreaksAfter = 50_000;
        await Assert.ThrowsAsync<BerthException>(() => PullAsync(Open(), broken, s_other));
        File.WriteAllText($"{Root}/unsynced", "another boot\n");
        ImageStore store = Open();
        Assert.Empty(store.List());
        Assert.False(Directory.Exists(tree));
        Assert.Empty(Leftovers());
        await PullAsync(store, source, s_name);
        Assert.Equal("content", File.ReadAllText($"{tree}/file"));
        await CleanAsync(store);
    }

    [Fact]
    public async Task What_was_named_or_begun_to_be_used_while_a_policy_was_at_work_stays()
    {
        ImageStore store = Open();
        StoredImage image = await PullAsync(store, Simple(), s_name);
        // The filter is asked when images are chosen: as if somebody came in between that and the removal.
        PrunePolicy policy = new() { All = true, Filter = chosen => { store.Pin(chosen, true); return true; } };
        Assert.Empty(store.Prune(policy, dryRun: false, Now).Items);
        Assert.Equal([image.Id], store.List().Select(static other => other.Id));
    }

    [Fact]
    public async Task What_cannot_be_erased_keeps_nobody_from_working()
    {
        NeedRoot("only root makes a file that cannot be removed");
        ImageStore store = Open();
        await PullAsync(store, Simple(), s_name);
        string stuck = $"{Root}/trash/stuck";
        File.WriteAllText(stuck, "");
        using (Process lockIt = Process.Start("chattr", ["+i", stuck])) await lockIt.WaitForExitAsync(Now);
        try { Assert.Single(Open().List()); }
        finally
        {
            using Process unlockIt = Process.Start("chattr", ["-i", stuck]);
            await unlockIt.WaitForExitAsync(CancellationToken.None);
        }
        Open();
        Assert.False(File.Exists(stuck));
    }

    [Fact]
    public async Task After_a_power_cut_what_came_last_is_mended_or_forgotten()
    {
        TestImage lost = Simple("lost"), mended = TestImage.Of(new TestTar().Directory("./").File("mended", "content"));
        await PullAsync(Open(), lost, s_name);
        StoredImage kept = await PullAsync(Open(), mended, s_other);
        // As a disk looks that was not told in time: files of no length, folders without their files.
        File.WriteAllBytes($"{Root}/blobs/sha256/{lost.Layers[0].Encoded}", []);
        Directory.Delete($"{Root}/trees", recursive: true);
        File.WriteAllText($"{Root}/unsynced", "another boot\n");
        Directory.CreateDirectory($"{Root}/trees/diff");
        ImageStore store = Open();
        Assert.Equal([kept.Id], store.List().Select(static image => image.Id));
        Assert.Equal("content", File.ReadAllText($"{store.FilesOf(kept.Layers[0])}/mended"));
        await CleanAsync(store);
        await PullAsync(store, lost, s_name);
        await CleanAsync(store);
    }

    private TestImage Simple(string command = "sh") => TestImage.Of(command, Compression.Gzip, new TestTar().Directory("./").File("file", "content"));

    private static TestImage Large()
    {
        byte[] noise = new byte[300_000];
        new Random(1).NextBytes(noise);
        return TestImage.Of(new TestTar().Directory("./").File("noise", System.Text.Encoding.Latin1.GetString(noise)));
    }

    private static async Task<StoredImage> PullAsync(ImageStore store, TestImage source, ImageReference name)
    {
        await using StoreTarget target = store.Target(name, isFromRegistry: true);
        await ImageCopier.CopyAsync(source, target, ct: Now);
        return target.Image!;
    }

    private static async Task CleanAsync(ImageStore store)
    {
        CheckReport report = await store.CheckAsync(new CheckOptions(), Now);
        Assert.Empty(report.Findings);
    }

    private void NothingCame()
    {
        ImageStore store = Open();
        Assert.Empty(store.List());
        store.Prune(new PrunePolicy(), dryRun: false, Now);
        Assert.Empty(Leftovers());
        Assert.Empty(Directory.GetFileSystemEntries($"{Root}/trees/diff"));
        Assert.Empty(Directory.GetFileSystemEntries($"{Root}/blobs/sha256"));
    }

    private IEnumerable<string> Leftovers() => ((string[])["coming", "making", "leases", "trash"]).SelectMany(folder => Directory.GetFileSystemEntries($"{Root}/{folder}"));

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
