// How an image is made of a container.
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Containers;

/// <summary>What the new image says of itself.</summary>
public sealed record CommitSpec
{
    /// <summary>Its name; null: none.</summary>
    public string? Name { get; init; }

    /// <summary>Who made it.</summary>
    public string? Author { get; init; }

    /// <summary>What is said of it in its history.</summary>
    public string? Message { get; init; }

    /// <summary>Whether the container stands still meanwhile, if it runs.</summary>
    public bool Pauses { get; init; } = true;

    /// <summary>In whose words it is written.</summary>
    public ImageFormat Format { get; init; } = ImageFormat.Oci;

    /// <summary>Whether all of it becomes one layer.</summary>
    public bool IsSquashed { get; init; }

    /// <summary>Whether the container's volumes become volumes of the image.</summary>
    public bool IncludesVolumes { get; init; }

    /// <summary>Changes what a container of it starts with, over what this container was started with.</summary>
    public Func<ContainerConfig, ContainerConfig>? Change { get; init; }
}
