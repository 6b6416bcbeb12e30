// Stands in for what mounts and packs.
#pragma warning disable CS1591
// temporary
namespace Berth.Store.Layers;
public sealed record RootMount { public required IReadOnlyList<string> Lowers { get; init; } public string? Upper { get; init; } public string? Work { get; init; } public bool UserAttributes { get; init; } }
internal sealed record PackOptions { public bool UserAttributes { get; init; } public DateTimeOffset? LatestTime { get; init; } }
internal static class LayerPacker { public static void Pack(string tree, Stream into, PackOptions options) { } }
internal static class OverlayMount { public static bool IsMounted(string target) => false; public static void Attach(RootMount m, string t) { } public static IEnumerable<string> TargetsOf(string folder) => []; public static void Detach(string t) { } }
internal static class TreeCopy { public static void CopyAttributes(string from, string to) { } }
