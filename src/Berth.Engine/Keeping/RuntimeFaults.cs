// What runtimes say when they cannot start a program: their contract has words and no numbers for it, so here words are read.
using Berth.Oci.Faults;

namespace Berth.Engine.Keeping;

/// <summary>Tells a command that is not there, and one that cannot be executed, from everything else.</summary>
internal static class RuntimeFaults
{
    private const string HintMark = "; hint: ";

    private static readonly string[] s_prefixes =
    [
        "OCI runtime create failed: ", "OCI runtime start failed: ", "OCI runtime exec failed: ", "berth-runtime create failed: ", "berth-runtime exec failed: ", "berth-runtime start failed: ",
        "runc create failed: ", "exec failed: ", "unable to start container process: ", "runc run failed: ",
    ];

    /// <summary>The same fault in our words.</summary>
    /// <param name="fault">From a shim.</param>
    /// <param name="what">What was tried: <c>start container web</c>.</param>
    public static BerthException Of(BerthException fault, string what)
    {
        if (fault.Kind != Fault.Failed) return fault;
        string text = fault.Message;
        bool cut = true;
        while (cut)
        {
            cut = false;
            foreach (string prefix in s_prefixes)
            {
                if (!text.StartsWith(prefix, StringComparison.Ordinal)) continue;
                text = text[prefix.Length..];
                cut = true;
            }
        }
        string? hint = fault.Hint;
        int mark = text.IndexOf(HintMark, StringComparison.Ordinal);
        if (mark >= 0) (text, hint) = (text[..mark], text[(mark + HintMark.Length)..]);
        Fault kind = KindOf(text);
        return new BerthException(kind, $"cannot {what}: {text}", hint, fault) { Code = CodeOf(fault.Message, kind) };
    }

    // A word of each row says which code a text has: ours first, then runc's and crun's.
    private static readonly (string Code, string[] Words)[] s_codes =
    [
        (FaultCode.CommandWrongFormat, ["exec format error"]),
        (FaultCode.DiskFull, ["no space left on device", "disk quota exceeded"]),
        (FaultCode.WorkdirInvalid, ["chdir to cwd", "chdir to `", "chdir `"]),
        (FaultCode.MountKindMismatch, ["are you trying to mount a directory onto a file"]),
        (FaultCode.UlimitRefused, ["set limit RLIMIT_", "setting rlimit", "setrlimit"]),
        (FaultCode.SysctlUnknown, ["set sysctl ", "sysctl"]),
        (FaultCode.RuntimeCrashed, ["signal: ", "killed by signal"]),
    ];

    private static string? CodeOf(string text, Fault kind)
    {
        bool Says(string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
        foreach ((string code, string[] words) in s_codes)
        {
            if (Array.Exists(words, Says)) return code;
        }
        if (Says("cgroup")) return Says("read-only file system") || Says("permission denied") ? FaultCode.CgroupNotWritable : FaultCode.LimitRefused;
        return kind is Fault.CommandNotFound or Fault.CommandNotExecutable ? null : Says("read-only file system") ? FaultCode.StoreReadOnly : null;
    }

    private static Fault KindOf(string text)
    {
        bool Says(string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
        if (Says("not found in $PATH")) return Fault.CommandNotFound;
        // runc: exec: "x": …; crun: open executable, executable file `x`.
        if (!Says("exec: \"") && !Says("executable") && !Says("exec container process")) return Fault.Failed;
        return Says("permission denied") || Says("is a directory") || Says("exec format error") ? Fault.CommandNotExecutable
            : Says("no such file or directory") || Says("not found") ? Fault.CommandNotFound : Fault.Failed;
    }
}
