// A failed step in words: what was tried, on what, why not, and the cure where it is known.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

internal static class StepWords
{
    /// <summary>The fault that a user sees for a failed step.</summary>
    public static BerthException Explain(StepFailedException failure, Spec spec, string rootfs, IReadOnlyList<string> environment)
    {
        string name = failure.Step.Name;
        if (name is "find the program" or "execve") return ProgramWords.Explain(failure, spec.Process!, rootfs, environment);
        string detail = failure.Detail is null ? "" : $" ({failure.Detail})";
        // Callers of runc look for chdir.
        string phrase = name == "set the working directory" ? $"chdir to cwd (\"{failure.Step.Subject}\")" : failure.Step.Phrase;
        string what = MountFault(failure) ?? $"{phrase}: {failure.Errno.Sentence()}{detail}";
        if (IsMount(name)) what = "error mounting: " + what;
        return new BerthException(KindOf(failure.Errno), "unable to start container process: error during container init: " + what, HintFor(failure, spec), failure);
    }

    private static bool IsMount(string step) => step is "mount" or "bind" or "bind device" or "bind the console" or "attach" or "remount" or "mount cgroup" or "make read-only"
        or "copy up into" or "set flags of" or "set flags of all below" or "set propagation of";

    /// <summary>What our own checks of a mount point have found.</summary>
    private static string? MountFault(StepFailedException f)
    {
        if (f.Step.Name is not ("mount" or "bind" or "attach") || f.Step.Subject is not { } subject) return null;
        if (f.Errno == MountList.InsideProc) return $"{subject}: cannot be mounted because it is inside /proc";
        if (f.Errno == MountList.NoProc) return $"{subject}: cannot be mounted because it is not of type proc";
        string type = subject.StartsWith("proc on ", StringComparison.Ordinal) ? "proc" : subject.StartsWith("sysfs on ", StringComparison.Ordinal) ? "sysfs" : "";
        return type.Length > 0 && f.Errno is Errno.ELOOP or Errno.ENOTDIR && f.Step.Name == "mount"
            ? $"filesystem \"{type}\" must be mounted on ordinary directory ({f.Errno.Sentence()})"
            : null;
    }

    private static Fault KindOf(Errno errno) => errno switch
    {
        Errno.EPERM or Errno.EACCES => Fault.Denied,
        Errno.ENOENT => Fault.NotFound,
        Errno.ENOMEM or Errno.ENOSPC or Errno.EMFILE or Errno.ENFILE or Errno.EAGAIN => Fault.Exhausted,
        Errno.ENOSYS or Errno.ENODEV or Errno.EOPNOTSUPP => Fault.Unsupported,
        Errno.EINVAL => Fault.InvalidArgument,
        _ => Fault.Failed,
    };

    private static string? HintFor(StepFailedException f, Spec spec) => (f.Step.Name, f.Errno) switch
    {
        ("mount" or "bind" or "bind device", Errno.ENOENT) => "the source does not exist, or the target cannot be made in the root file system",
        ("mount" or "bind" or "attach", Errno.ENOTDIR) => "are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type",
        ("mount" or "bind", Errno.ELOOP) => "a symbolic link stands in the way; mounts of proc and sysfs follow none",
        ("mount", Errno.ENODEV) => "this kernel lacks that file system",
        ("mount", Errno.EPERM) when IdMaps.HasUserNamespace(spec) => "in a user namespace only some file systems may be mounted; sysfs needs a network namespace of its own, proc a pid namespace",
        ("set flags of", Errno.EPERM) => "the host has mounted the source with a flag that a user namespace can keep but not take back, or with other access times",
        ("mount" or "bind" or "make device", Errno.EROFS) => "the root file system is read-only there: the mount point must exist in the image",
        ("copy link", Errno.EEXIST) => "the image has something else in that place",
        ("set limit", Errno.EPERM) => "the host's hard limit is lower and CAP_SYS_RESOURCE is missing",
        ("make device" or "prepare masks", Errno.EEXIST or Errno.ENODEV) => "the image has something else under that name",
        ("set the working directory", Errno.ENOENT) => "process.cwd must exist in the image",
        ("set the working directory", Errno.EACCES) => "the directory lies outside the root, or process.user may not enter it",
        ("become user" or "become group", Errno.EINVAL) => "the id is not mapped in the container's user namespace",
        ("set sysctl", Errno.ENOENT) => "this kernel has no such key, or it belongs to a namespace the container has not",
        ("set groups", Errno.EPERM) => "a user namespace without mapped groups cannot set additional ones",
        ("set the AppArmor profile", _) => "is AppArmor enabled, and is the profile loaded?",
        ("unshare the user namespace", Errno.ENOSPC) => "raise /proc/sys/user/max_user_namespaces",
        ("open a terminal", Errno.ENOENT or Errno.ENODEV) => "process.terminal needs a mount of devpts on /dev/pts",
        ("seccomp", Errno.EINVAL) => "this kernel lacks an action or a flag of linux.seccomp",
        _ => null,
    };
}
