// A cgroup name of this test alone, sleeping processes to put into it, and the promise that neither stays behind.
using System.Diagnostics;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.SystemTests;

/// <summary>The world of one test.</summary>
internal sealed class Sandbox : IDisposable
{
    private readonly List<Process> _processes = [];
    private readonly List<CgroupTree> _trees = [];

    public Sandbox()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root");
        Host = CgroupHost.Discover();
        Assert.SkipUnless(Host.Mode != CgroupMode.None, "needs cgroups");
    }

    public CgroupHost Host { get; }

    public string Name { get; } = $"berth-test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    public CgroupTree Create(ResourcesSpec? resources = null, string? path = null)
    {
        CgroupTree tree = CgroupTree.Create(Host, new CgroupRequest { Id = Name, CgroupsPath = path ?? "/" + Name, Resources = resources });
        _trees.Add(tree);
        return tree;
    }

    public Process Spawn(string script = "exec sleep 1000")
    {
        Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true })!;
        _processes.Add(process);
        return process;
    }

    /// <summary>A file of the tree by the name it has on v1 and on v2; null where the host lacks the controller.</summary>
    public static string? Read(CgroupTree tree, Controller controller, string legacy, string unified)
    {
        string? directory = tree.Directory(controller);
        string path = directory is null ? $"{tree.UnifiedDirectory}/{unified}" : $"{directory}/{legacy}";
        return File.Exists(path) ? File.ReadAllText(path).TrimEnd('\n') : null;
    }

    public void Dispose()
    {
        foreach (CgroupTree tree in _trees)
        {
            if (tree.Exists) { try { tree.KillAll(); } catch (Berth.Oci.Faults.BerthException) { } }
        }
        foreach (Process process in _processes)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
        foreach (CgroupTree tree in _trees) tree.Delete();
        if (Host.UnifiedMount is { } unified) Assert.False(Directory.Exists($"{unified}/{Name}"));
        if (Host.Mount(Controller.Memory) is { } memory) Assert.False(Directory.Exists($"{memory}/{Name}"));
    }
}
