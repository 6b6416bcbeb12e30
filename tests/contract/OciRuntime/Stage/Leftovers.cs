// What a container can leave on a host, looked for by the unique word of a test, judged, and cleared so that the next test starts clean.
namespace Berth.Contract.OciRuntime.Stage;

/// <summary>Finds processes, mounts, cgroups and state that bear a dock's name.</summary>
public sealed class Leftovers
{
    // A killed process needs a moment to vanish, and its cgroup can be removed only then: that is the kernel's time, not the runtime's.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly string _word;
    private readonly string _state;

    private Leftovers(string word, string state) => (_word, _state) = (word, state);

    /// <summary>What is left of a dock.</summary>
    public static Leftovers Of(Dock dock) => new(dock.Id, dock.StateRoot);

    /// <summary>Asserts that nothing is left.</summary>
    public void Judge()
    {
        string[] left = [];
        try { Until.True(() => (left = [.. Look()]).Length == 0, "", Grace); }
        catch (TimeoutException) { Assert.Fail("left behind:\n" + string.Join('\n', left)); }
    }

    /// <summary>Removes whatever there is.</summary>
    public void Clear()
    {
        foreach (string cgroup in Cgroups()) Thaw(cgroup);
        foreach (int pid in Processes()) Native.Kill(pid, 9);
        foreach (string mount in Mounts().AsEnumerable().Reverse()) Native.Detach(mount);
        foreach (string cgroup in Cgroups().OrderByDescending(path => path.Length)) TryRemoveCgroup(cgroup);
    }

    /// <summary>Deletes a folder unless something is mounted in it: deleting through a bind mount would eat the host's files.</summary>
    public static void Remove(string folder)
    {
        if (!Directory.Exists(folder) || File.ReadAllText("/proc/self/mountinfo").Contains($" {folder}/", StringComparison.Ordinal)) return;
        Directory.Delete(folder, recursive: true);
    }

    private IEnumerable<string> Look() =>
    [
        .. Processes().Select(pid => $"process {pid}: {Read($"/proc/{pid}/cmdline").Replace('\0', ' ')}"),
        .. Mounts().Select(path => $"mount {path}"),
        .. Cgroups().Select(path => $"cgroup {path}"),
        // A hidden entry belongs to all containers of the state directory (crun keeps an empty folder to mask with).
        .. (Directory.Exists(_state) ? Directory.GetFileSystemEntries(_state) : []).Where(path => Path.GetFileName(path)[0] != '.').Select(path => $"state {path}"),
    ];

    private List<int> Processes() => [.. Directory.GetDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out int pid) ? pid : 0)
        .Where(pid => pid > 0 && pid != Environment.ProcessId && IsOurs(pid))];

    // Who lives in the host's own mount namespace is known by its words and its cgroup alone: every process there sees the mounts of an engine
    // under test. In another mount namespace it is the root that tells whose container it is.
    private bool IsOurs(int pid)
    {
        if (Read($"/proc/{pid}/cmdline") is not { Length: > 0 } words) return false;
        if (words.Contains(_word, StringComparison.Ordinal) || Read($"/proc/{pid}/cgroup").Contains(_word, StringComparison.Ordinal)) return true;
        return MountNamespace(pid) is { } other && other != MountNamespace(Environment.ProcessId)
            && Read($"/proc/{pid}/mountinfo").Split('\n').Any(line => line.Split(' ') is { Length: > 5 } fields && fields[4] == "/" && line.Contains(_word, StringComparison.Ordinal));
    }

    private static string? MountNamespace(int pid)
    {
        try { return new FileInfo($"/proc/{pid}/ns/mnt").LinkTarget; }
        catch (IOException) { return null; } // the process ended meanwhile
    }

    private List<string> Mounts() => [.. File.ReadAllLines("/proc/self/mountinfo")
        .Select(line => line.Split(' ')[4])
        .Where(path => path.Contains(_word, StringComparison.Ordinal))];

    private List<string> Cgroups() => [.. Machine.CgroupTrees
        .SelectMany(tree => Below(tree))
        .Where(path => path.Contains(_word, StringComparison.Ordinal))];

    private static IEnumerable<string> Below(string folder)
    {
        string[] children;
        try { children = Directory.GetDirectories(folder); }
        catch (IOException) { yield break; } // another test's cgroup that is gone by now
        foreach (string child in children)
        {
            yield return child;
            foreach (string grandchild in Below(child)) yield return grandchild;
        }
    }

    private static void Thaw(string cgroup)
    {
        TryWrite($"{cgroup}/freezer.state", "THAWED");
        TryWrite($"{cgroup}/cgroup.freeze", "0");
    }

    private static void TryRemoveCgroup(string cgroup)
    {
        try { Until.True(() => Native.RemoveFolder(cgroup), $"{cgroup} is removed", Grace); }
        catch (TimeoutException) { Console.Error.WriteLine($"cannot remove {cgroup}"); }
    }

    private static void TryWrite(string path, string text)
    {
        try { if (File.Exists(path)) File.WriteAllText(path, text); }
        catch (IOException) { Console.Error.WriteLine($"cannot write {path}"); }
    }

    private static string Read(string path)
    {
        try { return File.ReadAllText(path); }
        catch (IOException) { return ""; } // the process ended meanwhile
        catch (UnauthorizedAccessException) { return ""; }
    }
}
