// The runtime that engines and shims call here: the one under test behind a script, which can be made to stop in the middle of create.
namespace Berth.SystemTests.Crash;

/// <summary>Where a runtime is killed.</summary>
public enum KillPoint
{
    /// <summary>Before it has done anything.</summary>
    Before,

    /// <summary>After it has made the container, before it says so by its end.</summary>
    After,

    /// <summary>Somewhere in between, by chance.</summary>
    Between,
}

/// <summary>A script that stands for the runtime.</summary>
public sealed class RuntimeSwitch
{
    private readonly string _folder, _real;

    /// <summary>Writes it.</summary>
    /// <param name="dock">Where.</param>
    /// <param name="real">What it calls.</param>
    public RuntimeSwitch(Dock dock, string real)
    {
        (_folder, _real) = (dock.NewFolder("switch"), real);
        Path = dock.Program("switch/runtime", $$"""
            case " $* " in
              *" create "*) [ -e {{_folder}}/at ] || exec {{real}} "$@" ;;
              *) exec {{real}} "$@" ;;
            esac
            read at < {{_folder}}/at
            rm {{_folder}}/at
            echo $$ > {{_folder}}/pid.new
            mv {{_folder}}/pid.new {{_folder}}/pid
            case $at in
              Before) kill -STOP $$ ;;
              After) {{real}} "$@" || exit; kill -STOP $$; exit 0 ;;
            esac
            exec {{real}} "$@"
            """);
    }

    /// <summary>The script.</summary>
    public string Path { get; }

    /// <summary>A call of the real one, with its state where the engine had it.</summary>
    public string[] Words(params string[] words) => [_real, .. words];

    /// <summary>The next create stops there.</summary>
    public void Arm(KillPoint point)
    {
        File.Delete($"{_folder}/pid");
        File.WriteAllText($"{_folder}/at", $"{point}\n");
    }

    /// <summary>Waits for the create that stops, and returns its process.</summary>
    public int AwaitStop(KillPoint point)
    {
        int pid = int.Parse(Until.FileHas($"{_folder}/pid", "\n"));
        if (point != KillPoint.Between) Until.True(() => Processes.State(pid) == 'T', $"the runtime {pid} has stopped");
        return pid;
    }
}
