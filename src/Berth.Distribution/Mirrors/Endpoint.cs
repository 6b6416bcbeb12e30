// One place where an image may be had.
using Berth.Distribution.Protocol;
using Berth.Oci.Content;
using Berth.Oci.References;

namespace Berth.Distribution.Mirrors;

/// <summary>A registry and the image's name in it.</summary>
/// <param name="Registry">Who is asked.</param>
/// <param name="Image">By which name.</param>
internal sealed record Endpoint(RegistryClient Registry, ImageReference Image)
{
    /// <summary>Whether it is believed when it says which image a tag is.</summary>
    public bool MayResolve { get; init; } = true;

    /// <summary>Whether it may be asked for the manifest of a digest; the default digest is what the name leads to.</summary>
    public bool Answers(Digest digest) => MayResolve || !digest.IsEmpty || !Image.Digest.IsEmpty;
}
