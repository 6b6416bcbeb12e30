// Small static programs for inside containers, compiled once per run: what busybox cannot say (datagrams, raw calls, exploits).
using System.Collections.Concurrent;
using System.Diagnostics;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>Compiles C for the inside of containers.</summary>
public static class NativeProgram
{
    private static readonly ConcurrentDictionary<string, Lazy<string?>> Compiled = new();

    /// <summary>Copies the compiled program to <paramref name="target"/>; skips the test where there is no compiler for static programs.</summary>
    public static void Install(string source, string target)
    {
        string? program = Compiled.GetOrAdd(source, text => new Lazy<string?>(() => Compile(text))).Value;
        Assert.SkipWhen(program is null, "no C compiler that links static programs");
        File.Copy(program!, target, overwrite: true);
        File.SetUnixFileMode(target, (UnixFileMode)0x1ed);
    }

    private static string? Compile(string source)
    {
        string folder = Directory.CreateTempSubdirectory("berth-contract-c-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        File.WriteAllText($"{folder}/p.c", source);
        try
        {
            using Process? compiler = Process.Start(new ProcessStartInfo("cc", ["-O1", "-static", "-w", "-o", $"{folder}/p", $"{folder}/p.c"]) { RedirectStandardError = true });
            string errors = compiler?.StandardError.ReadToEnd() ?? "";
            compiler?.WaitForExit();
            return compiler?.ExitCode == 0 ? $"{folder}/p" : throw new InvalidOperationException(errors);
        }
        catch (System.ComponentModel.Win32Exception) { return null; } // no such program
    }
}
