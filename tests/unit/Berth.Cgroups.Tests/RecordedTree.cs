// A directory that imitates a cgroup file system: files with recorded contents, in place of the kernel's.
namespace Berth.Cgroups.Tests;

/// <summary>A temporary tree, removed with the test.</summary>
internal sealed class RecordedTree : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("berth-cgroups-").FullName;

    /// <summary>Where proc would be mounted.</summary>
    public string Proc => Root + "/proc";

    /// <summary>Where cgroups would be mounted.</summary>
    public string Mount => Root + "/cgroup";

    public string this[string file]
    {
        get => File.ReadAllText($"{Root}/{file}");
        set
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{Root}/{file}")!);
            File.WriteAllText($"{Root}/{file}", value);
        }
    }

    /// <summary>Empty files, which take whatever is written.</summary>
    public RecordedTree WithFiles(string directory, params IEnumerable<string> files)
    {
        foreach (string file in files) this[$"{directory}/{file}"] = "";
        return this;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
