// What goes into unpacking a layer, and what is known behind it.
namespace Berth.Store.Layers;

/// <summary>How a layer is unpacked.</summary>
internal sealed record UnpackOptions
{
    public UnpackLimits Limits { get; init; } = new();

    /// <summary>Marks are user.overlay.*, as overlayfs wants them of a mount with userxattr.</summary>
    public bool UserAttributes { get; init; }

    /// <summary>We are root of a user namespace only: devices that cannot be made are left out, and counted.</summary>
    public bool UserNamespace { get; init; }

    /// <summary>False where everything belongs to whoever unpacks, since he may not give files away.</summary>
    public bool KeepOwners { get; init; } = true;

    /// <summary>Bytes of the blob that have been taken in so far, for the ratio; null where nobody knows.</summary>
    public Func<long>? PackedBytes { get; init; }
}

/// <summary>A layer in its directory.</summary>
internal sealed record UnpackedLayer
{
    /// <summary>Members of the archive.</summary>
    public required long Entries { get; init; }

    /// <summary>Bytes of its files; holes count.</summary>
    public required long Bytes { get; init; }

    /// <summary>What only <see cref="LayerUnpacker.Complete"/> can do, in its order.</summary>
    public required IReadOnlyList<LayerNeed> Needs { get; init; }

    /// <summary>What is not there although the archive has it.</summary>
    public required LeftOut LeftOut { get; init; }

    /// <summary>
    /// The root is opaque. overlayfs does not look for the mark there: whoever mounts this leaves out the layers below it.
    /// </summary>
    public required bool HidesLowers { get; init; }
}

/// <summary>Something of a layer that depends on the layers below it.</summary>
/// <param name="Path">In the layer; empty for its root.</param>
internal abstract record LayerNeed(byte[] Path);

/// <summary>A hard link whose target is not in this layer.</summary>
/// <param name="Path">The new name; nothing is there yet.</param>
/// <param name="Target">Path of the target.</param>
/// <param name="Order">Where in the archive it stood: a link may be the target of a later one.</param>
internal sealed record LinkNeed(byte[] Path, byte[] Target, long Order) : LayerNeed(Path);

/// <summary>A directory that nothing in the archive describes; it stands there as root's, 0755, of 1970.</summary>
/// <param name="Path">In the layer.</param>
internal sealed record DirectoryNeed(byte[] Path) : LayerNeed(Path);

/// <summary>Counts of what was left out, and why the first of each kind was.</summary>
internal sealed record LeftOut
{
    private readonly List<string> _reasons = [];

    public int Devices { get; private set; }

    public int Attributes { get; private set; }

    public int AufsNames { get; private set; }

    public IReadOnlyList<string> Reasons => _reasons;

    public void Device(string reason)
    {
        if (Devices++ == 0) _reasons.Add(reason);
    }

    public void Attribute(string reason)
    {
        // Kinds of attributes fail for different reasons, so some more are told.
        if (Attributes++ < 8) _reasons.Add(reason);
    }

    public void AufsName() => AufsNames++;
}
