// A system call that failed: which call, on what, and the error number callers decide by.
using System.Runtime.InteropServices;

namespace Berth.Linux;

/// <summary>A failed system call. The message reads <c>call subject: sentence</c>.</summary>
/// <param name="call">Name of the call as in section 2 of the manual.</param>
/// <param name="subject">Path, pid or the like, or null.</param>
/// <param name="errno">Why.</param>
public sealed class LinuxException(string call, string? subject, Errno errno)
    : Exception(subject is null ? $"{call}: {errno.Sentence()}" : $"{call} {subject}: {errno.Sentence()}")
{
    /// <summary>Name of the call as in section 2 of the manual.</summary>
    public string Call { get; } = call;

    /// <summary>What it was called on, or null.</summary>
    public string? Subject { get; } = subject;

    /// <summary>The error number.</summary>
    public Errno Errno { get; } = errno;
}

/// <summary>Turns results of system calls into values or exceptions.</summary>
internal static class Check
{
    /// <summary>The error of the last native call of this thread made with SetLastError.</summary>
    public static Errno LastErrno => (Errno)Marshal.GetLastPInvokeError();

    public static int Result(int result, string call, string? subject = null) =>
        result >= 0 ? result : throw new LinuxException(call, subject, LastErrno);

    public static nint Result(nint result, string call, string? subject = null) =>
        result >= 0 ? result : throw new LinuxException(call, subject, LastErrno);
}
