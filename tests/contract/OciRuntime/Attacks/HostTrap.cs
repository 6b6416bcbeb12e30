// A piece of the host that an attack aims at, and the proof afterwards that it is as it was.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Attacks;

/// <summary>A folder of the host outside every container, whose state is remembered.</summary>
internal sealed class HostTrap
{
    private readonly string _before;

    /// <summary>Makes the folder with a file in it.</summary>
    public HostTrap(Dock dock)
    {
        Folder = dock.NewFolder("host");
        File.WriteAllText(Secret, "host's own");
        _before = Look();
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>A file in it.</summary>
    public string Secret => $"{Folder}/secret";

    /// <summary>Asserts that nothing was added, changed, removed or mounted.</summary>
    public void IsUntouched() => Assert.Equal(_before, Look());

    private static string Content(string path) => new FileInfo(path) is { Exists: true, LinkTarget: null, Length: > 0 } file ? File.ReadAllText(file.FullName) : "";

    // Names, kinds, modes and contents; and mounts on or below it.
    private string Look() => string.Join('\n',
    [
        .. Directory.GetFileSystemEntries(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => $"{path} {new FileInfo(path).Attributes} {new FileInfo(path).LinkTarget} {Content(path)}"),
        $"{Folder} {File.GetUnixFileMode(Folder)}",
        .. File.ReadAllLines("/proc/self/mountinfo").Where(line => line.Contains(Folder, StringComparison.Ordinal)),
    ]);
}
