// Capability names of capabilities(7) and their bits, one table.
using Berth.Linux.Processes;

namespace Berth.Linux.Security;

/// <summary>Names of capabilities.</summary>
public static class Capabilities
{
    /// <summary>Names in order of their bit, without the last ones of future kernels.</summary>
    public static ReadOnlySpan<string> Names => All;

    private static readonly string[] All =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
        "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
        "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
        "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>The bit of a name such as <c>CAP_CHOWN</c>, or null.</summary>
    public static int? BitOf(string name)
    {
        ReadOnlySpan<string> names = Names;
        for (int i = 0; i < names.Length; i++)
        {
            if (names[i] == name) return i;
        }
        return null;
    }

    /// <summary>The last capability this kernel knows.</summary>
    public static int Last
    {
        get
        {
            // Asking for the one we know as the last, and for its neighbours, costs less than reading /proc/sys/kernel/cap_last_cap.
            int last = Names.Length - 1;
            while (last < 63 && Self.KnowsCapability(last + 1)) last++;
            while (last > 0 && !Self.KnowsCapability(last)) last--;
            return last;
        }
    }
}
