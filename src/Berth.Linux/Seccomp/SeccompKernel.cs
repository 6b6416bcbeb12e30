// What the running kernel's seccomp(2) can do, asked without changing this process.
using System.Runtime.InteropServices;

namespace Berth.Linux.Seccomp;

/// <summary>Questions to the kernel about seccomp.</summary>
public static unsafe partial class SeccompKernel
{
    /// <summary>Whether the kernel has seccomp filters at all.</summary>
    public static bool HasFilters => Has(FilterFlags.None);

    /// <summary>Whether the kernel knows the action.</summary>
    public static bool Has(FilterAction action)
    {
        uint kind = action.Value & 0xFFFF0000;
        return seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &kind) == 0;
    }

    /// <summary>Whether the kernel knows all of the flags.</summary>
    public static bool Has(FilterFlags flags)
    {
        // The kernel refuses this one without a listener even where it knows it.
        if ((flags & FilterFlags.WAIT_KILLABLE_RECV) != 0) flags |= FilterFlags.NEW_LISTENER;
        // Flags are looked at before the program: with none the answer is EFAULT for known flags and EINVAL for others.
        return seccomp(SECCOMP_SET_MODE_FILTER, (uint)flags, null) < 0 && Check.LastErrno == Errno.EFAULT;
    }

    /// <summary>Those of <see cref="SeccompWords.Flags"/> that the kernel knows.</summary>
    public static List<string> SupportedFlags()
    {
        List<string> supported = [];
        foreach (string word in SeccompWords.Flags)
            if (SeccompWords.Flag(word) is { } flag && Has(flag)) supported.Add(word);
        return supported;
    }

    private static nint seccomp(uint operation, uint flags, void* argument) =>
        syscall((nint)SyscallTable.Number(SeccompArchFacts.Native, "seccomp")!.Value, (nint)operation, (nint)flags, (nint)argument);

    private const uint SECCOMP_SET_MODE_FILTER = 1;
    private const uint SECCOMP_GET_ACTION_AVAIL = 2;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third);
}
