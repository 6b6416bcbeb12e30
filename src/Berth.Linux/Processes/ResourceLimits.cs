// Resource limits of getrlimit(2): names and numbers.
namespace Berth.Linux.Processes;

/// <summary>Names of resource limits.</summary>
public static class ResourceLimits
{
    // Index is the number on x86_64 and arm64.
    private static readonly string[] Names =
    [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE",
        "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ];

    /// <summary>The number of RLIMIT_NOFILE and so on, or null.</summary>
    public static int? NumberOf(string name)
    {
        int index = Array.IndexOf(Names, name);
        return index < 0 ? null : index;
    }
}
