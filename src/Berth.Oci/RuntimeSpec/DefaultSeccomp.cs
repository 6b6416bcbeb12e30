// The system call filter containers get when nobody asks for another: an allow list with the meaning of Docker's.
using System.Runtime.InteropServices;

namespace Berth.Oci.RuntimeSpec;

/// <summary>The default system call filter: calls that are safe in any container, and those a capability brings with it.</summary>
public static class DefaultSeccomp
{
    // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
    private const ulong NamespaceFlags = 0x7E02_0000;
    private const uint EPERM = 1;
    private const uint ENOSYS = 38;

    private const string Always =
        "accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime clock_adjtime64 " +
        "clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect " +
        "copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait " +
        "epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate " +
        "fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork " +
        "fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 " +
        "futex_wait futex_waitv futex_wake futimesat getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 " +
        "getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid " +
        "getresuid32 getrlimit get_robust_list getrusage getsid getsockname getsockopt get_thread_area gettid gettimeofday getuid getuid32 " +
        "getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl io_destroy io_getevents " +
        "io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set io_setup io_submit ipc kill landlock_add_rule landlock_create_ruleset " +
        "landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr listxattrat llistxattr _llseek " +
        "lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat " +
        "mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 " +
        "mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap " +
        "name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc " +
        "pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease pselect6 pselect6_time64 " +
        "pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg " +
        "remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall riscv_hwprobe rmdir rseq rt_sigaction " +
        "rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo " +
        "sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler " +
        "sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield " +
        "seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto setfsgid " +
        "setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid " +
        "setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit set_robust_list setsid setsockopt set_thread_area " +
        "set_tid_address setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask " +
        "sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs " +
        "sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 " +
        "timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit " +
        "umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev " +
        // Safe since Linux 4.8, where ptrace no longer gets around a filter.
        "process_vm_readv process_vm_writev ptrace";

    private static readonly (string Capability, string Calls)[] ByCapability =
    [
        ("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
        ("CAP_SYS_ADMIN", "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules " +
            "lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns " +
            "syslog umount umount2 unshare"),
        ("CAP_SYS_BOOT", "reboot"),
        ("CAP_SYS_CHROOT", "chroot"),
        ("CAP_SYS_MODULE", "delete_module init_module finit_module"),
        ("CAP_SYS_PACCT", "acct"),
        ("CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace"),
        ("CAP_SYS_RAWIO", "iopl ioperm"),
        ("CAP_SYS_TIME", "settimeofday stime clock_settime clock_settime64"),
        ("CAP_SYS_TTY_CONFIG", "vhangup"),
        ("CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
        ("CAP_SYSLOG", "syslog"),
        ("CAP_BPF", "bpf"),
        ("CAP_PERFMON", "perf_event_open"),
    ];

    /// <summary>The filter for a process with these capabilities in its bounding set, on the architecture this program runs on.</summary>
    public static SeccompSpec For(ICollection<string>? capabilities) => For(capabilities, RuntimeInformation.ProcessArchitecture);

    /// <summary>The filter for a process with these capabilities in its bounding set.</summary>
    public static SeccompSpec For(ICollection<string>? capabilities, Architecture architecture)
    {
        SeccompSpec seccomp = new()
        {
            DefaultAction = "SCMP_ACT_ERRNO",
            DefaultErrnoRet = EPERM,
            Architectures = Architectures(architecture),
            Syscalls = [Allow(Always)],
        };
        List<SeccompRule> rules = seccomp.Syscalls;
        AddConditional(rules);
        if (OnlyOn(architecture) is { } calls) rules.Add(Allow(calls));
        foreach ((string capability, string brings) in ByCapability)
        {
            if (capabilities?.Contains(capability) == true) rules.Add(Allow(brings));
        }
        if (capabilities?.Contains("CAP_SYS_ADMIN") == true) return seccomp;
        // The flags are the second argument of clone on s390 only.
        rules.Add(AllowWhen("clone", architecture == Architecture.S390x ? 1u : 0u, NamespaceFlags, "SCMP_CMP_MASKED_EQ"));
        // clone3 keeps its flags in memory, where no filter sees them; ENOSYS makes the C library fall back to clone.
        rules.Add(new() { Names = ["clone3"], Action = "SCMP_ACT_ERRNO", ErrnoRet = ENOSYS });
        return seccomp;
    }

    private static void AddConditional(List<SeccompRule> rules)
    {
        // Every address family but AF_ALG (38) and AF_VSOCK (40): the one is attack surface, the other reaches the host's hypervisor.
        rules.Add(AllowWhen("socket", 0, 38, "SCMP_CMP_LT"));
        rules.Add(AllowWhen("socket", 0, 39, "SCMP_CMP_EQ"));
        rules.Add(AllowWhen("socket", 0, 40, "SCMP_CMP_GT"));
        // PER_LINUX, PER_LINUX32, either with UNAME26, and the query.
        foreach (ulong personality in (ReadOnlySpan<ulong>)[0x0, 0x8, 0x20000, 0x20008, 0xFFFF_FFFF])
        {
            rules.Add(AllowWhen("personality", 0, personality, "SCMP_CMP_EQ"));
        }
    }

    private static List<string> Architectures(Architecture architecture) => architecture switch
    {
        Architecture.X64 => ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        Architecture.Arm64 => ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        Architecture.S390x => ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
        Architecture.X86 => ["SCMP_ARCH_X86"],
        Architecture.Arm or Architecture.Armv6 => ["SCMP_ARCH_ARM"],
        Architecture.LoongArch64 => ["SCMP_ARCH_LOONGARCH64"],
        Architecture.Ppc64le => ["SCMP_ARCH_PPC64LE"],
        Architecture.RiscV64 => ["SCMP_ARCH_RISCV64"],
        _ => [],
    };

    private static string? OnlyOn(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "arch_prctl modify_ldt",
        Architecture.X86 => "modify_ldt",
        Architecture.Arm64 or Architecture.Arm or Architecture.Armv6 => "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
        Architecture.Ppc64le => "sync_file_range2 swapcontext",
        Architecture.S390x => "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr",
        Architecture.RiscV64 => "riscv_flush_icache",
        _ => null,
    };

    private static SeccompRule Allow(string calls) => new() { Names = [.. calls.Split(' ')], Action = "SCMP_ACT_ALLOW" };

    private static SeccompRule AllowWhen(string call, uint argument, ulong value, string comparison) => new()
    {
        Names = [call],
        Action = "SCMP_ACT_ALLOW",
        Args = [new() { Index = argument, Value = value, Op = comparison }],
    };
}
