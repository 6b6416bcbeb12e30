// Where a store lies and what it may take in.
using Berth.Store.Layers;

namespace Berth.Store;

/// <summary>How a store is opened.</summary>
public sealed record StoreOptions
{
    /// <summary>Its folder.</summary>
    public required string Root { get; init; }

    /// <summary>
    /// Whether overlay's own marks are kept in user attributes: so a user who is root only in his user namespace must have it
    /// (overlayfs, "userxattr"). Layers of one kind are not read by the other, so a store keeps to what it was made with.
    /// </summary>
    public bool UserAttributes { get; init; }

    /// <summary>Whether snapshots are plain copies: where overlayfs is missing, or may not be mounted.</summary>
    public bool UseCopies { get; init; }

    /// <summary>Bounds of what a layer may unpack to.</summary>
    public UnpackLimits Limits { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
