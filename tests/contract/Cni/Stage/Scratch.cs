// A folder of a test's own, gone after it.
namespace Berth.Contract.Cni.Stage;

public sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("berth-cni-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Read(string name) => System.IO.File.ReadAllText(File(name));

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllText(File(name), text);
    }

    /// <summary>Names of the files in a folder, in order.</summary>
    public string[] Files(string folder) => [.. Directory.GetFiles(File(folder)).Select(static path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
