// Where berth-cni is: some of what a network needs is done by a process of its own.
using Berth.Linux.Files;

namespace Berth.Network.Calls;

/// <summary>Looks for it.</summary>
public static class OwnProgram
{
    /// <summary>This program, if it is berth-cni; else what is beside it, or where <c>make install</c> puts it.</summary>
    public static string Find()
    {
        string own = Environment.ProcessPath is { } program ? program[..(program.LastIndexOf('/') + 1)] : "";
        string beside = own + "berth-cni";
        if (own.Length > 0 && KernelFile.Exists(beside)) return beside;
        foreach (string folder in (ReadOnlySpan<string>)["/usr/local/bin", "/usr/bin", "/usr/local/libexec/cni", "/usr/libexec/cni", "/opt/cni/bin"])
        {
            if (KernelFile.Exists($"{folder}/berth-cni")) return $"{folder}/berth-cni";
        }
        return beside;
    }
}
