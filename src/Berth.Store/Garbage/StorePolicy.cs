// What a store lets go by itself, whenever an image has come.
using System.Text.Json;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Places;

namespace Berth.Store.Garbage;

/// <summary>Bounds that a store keeps to by itself. Pinned images, those that a snapshot stands on, and the one that has just come never go.</summary>
public sealed record StorePolicy
{
    /// <summary>Bytes that the store may hold; above it the oldest images go. Null: any.</summary>
    public long? KeepStorage { get; init; }

    /// <summary>Bytes that stay free on the disk; below it the oldest images go. Null: none.</summary>
    public long? MinFree { get; init; }

    /// <summary>Images that came longer ago go. Null: none.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The newest of each repository stay, whatever else is said.</summary>
    public int KeepLast { get; init; }

    /// <summary>Whether it says nothing.</summary>
    public bool IsEmpty => KeepStorage is null && MinFree is null && MaxAge is null;

    /// <summary>What it comes to, one after the other.</summary>
    /// <param name="except">An image that stays.</param>
    internal IEnumerable<PrunePolicy> Steps(Digest except)
    {
        if (MaxAge is not null) yield return new PrunePolicy { All = true, OlderThan = MaxAge, KeepLast = KeepLast, Unfinished = false, Filter = image => image.Id != except };
        if (KeepStorage is not null || MinFree is not null) yield return new PrunePolicy { All = true, KeepStorage = KeepStorage, MinFree = MinFree, KeepLast = KeepLast, Unfinished = false, Filter = image => image.Id != except };
    }

    /// <summary>That of a store; null: it has none.</summary>
    /// <exception cref="BerthException">WrongState: it is damaged.</exception>
    internal static StorePolicy? TryRead(StorePlaces places)
    {
        if (KernelFile.TryRead(PathOf(places), out _) is not { } bytes) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement policy = document.RootElement;
            return new StorePolicy
            {
                KeepStorage = policy.TryGetProperty("keepStorage", out JsonElement keep) ? keep.GetInt64() : null,
                MinFree = policy.TryGetProperty("minFree", out JsonElement free) ? free.GetInt64() : null,
                MaxAge = policy.TryGetProperty("maxAgeSeconds", out JsonElement age) ? TimeSpan.FromSeconds(age.GetInt64()) : null,
                KeepLast = policy.TryGetProperty("keepLast", out JsonElement last) ? last.GetInt32() : 0,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new BerthException(Fault.WrongState, $"the policy {PathOf(places)} cannot be read", "berth storage policy --none takes it away", e);
        }
    }

    /// <summary>Writes it; an empty one is taken away. The lock of the store must be held.</summary>
    internal void Write(StorePlaces places, Fd held)
    {
        ObjectDisposedException.ThrowIf(held.IsClosed, held);
        if (IsEmpty)
        {
            KernelPath.Remove(PathOf(places));
            return;
        }
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            if (KeepStorage is { } keep) json.WriteNumber("keepStorage"u8, keep);
            if (MinFree is { } free) json.WriteNumber("minFree"u8, free);
            if (MaxAge is { } age) json.WriteNumber("maxAgeSeconds"u8, (long)age.TotalSeconds);
            if (KeepLast > 0) json.WriteNumber("keepLast"u8, KeepLast);
            json.WriteEndObject();
        }
        KernelPath.WriteAtomically(PathOf(places), text.ToArray(), 0x180);
    }

    private static string PathOf(StorePlaces places) => $"{places.Root}/policy";
}
