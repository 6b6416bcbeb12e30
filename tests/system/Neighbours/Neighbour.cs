// What every neighbour needs: a folder of its own, the runtime as one executable, a daemon that is started and ended by its pid.
namespace Berth.SystemTests.Neighbours;

/// <summary>An engine in a place of its own. It is set up by the first test that asks, so that what is missing skips tests instead of failing them.</summary>
public abstract class Neighbour : IDisposable
{
    private readonly Lock _gate = new();
    private bool _ready;
    private Exception? _failure;

    /// <summary>The engine's folder, and the word its cgroups bear.</summary>
    protected internal Dock Dock { get; } = new();

    /// <summary>The limits of this process: an engine that asks for more than its host has fails before it reaches the runtime.</summary>
    protected static long OpenFiles { get; } = long.Parse(
        File.ReadLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]);

    /// <summary>The runtime as one path: where it needs words before it, a script.</summary>
    public string Runtime
    {
        get
        {
            RuntimeUnderTest runtime = Dock.Runtime;
            if (runtime.Launcher.Count == 0) return runtime.Path;
            string script = $"{Dock.Folder}/{Path.GetFileName(runtime.Path)}";
            if (!File.Exists(script)) Dock.Program(Path.GetFileName(runtime.Path), $"exec {string.Join(' ', runtime.Launcher.Select(word => $"'{word}'"))} {runtime.Path} \"$@\"");
            return script;
        }
    }

    /// <summary>A file of the cgroup that holds a process.</summary>
    public static string CgroupValue(int pid, string controller, string v1, string v2)
    {
        Machine.NeedsController(controller);
        bool unified = Machine.Cgroups == CgroupLayout.Unified;
        string line = File.ReadLines($"/proc/{pid}/cgroup").Single(line => unified ? line.StartsWith("0::", StringComparison.Ordinal) : line.Split(':')[1] == controller);
        return File.ReadAllText($"/sys/fs/cgroup/{(unified ? "" : controller)}{line.Split(':')[2]}/{(unified ? v2 : v1)}").Trim();
    }

    /// <summary>Sets the engine up once; later calls repeat the first one's failure or skip.</summary>
    public void Ready()
    {
        lock (_gate)
        {
            if (_failure is not null) throw _failure;
            if (_ready) return;
            try { SetUp(); }
            catch (Exception e)
            {
                _failure = e;
                throw;
            }
            _ready = true;
        }
    }

    /// <summary>Makes storage, image and daemon.</summary>
    protected abstract void SetUp();

    /// <summary>Ends what <see cref="SetUp"/> began.</summary>
    protected abstract void TearDown();

    /// <summary>Ends a daemon in the way it likes best, and waits.</summary>
    protected void End(Live? daemon)
    {
        if (daemon is null) return;
        if (!daemon.HasExited) Dock.Tool("kill", "-TERM", $"{daemon.Pid}").Run();
        daemon.Wait();
        daemon.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Tears down, and judges what is left.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        try { TearDown(); }
        finally { Dock.Dispose(); }
    }
}
