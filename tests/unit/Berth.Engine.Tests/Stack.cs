// Images with layers that add, change and remove, as OCI layouts in a folder.
using System.Text;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Images.Making;
using Berth.Images.Tar;
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Tests;

/// <summary>Makes one: each layer is its paths, with their content; a path that ends in a slash is a directory.</summary>
internal static class Stack
{
    public static async Task MakeAsync(string layout, string tag, params (string Path, string Content)[][] layers)
    {
        List<LayerFile> files = [];
        try
        {
            foreach ((string Path, string Content)[] layer in layers) files.Add(LayerFile.Make(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")), stream => Write(stream, layer), Compression.Gzip, null, ImageFormat.Oci));
            ImageConfig config = new()
            {
                Os = "linux", Architecture = Platform.Host.Architecture, RootFs = new RootFs { DiffIds = [.. files.Select(static file => file.DiffId)] },
                History = [.. layers.SelectMany(static (_, i) => new[] { new HistoryEntry { CreatedBy = $"step {i}" }, new HistoryEntry { CreatedBy = $"ENV {i}", EmptyLayer = true } })],
            };
            MadeImage image = new(tag, config, [], null, files, ImageFormat.Oci);
            await ImageCopier.CopyAsync(image, new OciLayout(layout).Target(tag), ct: TestContext.Current.CancellationToken);
        }
        finally
        {
            foreach (LayerFile file in files) file.Dispose();
        }
    }

    private static void Write(Stream stream, (string Path, string Content)[] members)
    {
        TarWriter writer = new(stream);
        foreach ((string path, string content) in members)
        {
            bool directory = path.EndsWith('/');
            writer.Add(new TarEntry { Path = Encoding.UTF8.GetBytes(path), Mode = directory ? 0x1EDu : 0x1A4u, Kind = directory ? TarKind.Directory : TarKind.File, Size = directory ? 0 : content.Length, StoredSize = directory ? 0 : content.Length }, Encoding.UTF8.GetBytes(directory ? "" : content));
        }
        writer.Finish();
    }
}
