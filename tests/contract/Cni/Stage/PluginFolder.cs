// Folders with plugins: the reference's, and ours. Every test of the suite runs on both, so that it is first proved on theirs.
using System.Runtime.CompilerServices;

namespace Berth.Contract.Cni.Stage;

/// <summary>CNI_BIN=FOLDER runs the suite on that folder alone.</summary>
public static class PluginFolder
{
    public static string Reference { get; } = "/usr/lib/cni";

    public static string Ours { get; } = Path.Combine(Root(), "out/bin/cni");

    /// <summary>What the theories run over.</summary>
    public static TheoryData<string> All()
    {
        TheoryData<string> data = [];
        if (Environment.GetEnvironmentVariable("CNI_BIN") is { Length: > 0 } one) data.Add(one);
        else
        {
            data.Add(Reference);
            data.Add(Ours);
        }
        return data;
    }

    /// <summary>Skips a test where the plugin is not installed: distributions leave some out.</summary>
    public static void Require(string folder, params ReadOnlySpan<string> types)
    {
        foreach (string type in types) Assert.SkipUnless(File.Exists(Path.Combine(folder, type)), $"{type} is not in {folder}");
    }

    /// <summary>Skips a test where the plugin does not speak a version of the specification.</summary>
    public static void RequireVersion(string folder, string type, string version)
    {
        Require(folder, type);
        Answer answer = new PluginRun(folder, type) { Command = "VERSION" }.Run("");
        Assert.SkipUnless(answer.Output.Contains($"\"{version}\"", StringComparison.Ordinal), $"{type} in {folder} does not speak {version}");
    }

    private static string Root([CallerFilePath] string here = "")
    {
        DirectoryInfo? folder = new(Path.GetDirectoryName(here)!);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Berth.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"no Berth.slnx above {here}");
    }
}
