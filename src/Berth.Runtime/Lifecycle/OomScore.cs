// oom_score_adj, clamped where the host does not permit lowering it.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Runtime.Lifecycle;

internal static class OomScore
{
    /// <summary>Sets the score; a value below what we may set is raised to the lowest permitted one, with a warning.</summary>
    public static void Set(int pid, int score, Action<string> warn)
    {
        string path = $"/proc/{pid}/oom_score_adj";
        string? current = KernelFile.TryReadText(path);
        if (current == score.ToString()) return;
        if (KernelFile.TryWrite(path, score.ToString(), out Errno errno)) return;
        if (errno is Errno.EACCES or Errno.EPERM && int.TryParse(current, out int present) && score < present)
        {
            warn($"oom_score_adj {score} needs CAP_SYS_RESOURCE, which this host does not give: {present} is kept");
            return;
        }
        if (errno == Errno.ENOENT) return;
        throw new BerthException(Fault.Denied, $"failed to set oom_score_adj to {score}: {errno.Sentence()}", "process.oomScoreAdj is -1000 to 1000");
    }
}
