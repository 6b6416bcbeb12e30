// A cgroup name of this test alone, sleeping processes to put into it, and the promise that neither stays behind.
using System.Diagnostics;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.SystemTests;

/// <summary>Which of this machine's cgroups a test uses.</summary>
public enum World
{
    /// <summary>Those that containers get here.</summary>
    Host,

    /// <summary>The v2 tree alone, as if there were no other: on a hybrid host that is how v2 is tested with a kernel.</summary>
    Unified,
}

/// <summary>The world of one test.</summary>
internal sealed class Sandbox : IDisposable
{
    private readonly List<Process> _processes = [];
    private readonly List<CgroupTree> _trees = [];

    public Sandbox(World world)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root");
        Host = CgroupHost.Discover();
        Assert.SkipUnless(Host.Mode != CgroupMode.None, "needs cgroups");
        if (world == World.Host) return;
        Assert.SkipWhen(Host.UnifiedMount is null, "needs a v2 tree");
        Host = CgroupHost.AtUnified(Host.UnifiedMount!);
    }

    public CgroupHost Host { get; }

    public string Name { get; } = $"berth-test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    public CgroupTree Create(ResourcesSpec? resources = null, string? path = null, CgroupOptions? options = null, CgroupOwner? owner = null)
    {
        CgroupTree tree = CgroupTree.Create(Host, new CgroupRequest
        {
            Id = Name, CgroupsPath = path ?? "/" + Name, Resources = resources, Options = options ?? new(), Owner = owner,
        });
        _trees.Add(tree);
        return tree;
    }

    public Process Spawn(string script = "exec sleep 1000")
    {
        Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true })!;
        _processes.Add(process);
        return process;
    }

    /// <summary>Runs a script inside the tree, from its first instruction on, and returns what it printed.</summary>
    public string RunInside(CgroupTree tree, string script)
    {
        // The shell waits until it is inside.
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "read go; exec 2>&1; " + script]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        tree.Enter(process.Id);
        process.StandardInput.WriteLine("go");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
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
