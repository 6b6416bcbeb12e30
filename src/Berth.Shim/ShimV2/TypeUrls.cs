// Names of what an Any has in it when that is JSON. Messages have theirs as a constant: TaskExit.FullName.
namespace Berth.Shim.ShimV2;

/// <summary>Types of the OCI specification, as containerd names them: the value is JSON.</summary>
internal static class TypeUrls
{
    /// <summary>config.json.</summary>
    public const string Spec = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

    /// <summary>The process of an exec.</summary>
    public const string Process = "types.containerd.io/opencontainers/runtime-spec/1/Process";

    /// <summary>The limits of an update.</summary>
    public const string LinuxResources = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources";

    /// <summary>The features document.</summary>
    public const string Features = "types.containerd.io/opencontainers/runtime-spec/1/features/Features";
}
