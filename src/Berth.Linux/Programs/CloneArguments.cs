// struct clone_args of clone3(2).
namespace Berth.Linux.Programs;

internal struct CloneArguments
{
    /// <summary>CLONE_PIDFD.</summary>
    public const ulong PidFdFlag = 0x1000;

    /// <summary>CLONE_PARENT_SETTID: the new process's number is at <see cref="ParentTid"/> before it runs.</summary>
    public const ulong ParentSetTid = 0x10_0000;

    /// <summary>CLONE_PARENT: the new process is a child of the caller's parent.</summary>
    public const ulong Parent = 0x8000;

    /// <summary>CLONE_CLEAR_SIGHAND: handlers become defaults.</summary>
    public const ulong ClearSignalHandlers = 0x1_0000_0000;

    /// <summary>CLONE_INTO_CGROUP.</summary>
    public const ulong IntoCgroup = 0x2_0000_0000;

    public ulong Flags;
    public ulong PidFd;
    public ulong ChildTid;
    public ulong ParentTid;
    public ulong ExitSignal;
    public ulong Stack;
    public ulong StackSize;
    public ulong Tls;
    public ulong SetTid;
    public ulong SetTidSize;
    public ulong Cgroup;
}
