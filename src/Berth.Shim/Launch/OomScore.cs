// Keeps a monitor from being the one that is killed when memory runs out.
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Shim.Launch;

/// <summary>This process's oom_score_adj (proc(5)).</summary>
internal static class OomScore
{
    private const string File = "/proc/self/oom_score_adj";

    /// <summary>Asks never to be killed for lack of memory, which the host may refuse.</summary>
    /// <returns>What it was, for programs that we start; null where nothing was changed.</returns>
    public static string? Protect()
    {
        string? before = KernelFile.TryReadText(File);
        return before is not null && KernelFile.TryWrite(File, "-1000", out Errno _) ? before : null;
    }
}
