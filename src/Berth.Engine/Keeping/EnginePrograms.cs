// Where the engine's other programs are: the shim, the runtime, and the command that takes away what a container leaves.
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Keeping;

/// <summary>Looks for programs.</summary>
internal static class EnginePrograms
{
    /// <summary>A program of ours: beside this one, or where it is installed.</summary>
    /// <exception cref="BerthException">Unavailable.</exception>
    public static string Find(string name) => TryFind(name) ?? throw new BerthException(Fault.Unavailable, $"cannot run containers: {name} is not there", $"it is looked for beside this program, in the package of the engine, in PATH, and in /usr/local/bin, /usr/bin and /usr/libexec/berth: `make install` puts it there") { Code = FaultCode.ProgramMissing };

    /// <summary>The same; null: it is not there.</summary>
    public static string? TryFind(string name)
    {
        if (name.Contains('/')) return KernelFile.Exists(name) ? name : null;
        if (Network.Calls.OwnProgram.TryFindBeside(name) is { } beside) return beside;
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (string folder in $"{path}:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/usr/libexec/berth".Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (KernelFile.IsExecutable($"{folder}/{name}", out _)) return $"{folder}/{name}";
        }
        return null;
    }
}
