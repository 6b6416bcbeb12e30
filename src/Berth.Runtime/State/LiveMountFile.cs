// Mounts that a container got while it ran, in its state directory and in its checkpoint images: what config.json does not tell.
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.State;

/// <summary>The file: <c>mounts</c> as in config.json.</summary>
internal static class LiveMountFile
{
    private const string Name = "live-mounts.json";

    /// <summary>The mounts, in the order in which they were added.</summary>
    public static List<MountSpec> Read(string directory) =>
        KernelFile.TryRead($"{directory}/{Name}", out _) is { } json ? SpecReader.Read(json, Name).Mounts : [];

    /// <summary>Replaces them.</summary>
    public static void Write(string directory, List<MountSpec> mounts)
    {
        if (mounts.Count == 0) KernelPath.Remove($"{directory}/{Name}");
        else KernelPath.WriteAtomically($"{directory}/{Name}", SpecWriter.ToJson(new Spec { OciVersion = Commands.CommandLine.SpecVersion, Mounts = mounts }, indented: false), 0x180);
    }
}
