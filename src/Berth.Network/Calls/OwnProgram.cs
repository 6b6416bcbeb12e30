// Where the other programs of this product are: some of what a network needs is done by a process of its own.
using System.Runtime.InteropServices;
using Berth.Linux.Files;

namespace Berth.Network.Calls;

/// <summary>Looks for them.</summary>
public static class OwnProgram
{
    /// <summary>
    /// Folders in which they are looked for, each with a slash at its end: beside this program; where its libraries are; and where a NuGet package brings them to,
    /// <c>runtimes/RID/native</c>, beside the libraries or in the cache of packages.
    /// </summary>
    public static IEnumerable<string> Folders
    {
        get
        {
            if (Environment.ProcessPath is { } program) yield return program[..(program.LastIndexOf('/') + 1)];
            string own = AppContext.BaseDirectory, native = $"runtimes/linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}/native/";
            yield return own;
            yield return own + native;
            foreach (string folder in (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)) yield return folder.EndsWith('/') ? folder : folder + "/";
        }
    }

    /// <summary>berth-cni: this program, if it is that; else what is beside it, or where <c>make install</c> puts it.</summary>
    public static string Find()
    {
        if (TryFindBeside("berth-cni") is { } beside) return beside;
        foreach (string folder in (ReadOnlySpan<string>)["/usr/local/bin", "/usr/bin", "/usr/local/libexec/cni", "/usr/libexec/cni", "/opt/cni/bin"])
        {
            if (KernelFile.Exists($"{folder}/berth-cni")) return $"{folder}/berth-cni";
        }
        return Environment.ProcessPath is { } program ? program[..(program.LastIndexOf('/') + 1)] + "berth-cni" : "berth-cni";
    }

    /// <summary>A program in one of <see cref="Folders"/>; null: it is in none.</summary>
    public static string? TryFindBeside(string name)
    {
        foreach (string folder in Folders)
        {
            if (KernelFile.IsExecutable(folder + name, out _) || MadeExecutable(folder + name)) return folder + name;
        }
        return null;
    }

    // A package is unpacked without the bits that let its programs be executed.
    private static bool MadeExecutable(string path)
    {
        if (!KernelFile.Exists(path)) return false;
        try
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            return KernelFile.IsExecutable(path, out _);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
