// Which layer a file of an image comes from.
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Analysis;

/// <summary>A layer that touches a path.</summary>
/// <param name="Layer">From 0, the lowest.</param>
/// <param name="Blob">The layer.</param>
/// <param name="CreatedBy">The command that made it, where that is known.</param>
/// <param name="Kind">What it does to the path.</param>
/// <param name="Path">The path, or the directory above it that goes with all that is in it.</param>
/// <param name="Size">Bytes that it holds for it.</param>
public sealed record BlameStep(int Layer, Descriptor Blob, string? CreatedBy, ChangeKind Kind, string Path, long Size);

/// <summary>All layers that touch a path.</summary>
public sealed record BlameReport
{
    /// <summary>Which path.</summary>
    public required string Path { get; init; }

    /// <summary>What happens to it, the lowest layer first.</summary>
    public required IReadOnlyList<BlameStep> Steps { get; init; }

    /// <summary>The step that it has its present content from; null: the image does not have it.</summary>
    public BlameStep? Origin => Steps.Count > 0 && Steps[^1].Kind != ChangeKind.Removed ? Steps[^1] : null;

    /// <summary>Looks a path up in all layers.</summary>
    internal static async Task<BlameReport> ReadAsync(IImageSource source, ManifestDocument manifest, ImageConfig? config, string path, CancellationToken ct)
    {
        path = LayerFiles.Normal(path);
        Descriptor[] blobs = [.. (manifest.Manifest?.Layers ?? []).Where(static blob => MediaType.IsLayer(blob.MediaType))];
        string?[] commands = LayerReport.CommandsOf(config, blobs.Length);
        List<BlameStep> steps = [];
        bool isThere = false;
        LayerMember?[] puts = new LayerMember?[blobs.Length], removes = new LayerMember?[blobs.Length];
        await LayerFiles.ReadAsync(source, manifest, (layer, member) =>
        {
            if (member.Removal == Removal.None)
            {
                // A file where a directory was hides what was in it.
                if (member.Path == path) puts[layer] = member;
                else if (member.Kind != Berth.Images.Tar.TarKind.Directory && path.StartsWith(member.Path + "/", StringComparison.Ordinal)) removes[layer] = member;
            }
            else if (path.StartsWith(member.Path.Length == 0 ? "" : member.Path + "/", StringComparison.Ordinal) || (member.Removal == Removal.Whiteout && member.Path == path)) removes[layer] = member;
        }, ct).ConfigureAwait(false);
        for (int i = 0; i < blobs.Length; i++)
        {
            if (puts[i] is { } put) steps.Add(new BlameStep(i, blobs[i], commands[i], isThere ? ChangeKind.Changed : ChangeKind.Added, path, put.Size));
            else if (removes[i] is { } removed && isThere) steps.Add(new BlameStep(i, blobs[i], commands[i], ChangeKind.Removed, removed.Path, 0));
            isThere = steps.Count > 0 && steps[^1].Kind != ChangeKind.Removed;
        }
        return new BlameReport { Path = path, Steps = steps };
    }
}
