// A mount a test makes on the host below its own folder, and takes away again.
namespace Berth.Contract.OciRuntime.Stage;

/// <summary>Something mounted on the host while a test runs.</summary>
public sealed class HostMount : IDisposable
{
    private readonly Dock _dock;

    /// <summary>Mounts at <paramref name="name"/> in the dock's folder; private, so that no other mount namespace sees it come later.</summary>
    public HostMount(Dock dock, string name, string type, string source, string options = "rw")
    {
        _dock = dock;
        Path = dock.NewFolder(name);
        dock.Tool("mount", "-t", type, "-o", options, source, Path).Run().Succeeded();
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Changes its propagation.</summary>
    public void Make(string propagation) => _dock.Tool("mount", $"--make-{propagation}", Path).Run().Succeeded();

    /// <inheritdoc/>
    public void Dispose() => Native.Detach(Path);
}
