// A runtime that is a script: it writes down how it was called, and does with the rest what a test wants.
namespace Berth.Contract.Shim.Stage;

/// <summary>An executable that stands where a runtime stands, for what no real runtime can be made to do or tell.</summary>
public sealed class FakeRuntime
{
    /// <summary>A body that starts the program in the background and writes its pid, as create does; the program runs at once.</summary>
    /// <remarks>Not a child of the script: a shell may wait for its children as it ends, and their exit codes are the monitor's.</remarks>
    public const string Creates = """
        setsid --fork /bin/sh -c 'echo $$ > "$1.new"; mv "$1.new" "$1"; exec /bin/sh "$2"' sh "$pidfile" "$here/program"
        until [ -s "$pidfile" ]; do sleep 0.001; done
        """;

    // The last words of a call vary; the values of two options are what a runtime must know to answer.
    private const string Head = """
        here=$(dirname "$0")
        for word; do
          case $previous in --pid-file) pidfile=$word ;; --console-socket) console=$word ;; esac
          previous=$word
        done
        printf '%s\n' "$@" > "$here/argv.new"
        env > "$here/environment"
        echo $$ > "$here/pid"
        (exec ls -l /proc/$$/fd > "$here/open")
        mv "$here/argv.new" "$here/argv"
        rm -f "$pidfile"
        """;

    private readonly string _folder;

    /// <summary>Writes the script.</summary>
    /// <param name="dock">Where it lies.</param>
    /// <param name="body">What it does: $pidfile and $console are set, $here is its folder.</param>
    /// <param name="program">A shell script that plays the container's program.</param>
    public FakeRuntime(Dock dock, string body = Creates, string program = "exit 0")
    {
        _folder = dock.NewFolder("fake");
        dock.NewFile("fake/program", program + "\n");
        Path = dock.Program("fake/runtime", Head + "\n" + body);
    }

    /// <summary>What is given to --runtime.</summary>
    public string Path { get; }

    /// <summary>The words of the last call.</summary>
    public string[] Arguments => Told("argv");

    /// <summary>The environment of the last call.</summary>
    public string[] Variables => Told("environment");

    /// <summary>The process id of the last call.</summary>
    public string Pid => Told("pid")[0];

    /// <summary>What it had open, as ls lists it.</summary>
    public string[] Open => Told("open");

    private string[] Told(string name)
    {
        Until.True(() => File.Exists($"{_folder}/argv"), "the runtime is called");
        return File.ReadAllLines($"{_folder}/{name}");
    }
}
