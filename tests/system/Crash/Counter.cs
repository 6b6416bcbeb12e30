// The program in each container: it counts lines at full speed until it is told to stop, says how far it came, and exits with 42.
using System.Globalization;

namespace Berth.SystemTests.Crash;

/// <summary>A counter, held by files in a folder that it shares with the test.</summary>
/// <param name="folder">The folder on the host.</param>
/// <param name="seen">The same folder inside.</param>
public sealed class Counter(string folder, string seen)
{
    /// <summary>What it exits with.</summary>
    public const int ExitCode = 42;

    /// <summary>What stands behind each number, so that a torn line shows.</summary>
    public const string Tail = " the quick brown fox jumps over the lazy dog, and nobody may tear this line";

    /// <summary>So many lines first, and then nothing until it is told to go on; 0: no such pause.</summary>
    public int First { get; init; }

    /// <summary>The script of a shell; it begins when it is told to go.</summary>
    public string Script =>
        $"until [ -e {seen}/go ]; do usleep 2000; done\n" +
        "exec awk 'BEGIN { " +
        $"while (i < {First}) print ++i \"{Tail}\"; fflush(); " +
        $"if (i > 0) system(\"until [ -e {seen}/on ]; do usleep 2000; done\"); " +
        $"while (1) {{ for (j = 0; j < 200; j++) print ++i \"{Tail}\"; if ((getline x < \"{seen}/stop\") >= 0) {{ print i > \"{seen}/last\"; exit {ExitCode} }} }} }}'";

    /// <summary>It begins.</summary>
    public void Go() => Tell("go");

    /// <summary>It goes on after its first lines.</summary>
    public void GoOn() => Tell("on");

    /// <summary>It ends after the lines at hand.</summary>
    public void Stop() => Tell("stop");

    /// <summary>The last number, as it says itself.</summary>
    public long Last => long.Parse(Until.NotNull(() => File.Exists($"{folder}/last") && File.ReadAllText($"{folder}/last") is { } text && text.EndsWith('\n') ? text : null, "the counter says how far it came"), CultureInfo.InvariantCulture);

    private void Tell(string word) => File.WriteAllText($"{folder}/{word}", "");
}
