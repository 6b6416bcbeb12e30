// A host of its own for one test: folders for the user and the system, and an environment.
using Berth.Distribution.Configuration;

namespace Berth.Distribution.Tests.Stage;

/// <summary>Removed with this.</summary>
internal sealed class Home : IDisposable
{
    public Home()
    {
        Folder = Directory.CreateTempSubdirectory("berth-home-").FullName;
        Environment["HOME"] = $"{Folder}/home";
        Places = new Places(name => Environment.GetValueOrDefault(name), 1234, Folder);
    }

    public string Folder { get; }

    public Dictionary<string, string> Environment { get; } = [];

    public Places Places { get; }

    /// <summary>Writes a file below it.</summary>
    public string Write(string path, string text)
    {
        string whole = $"{Folder}/{path}";
        Directory.CreateDirectory(Path.GetDirectoryName(whole)!);
        File.WriteAllText(whole, text);
        return whole;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
