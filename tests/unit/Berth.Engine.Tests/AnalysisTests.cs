// What layers add, change, remove and waste, and where a file comes from.
using Berth.Engine.Analysis;
using Berth.Engine.Images;

namespace Berth.Engine.Tests;

public sealed class AnalysisTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-analysis-").FullName;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task<(LayerReport Report, Func<string, Task<BlameReport>> Blame)> ReadAsync(params (string, string)[][] layers)
    {
        await Stack.MakeAsync($"{_folder}/l", "t", layers);
        Engine engine = await Engine.OpenAsync(new EngineOptions { Root = $"{_folder}/store" });
        ImagePlace place = ImagePlace.Parse($"oci:{_folder}/l:t");
        return (await engine.Images.ReadLayersAsync(place, ct: Now), path => engine.Images.BlameAsync(place, path, ct: Now));
    }

    [Fact]
    public async Task What_layers_above_replace_or_remove_is_wasted()
    {
        (LayerReport report, _) = await ReadAsync(
            [("etc/", ""), ("etc/a", "12345"), ("etc/b", "123"), ("keep", "1234567890")],
            [("etc/a", "1234567"), ("etc/.wh.b", "")],
            [("etc/a", "1")]);
        Assert.Equal([18L, 7L, 1L], report.Layers.Select(static layer => layer.Size));
        Assert.Equal([8L, 7L, 0L], report.Layers.Select(static layer => layer.Wasted));
        Assert.Equal([(4, 0, 0), (0, 1, 1), (0, 1, 0)], report.Layers.Select(static layer => (layer.Count(ChangeKind.Added), layer.Count(ChangeKind.Changed), layer.Count(ChangeKind.Removed))));
        Assert.Equal([("etc/a", 12L, 3), ("etc/b", 3L, 2)], report.Waste);
        Assert.Equal(11.0 / 26, report.Efficiency, 6);
        Assert.Equal(["step 0", "step 1", "step 2"], report.Layers.Select(static layer => layer.CreatedBy));
    }

    [Fact]
    public async Task A_directory_goes_with_all_that_is_in_it()
    {
        (LayerReport report, Func<string, Task<BlameReport>> blame) = await ReadAsync(
            [("d/e/", ""), ("d/e/f", "12345"), ("d/g", "12")],
            [(".wh.d", ""), ("d/", ""), ("d/new", "1")]);
        Assert.Equal(7, report.Layers[0].Wasted);
        Assert.Equal(ChangeKind.Removed, (await blame("/d/e/f")).Steps[^1].Kind);
        Assert.Null((await blame("/d/e/f")).Origin);
        Assert.Equal(1, (await blame("d/new")).Origin?.Layer);
    }

    [Fact]
    public async Task An_opaque_directory_hides_what_was_in_it_and_shows_what_its_own_layer_brings()
    {
        // The mark may stand behind the files of its own layer.
        (LayerReport report, Func<string, Task<BlameReport>> blame) = await ReadAsync(
            [("d/", ""), ("d/old", "12345"), ("d/both", "1")],
            [("d/", ""), ("d/both", "22"), ("d/.wh..wh..opq", "")]);
        Assert.Equal(6, report.Layers[0].Wasted);
        Assert.Equal(0, report.Layers[1].Wasted);
        Assert.Null((await blame("d/old")).Origin);
        Assert.Equal((1, 2L), ((await blame("d/both")).Origin!.Layer, (await blame("d/both")).Origin!.Size));
    }

    [Fact]
    public async Task A_file_in_the_place_of_a_directory_hides_what_was_in_it()
    {
        (LayerReport report, Func<string, Task<BlameReport>> blame) = await ReadAsync([("d/f", "123")], [("d", "x")]);
        Assert.Equal(3, report.Layers[0].Wasted);
        Assert.Null((await blame("d/f")).Origin);
        Assert.Equal(1, (await blame("d")).Origin?.Layer);
        Assert.Empty((await blame("nowhere")).Steps);
    }

    [Fact]
    public async Task A_path_out_of_the_root_is_one_in_it()
    {
        (_, Func<string, Task<BlameReport>> blame) = await ReadAsync([("./a/../../b", "1")]);
        Assert.Equal(0, (await blame("/../b")).Origin?.Layer);
    }
}
