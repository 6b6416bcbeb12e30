// Circles that still stand: the list may only become shorter, and a line that is no longer true must go.
namespace Berth.Architecture.Tests;

internal static class KnownCircles
{
    /// <summary>Arrows on a circle, as <c>from -> to</c>.</summary>
    public static IReadOnlySet<string> Arrows { get; } = new HashSet<string>
    {
        "Berth.Cgroups -> Berth.Cgroups.Systemd",
        "Berth.Cgroups.Systemd -> Berth.Cgroups",

        // The interpreter of child programs is also the address of the raw system calls that the other families make.
        "Berth.Linux.Files -> Berth.Linux.Processes",
        "Berth.Linux.Files -> Berth.Linux.Programs",
        "Berth.Linux.Mounts -> Berth.Linux.Files",
        "Berth.Linux.Mounts -> Berth.Linux.Programs",
        "Berth.Linux.Network -> Berth.Linux.Files",
        "Berth.Linux.Network -> Berth.Linux.Processes",
        "Berth.Linux.Network -> Berth.Linux.Programs",
        "Berth.Linux.Processes -> Berth.Linux.Files",
        "Berth.Linux.Processes -> Berth.Linux.Programs",
        "Berth.Linux.Programs -> Berth.Linux.Files",
        "Berth.Linux.Programs -> Berth.Linux.Mounts",
        "Berth.Linux.Programs -> Berth.Linux.Network",
        "Berth.Linux.Programs -> Berth.Linux.Processes",

        "Berth.Runtime -> Berth.Runtime.Checkpoint",
        "Berth.Runtime.Checkpoint -> Berth.Runtime",
    };
}
