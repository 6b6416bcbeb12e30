// Images between files and the store, through the front that programs use.
using Berth.Engine.Images;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;
using Berth.Store.Records;

namespace Berth.Engine.Tests;

public sealed class MovingTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-moving-").FullName;
    private Engine? _engine;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    private async Task<EngineImages> ImagesAsync() => (_engine ??= await Engine.OpenAsync(new EngineOptions { Root = $"{_folder}/store" })).Images;

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null) await _engine.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_image_goes_through_every_kind_of_file_with_the_same_configuration()
    {
        EngineImages images = await ImagesAsync();
        await Stack.MakeAsync($"{_folder}/l", "t", [("a", "1")], [("b", "2")]);
        Digest id = (await images.InspectAsync(ImagePlace.Parse($"oci:{_folder}/l:t"), ct: Now)).Manifest!.Manifest!.Config!.Digest;
        string[] places = [$"oci:{_folder}/l:t", $"oci-archive:{_folder}/o.tar:t", $"dir:{_folder}/d", $"docker-archive:{_folder}/d.tar:x/y:1", $"oci:{_folder}/l2:t"];
        for (int i = 1; i < places.Length; i++) await images.CopyAsync(places[i - 1], places[i], Now);
        foreach (string place in places) Assert.Equal(id, Digest.Of((await images.InspectAsync(ImagePlace.Parse(place), ct: Now)).ConfigBytes.Span));
        Assert.Equal(["t"], await images.ListTagsAsync(ImagePlace.Parse($"oci:{_folder}/l"), ct: Now));
        Assert.Equal(["t"], await images.ListTagsAsync(ImagePlace.Parse($"oci-archive:{_folder}/o.tar"), ct: Now));
        Assert.Equal(["docker.io/x/y:1"], await images.ListTagsAsync(ImagePlace.Parse($"docker-archive:{_folder}/d.tar"), ct: Now));
    }

    [Fact]
    public async Task An_archive_that_did_not_become_whole_is_not_there()
    {
        EngineImages images = await ImagesAsync();
        await Stack.MakeAsync($"{_folder}/l", "t", [("a", "1")]);
        foreach (string blob in Directory.GetFiles($"{_folder}/l/blobs/sha256").Where(static file => File.ReadAllBytes(file) is [0x1f, ..])) File.WriteAllText(blob, "spoiled");
        await Assert.ThrowsAsync<BerthException>(() => images.CopyAsync($"oci:{_folder}/l:t", $"docker-archive:{_folder}/x.tar:a:1", Now));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Layouts_share_their_blobs_in_a_folder_where_that_is_wanted()
    {
        EngineImages images = await ImagesAsync();
        await Stack.MakeAsync($"{_folder}/l", "t", [("a", "1")]);
        AccessOptions shared = new() { SharedBlobFolder = $"{_folder}/shared" };
        await images.CopyAsync(new CopyRequest { Source = ImagePlace.Parse($"oci:{_folder}/l:t"), Destination = ImagePlace.Parse($"oci:{_folder}/m:t"), DestinationAccess = shared }, null, Now);
        Assert.False(Directory.Exists($"{_folder}/m/blobs"));
        Assert.Equal(3, Directory.GetFiles($"{_folder}/shared/sha256").Length);
        Assert.NotNull((await images.InspectAsync(ImagePlace.Parse($"oci:{_folder}/m:t"), shared, ct: Now)).Config);
    }

    [Fact]
    public async Task What_is_saved_is_loaded_with_its_names()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "layers are unpacked by root");
        EngineImages images = await ImagesAsync();
        await Stack.MakeAsync($"{_folder}/l", "t", [("a", "1")]);
        StoredImage image = await images.PullAsync($"oci:{_folder}/l:t", ct: Now);
        await images.TagAsync(image.Id.ToString(), "one:1");
        await images.TagAsync("one:1", "quay.io/x/two:2");
        foreach (SaveFormat format in Enum.GetValues<SaveFormat>())
        {
            await using (FileStream file = File.Create($"{_folder}/{format}")) await images.SaveAsync(["one:1", "quay.io/x/two:2"], file, format, ct: Now);
            await images.RemoveAsync(image.Id.ToString(), force: true);
            Assert.Empty(images.List());
            (StoredImage loaded, IReadOnlyList<ImageReference> names) = Assert.Single(await images.LoadAsync($"{_folder}/{format}", ct: Now));
            Assert.Equal(["one:1", "quay.io/x/two:2"], names.Select(static name => name.Familiar).Order());
            Assert.Equal(image.Id, loaded.Id);
        }
        Assert.Equal(Fault.Conflict, (await Assert.ThrowsAsync<BerthException>(() => images.RemoveAsync(image.Id.ToString()))).Kind);
        Assert.Empty((await images.RemoveAsync("one:1")).Deleted);
        Assert.Equal([image.Id], (await images.RemoveAsync("quay.io/x/two:2")).Deleted);
    }

    [Fact]
    public async Task A_root_file_system_becomes_an_image()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "layers are unpacked by root");
        EngineImages images = await ImagesAsync();
        await Stack.MakeAsync($"{_folder}/l", "t", [("bin/", ""), ("bin/sh", "#!")]);
        string blob = Directory.GetFiles($"{_folder}/l/blobs/sha256").Single(static file => File.ReadAllBytes(file) is [0x1f, ..]);
        await using FileStream tar = File.OpenRead(blob);
        StoredImage image = await images.ImportAsync(tar, new ImportOptions { Name = ImageReference.Parse("mine:1"), Message = "by hand", Config = new ContainerConfig { Cmd = ["sh"] } }, Now);
        Assert.Equal(["docker.io/library/mine:1"], image.Names);
        ImageConfig config = images.ReadConfig(images.Find("mine:1"));
        Assert.Equal(["sh"], config.Config!.Cmd!);
        Assert.Equal("by hand", config.History![0].Comment);
    }

    [Fact]
    public async Task Nothing_is_copied_into_podmans_store() =>
        Assert.Equal(Fault.Unsupported, (await Assert.ThrowsAsync<BerthException>(async () => await (await ImagesAsync()).CopyAsync("dir:/nowhere", "containers-storage:a:1", Now))).Kind);

    [Fact]
    public async Task A_missing_image_is_not_pulled_where_that_is_forbidden() =>
        Assert.Equal(Fault.NotFound, (await Assert.ThrowsAsync<BerthException>(async () => await (await ImagesAsync()).PullAsync("quay.io/a/b:1", new PullOptions { Policy = PullPolicy.Never }, ct: Now))).Kind);
}
