// A bundle: the directory, its config.json, and the root file system it names.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.State;

namespace Berth.Runtime.Bundles;

/// <summary>A bundle as it was read (runtime-spec, bundle.md).</summary>
public sealed class Bundle
{
    private Bundle(string directory, byte[] config, Spec spec)
    {
        Directory = directory;
        Config = config;
        Spec = spec;
    }

    /// <summary>Absolute path.</summary>
    public string Directory { get; }

    /// <summary>config.json as it was read, with the user namespace that whoever is not root gets without asking.</summary>
    public byte[] Config { get; }

    /// <summary>The same, parsed.</summary>
    public Spec Spec { get; }

    /// <summary>Reads a bundle.</summary>
    /// <param name="directory">The bundle.</param>
    /// <param name="config">Another configuration file, relative to the bundle, or null.</param>
    /// <exception cref="BerthException">The configuration is missing or malformed.</exception>
    public static Bundle Open(string directory, string? config = null)
    {
        string absolute = KernelPath.Resolve(directory)
            ?? throw new BerthException(Fault.NotFound, $"bundle {directory}: no such file or directory", "give the directory that holds config.json with --bundle");
        string path = config is null ? absolute + "/config.json" : config.StartsWith('/') ? config : $"{absolute}/{config}";
        byte[]? bytes = KernelFile.TryRead(path, out Errno errno);
        if (bytes is null)
        {
            throw errno == Errno.ENOENT
                ? new BerthException(Fault.NotFound, $"JSON specification file {path} not found", "`berth-runtime spec` writes one")
                : new BerthException(Fault.Failed, $"cannot read {path}: {errno.Sentence()}");
        }
        Spec spec = SpecReader.Read(bytes);
        if (AutomaticUsers.AddTo(spec)) bytes = StoredConfig.Change(bytes, SpecReader.Read(bytes), spec);
        return new Bundle(absolute, bytes, spec);
    }

    /// <summary>Absolute path of the root file system with its links resolved.</summary>
    /// <exception cref="BerthException">It is missing or no directory.</exception>
    public string ResolveRootfs()
    {
        string path = Spec.Root?.Path is { Length: > 0 } p ? p : throw new BerthException(Fault.InvalidArgument, "config.json: root.path is missing");
        string absolute = path.StartsWith('/') ? path : $"{Directory}/{path}";
        string resolved = KernelPath.Resolve(absolute)
            ?? throw new BerthException(Fault.NotFound, $"invalid rootfs: {absolute}: no such file or directory", "root.path in config.json is relative to the bundle");
        return KernelPath.Facts(resolved) is { IsDirectory: true }
            ? resolved
            : throw new BerthException(Fault.InvalidArgument, $"invalid rootfs: {absolute}: not a directory");
    }
}
