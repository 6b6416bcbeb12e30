// System call numbers, as data: the child program and the few calls without a C library wrapper name them from here.
using System.Runtime.InteropServices;

namespace Berth.Linux;

/// <summary>Numbers of system calls on this architecture. Those from 424 on are the same everywhere.</summary>
internal static class Syscall
{
    private static bool Arm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static short Read => Arm ? (short)63 : (short)0;
    public static short Write => Arm ? (short)64 : (short)1;
    public static short Close => Arm ? (short)57 : (short)3;
    public static short FStat => Arm ? (short)80 : (short)5;
    public static short RtSigAction => Arm ? (short)134 : (short)13;
    public static short RtSigProcMask => Arm ? (short)135 : (short)14;
    public static short Ioctl => Arm ? (short)29 : (short)16;
    public static short Socket => Arm ? (short)198 : (short)41;
    public static short SetXAttr => Arm ? (short)5 : (short)188;
    public static short RecvMsg => Arm ? (short)212 : (short)47;
    public static short SendMsg => Arm ? (short)211 : (short)46;
    public static short Execve => Arm ? (short)221 : (short)59;
    public static short Exit => Arm ? (short)93 : (short)60;
    public static short Fcntl => Arm ? (short)25 : (short)72;
    public static short GetCwd => Arm ? (short)17 : (short)79;
    public static short Chdir => Arm ? (short)49 : (short)80;
    public static short Fchdir => Arm ? (short)50 : (short)81;
    public static short Umask => Arm ? (short)166 : (short)95;
    public static short SetSid => Arm ? (short)157 : (short)112;
    public static short SetGroups => Arm ? (short)159 : (short)116;
    public static short SetResUid => Arm ? (short)147 : (short)117;
    public static short SetResGid => Arm ? (short)149 : (short)119;
    public static short CapSet => Arm ? (short)91 : (short)126;
    public static short Personality => Arm ? (short)92 : (short)135;
    public static short FStatFs => Arm ? (short)44 : (short)138;
    public static short PivotRoot => Arm ? (short)41 : (short)155;
    public static short Prctl => Arm ? (short)167 : (short)157;
    public static short Chroot => Arm ? (short)51 : (short)161;
    public static short Mount => Arm ? (short)40 : (short)165;
    public static short Umount2 => Arm ? (short)39 : (short)166;
    public static short SetHostName => Arm ? (short)161 : (short)170;
    public static short SetDomainName => Arm ? (short)162 : (short)171;
    public static short SchedSetAffinity => Arm ? (short)122 : (short)203;
    public static short GetPid => Arm ? (short)172 : (short)39;
    public static short ExitGroup => Arm ? (short)94 : (short)231;
    public static short SetMemPolicy => Arm ? (short)237 : (short)238;
    public static short KeyCtl => Arm ? (short)219 : (short)250;
    public static short IoPrioSet => Arm ? (short)30 : (short)251;
    public static short OpenAt => Arm ? (short)56 : (short)257;
    public static short MkdirAt => Arm ? (short)34 : (short)258;
    public static short MknodAt => Arm ? (short)33 : (short)259;
    public static short FChownAt => Arm ? (short)54 : (short)260;
    public static short UnlinkAt => Arm ? (short)35 : (short)263;
    public static short SymlinkAt => Arm ? (short)36 : (short)266;
    public static short ReadLinkAt => Arm ? (short)78 : (short)267;
    public static short FChmod => Arm ? (short)52 : (short)91;
    public static short FChown => Arm ? (short)55 : (short)93;
    public static short FChmodAt => Arm ? (short)53 : (short)268;
    public static short FAccessAt => Arm ? (short)48 : (short)269;
    public static short Unshare => Arm ? (short)97 : (short)272;
    public static short Dup3 => Arm ? (short)24 : (short)292;
    public static short PrLimit64 => Arm ? (short)261 : (short)302;
    public static short SetNs => Arm ? (short)268 : (short)308;
    public static short SchedSetAttr => Arm ? (short)274 : (short)314;
    public static short Seccomp => Arm ? (short)277 : (short)317;
    public static short MemFdCreate => Arm ? (short)279 : (short)319;
    public static short GetDents64 => Arm ? (short)61 : (short)217;
    public static short MMap => Arm ? (short)222 : (short)9;
    public static short MRemap => Arm ? (short)216 : (short)25;
    public static short MProtect => Arm ? (short)226 : (short)10;
    public static short UtimensAt => Arm ? (short)88 : (short)280;
    public static short PPoll => Arm ? (short)73 : (short)271;
    public static short SignalFd4 => Arm ? (short)74 : (short)289;
    public static short ClockGetTime => Arm ? (short)113 : (short)228;

    public const short PidFdSendSignal = 424;
    public const short OpenTree = 428;
    public const short MoveMount = 429;
    public const short FsOpen = 430;
    public const short FsConfig = 431;
    public const short FsMount = 432;
    public const short PidFdOpen = 434;
    public const short Clone3 = 435;
    public const short CloseRange = 436;
    public const short OpenAt2 = 437;
    public const short PidFdGetFd = 438;
    public const short FAccessAt2 = 439;
    public const short MountSetAttr = 442;

    /// <summary>The call's name, for printing a plan.</summary>
    public static string NameOf(short number)
    {
        foreach ((short n, string name) in Names())
        {
            if (n == number) return name;
        }
        return $"syscall {number}";
    }

    // Built only when a plan is printed.
    private static IEnumerable<(short Number, string Name)> Names() =>
    [
        (Read, "read"), (Write, "write"), (Close, "close"), (FStat, "fstat"), (RtSigAction, "rt_sigaction"),
        (RtSigProcMask, "rt_sigprocmask"), (Ioctl, "ioctl"), (SendMsg, "sendmsg"), (Socket, "socket"), (Execve, "execve"), (Exit, "exit"),
        (Fcntl, "fcntl"), (GetCwd, "getcwd"), (Chdir, "chdir"), (Fchdir, "fchdir"), (Umask, "umask"), (SetSid, "setsid"),
        (SetGroups, "setgroups"), (SetResUid, "setresuid"), (SetResGid, "setresgid"), (CapSet, "capset"),
        (Personality, "personality"), (FStatFs, "fstatfs"), (PivotRoot, "pivot_root"), (Prctl, "prctl"), (Chroot, "chroot"),
        (Mount, "mount"), (Umount2, "umount2"), (SetHostName, "sethostname"), (SetDomainName, "setdomainname"),
        (SchedSetAffinity, "sched_setaffinity"), (ExitGroup, "exit_group"), (SetMemPolicy, "set_mempolicy"),
        (KeyCtl, "keyctl"), (IoPrioSet, "ioprio_set"), (OpenAt, "openat"), (MkdirAt, "mkdirat"), (MknodAt, "mknodat"),
        (FChownAt, "fchownat"), (UnlinkAt, "unlinkat"), (SymlinkAt, "symlinkat"), (ReadLinkAt, "readlinkat"),
        (FChmod, "fchmod"), (FChown, "fchown"), (FChmodAt, "fchmodat"), (FAccessAt, "faccessat"), (Unshare, "unshare"),
        (Dup3, "dup3"), (PrLimit64, "prlimit64"), (SetNs, "setns"), (SchedSetAttr, "sched_setattr"), (Seccomp, "seccomp"),
        (MemFdCreate, "memfd_create"), (GetDents64, "getdents64"), (MMap, "mmap"), (MRemap, "mremap"), (MProtect, "mprotect"),
        (UtimensAt, "utimensat"), (ClockGetTime, "clock_gettime"), (PidFdSendSignal, "pidfd_send_signal"),
        (OpenTree, "open_tree"), (MoveMount, "move_mount"), (FsOpen, "fsopen"), (FsConfig, "fsconfig"), (FsMount, "fsmount"),
        (PidFdOpen, "pidfd_open"), (Clone3, "clone3"), (CloseRange, "close_range"), (OpenAt2, "openat2"),
        (PidFdGetFd, "pidfd_getfd"), (MountSetAttr, "mount_setattr"),
    ];
}
