// Folders of networks, and the service of names that works in one of them.
using Berth.Linux.Files;
using Berth.Network.Names;

namespace Berth.Engine.Networks;

/// <summary>Where things are.</summary>
internal sealed class NetworkPlaces(string run, string? nameServer)
{
    private NameService? _names;

    /// <summary>Folder of what does not outlive the host's start.</summary>
    public string Run { get; } = run;

    /// <summary>Folder above results of plugins.</summary>
    public string Cache => $"{Run}/cni";

    /// <summary>Folder above leases.</summary>
    public string Leases => $"{Run}/leases";

    /// <summary>Names.</summary>
    public NameService Names => _names ??= new NameService(new NameServiceOptions { State = Run, Program = nameServer ?? FindNameServer() });

    // Beside this program, or where `make install` puts it.
    private static string FindNameServer()
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
