// CRIU of this host, where it works; runtimes find it by name.
using System.Diagnostics;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>The CRIU named by the environment variable CRIU, or the one on the path.</summary>
public static class Criu
{
    private static readonly Lazy<string?> Found = new(Find);

    /// <summary>Skips the test where there is none, or where it cannot work with this kernel.</summary>
    public static string Need()
    {
        Assert.SkipWhen(Found.Value is null, "criu is not installed, or its check fails");
        return Found.Value!;
    }

    /// <summary>Skips the test where there is none of this version or a later one.</summary>
    public static void NeedsVersion(int major)
    {
        using Process process = Process.Start(new ProcessStartInfo(Need(), ["--version"]) { RedirectStandardOutput = true })!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string version = said.Split('\n')[0].Replace("Version:", "", StringComparison.Ordinal).Trim();
        Assert.SkipUnless(int.TryParse(version.Split('.')[0], out int found) && found >= major, $"criu is {version}, and {major} is needed");
    }

    /// <summary>Whether CRIU says it has a feature here.</summary>
    public static bool Has(string feature) => Runs(Need(), "check", "--feature", feature);

    /// <summary>A path on which `criu` is the one that was found.</summary>
    public static string PathFor(Dock dock)
    {
        string folder = dock.NewFolder("criu-path");
        if (!Path.Exists($"{folder}/criu")) File.CreateSymbolicLink($"{folder}/criu", Need());
        return $"{folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    }

    private static string? Find()
    {
        string? path = Environment.GetEnvironmentVariable("CRIU") is { Length: > 0 } named
            ? named
            : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".Split(':').Select(folder => $"{folder}/criu").FirstOrDefault(File.Exists);
        return path is not null && File.Exists(path) && Runs(path, "check") ? path : null;
    }

    private static bool Runs(string path, params string[] words)
    {
        using Process process = Process.Start(new ProcessStartInfo(path, words) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
